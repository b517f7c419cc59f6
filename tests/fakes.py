"""Fakes of our own ports, and the small things that tests count or move by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from handoff.errors import ConversationGone, ProviderError, Unauthenticated
from handoff.events import Event
from handoff.exchange import Exchange, Inbound, Request, Response
from handoff.model import Contact, Customer, Delivery
from handoff.providers.base import (
    Availability,
    Capabilities,
    Conversation,
    Identity,
    Opened,
    Opening,
    Outgoing,
)
from handoff.store import Change, DeadLetter, Store, Stored, StoredToken, Version
from handoff.vocabulary import (
    ContactRef,
    ConversationRef,
    HandoffId,
    Presence,
    ProviderId,
    SessionKey,
    ThreadRef,
)


class FixedClock:
    """A clock that stands until the test moves it."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


class CountingStore:
    """A store that counts what Firestore would bill: documents read, documents written.

    An attempt counts, whether or not it succeeds; a query costs one read per document and never
    less than one.
    """

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.reads = 0
        self.writes = 0

    def taken(self) -> tuple[int, int]:
        """Return reads and writes since the last call, and count from zero again."""
        counted = self.reads, self.writes
        self.reads = self.writes = 0
        return counted

    async def load(self, key: SessionKey) -> Stored | None:
        """Count one read."""
        self.reads += 1
        return await self._inner.load(key)

    async def find(self, provider: ProviderId, name: str) -> SessionKey | None:
        """Count one read."""
        self.reads += 1
        return await self._inner.find(provider, name)

    async def commit(self, change: Change) -> Version:
        """Count one write, and one for each document beside the session."""
        self.writes += 1 + len(change.index) + len(change.spilled) + len(change.dead_letters)
        return await self._inner.commit(change)

    async def mark_missed(self, provider: ProviderId, name: str) -> None:
        """Count one write."""
        self.writes += 1
        await self._inner.mark_missed(provider, name)

    async def was_missed(self, provider: ProviderId, name: str) -> bool:
        """Count one read."""
        self.reads += 1
        return await self._inner.was_missed(provider, name)

    async def opening(self, provider: ProviderId) -> bool:
        """Count one read."""
        self.reads += 1
        return await self._inner.opening(provider)

    async def deliveries(
        self, key: SessionKey, handoff: HandoffId, after: int
    ) -> Sequence[Delivery]:
        """Count what was found."""
        found = await self._inner.deliveries(key, handoff, after)
        self.reads += max(1, len(found))
        return found

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """Count what was found."""
        found = await self._inner.dead_letters()
        self.reads += max(1, len(found))
        return found

    async def token(self, name: str) -> StoredToken | None:
        """Count one read."""
        self.reads += 1
        return await self._inner.token(name)

    async def put_token(self, name: str, token: StoredToken) -> Version:
        """Count one write."""
        self.writes += 1
        return await self._inner.put_token(name, token)

    async def close(self) -> None:
        """Close the store inside."""
        await self._inner.close()


class ScriptedSend:
    """Sends nothing: gives the scripted answers in order, then 200 and no body.

    `hold` keeps every answer back until the test sets it.
    """

    def __init__(self, *script: Response | ProviderError) -> None:
        self.script = list(script)
        self.sent: list[Request] = []
        self.timeouts: list[float] = []
        self.hold: asyncio.Event | None = None
        self._news = asyncio.Event()

    async def __call__(self, request: Request, within: float) -> Response:
        """Keep the request, and answer it."""
        self.sent.append(request)
        self.timeouts.append(within)
        self._news.set()
        await asyncio.sleep(0)
        if self.hold is not None:
            await self.hold.wait()
        answer = self.script.pop(0) if self.script else Response(status=200)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    async def asked(self, verb: str) -> None:
        """Wait until this is the last thing that was asked."""
        while self.verbs[-1:] != [verb]:
            self._news.clear()
            await self._news.wait()

    @property
    def verbs(self) -> list[str]:
        """Return what was asked of a scripted provider, in order."""
        return [request.url.rpartition("/")[2] for request in self.sent]


