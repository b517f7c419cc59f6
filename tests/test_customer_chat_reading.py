"""How a page reads: by polls and streams, and what answers to Dialogflow carry meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic

import pytest

from handoff.customer_chat import BETWEEN_POLLS, LEASE, RENEWED, Stream
from handoff.customer_tokens import Ticket
from handoff.deliveries import Page
from handoff.errors import Closed, StoreError
from handoff.feed import Reader
from handoff.store import Change, Version
from tests.fakes import CountingStore, FixedClock
from tests.heart import closed, replied, seconds
from tests.visits import PageBench, ids, texts

LONG = 20.0


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


async def admitted(bench: PageBench) -> Ticket:
    return bench.chat.admit(await bench.connected())


async def page_of(bench: PageBench) -> Page:
    found = (await bench.handoff()).page
    assert found is not None
    return found


async def is_there(bench: PageBench) -> bool:
    page = (await bench.handoff()).page
    return page is not None and page.is_there(bench.clock())


async def becomes_there(bench: PageBench) -> None:
    """Wait until a page is written down as there, as another task is about to."""
    async with asyncio.timeout(LONG):
        while not await is_there(bench):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)


async def answers(bench: PageBench, utterance: str) -> list[str]:
    """Return what an answer to Dialogflow carries of the agent's words."""
    shown = (await bench.poll(utterance)).texts
    return [one.removeprefix("Anna: ") for one in shown]


async def test_poll_returns_what_is_there(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await bench.tell(replied("one"), replied("two", 2))
    last = await bench.last()
    events = await bench.chat.poll(ticket, 0, 0)
    assert (ids(events), texts(events)) == (list(range(1, last + 1)), ["one", "two"])
    assert ids(await bench.chat.poll(ticket, last - 1, 0)) == [last]


async def test_poll_without_news_costs_one_read(bench: PageBench) -> None:
    ticket, last = await admitted(bench), await bench.last()
    bench.store.taken()
    assert await bench.chat.poll(ticket, last, 0) == []
    assert bench.store.taken() == (1, 0)


async def test_what_a_poll_returned_is_in_no_answer_and_the_page_counts_as_gone(
    bench: PageBench,
) -> None:
    ticket = await admitted(bench)
    await bench.tell(replied("one"))
    await bench.chat.poll(ticket, 0, 0)
    await bench.tell(replied("two", 2))
    assert await answers(bench, "u1") == ["two"]


async def test_long_poll_waits_for_news(bench: PageBench) -> None:
    ticket = await admitted(bench)
    waiting = asyncio.create_task(bench.chat.poll(ticket, await bench.last(), LONG))
    await becomes_there(bench)
    await bench.tell(replied("one"))
    assert await answers(bench, "beside the page") == []
    assert texts(await waiting) == ["one"]


async def test_long_poll_without_news_ends_in_time(bench: PageBench) -> None:
    ticket, began = await admitted(bench), monotonic()
    assert await bench.chat.poll(ticket, await bench.last(), 0.05) == []
    assert 0.04 < monotonic() - began < LONG


async def test_long_poll_does_not_wait_for_what_is_there(bench: PageBench) -> None:
    ticket = await admitted(bench)
    assert ids(await bench.chat.poll(ticket, 0, 10 * LONG))[0] == 1


async def test_page_that_polls_is_there_until_its_next_poll_is_late(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await bench.chat.poll(ticket, 0, LONG)
    await bench.tell(replied("one"))
    assert await answers(bench, "soon") == []
    bench.clock.now += BETWEEN_POLLS
    assert await answers(bench, "late") == ["one"]


async def test_long_poll_is_over_with_the_chat(bench: PageBench) -> None:
    ticket = await admitted(bench)
    waiting = asyncio.create_task(bench.chat.poll(ticket, await bench.last(), LONG))
    await becomes_there(bench)
    await bench.tell(closed())
    events = await waiting
    assert events[-1]["state"] == "closed"
    with pytest.raises(Closed):
        await bench.chat.poll(ticket, events[-1]["id"], LONG)


async def test_what_is_left_after_the_end_can_still_be_read(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await bench.tell(replied("one"), closed())
    last = await bench.last()
    assert ids(await bench.chat.poll(ticket, last - 1, 0)) == [last]
    async with bench.chat.stream(ticket, last - 1) as stream:
        assert ids(await stream.next(LONG)) == [last]
        assert stream.is_over


async def test_page_that_says_it_has_read_more_than_there_is_misses_nothing(
    bench: PageBench,
) -> None:
    ticket = await admitted(bench)
    async with bench.chat.stream(ticket, 10**8) as stream:
        await bench.tell(replied("one"))
        assert texts(await stream.next(LONG)) == ["one"]
    waiting = asyncio.create_task(bench.chat.poll(ticket, 10**8, LONG))
    await becomes_there(bench)
    await bench.tell(replied("two", 2))
    assert texts(await waiting) == ["two"]
    await bench.tell(replied("three", 3))
    bench.clock.now += BETWEEN_POLLS
    assert await answers(bench, "after it") == ["three"]


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


async def test_stream_that_cannot_be_noted_does_not_begin(bench: PageBench) -> None:
    ticket, store = await admitted(bench), Leaking(bench.store)
    store.is_broken = True
    with pytest.raises(StoreError):
        async with bench.another_chat(store).stream(ticket, 0):
            pytest.fail("it began")
