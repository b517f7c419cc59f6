"""What a desk tells before its conversation is known as ours, through the whole bridge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from handoff.dialogflow.turn import Meaning
from handoff.errors import ConversationGone, ProviderError, Rejected, TooEarly, Unavailable
from handoff.events import Event
from handoff.failures import LEAST_ATTEMPTS, PATIENCE
from handoff.records import Reply
from handoff.vocabulary import JobKind, Reason, State
from tests.desks import Fault, ReadingProvider
from tests.fakes import FixedClock
from tests.heart import DESK, READING, ROOM, RULES, Bench, closed, joined, kinds, replied

ANNAS = ("Anna has joined the chat.", "Anna: one", "Anna: two")
SLOW = Fault(verb="open", error=Unavailable("slow"), after=True)


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Bench]:
    one = Bench(clock, READING, ReadingProvider())
    yield one
    runner.run(one.store.close())


async def overtaken(bench: Bench, *events: Event, told: int = 1) -> Reply:
    """Start a handoff whose desk does something, and tells it before the opening is known."""
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "open"
    starting = asyncio.create_task(bench.start())
    await bench.send.asked("open")
    bench.desk.happened += events
    for event in events[:told]:
        await bench.tell(event, bridge=bench.another())
    bench.send.hold.set()
    return await starting


async def test_what_overtakes_the_opening_is_told_in_the_same_answer(bench: Bench) -> None:
    reply = await overtaken(bench, joined(), replied("one", 1), replied("two", 2), told=3)
    assert reply.texts == ANNAS
    assert (await bench.handoff()).state is State.ACTIVE
    assert bench.send.verbs == ["identify", "availability", "open", "read"]


async def test_look_finds_also_what_was_never_told(bench: Bench) -> None:
    reply = await overtaken(bench, joined(), replied("one", 1), replied("two", 2), told=1)
    assert reply.texts == ANNAS


async def test_webhook_that_comes_again_after_the_look_has_no_effect(bench: Bench) -> None:
    await overtaken(bench, replied("one"))
    before = await bench.session()
    await bench.tell(replied("one"))
    assert await bench.session() == before


async def test_nobody_reads_when_nothing_was_missed(bench: Bench) -> None:
    await bench.start()
    assert bench.send.verbs == ["identify", "availability", "open"]
    assert (await bench.session()).outbox == ()


async def test_desk_that_cannot_be_read_has_to_tell_it_again(clock: FixedClock) -> None:
    plain = Bench(clock, RULES)
    with pytest.raises(TooEarly):
        await overtaken(plain, replied("one"))
    assert plain.send.hold is not None
    plain.send.hold.set()
    await plain.poll("p")  # behind the opening, and after its answer
    assert plain.send.verbs == ["identify", "availability", "open"]
    await plain.tell(replied("one"))
    assert (await plain.poll("q")).texts == ("one",)
    await plain.store.close()


async def test_opening_whose_answer_was_lost_is_read_when_a_webhook_bound_it(bench: Bench) -> None:
    bench.desk.faults = [SLOW]
    await bench.start()
    contact = (await bench.session()).contacts[DESK].ref
    bench.desk.happened += [joined(), replied("one", 1), replied("two", 2)]
    await bench.tell(replace(joined(), contact=contact))
    bench.clock.advance(2)
    reply = await bench.poll("p")
    assert reply.texts == ANNAS
    assert bench.send.verbs.count("open") == 1
    assert bench.send.verbs[-1] == "read"


async def test_look_that_fails_does_not_end_the_handoff_and_is_tried_again(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="read", error=Unavailable("down", certain=True))]
    await overtaken(bench, joined(), replied("one", 1), replied("two", 2))
    assert (await bench.handoff()).state is State.REQUESTED
    assert kinds(await bench.session()) == [JobKind.LOOK]
    bench.clock.advance(2)
    assert (await bench.poll("p")).texts == ANNAS


@pytest.mark.parametrize("error", [Rejected("no"), ConversationGone("over")])
async def test_look_that_is_refused_leaves_the_handoff_alone(
    bench: Bench, error: ProviderError
) -> None:
    bench.desk.faults = [Fault(verb="read", error=error)]
    await overtaken(bench, replied("one"))
    session = await bench.session()
    assert ((await bench.handoff()).state, session.outbox) == (State.REQUESTED, ())
    assert await bench.letters() == []


async def test_look_gives_up_and_lets_the_customers_words_go(bench: Bench) -> None:
    down = Fault(verb="read", error=Unavailable("down", certain=True))
    bench.desk.faults = [down] * 99
    await overtaken(bench, replied("one"))
    await bench.say("hurry", "m1")
    assert bench.desk.said == []
    bench.clock.advance(PATIENCE[JobKind.LOOK].total_seconds() + 1)
    for number in range(LEAST_ATTEMPTS):
        bench.clock.advance(5)
        await bench.poll(f"p{number}")
    assert (bench.desk.said, (await bench.session()).outbox) == (["hurry"], ())
    assert (await bench.handoff()).state is State.REQUESTED


async def test_end_that_overtakes_the_opening_gives_the_bot_back(bench: Bench) -> None:
    reply = await overtaken(bench, replied("bye"), closed())
    handoff = await bench.handoff()
    assert (handoff.state, handoff.reason) == (State.CLOSED, Reason.AGENT_CLOSED)
    assert (reply.mute, reply.parameters["handoff_state"]) == (True, "closed")
    assert reply.texts[-1] == RULES.texts.get("ended", "en")


async def test_end_that_the_look_finds_tells_of_messages_that_waited(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="read", error=Unavailable("down", certain=True))]
    await overtaken(bench, closed())
    await bench.say("hello?", "m1")
    bench.clock.advance(2)
    reply = await bench.poll("p")
    assert await bench.letters() == [("hello?", "conversation_closed")]
    texts = [RULES.texts.get(name, "en") for name in ("ended", "undelivered_ended")]
    assert reply.texts == tuple(texts)
    assert bench.desk.said == []


async def test_customers_words_wait_for_the_look_and_come_after_it(bench: Bench) -> None:
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "open"
    starting = asyncio.create_task(bench.start())
    await bench.send.asked("open")
    bench.desk.happened.append(replied("one"))
    await bench.tell(replied("one"), bridge=bench.another())
    await bench.say("hurry", "m1")
    bench.send.hold.set()
    await starting
    assert bench.send.verbs[-3:] == ["open", "read", "send"]


async def test_words_that_come_while_somebody_looks_come_after_what_was_missed(
    bench: Bench,
) -> None:
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "open"
    starting = asyncio.create_task(bench.start())
    await bench.send.asked("open")
    bench.desk.happened.append(replied("one", 1))
    await bench.tell(replied("one", 1), bridge=bench.another())
    opening = bench.send.hold
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "read"
    opening.set()
    await bench.send.asked("read")
    bench.desk.happened.append(replied("two", 2))
    telling = asyncio.create_task(bench.tell(replied("two", 2)))
    bench.send.hold.set()
    await telling
    seen = (await starting).texts + (await bench.poll("p")).texts
    assert seen[-2:] == ("one", "two")


async def test_look_that_takes_long_does_not_hold_words_back_for_ever(bench: Bench) -> None:
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "open"
    starting = asyncio.create_task(bench.start())
    await bench.send.asked("open")
    await bench.tell(replied("one", 1), bridge=bench.another())
    opening = bench.send.hold
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "read"
    opening.set()
    await bench.send.asked("read")
    await bench.tell(replied("two", 2))
    assert "two" in [one.text for one in (await bench.handoff()).deliveries]
    bench.send.hold.set()
    await starting


async def test_look_that_failed_is_made_up_for_after_any_time(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="read", error=Unavailable("down", certain=True))]
    await overtaken(bench, replied("one"))
    bench.clock.advance(400)  # longer than it is remembered that something came too early
    assert "one" in (await bench.poll("p")).texts


async def test_customer_who_left_before_the_look_is_told_late(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="read", error=Unavailable("down", certain=True))]
    await overtaken(bench, replied("one"))
    await bench.say("", "e", Meaning.END)
    bench.clock.advance(2)
    reply = await bench.poll("p")
    assert reply.texts == ("one",)
    assert (bench.desk.rooms[0].closed, (await bench.session()).outbox) == (True, ())


async def test_second_handoff_reads_its_own_room_only(bench: Bench) -> None:
    await overtaken(bench, replied("one"))
    await bench.tell(closed())
    await bench.start("s2")
    assert bench.send.verbs.count("read") == 1
    assert (await bench.handoff()).conversation == bench.desk.rooms[1].ref != ROOM
