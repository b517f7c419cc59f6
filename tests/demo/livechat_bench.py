"""Runs the LiveChat simulator on a socket, and listens for its webhooks."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.livechat import Account, create_app

Json = dict[str, Any]

BILLING, TECHNICAL = 4, 7
MARA, TOBIAS = "mara.lindqvist@acme-help.example", "tobias.reyes@acme-help.example"
LIMIT = 10


@dataclass(slots=True)
class Clock:
    """A time that only a test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 10, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(slots=True)
class Listener:
    """Receives webhooks at `/hook` and answers the scripted statuses, then 200."""

    app: ASGIApp
    statuses: list[int] = field(default_factory=list)
    heard: list[Json] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/hook":
            await self.app(scope, receive, send)
            return
        body = b""
        while (message := await receive()).get("more_body", False) or message.get("body"):
            body += message["body"]
            if not message.get("more_body"):
                break
        self.heard.append(json.loads(body))
        status = self.statuses.pop(0) if self.statuses else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass(slots=True)
class Bench:
    """The vendor's world as a caller sees it."""

    base: str
    account: Account
    clock: Clock
    listener: Listener
    _agent: str | None = None

    def reset(self) -> "Bench":
        """Begin anew on the same socket."""
        self.post("/desk/reset")
        self.listener.heard.clear()
        self.listener.statuses.clear()
        self.clock.now, self._agent = Clock().now, None
        return self

    def get(self, path: str, **params: Any) -> Json:
        answer: Json = requests.get(self.base + path, params=params, timeout=LIMIT).json()
        return answer

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        options.setdefault("timeout", LIMIT)
        return requests.post(self.base + path, json=body or {}, **options)

    def form(self, **changes: str) -> requests.Response:
        account = self.account
        fields = {
            "grant_type": "refresh_token",
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "refresh_token": account.refresh_token,
            **changes,
        }
        return requests.post(f"{self.base}/v2/token", data=fields, timeout=LIMIT)

    def agent_token(self) -> str:
        if self._agent is None:
            self._agent = self.form().json()["access_token"]
        return self._agent

    def mint(self, token: str | None = None, **changes: Any) -> requests.Response:
        body = {
            "grant_type": "agent_token",
            "client_id": self.account.client_id,
            "response_type": "token",
            **changes,
        }
        headers = {"Authorization": f"Bearer {token or self.agent_token()}"}
        return self.post("/v2/customer/token", body, headers=headers)

    def customer(self, **changes: Any) -> "Party":
        minted = self.mint(**changes).json()
        query = {"organization_id": self.account.organization_id}
        return Party(self, "customer", minted["access_token"], minted["entity_id"], query)

    def agent(self) -> "Party":
        return Party(self, "agent", self.agent_token(), MARA)

    def configuration(self) -> "Party":
        return Party(self, "configuration", self.agent_token(), MARA)

    def bot(self) -> "Party":
        account = self.account
        body = {
            "bot_id": account.bot_id,
            "client_id": account.client_id,
            "bot_secret": account.bot_secret,
            "organization_id": account.organization_id,
        }
        token = self.post("/v3.6/configuration/action/issue_bot_token", body).json()["token"]
        return Party(self, "agent", token, account.bot_id)

    def desk(self, chat_id: str, deed: str, **body: Any) -> requests.Response:
        return self.post(f"/desk/chats/{chat_id}/{deed}", body)

    def chat(self, chat_id: str) -> Json:
        return self.get(f"/desk/chats/{chat_id}")

    def faults(self, **body: Any) -> requests.Response:
        return self.post("/desk/faults", body)

    def hooks(self, action: str | None = None) -> list[Json]:
        """Return the webhooks heard once nothing is on its way any more."""
        self.get("/desk/idle")
        return [hook for hook in self.listener.heard if action in (None, hook["action"])]


@dataclass(slots=True)
class Party:
    """Somebody with a token for one of the APIs."""

    bench: Bench
    api: str
    token: str
    id: str
    query: dict[str, str] = field(default_factory=dict)

    def call(self, action: str, body: object = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.bench.post(
            f"/v3.6/{self.api}/action/{action}",
            body,
            headers=headers,
            params=options.pop("params", self.query),
            **options,
        )

    def ok(self, action: str, body: object = None) -> Any:
        response = self.call(action, body)
        assert response.status_code == 200, response.text
        return response.json()

    def start(self, text: str | None = "Hello", group: int = BILLING, **more: Any) -> str:
        """Open a chat and return its id."""
        events = [{"type": "message", "text": text}] if text else []
        chat = {"access": {"group_ids": [group]}, "thread": {"events": events}}
        return str(self.ok("start_chat", {"chat": chat, **more})["chat_id"])

    def say(self, chat_id: str, text: str, **event: Any) -> requests.Response:
        event = {"type": "message", "text": text, **event}
        return self.call("send_event", {"chat_id": chat_id, "event": event})


@contextmanager
def running(**changes: Any) -> Iterator[Bench]:
    """Serve a simulator of an account with these changes for the length of a test."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        account = replace(Account(webhook_url=f"{base}/hook", retry_intervals=(0, 0, 0)), **changes)
        clock = Clock()
        listener = Listener(create_app(account, clock=clock))
        server = uvicorn.Server(uvicorn.Config(listener, log_level="error"))
        serving = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True
        )
        serving.start()
        try:
            yield Bench(base, account, clock, listener)
        finally:
            server.should_exit = True
            serving.join(LIMIT)


def error(response: requests.Response) -> tuple[int, str]:
    """Return status and type of a refusal."""
    return response.status_code, response.json()["error"]["type"]
