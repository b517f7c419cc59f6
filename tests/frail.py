"""What goes wrong in the interleavings: a store that dies, calls that fail, and how long."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence

from handoff.errors import ProviderError, StoreError, Throttled, Unavailable
from handoff.exchange import Request, Response
from handoff.store import Change, Version
from tests.fakes import CountingStore, ScriptedSend

# What a vendor can do to a call: (the error, whether the call had its effect before it).
FAILURES: Sequence[tuple[ProviderError, bool]] = (
    (Unavailable("down", certain=True), False),
    (Throttled("wait", retry_after=2), False),
    (Unavailable("slow"), False),
    (Unavailable("slow"), True),
)
# How many runs of a property test; a long one is a matter of a variable.
EXAMPLES = int(os.environ.get("HANDOFF_EXAMPLES", "30"))

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


class FrailStore(CountingStore):
    """A store that dies at the commit the test chose: before it wrote, or before it answered."""

    dies_after: int | None = None
    loses_answer = False
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def commit(self, change: Change) -> Version:
        """Write, unless it is time to die; something may come before."""
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.dies_after is None or self.dies_after > 0:
            self.dies_after = self.dies_after and self.dies_after - 1
            return await super().commit(change)
        self.dies_after = None
        if self.loses_answer:
            await super().commit(change)
        raise StoreError("the process died")
