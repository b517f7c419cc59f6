"""What it costs that pages are there: nothing that grows with their sessions, and no rush."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from handoff.customer_chat import RENEWED
from handoff.errors import StoreError
from handoff.model import Session
from handoff.presence import MOST_AT_THE_DOOR
from handoff.store import Change, Store, Stored, Version
from handoff.vocabulary import SessionKey
from tests.fakes import CountingStore, FixedClock
from tests.visits import PageBench

STREAMS = 3 * MOST_AT_THE_DOOR


class Narrow(CountingStore):
    """A store that counts who is in it at once, and takes nothing when the test says so."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.inside = self.most = 0
        self.is_broken = False

    async def load(self, key: SessionKey) -> Stored | None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0)
        self.inside -= 1
        return await super().load(key)

    async def commit(self, change: Change) -> Version:
        if self.is_broken:
            raise StoreError("away")
        return await super().commit(change)


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


def sessions() -> int:
    """Return how many sessions are in memory."""
    gc.collect()
    return sum(isinstance(one, Session) for one in gc.get_objects())


async def test_stream_keeps_no_session(bench: PageBench) -> None:
    await bench.connected()
    ticket, before = await bench.ticket(), sessions()
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(bench.chat.stream(ticket, 0))
        assert sessions() <= before + 1  # the watch has just told one of them


async def test_pages_that_come_and_go_all_at_once_pass_the_door_few_at_a_time(
    bench: PageBench,
) -> None:
    await bench.connected()
    ticket, store = await bench.ticket(), Narrow(bench.store)
    chat = bench.another_chat(store)

    async def visit() -> None:
        async with chat.stream(ticket, 0):
            pass

    await asyncio.gather(*(visit() for _ in range(STREAMS)))
    assert MOST_AT_THE_DOOR / 2 < store.most <= MOST_AT_THE_DOOR


async def test_sign_of_life_that_cannot_be_written_ends_no_stream(
    bench: PageBench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.connected()
    ticket, store = await bench.ticket(), Narrow(bench.store)
    async with bench.another_chat(store).stream(ticket, await bench.last()) as stream:
        store.is_broken = True
        stream._stayed -= RENEWED + 1
        bench.clock.advance(1)
        assert await stream.next(0) == []
        assert not stream.is_over
        [line] = [one for one in caplog.records if one.getMessage() == "page.stream"]
        assert line.levelname == "WARNING"
        store.is_broken = False
