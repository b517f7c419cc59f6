"""A page of a chat with more in it than a session keeps: all is there, and nothing twice."""

from __future__ import annotations

import pytest

from handoff import page
from handoff.bounds import TAIL_DELIVERIES
from handoff.exchange import Json
from handoff.feed import unread
from handoff.vocabulary import DeliveryKind
from tests.heart import Bench, handoff_of, joined, replied, seconds

MANY = TAIL_DELIVERIES + 20
WORDS = [f"word {number}" for number in range(MANY)]
LEASE = 90.0


async def begun(bench: Bench) -> None:
    """Let the customer be with Anna, and know it."""
    await bench.start()
    await bench.tell(joined())
    await bench.poll("who is there")


async def talks(bench: Bench, words: list[str] = WORDS) -> None:
    last = (await bench.handoff()).last_delivery
    for number, text in enumerate(words, start=last):
        await bench.tell(replied(text, number))


async def reads(bench: Bench, after: int) -> None:
    """Let a page stream from there."""
    held = await bench.bridge.load((await bench.session()).key)
    assert held is not None
    name, now = handoff_of(held.session).id, bench.clock()
    until = now + seconds(LEASE)
    await bench.bridge.note(held, lambda one: page.reading(one, name, "tab", after, until, now))


async def shown(bench: Bench, after: int = 0) -> list[Json]:
    """Return what a page is told that has read so far."""
    session = await bench.session()
    return await unread(bench.store, session, handoff_of(session).id, after)


def words_of(events: list[Json]) -> list[str]:
    return [one["text"] for one in events if one["type"] == "message"]


async def answered(bench: Bench, utterance: str) -> list[str]:
    return [one.removeprefix("Anna: ") for one in (await bench.poll(utterance)).texts]


async def test_all_that_was_said_beside_a_page_can_be_read_again(bench: Bench) -> None:
    await begun(bench)
    await reads(bench, 0)
    await talks(bench)
    assert (await bench.poll("beside the page")).texts == ()
    events = await shown(bench)
    assert [one["id"] for one in events] == list(range(1, len(events) + 1))
    assert words_of(events) == WORDS


async def test_what_a_page_was_not_given_comes_with_answers_also_what_moved_out(
    bench: Bench,
) -> None:
    await begun(bench)
    start = (await bench.handoff()).last_delivery
    await reads(bench, start)
    await talks(bench)
    assert (await bench.handoff()).deliveries[0].id > start + 5
    await reads(bench, start + 5)
    bench.clock.advance(LEASE)
    assert await answered(bench, "after the page") == WORDS[5:]
    assert await answered(bench, "later") == []


@pytest.mark.parametrize("page_before", [True, False])
async def test_what_answers_carried_is_not_drawn_again_also_what_had_moved_out(
    bench: Bench, page_before: bool
) -> None:
    await begun(bench)
    if page_before:
        await reads(bench, 0)
    await talks(bench)
    bench.clock.advance(LEASE)
    assert await answered(bench, "after the page") == WORDS
    events = await shown(bench)
    assert words_of(events) == []
    assert [one["id"] for one in events] == list(range(1, len(events) + 1))


async def test_only_what_an_answer_carried_is_marked_among_what_moved_out(bench: Bench) -> None:
    await begun(bench)
    start = (await bench.handoff()).last_delivery
    await reads(bench, start)
    await talks(bench)
    await reads(bench, start + 5)
    bench.clock.advance(LEASE)
    await bench.poll("after the page")
    assert words_of(await shown(bench)) == WORDS[:5]


async def test_page_that_comes_late_finds_no_gap(bench: Bench) -> None:
    await begun(bench)
    for part in range(0, MANY, 10):
        await talks(bench, WORDS[part : part + 10])
        await bench.poll(f"poll {part}")
    events = await shown(bench)
    last = (await bench.handoff()).last_delivery
    assert [one["id"] for one in events] == list(range(1, last + 1))
    assert {one["type"] for one in events} == {DeliveryKind.STATE.value}
    assert {one["state"] for one in events[2:]} == {"active"}
    assert [one["id"] for one in await shown(bench, after=last - 2)] == [last - 1, last]


async def test_each_thing_that_moves_out_is_written_once(bench: Bench) -> None:
    await begun(bench)
    await reads(bench, 0)
    await talks(bench, WORDS[:TAIL_DELIVERIES])
    bench.store.taken()
    await bench.tell(replied("one more", 1_000))
    assert bench.store.taken() == (1, 2)
