"""What Firestore would bill: documents read and written, for each thing that happens."""

from __future__ import annotations

import pytest

from handoff.bounds import TAIL_DELIVERIES
from handoff.dialogflow.turn import Meaning
from tests.desks import ReadingProvider
from tests.fakes import FixedClock
from tests.heart import READING, Bench, joined, replied


async def opened(bench: Bench) -> None:
    """Bring a conversation to where both sides talk, and count from here."""
    await bench.start()
    await bench.tell(joined())
    await bench.say("first", "m0")
    bench.store.taken()


async def test_look_costs_an_opening_one_read_and_one_write_more(clock: FixedClock) -> None:
    bills = []
    for one in (Bench(clock), Bench(clock, READING, ReadingProvider())):
        await one.start()
        bills.append(one.store.taken())
        await one.store.close()
    (reads, writes), looked = bills
    assert looked == (reads + 1, writes + 1)


@pytest.mark.parametrize(("text", "bill"), [("Hi", (1, 2)), ("", (1, 0))])
async def test_look_costs_nothing_after_the_opening(
    clock: FixedClock, text: str, bill: tuple[int, int]
) -> None:
    bench = Bench(clock, READING, ReadingProvider())
    await opened(bench)
    await bench.say(text, "m1", Meaning.OTHER if text else Meaning.POLL)
    assert bench.store.taken() == bill
    await bench.tell(replied())
    assert bench.store.taken() == (1, 1)
    await bench.store.close()


async def test_relayed_message_costs_one_read_and_two_writes(bench: Bench) -> None:
    await opened(bench)
    await bench.say("Hi", "m1")
    assert bench.store.taken() == (1, 2)


async def test_agents_message_costs_one_read_and_one_write(bench: Bench) -> None:
    await opened(bench)
    await bench.tell(replied())
    assert bench.store.taken() == (1, 1)


async def test_first_event_in_an_instance_costs_one_read_more(bench: Bench) -> None:
    await opened(bench)
    other = bench.another()
    await bench.tell(replied("one"), bridge=other)
    await bench.tell(replied("two", 2), bridge=other)
    assert bench.store.taken() == (2 + 1, 2)


async def test_empty_poll_costs_one_read(bench: Bench) -> None:
    await opened(bench)
    await bench.poll("p")
    assert bench.store.taken() == (1, 0)


async def test_poll_that_brings_something_costs_one_read_and_one_write(bench: Bench) -> None:
    await opened(bench)
    await bench.tell(replied())
    bench.store.taken()
    await bench.poll("p")
    assert bench.store.taken() == (1, 1)


async def test_observed_turn_costs_one_read_and_one_write(bench: Bench) -> None:
    await bench.say("Hi", "u1")
    assert bench.store.taken() == (1, 1)


async def test_turn_without_words_costs_one_read(bench: Bench) -> None:
    await bench.say("", "u1")
    assert bench.store.taken() == (1, 0)


async def test_repeated_turn_costs_one_read(bench: Bench) -> None:
    await opened(bench)
    await bench.say("Hi", "m1")
    bench.store.taken()
    await bench.say("Hi", "m1")
    assert bench.store.taken() == (1, 0)


async def test_repeated_event_costs_one_read(bench: Bench) -> None:
    await opened(bench)
    await bench.tell(replied())
    bench.store.taken()
    await bench.tell(replied())
    assert bench.store.taken() == (1, 0)


async def test_availability_of_a_known_customer_costs_one_read_and_one_write(bench: Bench) -> None:
    await bench.say("anyone?", "a1", Meaning.AVAILABILITY)
    bench.store.taken()
    await bench.say("anyone?", "a2", Meaning.AVAILABILITY)
    assert bench.store.taken() == (1, 1)


async def test_message_beyond_the_tail_costs_one_write_more_however_many_are_unread(
    bench: Bench,
) -> None:
    await opened(bench)
    for number in range(TAIL_DELIVERIES + 10):
        await bench.tell(replied(f"no. {number}", number))
    bench.store.taken()
    await bench.tell(replied("one more", 999))
    assert bench.store.taken()[1] == 2


async def test_unread_deliveries_beyond_the_tail_come_back_in_order(bench: Bench) -> None:
    await opened(bench)
    wanted = [f"no. {number}" for number in range(TAIL_DELIVERIES + 20)]
    for number, text in enumerate(wanted):
        await bench.tell(replied(text, number))
    reply = await bench.poll("p")
    assert [text.removeprefix("Anna: ") for text in reply.texts] == wanted


async def test_large_unread_deliveries_come_back_over_several_answers(bench: Bench) -> None:
    await opened(bench)
    wanted = [f"no. {number} " + "x" * 7_000 for number in range(40)]
    for number, text in enumerate(wanted):
        await bench.tell(replied(text, number))
    texts: list[str] = []
    for number in range(10):
        texts += (await bench.poll(f"p{number}")).texts
    assert [text.removeprefix("Anna: ") for text in texts] == wanted
