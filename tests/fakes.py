"""Fakes of our own ports, and the small things that tests count or move by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from handoff.deliveries import Delivery
from handoff.errors import ProviderError
from handoff.exchange import Request, Response
from handoff.store import (
    Change,
    Changed,
    DeadLetter,
    Store,
    Stored,
    StoredToken,
    Version,
    Watch,
)
from handoff.vocabulary import HandoffId, ProviderId, SessionKey


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
        self.writes += 1 + len(change.index) + len(change.spilled)
        self.writes += len(change.dead_letters) + len(change.replayed)
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

    async def due(self, limit: int) -> Sequence[SessionKey]:
        """Count what was found."""
        found = await self._inner.due(limit)
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

    def watch(self, changed: Changed) -> Watch:
        """Watch the store inside; what that reads is not counted."""
        return self._inner.watch(changed)

    async def close(self) -> None:
        """Close the store inside."""
        await self._inner.close()


class ScriptedSend:
    """Sends nothing: gives the scripted answers in order, then 200 and no body.

    `hold` keeps every answer back until the test sets it, or only those to the verb `hold_at`.
    """

    def __init__(self, *script: Response | ProviderError) -> None:
        self.script = list(script)
        self.sent: list[Request] = []
        self.timeouts: list[float] = []
        self.hold: asyncio.Event | None = None
        self.hold_at = ""
        self._news = asyncio.Event()

    async def __call__(self, request: Request, within: float) -> Response:
        """Keep the request, and answer it."""
        self.sent.append(request)
        self.timeouts.append(within)
        self._news.set()
        await asyncio.sleep(0)
        if self.hold is not None and request.url.endswith(self.hold_at):
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
