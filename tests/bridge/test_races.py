"""Holders that die, commits that conflict, and events that overtake the answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from handoff.dialogflow.turn import Meaning
from handoff.errors import ConversationGone, Rejected, StoreError, Unavailable
from handoff.events import ConversationOpened
from handoff.model import Lease, Session
from handoff.store import Change, Version
from handoff.tokens import Deadline
from handoff.vocabulary import ConversationRef, JobKind, State, ThreadRef
from tests.desks import Fault
from tests.fakes import CountingStore
from tests.heart import (
    CONTACT,
    DESK,
    NOW,
    RULES,
    Bench,
    closed,
    kinds,
    queue,
    replied,
    seconds,
    session_in,
    turn,
)


async def die_while(bench: Bench, asked: str, verb: str) -> None:
    """Let the instance die while the desk works on what it asked."""
    bench.send.hold = asyncio.Event()
    dying = asyncio.create_task(bench.say("last words", asked))
    await bench.send.asked(verb)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    bench.send.hold = None


async def test_job_of_a_dead_holder_is_left_alone_while_the_lease_lasts(bench: Bench) -> None:
    await bench.start()
    await die_while(bench, "m1", "send")
    await bench.poll("p")
    assert bench.desk.said == []


async def test_job_of_a_dead_holder_is_done_by_the_next_as_uncertain(bench: Bench) -> None:
    await bench.start()
    await die_while(bench, "m1", "send")
    room = bench.desk.rooms[0]
    head = (await bench.session()).outbox[0]
    room.said[f"{head.handoff}-{head.id}"] = head.text  # it had its effect before the death
    bench.clock.advance(60)
    await bench.poll("p")
    assert bench.desk.said == ["last words"]
    assert ((await bench.session()).outbox, (await bench.session()).lease) == ((), None)


async def test_repeated_turn_finishes_what_its_first_call_began(bench: Bench) -> None:
    await bench.start()
    await die_while(bench, "m1", "send")
    bench.clock.advance(60)
    reply = await bench.say("last words", "m1")
    assert (bench.desk.said, reply.mute) == (["last words"], True)


async def test_holder_that_was_thought_dead_still_tells_its_outcome(bench: Bench) -> None:
    await bench.start()
    bench.send.hold = asyncio.Event()
    slow = asyncio.create_task(bench.say("Hi", "m1"))
    await bench.send.asked("send")
    session = await bench.session()
    assert session.lease is not None
    await bench.write(replace(session, lease=Lease(owner="next", until=NOW + seconds(99))))
    bench.send.hold.set()
    await slow
    after = await bench.session()
    assert (after.outbox, after.lease and after.lease.owner) == ((), "next")


async def test_turn_that_meets_an_event_decides_again(bench: Bench) -> None:
    await bench.start()
    bench.send.hold = asyncio.Event()
    asked = asyncio.create_task(bench.say("Hi", "m1"))
    await bench.send.asked("send")
    await bench.tell(replied("one"))
    bench.send.hold.set()
    reply = await asked
    assert reply.texts == ("one",)
    assert reply.parameters["handoff_state"] == "active"


async def test_message_accepted_while_it_opens_is_sent_by_who_opens(bench: Bench) -> None:
    bench.send.hold = asyncio.Event()
    opening = asyncio.create_task(bench.start())
    await bench.send.asked("identify")
    reply = await bench.say("hurry", "m1")
    assert (reply.mute, bench.desk.said) == (True, [])
    bench.send.hold.set()
    await opening
    assert bench.desk.said == ["hurry"]


async def test_event_that_overtakes_the_opening_settles_it(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    await bench.start()
    contact = (await bench.session()).contacts[DESK].ref
    opened = ConversationOpened(
        id="o", conversation=bench.desk.rooms[0].ref, thread=ThreadRef("t"), contact=contact
    )
    await bench.tell(opened)
    bench.clock.advance(2)
    await bench.say("Hi", "m")
    assert bench.send.verbs.count("open") == 1
    assert bench.desk.said == ["Hi"]


async def test_customer_who_leaves_while_it_opens_leaves_no_open_conversation(
    bench: Bench,
) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    await bench.start()
    await bench.say("", "e", Meaning.END)
    bench.clock.advance(2)
    await bench.poll("p")
    assert [room.closed for room in bench.desk.rooms] == [True]
    assert (await bench.session()).outbox == ()


async def test_next_handoff_is_not_taken_for_the_one_that_still_opens(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    await bench.start("s1")
    await bench.say("", "e", Meaning.END)
    await bench.start("s2")
    contact = (await bench.session()).contacts[DESK].ref
    room = bench.desk.rooms[0]
    event = ConversationOpened(id="o", conversation=room.ref, thread=room.thread, contact=contact)
    await bench.tell(event)
    bench.clock.advance(5)
    await bench.poll("p")
    assert [room.closed for room in bench.desk.rooms] == [True, False]
    assert (await bench.handoff()).conversation == bench.desk.rooms[1].ref


async def test_agent_who_closes_while_a_message_is_sent_lets_its_outcome_tell(
    bench: Bench,
) -> None:
    await bench.start()
    bench.send.hold = asyncio.Event()
    sending = asyncio.create_task(bench.say("Hi", "m1"))
    await bench.send.asked("send")
    bench.desk.rooms[0].closed = True
    await bench.tell(closed())
    bench.send.hold.set()
    reply = await sending
    assert await bench.letters() == [("Hi", "ConversationGone")]
    assert RULES.texts.get("undelivered_ended", "en") in reply.texts
    assert reply.parameters["handoff_state"] == "closed"


async def test_handoff_without_a_lookup_ends_when_the_conversation_is_gone(bench: Bench) -> None:
    await bench.start()
    bench.desk.faults = [Fault(verb="send", error=ConversationGone("over"))]
    reply = await bench.say("Hi", "m1")
    assert (await bench.handoff()).state is State.CLOSED
    assert (reply.mute, reply.parameters["handoff_reason"]) == (False, "agent_closed")


async def test_turn_that_dies_at_the_store_leaves_nothing_half_done(bench: Bench) -> None:
    await bench.inner.close()
    with pytest.raises(StoreError):
        await bench.start()
    assert bench.send.sent == []


@pytest.mark.parametrize("left", [-1.0, 0.0, 0.3])
async def test_nothing_is_begun_when_time_is_up(bench: Bench, left: float) -> None:
    reply = await bench.answer(turn("agent", "s", Meaning.START), within=left)
    assert bench.send.sent == []
    assert (reply.parameters["handoff_state"], reply.mute) == ("requested", True)
    assert kinds(await bench.session()) == [JobKind.IDENTIFY, JobKind.OPEN]
    assert (await bench.session()).lease is None


async def test_no_job_is_begun_after_time_is_up_between_two(bench: Bench) -> None:
    bench.send.hold = asyncio.Event()
    asked = turn("agent", "s", Meaning.START)
    deadline = Deadline.after(0.5)
    answering = asyncio.create_task(bench.bridge.answer(asked, deadline))
    await bench.send.asked("identify")
    await asyncio.sleep(deadline.left - 0.3)
    bench.send.hold.set()
    await answering
    session = await bench.session()
    assert (bench.send.verbs, kinds(session), session.lease) == (["identify"], [JobKind.OPEN], None)


async def test_every_call_gets_what_is_left_of_the_time(bench: Bench) -> None:
    await bench.answer(turn("agent", "s", Meaning.START), within=3.0)
    assert all(0 < within <= 3.0 for within in bench.send.timeouts)
    assert bench.send.timeouts == sorted(bench.send.timeouts, reverse=True)


async def test_lease_outlives_the_deadline_of_its_holder(bench: Bench) -> None:
    await bench.start()
    bench.send.hold = asyncio.Event()
    asked = asyncio.create_task(bench.answer(turn("Hi", "m"), within=4.0))
    await bench.send.asked("send")
    lease = (await bench.session()).lease
    assert lease is not None
    assert seconds(4) < lease.until - NOW <= seconds(6)
    bench.send.hold.set()
    await asked


async def test_event_without_effect_still_does_what_is_due(bench: Bench) -> None:
    waiting: Session = queue(session_in(State.ACTIVE), JobKind.SEND)
    bench.desk.faults = [Fault(verb="send", error=Rejected("no"))]
    await bench.write(waiting)
    other = ConversationRef("room-9")
    await bench.tell(replace(closed(room=other), contact=CONTACT.ref))
    assert await bench.letters() == [("text 1", "Rejected")]


async def test_doubtful_opening_for_a_customer_who_left_opens_nothing_new(bench: Bench) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"))]
    await bench.start()
    await bench.say("", "e", Meaning.END)
    bench.clock.advance(2)
    await bench.poll("p")
    assert bench.desk.rooms == []


class SlowStore(CountingStore):
    """A store whose writes take a while."""

    async def commit(self, change: Change) -> Version:
        """Write, then come back late."""
        version = await super().commit(change)
        await asyncio.sleep(0.3)
        return version


async def test_no_job_is_begun_when_the_store_took_all_the_time(bench: Bench) -> None:
    bench.store = SlowStore(bench.inner)
    slow = bench.another()
    asked = turn("agent", "s", Meaning.START)
    reply = await slow.answer(asked, Deadline.after(0.5))
    assert (bench.send.sent, reply.parameters["handoff_state"]) == ([], "requested")
    assert (await bench.session()).lease is None
