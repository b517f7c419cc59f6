"""An ear for what a watch tells, and waiting for it without sleeping for luck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from handoff.model import Session
from handoff.vocabulary import SessionKey

LONGEST = 20.0


class Heard:
    """Keeps what was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[SessionKey, Session | None]] = []
        self._news = asyncio.Event()

    def __call__(self, key: SessionKey, session: Session | None) -> None:
        """Hear it."""
        self.told.append((key, session))
        self._news.set()

    def of(self, key: SessionKey) -> list[Session | None]:
        """Return all that was told of one session."""
        return [session for told, session in self.told if told == key]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that depends on what was told."""
        async with asyncio.timeout(LONGEST):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def last(self, key: SessionKey, session: Session | None) -> None:
        """Wait until this is the last thing told of a session."""
        await self.until(lambda: self.of(key)[-1:] == [session])


async def becomes(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells of: others' tasks and threads that end."""
    async with asyncio.timeout(LONGEST):
        while not holds():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


class Rounds:
    """A sleep that lasts until the test wants the next round, and remembers how long it was."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self._asleep = asyncio.Event()
        self._awake = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        """Sleep until `next`."""
        self.lengths.append(seconds)
        self._awake.clear()
        self._asleep.set()
        await self._awake.wait()

    async def rest(self) -> None:
        """Wait until somebody sleeps."""
        async with asyncio.timeout(LONGEST):
            await self._asleep.wait()

    def wake(self) -> None:
        """End the sleep."""
        self._asleep.clear()
        self._awake.set()

    async def next(self) -> None:
        """Let a round happen, and wait until it is over."""
        await self.rest()
        self.wake()
        await self.rest()
