"""How a page reads by polls, and what answers to Dialogflow carry meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic

import pytest

from handoff.customer_chat import BETWEEN_POLLS
from handoff.customer_tokens import Ticket
from handoff.errors import Closed
from tests.fakes import FixedClock
from tests.frail import FrailStore
from tests.heart import closed, replied
from tests.visits import PageBench, ids, texts

LONG = 20.0


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


async def admitted(bench: PageBench) -> Ticket:
    return bench.chat.admit(await bench.connected())


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


async def test_what_an_answer_carries_while_a_poll_is_noted_is_not_drawn_again(
    bench: PageBench,
) -> None:
    ticket, store, last = await admitted(bench), FrailStore(bench.store), await bench.last()
    await bench.tell(replied("one"))

    async def meanwhile() -> None:
        store.meanwhile = None
        assert await answers(bench, "comes first") == ["one"]

    store.meanwhile = meanwhile
    events = await bench.another_chat(store).poll(ticket, last, 0)
    assert (ids(events), [one["type"] for one in events]) == ([last + 1], ["state"])
