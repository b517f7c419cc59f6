"""What goes wrong in the interleavings: a store that dies, calls that fail, and how long."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence

from handoff.deadline import Deadline
from handoff.errors import ProviderError, StoreError, Throttled, Unavailable
from handoff.exchange import Request, Response
from handoff.store import Change, Changed, Store, Version
from handoff.vocabulary import SessionKey
from tests.fakes import CountingStore, ScriptedSend

# What a vendor can do to a call: (the error, whether the call had its effect before it).
FAILURES: Sequence[tuple[ProviderError, bool]] = (
    (Unavailable("down", certain=True), False),
    (Throttled("wait", retry_after=2), False),
    (Unavailable("slow"), False),
    (Unavailable("slow"), True),
)
# How many runs of a property test; a long one is a matter of a variable.
EXAMPLES = int(os.environ.get("HANDOFF_EXAMPLES", "60"))

VERBS = ("open", "read", "note", "send", "close")
MOST_FAULTS = 3


async def moment(_seconds: float) -> None:
    """Let others run, and wait no longer: no time passes but what the test lets pass."""
    await asyncio.sleep(0)


class Killed(Exception):
    """The process died in the middle of a call."""


class FrailSend(ScriptedSend):
    """Sends nothing, and dies in the call that the test chose, before it had its effect."""

    dies_after: int | None = None

    async def __call__(self, request: Request, within: float) -> Response:
        """Answer, unless it is time to die."""
        if self.dies_after is None or self.dies_after > 0:
            self.dies_after = self.dies_after and self.dies_after - 1
            return await super().__call__(request, within)
        self.dies_after = None
        raise Killed


# A lease outlives the deadline by two seconds; no job of a run becomes older than its patience.
DEADLINE, LONGEST_STEP = 0.8, 2.8


class Still(Deadline):
    """A deadline that never comes nearer: how busy the machine is decides nothing."""

    @property
    def left(self) -> float:
        """Return the seconds left."""
        return self.at


def still(seconds: float = DEADLINE) -> Deadline:
    """Return a deadline that stays so many seconds away."""
    return Still(seconds)


class Glances:
    """A watch that looks only when the test lets it, or as soon as anything happens."""

    def __init__(self, store: FrailStore, inner: Store, changed: Changed) -> None:
        self._store = store
        self._inner = inner
        self._changed = changed
        self.followed: list[SessionKey] = []

    async def follow(self, key: SessionKey) -> None:
        """Tell of this session from now on."""
        if key not in self.followed:
            self.followed.append(key)
            await self.after_a_write()

    async def unfollow(self, key: SessionKey) -> None:
        """Tell no more of this session."""
        self.followed.remove(key)

    async def close(self) -> None:
        """Tell nothing more."""
        self.followed.clear()

    async def after_a_write(self) -> None:
        """Look, if this is one of the quick watches."""
        if self._store.tells_at_once:
            await self.look()

    async def look(self) -> None:
        """Tell how everything that is followed stands now."""
        for key in tuple(self.followed):
            stored = await self._inner.load(key)
            self._changed(key, stored.session if stored else None)


class FrailStore(CountingStore):
    """A store that dies at the commit the test chose: before it wrote, or before it answered.

    `is_cut_off`: nothing is written any more; `lost` counts what was not. `written` hears of each
    change that was, `afterwards` happens after the next one. `tells_at_once`: who watches is told
    before whoever wrote goes on.
    """

    dies_after: int | None = None
    loses_answer = is_cut_off = False
    tells_at_once = True
    lost = 0
    meanwhile: Callable[[], Awaitable[None]] | None = None
    afterwards: Callable[[], Awaitable[None]] | None = None
    written: Callable[[Change], None] | None = None

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.watches: list[Glances] = []

    async def commit(self, change: Change) -> Version:
        """Write, unless it is time to die; something may come before."""
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.is_cut_off or self.dies_after == 0:
            return await self._die(change)
        self.dies_after = self.dies_after and self.dies_after - 1
        return await self._write(change)

    async def look(self) -> None:
        """Let all who watch see how things stand."""
        for one in self.watches:
            await one.look()

    def watch(self, changed: Changed) -> Glances:
        """Return what tells when the test wants it."""
        self.watches.append(Glances(self, self._inner, changed))
        return self.watches[-1]

    async def _die(self, change: Change) -> Version:
        self.dies_after = None
        if self.loses_answer and not self.is_cut_off:
            await self._write(change)
        else:
            self.lost += 1
        raise StoreError("the process died")

    async def _write(self, change: Change) -> Version:
        version = await super().commit(change)
        if self.written is not None:
            self.written(change)
        for one in self.watches:
            await one.after_a_write()
        if (happens := self.afterwards) is not None:
            self.afterwards = None
            await happens()
        return version
