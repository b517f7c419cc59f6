"""Runs the 8x8 simulator on a socket, and listens for its webhooks."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from demo.eight_by_eight import Account, create_app
from demo.hosting import hosted

Json = dict[str, Any]
ACCOUNT = Account()
GATEWAY = "/chat-gateway/v1"
KEY = {"x-api-key": ACCOUNT.api_key, "X-8x8-Tenant": ACCOUNT.tenant}
MARA, TOBIAS = "agKp3vW9tYQ", "agZt81LmnHs"


@dataclass(slots=True)
class World:
    """The gateway as a caller sees it, and what its webhooks brought."""

    base: str
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        headers = more.pop("headers", KEY)
        return requests.request(
            method, self.base + path, json=body, headers=headers, timeout=30, **more
        )

    def gateway(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.call(method, GATEWAY + path, body, **more)

    def open(self, **more: Any) -> str:
        body = {"channelId": ACCOUNT.channel_id, "user": {"name": "Ines"}, **more}
        answer = self.gateway("POST", "/conversations", body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["conversationId"])

    def say(self, room: str, text: str, author: str = "user") -> requests.Response:
        body = {"authorType": author, "text": text}
        return self.gateway("POST", f"/conversations/{room}/messages", body)

    def at_desk(self, path: str, body: Json | None = None) -> Json:
        method = "GET" if body is None else "POST"
        answer = self.call(method, f"/desk/{path}", body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def do(self, room: str, deed: str, agent: str = MARA, **body: Any) -> Json:
        return self.at_desk(f"chats/{room}/{deed}", {"agent": agent, **body})

    def status(self, agent: str, **status: bool) -> None:
        self.at_desk(f"agents/{agent}/status", status)

    def chat(self, room: str) -> Json:
        return self.at_desk(f"chats/{room}")

    def bearer(self) -> dict[str, str]:
        """Return the header with a new token for the statistics."""
        form = {"grant_type": "client_credentials"}
        auth = (ACCOUNT.api_key, ACCOUNT.api_secret)
        answer = requests.post(f"{self.base}/oauth/v2/token", auth=auth, data=form, timeout=30)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def upload(self, room: str, name: str, data: bytes, kind: str = "text/plain") -> Json:
        files: Any = {"authorType": (None, "user"), "attachment": (name, data, kind)}
        path = f"{self.base}{GATEWAY}/conversations/{room}/attachments"
        answer = requests.post(path, headers=KEY, files=files, timeout=30)
        assert answer.status_code == 200, answer.text
        made: Json = answer.json()
        return made

    def told(self) -> list[Json]:
        """Return the bodies of all webhooks so far, once none is on its way."""
        self.at_desk("idle")
        return [json.loads(body) for _, body in self.heard]

    def story(self) -> list[str]:
        """Return the webhooks so far in short."""
        return [_short(one) for one in self.told()]


def _short(body: Json) -> str:
    data = body.get("data", {})
    names = ("state", "queueId", "memberType", "change", "text")
    return " ".join([body["eventType"], *(data[name] for name in names if name in data)])


@contextmanager
def listening(world: World) -> Iterator[str]:
    """Receive webhooks, answering the scripted statuses and then 200."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            world.heard.append((headers, body))
            self.send_response(world.statuses.pop(0) if world.statuses else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    # It looks that often whether it is to end, and its end is waited for.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/8x8"
    server.shutdown()
    server.server_close()


@contextmanager
def running(**changes: Any) -> Iterator[World]:
    """Serve a simulator of an account with these changes for the length of a test."""
    one = World("")
    with listening(one) as url, socket.create_server(("127.0.0.1", 0)) as at:
        quick = replace(ACCOUNT, webhook_url=url, retry_intervals=(0.01, 0.01))
        with hosted([(create_app(replace(quick, **changes)), at)]):
            one.base = f"http://127.0.0.1:{at.getsockname()[1]}"
            yield one
