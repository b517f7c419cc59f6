"""How long an answer may take: what a cold start took of it, and where it is cut off."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, process_time

from handoff.errors import StoreError

# No call to a provider goes on in the last part of the budget: it is for the last commit.
LAST_COMMIT = 0.4

# A commit that takes longer is given up here, so late that only a store that hangs comes to it.
GRACE = 0.2

# Whatever a cold start took, there is time to commit what was asked and to say so.
LEAST_BUDGET = 1.5

# A request that comes within this part of the time that loading took, once it is over, was held
# back until it could be served: the server behind the function still has to be imported and
# forked (measured: a seventh).
STILL_STARTING = 0.5

# A process that seems older than this when it is loaded has a clock that tells nothing.
LONGEST_START = 60.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock by which an answer has to be on its way."""

    at: float = field(default=0.0)

    @staticmethod
    def after(seconds: float) -> Deadline:
        """Return the deadline so many seconds from now."""
        return Deadline(monotonic() + seconds)

    @property
    def left(self) -> float:
        """Return the seconds left, possibly negative."""
        return self.at - monotonic()


@dataclass(frozen=True, slots=True)
class Start:
    """When this process began, and when its function was loaded, on the monotonic clock."""

    began: float
    loaded: float

    @staticmethod
    def now() -> Start:
        """Return the start of a process whose function has just been loaded."""
        loaded = monotonic()
        return Start(began=loaded - _age(), loaded=loaded)

    def budget(self, seconds: float, arrived: float) -> float:
        """Return what is left of a caller's patience for a request that arrived at this moment.

        Who waited for the process to start has waited since it began, or longer.
        """
        if arrived - self.loaded > (self.loaded - self.began) * STILL_STARTING:
            return seconds
        return max(seconds - (arrived - self.began), min(seconds, LEAST_BUDGET))

    def deadline(self, seconds: float) -> Deadline:
        """Return until when calls may go on for a request that has arrived now."""
        now = monotonic()
        budget = self.budget(seconds, now)
        return Deadline(now + max(budget - LAST_COMMIT, budget / 2))


@asynccontextmanager
async def in_time(deadline: Deadline) -> AsyncIterator[None]:
    """Give up what goes on after the deadline and the time for a last commit.

    Calls to providers are over by then, so that only the store can be what hangs: StoreError.
    What was given up may have been done: a lease stays until it runs out, and who takes it
    then looks before doing it again.
    """
    limit = asyncio.timeout(deadline.left + LAST_COMMIT + GRACE)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise StoreError("no answer in time") from error


def _age() -> float:
    """Return for how many seconds this process has run.

    Where the system does not tell, it is the time in which it did something, which is less.
    """
    try:
        ticks = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
        up = float(Path("/proc/uptime").read_text("ascii").split()[0])
        age = up - int(ticks) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        age = -1.0
    return age if process_time() <= age <= LONGEST_START else process_time()
