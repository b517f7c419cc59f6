"""A customer's page without a server: the use case at the bench, and calls that end when told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.types import Message, Scope

from handoff import chat_web
from handoff.bridge import Bridge
from handoff.chat_web import Door
from handoff.customer_chat import CustomerChat, Parts
from handoff.customer_tokens import Ticket, signed, verified
from handoff.exchange import Exchange, Json, Request
from handoff.exchange import Response as Answer
from handoff.feed import Feed
from handoff.file_types import FileRules
from handoff.filing import Filing
from handoff.providers.base import Conversation, OutgoingFile
from handoff.rates import Rates
from handoff.signatures import plain_secret
from handoff.store import Store
from handoff.tokens import Caller
from handoff.vocabulary import HandoffId
from tests.desks import ReadingProvider
from tests.fakes import FixedClock, ScriptedSend
from tests.heart import DESK, Bench, blank, joined

KEY = plain_secret("the key of these tests")
ORIGIN = "https://shop.example"
LONGEST = 20.0


class TypingDesk(ReadingProvider):
    """A desk in memory that shows its agents that the customer types."""

    def __init__(self) -> None:
        super().__init__()
        self.typed = 0

    def typing(self, conversation: Conversation) -> Exchange[None]:
        """Show it."""
        yield self._begin("typing")
        self.typed += 1
        self._finish("typing")


class WatchingDesk(TypingDesk):
    """A desk in memory that shows its agents whether the page is there."""

    def presence(self, conversation: Conversation, *, there: bool) -> Exchange[None]:
        """Show it."""
        yield self._begin("presence")
        self._finish("presence")


class FilingDesk(TypingDesk):
    """A desk in memory that takes files: `files` are those its agents have, by client id."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, tuple[str, str]] = {}

    def attach(self, conversation: Conversation, file: OutgoingFile) -> Exchange[None]:
        """Take a file, and everything in it."""
        yield replace(self._begin("attach"), stream=file.content)
        self.files[file.client_id] = (file.name, file.content_type)
        self._finish("attach")


class FileLine(ScriptedSend):
    """Sends nothing, but takes the bytes of files as a network does."""

    def __init__(self) -> None:
        super().__init__()
        self.content = b""

    async def __call__(self, request: Request, within: float) -> Answer:
        """Take the bytes, and answer."""
        answer = await super().__call__(request, within)
        if request.stream is not None:
            self.content = b"".join([piece async for piece in request.stream.pieces])
        return answer


class PageBench(Bench):
    """The bench with what customers' pages talk to."""

    desk: TypingDesk

    def __init__(self, clock: FixedClock, desk: TypingDesk | None = None) -> None:
        super().__init__(clock, desk=desk or TypingDesk())
        self.rates = Rates(0, burst=0)
        self.chat = self.another_chat()

    def another_chat(self, store: Store | None = None) -> CustomerChat:
        """Return the use case of one more instance; `store` is how that one sees the store."""
        kept = store or self.store
        caller = Caller(self.send, kept, self.clock)
        bridge = Bridge(
            store=kept,
            providers={DESK: self.desk},
            rules=self.rules,
            caller=caller,
            clock=self.clock,
        )
        parts = Parts(
            bridge=bridge,
            store=kept,
            feed=Feed(kept),
            filing=Filing(bridge, {DESK: self.desk}, caller, self.rules, self.clock),
            rules=self.rules,
            rates=self.rates,
            key=KEY,
            clock=self.clock,
        )
        return CustomerChat(parts)

    async def connected(self) -> str:
        """Let the customer be with Anna, and know it; return the token of their page."""
        await self.start()
        await self.tell(joined())
        await self.poll("who is there")
        return await self.token()

    async def token(self) -> str:
        """Return a token for the handoff of now."""
        return signed(blank().key, (await self.handoff()).id, KEY, self.clock())

    async def ticket(self) -> Ticket:
        """Return what such a token says."""
        return verified(await self.token(), KEY, self.clock())

    async def last(self) -> int:
        """Return the id of the newest delivery."""
        return (await self.handoff()).last_delivery


def foreign() -> str:
    """Return a token for a handoff that never was."""
    return signed(blank().key, HandoffId("ho-of-nobody"), KEY, FixedClock().now)


class Visit:
    """One request as a server passes it on, and all that is sent back.

    Whoever makes it listens until `gone` is set.
    """

    def __init__(
        self, target: str, method: str = "GET", body: bytes = b"", /, **headers: str
    ) -> None:
        path, _, query = target.partition("?")
        named = {name.replace("_", "-"): one for name, one in headers.items()}
        self.scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), one.encode("latin-1")) for name, one in named.items()],
            "server": ("chat.example", 80),
            "scheme": "http",
            "http_version": "1.1",
        }
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.pieces: list[bytes] = []
        self.is_complete = False
        self._asked: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._news = asyncio.Event()

    async def receive(self) -> Message:
        """Give the request, and once nobody listens any more say so."""
        if self._asked:
            return self._asked.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Keep what is sent."""
        if message["type"] == "http.response.start":
            assert not self.status, "a second answer"
            self.status = message["status"]
            self.headers = {name.decode(): one.decode() for name, one in message["headers"]}
        else:
            assert self.status, "a body before its answer"
            assert not self.is_complete, "more after the end"
            self.body += message["body"]
            self.pieces += [message["body"]] if message["body"] else []
            self.is_complete = not message.get("more_body", False)
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that depends on what was sent."""
        async with asyncio.timeout(LONGEST):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def until_has(self, text: str) -> None:
        """Wait until this is in the body."""
        await self.until(lambda: text.encode() in self.body)

    async def answered(self, response: Response) -> Visit:
        """Let a response be sent."""
        await response(self.scope, self.receive, self.send)
        return self

    async def made(
        self,
        chat: CustomerChat | Callable[[], CustomerChat],
        origins: Collection[str] = (ORIGIN,),
        files: FileRules | None = None,
    ) -> Visit:
        """Make the call, and return when it is answered to the end."""
        given = (lambda: chat) if isinstance(chat, CustomerChat) else chat
        door = Door(chat=given, origins=origins, files=files or FileRules())
        request = Asked(self.scope, self.receive, self.send)
        async with asyncio.timeout(LONGEST):
            return await self.answered(await chat_web.serve(request, door))

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Return status and code of a refusal, which has the shape that all have."""
        said = self.json()
        assert sorted(said) == ["error", "message"], said
        assert self.headers["content-type"] == "application/json"
        return self.status, said["error"]

    @property
    def events(self) -> list[Json]:
        """Return the events of a stream so far; each stands under its own id."""
        found = []
        for block in self.body.decode().split("\n\n")[:-1]:
            lines = block.split("\n")
            if lines[0].startswith("id: "):
                event: Json = json.loads(lines[1].removeprefix("data: "))
                assert lines[0] == f"id: {event['id']}"
                found.append(event)
        return found


def texts(events: list[Json]) -> list[str]:
    """Return the words of agents among events."""
    return [one["text"] for one in events if one["type"] == "message"]


def ids(events: list[Json]) -> list[int]:
    """Return the ids of events."""
    return [one["id"] for one in events]
