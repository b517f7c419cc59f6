"""How a page reads by streams: who is there, what each was given, and what goes wrong beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from handoff.customer_chat import LEASE, RENEWED, Stream
from handoff.deliveries import Page
from handoff.errors import StoreError
from handoff.feed import Reader
from handoff.model import Session
from handoff.presence import MOST_AT_THE_DOOR
from handoff.store import Change, Version
from tests.fakes import CountingStore, FixedClock
from tests.heart import closed, replied, seconds
from tests.test_customer_chat_reading import LONG, admitted, answers, becomes_there
from tests.test_feed import Switchboard
from tests.visits import PageBench, texts


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


async def page_of(bench: PageBench) -> Page:
    found = (await bench.handoff()).page
    assert found is not None
    return found


async def test_stream_brings_what_is_there_and_what_comes(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await bench.tell(replied("one"))
    async with bench.chat.stream(ticket, await bench.last() - 1) as stream:
        assert texts(await stream.next(LONG)) == ["one"]
        await bench.tell(replied("two", 2))
        assert texts(await stream.next(LONG)) == ["two"]
        assert await stream.next(0) == []
        await bench.tell(closed())
        while not stream.is_over:
            events = await stream.next(LONG)
    assert events[-1]["state"] == "closed"


async def test_answers_carry_nothing_beside_a_stream_and_after_it_what_it_was_not_given(
    bench: PageBench,
) -> None:
    ticket = await admitted(bench)
    async with bench.chat.stream(ticket, await bench.last()) as stream:
        await bench.tell(replied("one"))
        [one] = await stream.next(LONG)
        stream.given = one["id"]
        await bench.tell(replied("two", 2))
        assert await answers(bench, "beside it") == []
    assert (await page_of(bench)).gone_at == bench.clock()
    assert await answers(bench, "after it") == ["two"]


async def test_what_came_out_of_a_stream_and_did_not_reach_the_page_is_not_given(
    bench: PageBench,
) -> None:
    ticket = await admitted(bench)
    async with bench.chat.stream(ticket, await bench.last()) as stream:
        await bench.tell(replied("one"))
        await stream.next(LONG)
    assert await answers(bench, "after it") == ["one"]


async def test_other_tab_goes_on_when_one_is_closed(bench: PageBench) -> None:
    ticket, last = await admitted(bench), await bench.last()
    async with bench.chat.stream(ticket, last) as kept:
        async with bench.another_chat().stream(ticket, last):
            assert len((await page_of(bench)).readers) == 2
        await bench.tell(replied("one"))
        assert await answers(bench, "beside it") == []
        assert texts(await kept.next(LONG)) == ["one"]


async def test_stream_of_an_instance_that_died_ends_by_itself(bench: PageBench) -> None:
    ticket = await admitted(bench)
    dying = bench.chat.stream(ticket, await bench.last())
    await dying.__aenter__()
    await bench.tell(replied("one"))
    bench.clock.now += LEASE - seconds(1)
    assert await answers(bench, "too soon") == []
    bench.clock.advance(1)
    assert await answers(bench, "late") == ["one"]
    await dying.__aexit__(None, None, None)


async def test_stream_that_is_stopped_lets_go(bench: PageBench) -> None:
    ticket = await admitted(bench)
    async with bench.chat.stream(ticket, await bench.last()) as stream:
        waiting = asyncio.create_task(stream.next(10 * LONG))
        await asyncio.sleep(0)
        stream.stop()
        assert (await waiting, stream.is_over) == ([], True)


async def test_stream_gives_a_sign_of_life_in_time(bench: PageBench) -> None:
    ticket = await admitted(bench)
    async with bench.chat.stream(ticket, await bench.last()) as stream:
        bench.clock.advance(60)
        await stream.next(0)
        assert set((await page_of(bench)).readers.values()) == {bench.clock() + LEASE - seconds(60)}
        stream._stayed -= RENEWED + 1
        await stream.next(0)
        assert set((await page_of(bench)).readers.values()) == {bench.clock() + LEASE}
        bench.store.taken()
        await stream.next(0)
        assert bench.store.taken() == (0, 0)


async def test_sign_of_life_tells_what_was_given(bench: PageBench) -> None:
    told: list[int] = []

    async def stay(given: int) -> None:
        told.append(given)

    reader = Reader(bench.store, (await admitted(bench)).session, (await bench.handoff()).id, 3)
    stream = Stream(reader, stay)
    assert stream.given == 3
    stream.given = 7
    stream._stayed -= RENEWED + 1
    await stream.next(0)
    assert told == [7]


class Meanwhile(Switchboard):
    """A store in which something happens between a write and its answer, and is told first."""

    happens: Callable[[], Awaitable[Session]] | None = None

    async def commit(self, change: Change) -> Version:
        version = await super().commit(change)
        if self.happens is not None:
            happens, self.happens = self.happens, None
            self.changed(change.session.key, await happens())
        return version


async def test_stream_does_not_wait_to_be_told_what_is_there(bench: PageBench) -> None:
    ticket, silent = await admitted(bench), Switchboard(bench.store)
    await bench.tell(replied("one"))
    async with bench.another_chat(silent).stream(ticket, 0) as stream:
        assert texts(await stream.next(0)) == ["one"]


async def test_what_happens_while_a_second_tab_is_noted_reaches_it(bench: PageBench) -> None:
    ticket, store = await admitted(bench), Meanwhile(bench.store)
    chat, last = bench.another_chat(store), await bench.last()

    async def happens() -> Session:
        await bench.tell(replied("meanwhile"))
        return await bench.session()

    async with chat.stream(ticket, last) as first:
        store.happens = happens
        async with chat.stream(ticket, last) as second:
            told = [texts(await one.next(0)) for one in (first, second)]
            assert told == [["meanwhile"], ["meanwhile"]]


class Leaking(CountingStore):
    """A store that takes nothing any more once the test says so."""

    is_broken = False

    async def commit(self, change: Change) -> Version:
        if self.is_broken:
            raise StoreError("away")
        return await super().commit(change)


async def test_stream_whose_end_cannot_be_written_ends_all_the_same(
    bench: PageBench, caplog: pytest.LogCaptureFixture
) -> None:
    ticket, store = await admitted(bench), Leaking(bench.store)
    async with bench.another_chat(store).stream(ticket, 0):
        store.is_broken = True
    [line] = [one for one in caplog.records if one.getMessage() == "page.stream"]
    assert line.levelname == "WARNING"
    assert (await page_of(bench)).is_there(bench.clock())


async def test_sign_of_life_that_cannot_be_written_does_not_end_the_stream(
    bench: PageBench, caplog: pytest.LogCaptureFixture
) -> None:
    ticket, store = await admitted(bench), Leaking(bench.store)
    async with bench.another_chat(store).stream(ticket, await bench.last()) as stream:
        store.is_broken = True
        stream._stayed -= RENEWED + 1
        bench.clock.advance(1)
        await bench.tell(replied("one"))
        assert texts(await stream.next(LONG)) == ["one"]
        store.is_broken = False
    outcomes = [one.__dict__["fields"]["outcome"] for one in caplog.records if "page" in one.msg]
    assert outcomes == ["stays", "ended"]


async def test_more_pages_than_may_begin_at_once_all_begin(bench: PageBench) -> None:
    ticket, last = await admitted(bench), await bench.last()

    async def listens() -> list[str]:
        async with bench.chat.stream(ticket, last) as stream:
            return texts(await stream.next(LONG))

    pages = [asyncio.create_task(listens()) for _ in range(MOST_AT_THE_DOOR + 5)]
    await becomes_there(bench)
    await bench.tell(replied("one"))
    assert await asyncio.gather(*pages) == [["one"]] * len(pages)


async def test_stream_that_cannot_be_noted_does_not_begin(bench: PageBench) -> None:
    ticket, store = await admitted(bench), Leaking(bench.store)
    store.is_broken = True
    with pytest.raises(StoreError):
        async with bench.another_chat(store).stream(ticket, 0):
            pytest.fail("it began")
