"""Desks in memory: providers that a test scripts, lets fail, and looks into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from handoff.errors import (
    ConversationGone,
    ProviderError,
    Rejected,
    Unauthenticated,
    Unavailable,
)
from handoff.events import Closer, ConversationClosed, Event, Queued
from handoff.exchange import Exchange, Inbound, Request
from handoff.model import Contact, Customer
from handoff.providers.base import (
    Availability,
    Capabilities,
    Conversation,
    Identity,
    Opened,
    Opening,
    Outgoing,
)
from handoff.vocabulary import ContactRef, ConversationRef, Presence, ProviderId, ThreadRef


@dataclass(kw_only=True)
class Room:
    """A conversation at the scripted desk: `said` are the customer's words by client id."""

    ref: ConversationRef
    thread: ThreadRef
    opening: Opening
    said: dict[str, str] = field(default_factory=dict)
    notes: list[Opening] = field(default_factory=list)
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong once with a verb: before it had its effect, or after."""

    verb: str
    error: ProviderError
    after: bool = False


class PlainProvider:
    """A desk in memory that can do no more than it must; `faults` happen once each.

    `webhooks` are the bodies that `receive` takes for genuine, and what they mean; `happened`
    is what the desk's side did in all rooms, for who looks.
    """

    id = ProviderId("plain")
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.rooms: list[Room] = []
        self.faults: list[Fault] = []
        self.webhooks: dict[bytes, tuple[Event, ...]] = {}
        self.happened: list[Event] = []

    @property
    def said(self) -> list[str]:
        """Return the customer's words in all rooms, in the order of the rooms."""
        return [text for room in self.rooms for text in room.said.values()]

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Open a room, or find the one that a doubtful attempt opened; none for who left."""
        yield self._begin("open")
        room = self._room_of(opening) if opening.uncertain else None
        if room is None and opening.abandoned:
            raise Rejected("the desk has no room that was opened for this handoff")
        if room is None:
            number = len(self.rooms) + 1
            room = Room(
                ref=ConversationRef(f"room-{number}"),
                thread=ThreadRef(f"thread-{number}"),
                opening=opening,
            )
            self.rooms.append(room)
            self._finish("open")
            return Opened(conversation=room.ref, thread=room.thread)
        self._finish("open")
        return Opened(conversation=room.ref, thread=room.thread, events=self._in(room.ref))

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

    def _in(self, ref: ConversationRef) -> tuple[Event, ...]:
        return tuple(event for event in self.happened if event.conversation == ref)

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


class ReadingProvider(ScriptedProvider):
    """A desk in memory whose rooms can be read too."""

    def read(self, conversation: Conversation) -> Exchange[tuple[Event, ...]]:
        """Return what happened in the room so far."""
        yield self._begin("read")
        self._finish("read")
        return self._in(conversation.ref)


class LeavingProvider(ScriptedProvider):
    """A desk in memory that tells no end: who asks learns whether the room is `over`."""

    capabilities = Capabilities(availability=True, leaving_ends=True)

    def __init__(self) -> None:
        super().__init__()
        self.over: bool | None = None

    def confirm_end(self, conversation: Conversation) -> Exchange[tuple[Event, ...]]:
        """Say whether the room is over; None: that can still become either."""
        yield self._begin("confirm_end")
        self._finish("confirm_end")
        if self.over is None:
            raise Unavailable("somebody is still busy with it", certain=True)
        name, ref = f"{conversation.ref}:asked", conversation.ref
        if self.over:
            return (ConversationClosed(id=name, conversation=ref, by=Closer.NOBODY),)
        return (Queued(id=name, conversation=ref),)
