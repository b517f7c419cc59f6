"""The customer's page as a use case: what it reads, says, shows and ends."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Protocol

from handoff import log, page, page_events
from handoff.bridge import Bridge
from handoff.clock import Clock
from handoff.customer_tokens import Ticket, signed, verified
from handoff.deadline import Deadline
from handoff.errors import Closed, TooMany
from handoff.exchange import Json
from handoff.exchange import Stream as Content
from handoff.feed import Feed, Reader, unread
from handoff.filing import Filing
from handoff.model import Session
from handoff.presence import Presence
from handoff.providers.base import OutgoingFile
from handoff.rates import Rates
from handoff.rules import Rules
from handoff.sessions import Held
from handoff.signatures import Secret
from handoff.store import Store

# For so long a stream counts as open without a sign of life; it gives one in time. Only the
# stream of an instance that died is missed so late.
LEASE, RENEWED = timedelta(seconds=90), 40.0

# After a poll the next one is there so soon, or the page is gone.
BETWEEN_POLLS = timedelta(seconds=5)

# Desks show for some seconds that somebody types; a vendor may bill each time it is told.
TYPING_SECONDS = 3.0

# All polls of a page are one reader.
POLL = "poll"

OVER = "This chat is over."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the use case works with."""

    bridge: Bridge
    store: Store
    feed: Feed
    filing: Filing
    rules: Rules
    rates: Rates
    key: Secret
    clock: Clock


class File(Protocol):
    """A file that is on its way to us."""

    @property
    def name(self) -> str:
        """Return its name, without a path."""

    @property
    def content_type(self) -> str:
        """Return what it is, by its own first bytes."""

    @property
    def content(self) -> Content:
        """Return its bytes as they come; they raise RequestError where they go wrong."""


