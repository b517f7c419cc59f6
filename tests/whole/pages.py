"""A customer's page as a test has it: what it is told, and what it tells."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.whole.house import PATIENCE, House, Json, house

KEY = "a-key-of-the-test-that-signs-the-tokens-of-pages"
ORIGIN = "https://shop.example"
FUNCTIONS = ("dialogflow_fulfillment", "agent_events", "wake", "customer_chat")


@contextmanager
def house_with_pages(folder: Path, more: str = "", **options: Any) -> Iterator[House]:
    """Start a house whose answers tell pages where to go; `more` stands in its handoff.toml."""
    config = folder / "handoff.toml"
    config.write_text(f'{more}\n[delivery]\nallowed_origins = ["{ORIGIN}"]\n', encoding="utf-8")
    with house(
        folder,
        functions=FUNCTIONS,
        HANDOFF_CONFIG=str(config),
        HANDOFF_TOKEN_KEY=KEY,
        HANDOFF_CUSTOMER_CHAT_URL="{customer_chat}/",
        **options,
    ) as one:
        yield one


def payload(shown: Json) -> Json:
    """Return what an answer tells a page; an empty object when it tells nothing."""
    told = [one["payload"] for one in shown["messages"] if "payload" in one]
    found = [one["handoff"] for one in (*told, *shown.get("payloads", ())) if "handoff" in one]
    return found[-1] if found else {}


@dataclass
class Page:
    """One page: `events` is all that its streams and polls brought."""

    url: str
    token: str = field(repr=False)
    events: list[Json] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @staticmethod
    def of(one: House, shown: Json) -> Page:
        """Return the page that an answer calls."""
        told = payload(shown)
        one.private.add(told["token"])
        return Page(told["url"], told["token"])

    @property
    def cursor(self) -> int:
        """Return the id of the last event, or 0."""
        return self.events[-1]["id"] if self.events else 0

    def texts(self) -> list[str]:
        """Return the words of agents and of ours, in order."""
        return [one["text"] for one in self.events if "text" in one]

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Make one call."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=40, **more)

    def say(self, text: str, name: str) -> requests.Response:
        """Say something to the agent."""
        return self.call("POST", "/v1/messages", json={"id": name, "text": text})

    def poll(self, wait: float = 0) -> list[Json]:
        """Fetch what is new."""
        answer = self.call("GET", f"/v1/events?after={self.cursor}&wait={wait}")
        answer.raise_for_status()
        found: list[Json] = answer.json()["events"]
        self.events += found
        return found

    @contextmanager
    def listening(self, headers: Mapping[str, str] | None = None) -> Iterator[requests.Response]:
        """Stream from where the page is, until the block ends."""
        asked = {"Accept": "text/event-stream", "Last-Event-ID": str(self.cursor)}
        answer = self.call("GET", "/v1/events", headers={**asked, **(headers or {})}, stream=True)
        assert answer.status_code == 200, answer.text
        reader = threading.Thread(target=self._read, args=(answer,), daemon=True)
        reader.start()
        try:
            yield answer
        finally:
            _shut(answer)
            reader.join(PATIENCE)

    def until(self, *texts: str) -> None:
        """Wait until these are the newest words."""
        give_up = time.monotonic() + PATIENCE
        while self.texts()[-len(texts) :] != list(texts):
            assert time.monotonic() < give_up, self.texts()
            time.sleep(0.02)

    def _read(self, answer: requests.Response) -> None:
        try:
            for line in answer.iter_lines():
                if line.startswith(b"data: "):
                    self.events.append(json.loads(line[6:]))
                elif line:
                    self.comments.append(line.decode())
        except (requests.RequestException, OSError, ValueError, AttributeError):
            return  # the test ended the stream, or the server did


def _shut(answer: requests.Response) -> None:
    """End a stream that another thread is reading: closing alone would wait for that."""
    connection = getattr(answer.raw, "_connection", None)
    sock = getattr(connection, "sock", None)
    if sock is not None:
        sock.shutdown(2)
    answer.close()


def ids(page: Page) -> list[Any]:
    """Return the ids of all that a page was told."""
    return [one["id"] for one in page.events]
