"""A customer who leaves and asks again while their page reads: nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.customer_chat import LEASE
from handoff.customer_tokens import Ticket
from handoff.dialogflow.turn import Meaning
from handoff.errors import Closed
from handoff.exchange import Json
from tests.fakes import FixedClock
from tests.heart import RULES, replied
from tests.test_customer_chat_reading import LONG, admitted
from tests.visits import PageBench, ids

ENDED = RULES.texts.get("customer_left", "en")
CONNECTING = RULES.texts.get("connecting", "en")


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


def shown(events: list[Json]) -> list[str]:
    return [one["text"] for one in events if "text" in one]


async def asks_again(bench: PageBench) -> tuple[str, ...]:
    """Leave and ask for a person anew; return what both answers said."""
    left = await bench.say("", "leaves", Meaning.END)
    began = await bench.say("somebody else please", "again", Meaning.START)
    return (*left.texts, *began.texts)


async def begun_anew(bench: PageBench) -> tuple[Ticket, int]:
    """Let a page be given one word, and not a second one, before the customer asks again."""
    ticket, last = await admitted(bench), await bench.last()
    await bench.tell(replied("one"))
    async with bench.chat.stream(ticket, last) as stream:
        stream.given = (await stream.next(LONG))[-1]["id"]
        await bench.tell(replied("two", 2))
        await asks_again(bench)
    return ticket, stream.given


async def test_stream_brings_its_handoff_to_the_end_and_the_answers_nothing_of_it(
    bench: PageBench,
) -> None:
    ticket, last = await admitted(bench), await bench.last()
    events: list[Json] = []
    async with bench.chat.stream(ticket, last) as stream:
        await bench.tell(replied("one"))
        events += await stream.next(LONG)
        await bench.tell(replied("two", 2))
        assert await asks_again(bench) == (CONNECTING,)
        while not stream.is_over:
            events += await stream.next(LONG)
            stream.given = events[-1]["id"]
    assert shown(events) == ["one", "two", ENDED]
    assert ids(events) == list(range(last + 1, last + len(events) + 1))
    assert events[-1]["state"] == "closed"
    assert (await bench.say("", "later", Meaning.POLL)).texts == ()


async def test_what_a_stream_was_not_given_is_told_in_the_next_handoff(bench: PageBench) -> None:
    ticket, given = await begun_anew(bench)
    assert (await bench.say("", "later", Meaning.POLL)).texts == ("Anna: two", ENDED)
    events = await bench.chat.poll(ticket, given, 0)
    assert shown(events) == []
    assert events[-1]["state"] == "closed"
    with pytest.raises(Closed):
        await bench.chat.poll(ticket, events[-1]["id"], 0)


async def test_page_that_lost_what_was_on_its_way_fetches_it_by_its_old_token(
    bench: PageBench,
) -> None:
    ticket, given = await begun_anew(bench)
    assert shown(await bench.chat.poll(ticket, given - 1, 0)) == ["one"]


async def test_page_of_the_next_handoff_gets_what_was_left_over(bench: PageBench) -> None:
    await begun_anew(bench)
    events = await bench.chat.poll(await bench.ticket(), 0, 0)
    assert shown(events) == ["two", ENDED]
    assert {"closed"} & {str(one.get("state")) for one in events} == set()


async def test_what_nobody_came_back_for_is_told_once_its_time_is_up(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await bench.tell(replied("one"))
    async with bench.chat.stream(ticket, await bench.last() - 1):  # it hangs, and writes nothing
        assert await asks_again(bench) == (CONNECTING,)
        assert (await bench.say("", "soon", Meaning.POLL)).texts == ()
        bench.clock.now += LEASE
        assert (await bench.say("", "later", Meaning.POLL)).texts == ("Anna: one", ENDED)
