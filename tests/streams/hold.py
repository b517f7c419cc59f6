"""Many streams held open: what they cost, and when they are freed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

import aiohttp

from tests.streams.calls import deaf, read, timed
from tests.streams.ear import ear
from tests.streams.options import Options
from tests.streams.process import Worker, is_running
from tests.streams.stage import CHAT, PATIENCE, Page, Stage, all_left, browser, stage, until

WARM_STREAMS = 20
STORM_CALLS, STORM_SECONDS = 8, 0.8

# What pages that stopped reading are sent all the same: far more than the buffers on the way hold.
DEAF, DEAF_MESSAGES, DEAF_LENGTH = 10, 100, 4_000
DEAF_KEPT = 60


@dataclass(slots=True)
class Held:
    """One run; memory in KiB, times in seconds."""

    streams: int = 0
    idle: float = 0.0
    open: float = 0.0
    most: float = 0.0
    opening: list[float] = field(default_factory=list)
    work: float = 0.0
    """What the opening of one stream took of a processor."""
    before: dict[str, list[float]] = field(default_factory=dict)
    storm: dict[str, list[float]] = field(default_factory=dict)
    during: dict[str, list[float]] = field(default_factory=dict)
    busy: float = 0.0
    """The part of a processor that the function used while it held the streams."""
    freed: float | None = None
    left: float | None = None
    """When the last stream's leaving stood in the store."""
    unread: float = 0.0
    deaf: float = 0.0
    """What the memory grew by for pages that had so much to read and did not."""
    let_go: float | None = None
    gone: float | None = None
    """When the last stream and the process had ended, after it was told to end."""
    findings: list[str] = field(default_factory=list)

    @property
    def slower(self) -> dict[str, float]:
        """Return how many times slower the middle one of each kind of call was."""
        return {
            name: median(self.during[name]) / median(took) for name, took in self.before.items()
        }

    @property
    def each(self) -> float:
        """Return the memory of one stream."""
        return (self.open - self.idle) / (self.streams or 1)


async def hold(options: Options) -> Held:
    """Play one run."""
    with stage(options.store) as place:
        async with browser() as http:
            pages = await place.open(http, options.hold)
            # Sessions alike for each series of calls: every message makes one larger.
            warm, before, storm, during, talking = await place.open(http, 5, "other")
            run = Held(streams=options.hold)
            await _warm(http, place, pages, warm)
            run.before = await timed(http, before, options.calls, options.seconds)
            await _measure(run, options, http, place, pages, storm, during)
            await _not_reading(run, http, place, talking)
            await _told_to_end(run, place, pages)
            return run


async def _warm(
    http: aiohttp.ClientSession, place: Stage, pages: Sequence[Page], other: Page
) -> None:
    """Let the function do everything once: what it needs for that is no stream's.

    SQLite keeps two megabytes of what it has read, whoever it was for.
    """
    await timed(http, other, 10, 0.5)
    for page in pages:
        await read(http, page)
    worker = Worker(place.functions[CHAT].pid)
    files = worker.files
    async with ear(pages[:WARM_STREAMS]) as listening:
        count = min(WARM_STREAMS, len(pages))
        assert await listening.until(PATIENCE, lambda: listening.opened == count)
    await until(PATIENCE, lambda: worker.files <= files)


async def _measure(
    run: Held,
    options: Options,
    http: aiohttp.ClientSession,
    place: Stage,
    pages: Sequence[Page],
    storm: Page,
    during: Page,
) -> None:
    worker = Worker(place.functions[CHAT].pid)
    run.idle, files, used = worker.memory, worker.files, worker.seconds
    worker.forget_most_memory()
    async with ear(pages, at_once=options.at_once) as listening:
        calls = asyncio.create_task(timed(http, storm, STORM_CALLS, STORM_SECONDS))
        await listening.until(PATIENCE, lambda: listening.opened == len(pages))
        run.work = (worker.seconds - used) / len(pages)
        run.storm, run.opening = await calls, listening.opening
        began, used = time.monotonic(), worker.seconds
        run.during = await timed(http, during, options.calls, options.seconds)
        run.busy = (worker.seconds - used) / (time.monotonic() - began)
        run.open, run.most = worker.memory, worker.most_memory
        open_now = listening.opened - listening.ended
        if open_now != len(pages):
            run.findings.append(f"{open_now} streams were open at the end, not {len(pages)}")
        listening.kill()
        began = time.monotonic()
        run.freed = await until(PATIENCE, lambda: worker.files <= files)
        run.left = await all_left(place, pages, began)


async def _not_reading(run: Held, http: aiohttp.ClientSession, place: Stage, page: Page) -> None:
    """Let pages stop reading while their agent writes on and on."""
    place.functions[CHAT].end()  # what others have left of its memory would hide what is needed
    place.functions[CHAT].start()
    await timed(http, page, 5, 0.1)
    worker = Worker(place.functions[CHAT].pid)
    with ExitStack() as stack:
        for _ in range(DEAF):
            stack.enter_context(deaf(page))
        # As many as a session keeps: from there on it does not grow.
        for _ in range(DEAF_KEPT):
            await place.agent_says(http, page, "x" * DEAF_LENGTH)
        before = worker.memory
        for _ in range(DEAF_MESSAGES):
            await place.agent_says(http, page, "x" * DEAF_LENGTH)
        run.deaf = worker.memory - before
        run.unread = DEAF * DEAF_MESSAGES * DEAF_LENGTH / 1024


async def _told_to_end(run: Held, place: Stage, pages: Sequence[Page]) -> None:
    """Tell the function to end while all streams are open."""
    chat = place.functions[CHAT]
    processes = [chat.pid, Worker(chat.pid).pid]
    async with ear(pages) as listening:
        await listening.until(PATIENCE, lambda: listening.opened == len(pages))
        began = time.monotonic()
        chat.tell_to_end()
        if await listening.until(PATIENCE, lambda: listening.ended == len(pages)):
            run.let_go = time.monotonic() - began
        await until(PATIENCE, lambda: not any(map(is_running, processes)))
        run.gone = time.monotonic() - began
