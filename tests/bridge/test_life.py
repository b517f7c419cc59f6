"""The life of a handoff through the whole bridge, from the question to the bot and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.dialogflow.turn import Meaning
from handoff.errors import NotFound, Rejected, Unauthenticated, Unavailable
from handoff.events import ConversationOpened, Unrecognized
from handoff.exchange import Inbound
from handoff.tokens import Deadline
from handoff.vocabulary import ConversationRef, Presence, ProviderId, Reason, State
from tests.desks import Fault
from tests.heart import (
    DESK,
    ROOM,
    RULES,
    Bench,
    closed,
    joined,
    replied,
    seconds,
    turn,
)

CONNECTING = RULES.texts.get("connecting", "en")


async def test_customer_is_brought_to_the_desk_and_back(bench: Bench) -> None:
    started = await bench.start()
    await bench.tell(joined())
    relayed = await bench.say("it is number 7", "m1")
    await bench.tell(replied("Let me look"))
    polled = await bench.poll("p1")
    await bench.tell(closed())
    back = await bench.say("thanks", "m2")
    later = await bench.say("opening hours", "m3")
    assert (started.texts, started.mute) == ((CONNECTING,), True)
    assert relayed.texts + polled.texts == ("Anna has joined the chat.", "Anna: Let me look")
    assert (back.mute, back.parameters["handoff_state"]) == (False, "closed")
    assert (later.mute, later.texts, later.parameters) == (False, (), {"handoff_state": "none"})
    assert bench.desk.said == ["it is number 7"]


async def test_desk_sees_who_where_and_what_was_said_before(bench: Bench) -> None:
    await bench.answer(turn("Hi", "u1", said_by_bot=("Hello!",)))
    asked = turn("agent", "s", Meaning.START, parameters={"customer_name": "Kim"})
    await bench.answer(asked)
    (room,) = bench.desk.rooms
    assert [one.text for one in room.opening.transcript] == ["Hi", "Hello!"]
    assert (room.opening.handoff.request, room.opening.handoff.customer.name) == ("agent", "Kim")
    assert [one.text for one in room.notes[0].transcript] == ["Hi", "Hello!"]
    assert bench.send.verbs == ["identify", "availability", "open", "note"]


@pytest.mark.parametrize("ending", ["agent", "customer"])
async def test_second_and_third_handoff_work_like_the_first(bench: Bench, ending: str) -> None:
    for number in range(1, 4):
        await bench.start(f"s{number}")
        room = bench.desk.rooms[-1]
        await bench.say(f"hello {number}", f"m{number}")
        await bench.tell(replied(f"Hi {number}", number, room.ref))
        assert f"Hi {number}" in (await bench.poll(f"p{number}")).texts
        if ending == "agent":
            await bench.tell(closed(room=room.ref))
        else:
            await bench.say("", f"e{number}", Meaning.END)
        assert (await bench.handoff()).state is State.CLOSED
        await bench.say("bot again", f"b{number}")
    assert bench.desk.said == ["hello 1", "hello 2", "hello 3"]
    assert bench.desk.identified == 1
    assert (await bench.session()).handoffs == 3


async def test_customer_who_leaves_is_told_and_the_desk_too(bench: Bench) -> None:
    await bench.start()
    reply = await bench.say("Bye AGENT", "b")
    assert reply.parameters["handoff_reason"] == "customer_left"
    assert bench.desk.rooms[0].closed


async def test_customer_who_leaves_before_the_opening_began_never_reaches_the_desk(
    bench: Bench,
) -> None:
    await bench.answer(turn("agent", "s", Meaning.START), within=0.1)
    await bench.say("", "e", Meaning.END)
    assert (bench.desk.rooms, (await bench.session()).outbox) == ([], ())


async def test_nobody_there_gives_the_bot_back(bench: Bench) -> None:
    bench.desk.availabilities = replace(bench.desk.availabilities, presence=Presence.NO)
    reply = await bench.start()
    assert reply.texts == (RULES.texts.get("unavailable", "en"),)
    assert reply.parameters["handoff_state"] == "failed"
    assert reply.parameters["handoff_available"] == "no"
    assert bench.desk.rooms == []


async def test_refused_opening_is_answered_in_the_same_turn(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="open", error=Rejected("no"))]
    reply = await bench.start()
    assert reply.parameters["handoff_reason"] == Reason.PROVIDER_ERROR.value
    assert (reply.started, reply.context) == (None, False)


async def test_opening_that_is_only_slow_keeps_the_customer_connecting(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    reply = await bench.start()
    bench.clock.advance(2)
    await bench.poll("p")
    assert (reply.texts, reply.parameters["handoff_state"]) == ((CONNECTING,), "requested")
    assert len(bench.desk.rooms) == 1
    assert (await bench.handoff()).conversation == bench.desk.rooms[0].ref


async def test_words_that_were_missed_while_the_answer_was_lost_are_delivered(
    bench: Bench,
) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    await bench.start()
    bench.desk.happened += [joined(), replied("Anybody there?")]
    bench.clock.advance(2)
    assert (await bench.poll("p")).texts[-1] == "Anna: Anybody there?"


async def test_next_turn_does_what_was_left_undone(bench: Bench) -> None:
    await bench.start()
    bench.desk.faults = [Fault(verb="send", error=Unavailable("down", certain=True))]
    await bench.say("one", "m1")
    await bench.say("two", "m2")
    assert bench.desk.said == []
    bench.clock.advance(2)
    await bench.poll("p")
    assert bench.desk.said == ["one", "two"]


async def test_next_event_does_what_was_left_undone(bench: Bench) -> None:
    await bench.start()
    bench.desk.faults = [Fault(verb="send", error=Unavailable("down", certain=True))]
    await bench.say("one", "m1")
    bench.clock.advance(2)
    await bench.tell(replied())
    assert bench.desk.said == ["one"]


async def test_messages_that_wait_when_the_agent_closes_become_dead_letters(bench: Bench) -> None:
    await bench.start()
    bench.desk.faults = [Fault(verb="send", error=Unavailable("down", certain=True))]
    await bench.say("one", "m1")
    await bench.say("two", "m2")
    await bench.tell(closed())
    assert [text for text, _ in await bench.letters()] == ["one", "two"]
    assert (await bench.session()).outbox == ()


async def test_contact_finds_the_session_before_the_conversation_is_known(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    await bench.start()
    contact = (await bench.session()).contacts[DESK].ref
    event = ConversationOpened(id="o", conversation=ROOM, contact=contact)
    await bench.tell(event)
    assert (await bench.handoff()).conversation == ROOM


async def test_event_of_a_conversation_that_is_not_ours_has_no_effect(bench: Bench) -> None:
    await bench.start()
    before = await bench.session()
    await bench.tell(replied(room=ConversationRef("room-99")))
    assert await bench.session() == before


async def test_event_of_no_meaning_reads_nothing(bench: Bench) -> None:
    bench.store.taken()
    await bench.tell(Unrecognized(id="e", conversation=ROOM, kind="news"))
    assert bench.store.taken() == (0, 0)


async def test_event_for_a_session_that_expired_has_no_effect(bench: Bench) -> None:
    await bench.start()
    bench.clock.now += RULES.keep_texts + seconds(1)
    bench.store.taken()
    await bench.tell(replied())
    assert bench.store.taken()[1] == 0


async def test_webhook_that_is_not_genuine_is_refused_and_leaves_no_trace(bench: Bench) -> None:
    request = Inbound(method="POST", path="/desk", body=b"forged")
    with pytest.raises(Unauthenticated):
        await bench.bridge.receive(DESK, request, Deadline.after(5))
    assert bench.store.taken() == (0, 0)


async def test_webhook_of_a_provider_that_is_not_configured_is_not_found(bench: Bench) -> None:
    request = Inbound(method="POST", path="/other")
    with pytest.raises(NotFound, match=r"x{40}\.$"):
        await bench.bridge.receive(ProviderId("x" * 50), request, Deadline.after(5))