class Stream:
    """The events of one page as they come; `given` is the last that reached it."""

    def __init__(self, reader: Reader, stay: Callable[[int], Awaitable[object]]) -> None:
        self._reader = reader
        self._stay = stay
        # Streams that began together are not to give their signs of life together for ever.
        self._stayed = monotonic() - secrets.randbelow(int(RENEWED) // 2)
        self.given = reader.cursor

    @property
    def is_over(self) -> bool:
        """Say whether there will be no more."""
        return self._reader.is_over

    def stop(self) -> None:
        """Let whoever waits for news go."""
        self._reader.stop()

    async def next(self, seconds: float) -> list[Json]:
        """Return the next events, or none when the time is up. Raises StoreError."""
        if monotonic() - self._stayed > RENEWED:
            self._stayed = monotonic()
            await self._stay(self.given)
        return await self._reader.next(seconds)


class CustomerChat:
    """What a customer's page can do. Every verb takes the ticket in its token.

    All raise Closed once there is nothing more to hear or to say.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._typing = Rates(1 / TYPING_SECONDS, burst=1)
        self._presence = Presence(parts.bridge, parts.clock)

    def admit(self, token: str) -> Ticket:
        """Return whose page this is; raises Unauthenticated, TooMany."""
        ticket = verified(token, self._parts.key, self._clock())
        log.about(session=ticket.session, handoff=ticket.handoff)
        wait = self._parts.rates.wait(ticket.handoff)
        if wait:
            raise TooMany("Too many calls of one chat.", retry_after=wait)
        return ticket

    def renewed(self, ticket: Ticket) -> str:
        """Return a fresh token when the page's is old, else an empty string."""
        now = self._clock()
        if not ticket.is_old(now):
            return ""
        return signed(ticket.session, ticket.handoff, self._parts.key, now)

    async def say(self, ticket: Ticket, message: str, text: str, deadline: Deadline) -> int:
        """Pass the customer's words on; return their place among all of the customer's."""
        held = await self._held(ticket)

        def decision(session: Session) -> Session:
            now, rules = self._clock(), self._parts.rules
            return page.said(session, ticket.handoff, message, text, rules, now)

        known = page.sequence_of(held.session, ticket.handoff, message)
        if known is None:
            held = await self._parts.bridge.change(held, decision, deadline)
            known = page.sequence_of(held.session, ticket.handoff, message)
        if known is None:
            raise Closed(OVER)
        log.info("page.message", number=known, outcome="accepted")
        return known

    async def attach(self, ticket: Ticket, message: str, file: File, deadline: Deadline) -> int:
        """Give the customer's file to the agent; return its place among their messages.

        Raises Busy, NotTaken, InDoubt, and whatever the file's bytes raise.
        """
        held = await self._open(ticket)
        known = page.sequence_of(held.session, ticket.handoff, message)
        if known is not None:
            return known
        outgoing = OutgoingFile(
            client_id=f"{ticket.handoff}-{message}",
            name=file.name,
            content_type=file.content_type,
            content=file.content,
        )

        def noted(session: Session) -> Session:
            return page.filed(session, ticket.handoff, message, file.name)

        held = await self._parts.filing.attach(held, outgoing, noted, deadline)
        sequence = page.sequence_of(held.session, ticket.handoff, message)
        if sequence is None:  # another handoff began meanwhile
            raise Closed(OVER)
        return sequence

    async def tell_unsent(self, ticket: Ticket, deadline: Deadline) -> None:
        """Tell the customer, in their language, that a file was not taken."""
        await self._parts.filing.tell_unsent(await self._open(ticket), deadline)

    async def leave(self, ticket: Ticket, deadline: Deadline) -> None:
        """Let the customer leave; the agent is told."""
        held = await self._open(ticket)

        def decision(session: Session) -> Session:
            return page.left(session, ticket.handoff, self._parts.rules, self._clock())

        await self._parts.bridge.change(held, decision, deadline)
        log.info("page.end", outcome="left")

    async def show_typing(self, ticket: Ticket, *, typing: bool, deadline: Deadline) -> None:
        """Show the agent that the customer types, where the desk can; none can show the end."""
        held = await self._open(ticket)
        if not typing:
            outcome = "stopped"
        elif self._typing.wait(ticket.handoff):
            outcome = "just_shown"
        else:
            outcome = await self._parts.bridge.show_typing(held.session, deadline)
        log.info("page.typing", outcome=outcome)

    async def poll(self, ticket: Ticket, after: int, seconds: float) -> list[Json]:
        """Return the events above `after`; while there is none, wait for so many seconds."""
        held = await self._held(ticket)
        after = page.cursor(held.session, ticket.handoff, after)
        events = await unread(self._parts.store, held.session, ticket.handoff, after)
        if not events and self._is_over(held, ticket):
            raise Closed(OVER)
        if seconds and not events:
            events = await self._awaited(held, ticket, after, seconds)
        if events := page_events.up_to_end(events):
            given, stays = events[-1]["id"], BETWEEN_POLLS if seconds else timedelta()
            held = await self._presence.note(held, ticket, POLL, given, stays)
            # An answer to Dialogflow may have come first, and carried some of them.
            there = await unread(self._parts.store, held.session, ticket.handoff, after)
            events = [one for one in there if one["id"] <= given]
        log.info("page.poll", outcome="news" if events else "none")
        return events

    @asynccontextmanager
    async def stream(self, ticket: Ticket, after: int) -> AsyncIterator[Stream]:
        """Yield a stream of the events above `after`, and of all that follow."""
        log.about(session=ticket.session, handoff=ticket.handoff)
        name = uuid.uuid4().hex[:12]
        async with self._presence.door:
            reader = await self._begun(ticket, name, after)
        stream = Stream(reader, partial(self._presence.stay, ticket, name, LEASE))
        try:
            yield stream
        finally:
            await self._parts.feed.leave(reader)
            await self._presence.leave(ticket, name, stream.given)

    async def _begun(self, ticket: Ticket, name: str, after: int) -> Reader:
        """Return a reader that the session knows of; it keeps nothing of the session itself."""
        held = await self._held(ticket)
        after = page.cursor(held.session, ticket.handoff, after)
        if self._is_over(held, ticket):
            await self._refuse_read(held, ticket, after)
        async with AsyncExitStack() as unless_begun:
            # Before it is noted: what is told between the two must not be missed.
            reader = await self._parts.feed.join(ticket.session, ticket.handoff, after)
            unless_begun.push_async_callback(self._parts.feed.leave, reader)
            held = await self._presence.note(held, ticket, name, after, LEASE)
            reader.begin(held.session)
            unless_begun.pop_all()
        return reader

    async def _awaited(self, held: Held, ticket: Ticket, after: int, seconds: float) -> list[Json]:
        """Return the first events that come; meanwhile the page is there."""
        stays = timedelta(seconds=seconds) + BETWEEN_POLLS
        async with self._parts.feed.reader(ticket.session, ticket.handoff, after) as reader:
            held = await self._presence.note(held, ticket, POLL, after, stays)
            reader.begin(held.session)
            return await reader.next(seconds)

    async def _held(self, ticket: Ticket) -> Held:
        """Return the session of this page's handoff, over or not."""
        held = await self._parts.bridge.load(ticket.session)
        if held is None or held.session.named(ticket.handoff) is None:
            raise Closed(OVER)
        return held

    async def _open(self, ticket: Ticket) -> Held:
        held = await self._held(ticket)
        if self._is_over(held, ticket):
            raise Closed(OVER)
        return held

    def _is_over(self, held: Held, ticket: Ticket) -> bool:
        return page.open_handoff(held.session, ticket.handoff) is None

    async def _refuse_read(self, held: Held, ticket: Ticket, after: int) -> None:
        """Refuse a stream of a handoff that is over, once there is nothing left in it."""
        if not await unread(self._parts.store, held.session, ticket.handoff, after):
            raise Closed(OVER)
