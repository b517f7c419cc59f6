"""The process that listens, as a run sees it: started, told the pages, understood, ended."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.crash.ledger import Json
from tests.processes import ROOT
from tests.streams.stage import Page


@dataclass(frozen=True, slots=True)
class Fact:
    """What a listener told: `opened` with the status, `event`, `ended`, `asks`, `failed`."""

    what: str
    page: int
    at: float
    more: Any


class Ear:
    """All that the listening process has told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._news = asyncio.Condition()
        self.facts: list[Fact] = []

    async def until(self, seconds: float, look: Callable[[], bool]) -> bool:
        """Wait until something is so; say whether it was in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(look)
        return look()

    def told(self, what: str) -> list[Fact]:
        """Return the facts of one kind."""
        return [one for one in self.facts if one.what == what]

    def events(self, page: int) -> list[Json]:
        """Return the events of one page as they came."""
        return [one.more for one in self.facts if one.what == "event" and one.page == page]

    @property
    def opened(self) -> int:
        """Return how many streams have begun."""
        return sum(one.what == "opened" and one.more == 200 for one in self.facts)

    @property
    def opening(self) -> list[float]:
        """Return how long each page waited for its stream."""
        asked: dict[int, float] = {}
        for one in self.told("asks"):
            asked.setdefault(one.page, one.at)
        return [one.at - asked[one.page] for one in self.told("opened") if one.more == 200]

    @property
    def ended(self) -> int:
        """Return how many streams have ended."""
        return sum(one.what == "ended" for one in self.facts)

    def kill(self) -> None:
        """Let all browsers vanish at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def listen(self) -> None:
        """Take what the process tells until it has ended."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self.facts.append(Fact(*json.loads(line)))
                self._news.notify_all()


@asynccontextmanager
async def ear(
    pages: Sequence[Page], *, at_once: int = 0, again: bool = False
) -> AsyncIterator[Ear]:
    """Yield what hears these pages, each from where it is; it has ended when the block is left."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.streams.listener"), cwd=ROOT, stdin=pipe, stdout=pipe
    )
    one = Ear(process)
    listening = asyncio.create_task(one.listen())
    try:
        assert process.stdin is not None
        told = [{"url": page.url, "token": page.token, "after": page.after} for page in pages]
        order = {"pages": told, "at_once": at_once, "again": again}
        process.stdin.write(f"{json.dumps(order)}\n".encode())
        await process.stdin.drain()
        yield one
    finally:
        one.kill()
        await process.wait()
        await listening