@dataclass(kw_only=True)
class Room:
    """A conversation at the scripted desk: `said` are the customer's words by client id."""

    ref: ConversationRef
    thread: ThreadRef
    opening: Opening
    said: dict[str, str] = field(default_factory=dict)
    notes: list[Opening] = field(default_factory=list)
    missed: list[Event] = field(default_factory=list)
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong once with a verb: before it had its effect, or after."""

    verb: str
    error: ProviderError
    after: bool = False


class PlainProvider:
    """A desk in memory that can do no more than it must; `faults` happen once each.

    `webhooks` are the bodies that `receive` takes for genuine, and what they mean.
    """

    id = ProviderId("plain")
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.rooms: list[Room] = []
        self.faults: list[Fault] = []
        self.webhooks: dict[bytes, tuple[Event, ...]] = {}

    @property
    def said(self) -> list[str]:
        """Return the customer's words in all rooms, in the order of the rooms."""
        return [text for room in self.rooms for text in room.said.values()]

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Open a room, or find the one that a doubtful attempt opened."""
        yield self._begin("open")
        room = self._room_of(opening) if opening.uncertain else None
        if room is None:
            number = len(self.rooms) + 1
            room = Room(
                ref=ConversationRef(f"room-{number}"),
                thread=ThreadRef(f"thread-{number}"),
                opening=opening,
            )
            self.rooms.append(room)
        self._finish("open")
        return Opened(conversation=room.ref, thread=room.thread, events=tuple(room.missed))

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Say it, unless a doubtful attempt has said it."""
        yield self._begin("send")
        room = self._room(conversation.ref)
        if message.uncertain and message.client_id in room.said:
            return
        if room.closed:
            raise ConversationGone("the room is closed")
        assert message.client_id not in room.said, "said twice"
        room.said[message.client_id] = message.text
        self._finish("send")

    def close(self, conversation: Conversation) -> Exchange[None]:
        """Close the room."""
        yield self._begin("close")
        self._room(conversation.ref).closed = True
        self._finish("close")

    def receive(self, request: Inbound) -> Exchange[tuple[Event, ...]]:
        """Return what a known body means."""
        if request.body not in self.webhooks:
            raise Unauthenticated("nobody we know sent this")
        return self.webhooks[request.body]
        yield  # never reached: it makes this an exchange

    def _room(self, ref: ConversationRef) -> Room:
        return next(room for room in self.rooms if room.ref == ref)

    def _room_of(self, opening: Opening) -> Room | None:
        wanted = opening.handoff.id
        return next((room for room in self.rooms if room.opening.handoff.id == wanted), None)

    def _begin(self, verb: str) -> Request:
        self._fail(verb, after=False)
        return Request(method="POST", url=f"https://desk.example/{verb}")

    def _finish(self, verb: str) -> None:
        self._fail(verb, after=True)

    def _fail(self, verb: str, *, after: bool) -> None:
        wanted = (verb, after)
        fault = next((one for one in self.faults if (one.verb, one.after) == wanted), None)
        if fault is not None:
            self.faults.remove(fault)
            raise fault.error


class ScriptedProvider(PlainProvider):
    """A desk in memory with every optional ability."""

    id = ProviderId("desk")
    capabilities = Capabilities(availability=True, transcript_as_note=True)

    def __init__(self, presence: Presence = Presence.YES) -> None:
        super().__init__()
        self.availabilities = Availability(presence=presence)
        self.identified = 0

    def identify(self, customer: Customer) -> Exchange[Identity]:
        """Make one more customer."""
        yield self._begin("identify")
        self.identified += 1
        self._finish("identify")
        return Identity(ref=ContactRef(f"customer-{self.identified}"))

    def availability(self, target: str, contact: Contact | None) -> Exchange[Availability]:
        """Say what the test has chosen, for the target that was asked."""
        yield self._begin("availability")
        chosen = self.availabilities
        return replace(chosen, target=chosen.target or target)

    def note(self, conversation: Conversation, opening: Opening) -> Exchange[None]:
        """Keep the note."""
        yield self._begin("note")
        self._room(conversation.ref).notes.append(opening)
        self._finish("note")
