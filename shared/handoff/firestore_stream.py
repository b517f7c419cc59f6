"""One stream of Firestore's that is kept open, with many sessions on it."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from contextvars import Context
from dataclasses import dataclass
from itertools import count

from handoff import log
from handoff.firestore_facts import Again, Complete, Fact, Line, Lost, Seen, Source
from handoff.vocabulary import SessionKey

# A server that ends a stream on purpose says nothing; it does so from time to time.
ENDED = "Ended"

# For the other side to end a stream that we need no more.
GOODBYE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a stream waits for what; times in seconds.

    After `patience` losses in a row, or a refusal, sessions are read every `read_every` until
    there is a stream again. One that lived for `sound_after` has ended a row of losses.
    """

    first_pause: float = 0.5
    longest_pause: float = 60.0
    patience: int = 3
    read_every: float = 2.0
    first_news: float = 15.0
    sound_after: float = 10.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def pause(self, losses: int) -> float:
        """Return how long to wait after so many losses in a row; no two instances alike."""
        growing = min(self.first_pause * (1 << min(losses, 10)), self.longest_pause)
        return growing * (0.5 + secrets.randbelow(512) / 1024)


class Stream:
    """Keeps one stream open, and opens it again; reads its sessions while that does not work."""

    def __init__(
        self,
        source: Source,
        tell: Callable[[Seen], None],
        lost: Callable[[Lost], None],
        pace: Pace,
    ) -> None:
        self._source = source
        self._tell = tell
        self._lost = lost
        self._pace = pace
        self._targets: dict[SessionKey, int] = {}
        # Of these nothing has been said yet on the present line.
        self._silent: dict[int, SessionKey] = {}
        self._numbers = count(1)
        self._line: Line | None = None
        self._losses = 0
        self._works_since: float | None = None
        self._ends = False
        # Without the context of the request that happens to be the first.
        self._task = asyncio.create_task(self._run(), context=Context())

    @property
    def size(self) -> int:
        """Return how many sessions are on it."""
        return len(self._targets)

    @property
    def is_down(self) -> bool:
        """Say whether it was lost and has not been sound since."""
        return self._losses > 0 and not self._is_sound()

    def add(self, key: SessionKey) -> None:
        """Listen to one more session."""
        self._targets[key] = next(self._numbers)
        if self._line is not None:
            self._listen_to(self._line, key)

    def remove(self, key: SessionKey) -> None:
        """Listen to a session no more."""
        target = self._targets.pop(key)
        self._silent.pop(target, None)
        if self._line is not None:
            self._line.remove(target)

    async def end(self) -> None:
        """End the stream and its task, and wait until they have ended.

        In all form first: the emulator fails a commit that it cannot tell to who just hung up.
        """
        self._ends = True
        try:
            if self._line is not None:
                for target in self._targets.values():
                    self._line.remove(target)
                self._line.end()
                await asyncio.wait([self._task], timeout=GOODBYE_SECONDS)
        finally:
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._ends:
            try:
                await self._live_once()
            except Exception as error:  # noqa: BLE001 - nobody is above this task to hear of it
                log.bug(error)
                self._losses += 1
                await self._pace.sleep(self._pace.pause(self._losses))

    async def _live_once(self) -> None:
        """Listen until that is lost, and wait until it may be tried again."""
        self._works_since = None
        lost = await self._until_lost()
        if self._ends:
            return
        sound = self._is_sound()
        self._works_since = None
        if sound:
            self._losses = 0
        if not sound or lost.reason != ENDED:
            self._lost(lost)
            self._losses += 1
        await self._bridge(lost)

    async def _until_lost(self) -> Lost:
        try:
            await self._listen()
        except Lost as lost:
            return lost
        except TimeoutError:
            return Lost("Silence", refused=True)
        finally:
            self._line = None
        return Lost(ENDED)

    async def _listen(self) -> None:
        self._line = self._source.open()
        for key in self._targets:
            self._listen_to(self._line, key)
        async with (
            asyncio.timeout(self._pace.first_news) as patience,
            aclosing(self._line.facts()) as facts,
        ):
            async for fact in facts:
                self._take(fact)
                if isinstance(fact, Complete) and self._works_since is None:
                    self._works_since = asyncio.get_running_loop().time()
                    patience.reschedule(None)

    def _listen_to(self, line: Line, key: SessionKey) -> None:
        target = self._targets[key]
        self._silent[target] = key
        line.add(target, key)

    def _take(self, fact: Fact) -> None:
        if isinstance(fact, Seen):
            self._silent.pop(self._targets.get(fact.key, 0), None)
            self._tell(fact)
        elif isinstance(fact, Again):
            again = {target: key for key, target in self._targets.items()}
            self._silent |= {one: again[one] for one in fact.targets or again if one in again}
        else:
            # A document that is not mentioned until then is not there.
            for target in list(fact.targets or self._silent):
                if (key := self._silent.pop(target, None)) is not None:
                    self._tell(Seen(key=key, at=fact.at, exists=False))

    async def _bridge(self, lost: Lost) -> None:
        """Wait before the next stream, and read meanwhile if there may be none for long."""
        if not lost.refused and self._losses <= self._pace.patience:
            await self._pace.sleep(self._pace.pause(self._losses))
            return
        seconds = self._pace.longest_pause if lost.refused else self._pace.pause(self._losses)
        for _ in range(math.ceil(seconds / self._pace.read_every)):
            await self._read()
            await self._pace.sleep(self._pace.read_every)

    async def _read(self) -> None:
        # That Firestore is lost has been said already.
        with suppress(Lost):
            async with aclosing(self._source.read(list(self._targets))) as found:
                async for seen in found:
                    self._tell(seen)

    def _is_sound(self) -> bool:
        if self._works_since is None:
            return False
        lived = asyncio.get_running_loop().time() - self._works_since
        return lived >= self._pace.sound_after
