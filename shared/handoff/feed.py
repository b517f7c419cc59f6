"""What feeds the pages that listen: one watch over all their sessions, and a reader for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context

from handoff import log, page_events
from handoff.deliveries import Delivery
from handoff.errors import BridgeError
from handoff.exchange import Json
from handoff.model import Handoff, Session
from handoff.store import Store
from handoff.vocabulary import DeliveryKind, HandoffId, SessionKey

Help = Callable[[], Awaitable[None]]
HELP_EVERY = 1.0

# A page that does not fetch what is ready for it is given it from the store, once it does.
MOST_READY = 100


class Reader:
    """One page that reads the deliveries of one handoff, in order; `cursor` is where it is."""

    def __init__(self, store: Store, key: SessionKey, handoff: HandoffId, cursor: int) -> None:
        self._store = store
        self.key = key
        self._handoff = handoff
        self._ready: list[Json] = []
        self._last = self._newest = cursor
        self._behind = self._ends = False
        self._news = asyncio.Event()
        self.cursor = cursor
        self.is_over = False

    def begin(self, session: Session) -> None:
        """Take note of how the session stands now that it knows of the page.

        What was told before that may have been carried by an answer: the store has the truth.
        """
        if self._ready:
            self._behind, self._ready = True, []
        self.tell(session)

    def tell(self, session: Session | None) -> None:
        """Take note of how the session stands now."""
        handoff = session.named(self._handoff) if session else None
        if handoff is None:
            return self.stop()
        new = [one for one in handoff.deliveries if one.id > self._last]
        ends = self._ends or not handoff.state.is_open
        if handoff.last_delivery <= self._last and ends == self._ends:
            return None
        self._newest = max(self._newest, handoff.last_delivery)
        self._ends = ends
        has_gap = len(new) < self._newest - self._last
        if self._behind or has_gap or len(self._ready) + len(new) > MOST_READY:
            self._behind, self._ready = True, []
        else:
            self._ready += [page_events.event(one, handoff) for one in new]
            self._last = self._newest
        return self._news.set()

    def stop(self) -> None:
        """Let whoever waits for news go: there will be no more."""
        self.is_over = True
        self._news.set()

    async def next(self, seconds: float) -> list[Json]:
        """Return the next events, or none when the time is up. Raises StoreError."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return []
        self._news.clear()
        if self._behind:
            await self._catch_up()
        ready, self._ready = self._ready, []
        events = page_events.up_to_end(ready)
        self.cursor = events[-1]["id"] if events else self.cursor
        self.is_over = self.is_over or events != ready or (self._ends and not self._behind)
        return events

    async def _catch_up(self) -> None:
        """Take what is there after the cursor from the store; what is told meanwhile stays news."""
        stored = await self._store.load(self.key)
        session = stored.session if stored else None
        found = await unread(self._store, session, self._handoff, self.cursor)
        self._ready = found
        self._last = found[-1]["id"] if found else self._last
        self._behind = bool(found) and self._newest > self._last
        if self._behind:
            self._news.set()


async def unread(
    store: Store, session: Session | None, handoff: HandoffId, after: int
) -> list[Json]:
    """Return the events above `after` of a handoff, also those that moved out of the session.

    What is not kept was carried by answers before any page came.
    """
    current = session.named(handoff) if session else None
    if session is None or current is None:
        return []
    kept = [one for one in current.deliveries if one.id > after]
    first = kept[0].id if kept else current.last_delivery + 1
    moved = await store.deliveries(session.key, handoff, after) if first > after + 1 else ()
    there = {one.id: one for one in (*moved, *kept)}
    ids = range(after + 1, current.last_delivery + 1)
    return [page_events.event(there.get(one) or _carried(one, current), current) for one in ids]


def _carried(number: int, handoff: Handoff) -> Delivery:
    at = handoff.started_at
    return Delivery(id=number, kind=DeliveryKind.NOTICE, at=at, answered=True)


class Feed:
    """Follows the sessions whose pages listen, as long as any does.

    `help_others` is done again and again meanwhile, where nobody else sees to what is due.
    `when_told` calls what it is given once the process is told to end.
    """

    def __init__(
        self,
        store: Store,
        help_others: Help | None = None,
        when_told: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._store = store
        self._help_others = help_others
        self._when_told = when_told
        self._ends = False
        self._helping: asyncio.Task[None] | None = None
        self._watch = store.watch(self._changed)
        self._readers: dict[SessionKey, set[Reader]] = {}

    @asynccontextmanager
    async def reader(
        self, key: SessionKey, handoff: HandoffId, after: int
    ) -> AsyncIterator[Reader]:
        """Yield a reader of the events above `after`, told of everything from now on."""
        reader = await self.join(key, handoff, after)
        try:
            yield reader
        finally:
            await self.leave(reader)

    async def join(self, key: SessionKey, handoff: HandoffId, after: int) -> Reader:
        """Return such a reader, which has to leave."""
        reader = Reader(self._store, key, handoff, after)
        if self._when_told is not None:
            self._when_told(self.end)
            self._when_told = None
        if self._ends:
            reader.stop()
        async with AsyncExitStack() as unless_joined:
            self._readers.setdefault(key, set()).add(reader)
            unless_joined.push_async_callback(self.leave, reader)
            self._begin_to_help()
            await self._watch.follow(key)
            unless_joined.pop_all()
        return reader

    async def leave(self, reader: Reader) -> None:
        """Tell a reader no more."""
        readers = self._readers[reader.key]
        readers.discard(reader)
        if not readers:
            del self._readers[reader.key]
            await self._watch.unfollow(reader.key)

    def end(self) -> None:
        """Let every page go that reads or comes to read: it comes again, to who goes on."""
        self._ends = True
        for readers in self._readers.values():
            for reader in readers:
                reader.stop()

    async def close(self) -> None:
        """Follow nothing any more."""
        await self._watch.close()

    def _begin_to_help(self) -> None:
        if self._help_others is not None and self._helping is None:
            # Without the context of the request that happens to be the first.
            helping = self._keep_helping(self._help_others)
            self._helping = asyncio.create_task(helping, context=Context())

    async def _keep_helping(self, help_others: Help) -> None:
        """Help as long as anybody reads: no longer, since then nobody pays for the time."""
        while self._readers:
            try:
                await help_others()
            except BridgeError as error:
                log.warning("wake", outcome="failed", reason=str(error))
            await asyncio.sleep(HELP_EVERY)
        self._helping = None

    def _changed(self, key: SessionKey, session: Session | None) -> None:
        for reader in tuple(self._readers.get(key, ())):
            reader.tell(session)
