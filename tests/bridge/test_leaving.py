"""A vendor that tells no end, through the whole bridge: who says something late calls nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from handoff.dialogflow.turn import Meaning
from handoff.events import AgentLeft, ConversationOpened
from handoff.rules import Abilities
from handoff.vocabulary import ConversationRef, HandoffId, JobKind, Reason, State
from tests.desks import LeavingProvider
from tests.fakes import FixedClock
from tests.heart import DESK, ROOM, RULES, Bench, joined, kinds, replied

LEAVING = replace(RULES, providers={DESK: Abilities(leaving_ends=True)})
GRACE = LEAVING.leave_grace.total_seconds()
LEFT = AgentLeft(id="left", conversation=ROOM, agent_id="anna")
ENDED = RULES.texts.get("ended", "en")


@pytest.fixture
def desk() -> LeavingProvider:
    return LeavingProvider()


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner, desk: LeavingProvider) -> Iterator[Bench]:
    one = Bench(clock, LEAVING, desk)
    yield one
    runner.run(one.store.close())


async def left(bench: Bench) -> None:
    """Bring a conversation to where its only agent has just left."""
    await bench.start()
    await bench.tell(joined())
    await bench.say("Hi", "m0")
    await bench.tell(LEFT)


async def test_late_word_calls_nobody_and_the_next_turn_is_the_bots(
    bench: Bench, desk: LeavingProvider
) -> None:
    await left(bench)
    desk.over = True
    late = await bench.say("thanks", "m1")
    assert (late.mute, late.parameters["handoff_state"]) == (True, "waiting")
    bench.clock.advance(GRACE)
    reply = await bench.say("opening hours", "m2")
    assert (reply.mute, reply.parameters["handoff_reason"]) == (False, "agent_closed")
    assert (
        reply.texts
        == (
            "Anna has joined the chat.",
            ENDED,
            RULES.texts.get("undelivered_ended", "en"),
        )[-2:]
    )
    assert desk.said == ["Hi"]
    assert bench.send.verbs == ["availability", "open", "send", "confirm_end", "close"]
    assert desk.rooms[0].closed
    assert await bench.letters() == [("thanks", "conversation_closed")]


async def test_late_words_are_in_the_next_agents_transcript(
    bench: Bench, desk: LeavingProvider
) -> None:
    await left(bench)
    desk.over = True
    await bench.say("thanks", "m1")
    bench.clock.advance(GRACE)
    await bench.poll("p")
    await bench.start("again")
    said = [line.text for line in desk.rooms[1].opening.transcript]
    assert said[-1] == "thanks"


async def test_nobody_is_asked_before_the_grace_period_is_over(
    bench: Bench, desk: LeavingProvider
) -> None:
    await left(bench)
    desk.over = True
    bench.clock.advance(GRACE - 1)
    reply = await bench.poll("p")
    assert reply.parameters["handoff_state"] == "waiting"
    assert "confirm_end" not in bench.send.verbs


async def test_next_agent_gets_what_was_said_meanwhile(bench: Bench, desk: LeavingProvider) -> None:
    await left(bench)
    await bench.say("are you there?", "m1")
    await bench.tell(replace(joined(), id="back"))
    assert desk.said == ["Hi", "are you there?"]
    bench.clock.advance(GRACE)
    await bench.poll("p")
    assert "confirm_end" not in bench.send.verbs


async def test_customer_who_waits_again_gets_through_after_the_question(
    bench: Bench, desk: LeavingProvider
) -> None:
    await left(bench)
    desk.over = False
    await bench.say("are you there?", "m1")
    bench.clock.advance(GRACE)
    await bench.poll("p")
    assert desk.said == ["Hi", "are you there?"]
    assert (await bench.handoff()).state is State.WAITING


async def test_desk_that_does_not_know_yet_is_asked_again(
    bench: Bench, desk: LeavingProvider
) -> None:
    await left(bench)
    bench.clock.advance(GRACE)
    await bench.poll("p1")
    assert kinds(await bench.session()) == [JobKind.CONFIRM]
    desk.over = True
    bench.clock.advance(5)
    reply = await bench.poll("p2")
    assert reply.texts == (ENDED,)
    assert bench.send.verbs.count("confirm_end") == 2


async def test_webhook_asks_too_once_it_is_time(bench: Bench, desk: LeavingProvider) -> None:
    await left(bench)
    desk.over = True
    bench.clock.advance(GRACE)
    await bench.tell(replied("see you", 9))
    assert (await bench.handoff()).state is State.ACTIVE, "who speaks is there"
    await bench.tell(replace(LEFT, id="left again"))
    bench.clock.advance(GRACE)
    await bench.tell(ConversationOpened(id="update", conversation=ROOM))
    assert (await bench.handoff()).reason is Reason.AGENT_CLOSED


async def test_customer_who_leaves_in_the_grace_period_closes_the_room(
    bench: Bench, desk: LeavingProvider
) -> None:
    await left(bench)
    await bench.say("thanks", "m1")
    await bench.say("", "m2", Meaning.END)
    assert bench.send.verbs == ["availability", "open", "send", "close"]
    assert (await bench.handoff()).reason is Reason.CUSTOMER_LEFT


async def test_desk_that_cannot_be_asked_is_taken_at_its_word(clock: FixedClock) -> None:
    plain = Bench(clock, LEAVING)
    await left(plain)
    clock.advance(GRACE)
    await plain.poll("p")
    assert (await plain.handoff()).reason is Reason.AGENT_CLOSED
    await plain.store.close()


async def test_event_that_carries_our_own_id_finds_its_handoff_before_the_opening_is_known(
    bench: Bench, desk: LeavingProvider
) -> None:
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "open"
    starting = asyncio.create_task(bench.start())
    await bench.send.asked("open")
    mine = (await bench.handoff()).id
    await bench.tell(ConversationOpened(id="created", conversation=ROOM, handoff=mine))
    await bench.tell(joined())
    bench.send.hold.set()
    await starting
    assert (await bench.handoff()).state is State.ACTIVE
    assert len(desk.rooms) == 1


async def test_event_with_a_strange_id_is_not_ours_also_while_something_opens(
    bench: Bench,
) -> None:
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "open"
    starting = asyncio.create_task(bench.start())
    await bench.send.asked("open")
    before = await bench.session()
    elsewhere = ConversationRef("elsewhere")
    await bench.tell(ConversationOpened(id="x", conversation=elsewhere, handoff=HandoffId("ho-x")))
    assert await bench.session() == before
    bench.send.hold.set()
    await starting


async def test_event_with_the_id_of_no_handoff_of_ours_has_no_effect(bench: Bench) -> None:
    await bench.start()
    before = await bench.session()
    elsewhere = ConversationRef("elsewhere")
    await bench.tell(ConversationOpened(id="x", conversation=elsewhere, handoff=HandoffId("ho-x")))
    assert await bench.session() == before
