"""A process that is told to end lets pages go at once, and then ends as it would have."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from handoff import ending
from handoff.feed import Feed
from handoff.sqlite import SqliteStore
from handoff.vocabulary import HandoffId, SessionKey
from tests.fakes import FixedClock

KEY, HANDOFF = SessionKey("s"), HandoffId("ho")


@pytest.fixture
def server() -> Iterator[list[int]]:
    """Give the signals that a server has got, which was there first."""
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    yield got
    signal.signal(signal.SIGTERM, before)


async def test_signal_is_told_once_and_reaches_who_was_there_before(server: list[int]) -> None:
    told: list[str] = []
    ending.when_told(lambda: told.append("end"))
    signal.raise_signal(signal.SIGTERM)
    assert server == [signal.SIGTERM]
    await asyncio.sleep(0)
    assert told == ["end"]
    signal.raise_signal(signal.SIGTERM)
    await asyncio.sleep(0)
    assert (server, told) == ([signal.SIGTERM] * 2, ["end"])


def test_signal_after_the_loop_is_only_the_servers(server: list[int]) -> None:
    async def listen() -> None:
        ending.when_told(lambda: pytest.fail("nobody waits any more"))

    asyncio.run(listen())
    signal.raise_signal(signal.SIGTERM)
    assert server == [signal.SIGTERM]


async def test_server_in_another_thread_goes_without(server: list[int]) -> None:
    async def when_told() -> None:
        ending.when_told(lambda: None)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=asyncio.run, args=(when_told(),))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before


async def test_feed_lets_everybody_go_who_reads_or_comes_to(clock: FixedClock) -> None:
    store = SqliteStore(":memory:", clock=clock)
    asked: list[object] = []
    feed = Feed(store, when_told=asked.append)
    async with feed.reader(KEY, HANDOFF, 0) as first, feed.reader(KEY, HANDOFF, 0) as second:
        assert asked == [feed.end]
        waiting = asyncio.create_task(first.next(60))
        await asyncio.sleep(0)
        feed.end()
        assert (await waiting, first.is_over, second.is_over) == ([], True, True)
    async with feed.reader(KEY, HANDOFF, 0) as late:
        assert late.is_over
    await store.close()
