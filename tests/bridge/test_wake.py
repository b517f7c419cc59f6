"""Sessions that nobody comes to: their jobs, timers and the calls that are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest

from handoff.bridge import Bridge
from handoff.dialogflow.turn import Meaning
from handoff.errors import CannotReplay, Rejected, SchedulingError, TooMany, Unavailable
from handoff.model import Session
from handoff.rates import Rates
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import JobKind, Reason, SessionKey, State
from tests.desks import Fault
from tests.fakes import FixedClock
from tests.heart import (
    ANNA,
    DESK,
    RULES,
    Bench,
    blank,
    closed,
    handoff_of,
    joined,
    kinds,
    replied,
    seconds,
    turn,
)

KEY = blank().key
DOWN = Unavailable("down", certain=True)


class Schedule:
    """Remembers what was asked of it; `fails` makes it fail."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.fails: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, key: SessionKey, at: datetime) -> None:
        assert key == KEY
        self.asked.append(at)
        if self.fails:
            await self.fails()


def scheduled(bench: Bench, schedule: Schedule, rates: Rates | None = None) -> None:
    """Give the bench a bridge that asks to be woken."""
    bench.bridge = Bridge(
        store=bench.store,
        providers={DESK: bench.desk},
        rules=RULES,
        caller=Caller(bench.send, bench.store, bench.clock),
        clock=bench.clock,
        schedule=schedule,
        rates=rates,
    )


async def wake(bench: Bench, within: float = 30.0) -> bool:
    return await bench.bridge.wake(KEY, Deadline.after(within))


async def waiting(bench: Bench, *faults: Fault) -> Session:
    """Bring a message into the outbox that could not be sent."""
    await bench.start()
    await bench.tell(joined())
    bench.desk.faults = list(faults) or [Fault(verb="send", error=DOWN)]
    await bench.say("Hello?", "m1")
    return await bench.session()


async def test_due_job_is_done_without_anybody_coming(bench: Bench, clock: FixedClock) -> None:
    await waiting(bench)
    assert bench.desk.said == []
    clock.advance(2)
    assert await wake(bench)
    assert bench.desk.said == ["Hello?"]
    assert (await bench.session()).wake_at is None or (await bench.session()).outbox == ()


async def test_what_is_not_due_is_left_alone(bench: Bench) -> None:
    before = await waiting(bench)
    assert not await wake(bench)
    assert await bench.session() == before


async def test_unknown_session_is_nothing_to_do(bench: Bench) -> None:
    assert not await bench.bridge.wake(SessionKey("nobody"), Deadline.after(5))


async def test_jobs_of_a_session_are_done_in_order(bench: Bench, clock: FixedClock) -> None:
    await waiting(bench)
    await bench.say("Second", "m2")
    clock.advance(2)
    await wake(bench)
    assert bench.desk.said == ["Hello?", "Second"]


async def test_lease_of_who_died_is_taken_once_it_ran_out(bench: Bench, clock: FixedClock) -> None:
    await bench.start()
    await bench.tell(joined())
    bench.send.hold = asyncio.Event()
    dying = asyncio.ensure_future(bench.say("Hello?", "m1"))
    await bench.send.asked("send")
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    bench.send.hold = None
    held = await bench.session()
    assert held.lease is not None
    assert held.wake_at == held.lease.until
    assert not await wake(bench)
    clock.advance(60)
    assert await wake(bench)
    assert bench.desk.said == ["Hello?"]


async def test_opening_that_failed_is_tried_again_and_its_agent_answers(
    bench: Bench, clock: FixedClock
) -> None:
    bench.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    await bench.start()
    assert handoff_of(await bench.session()).conversation is None
    clock.advance(2)
    await wake(bench)
    assert handoff_of(await bench.session()).conversation == bench.desk.rooms[0].ref
    assert len(bench.desk.rooms) == 1


async def test_provider_that_stays_down_ends_the_handoff_and_says_so(
    bench: Bench, clock: FixedClock
) -> None:
    bench.desk.faults = [Fault(verb="open", error=DOWN) for _ in range(40)]
    await bench.start()
    for _ in range(40):
        clock.advance(5)
        await wake(bench)
    over = await bench.handoff()
    assert (over.state, over.reason) == (State.FAILED, Reason.PROVIDER_ERROR)
    texts = [one.text for one in over.deliveries if one.kind.is_shown]
    assert texts == [
        RULES.texts.get(name, "en")
        for name in ("connecting", "connecting_delayed", "provider_error")
    ]


async def test_customer_hears_that_a_message_takes_long_and_that_it_is_lost(
    bench: Bench, clock: FixedClock
) -> None:
    await waiting(bench, *[Fault(verb="send", error=DOWN) for _ in range(300)])
    for _ in range(140):
        clock.advance(5)
        await wake(bench)
    texts = [one.text for one in (await bench.handoff()).deliveries]
    told = [RULES.texts.get(name, "en") for name in ("delayed", "undelivered")]
    assert [one for one in texts if one in told] == told
    assert await bench.letters() == [("Hello?", "Unavailable")]


async def test_timer_that_is_up_ends_the_handoff_and_tells_the_desk(
    bench: Bench, clock: FixedClock
) -> None:
    await bench.start()
    clock.advance(600)
    assert await wake(bench)
    assert (await bench.handoff()).reason is Reason.NOT_ACCEPTED
    assert bench.desk.rooms[0].closed


async def test_timer_that_is_up_is_up_for_whoever_comes(bench: Bench, clock: FixedClock) -> None:
    await bench.start()
    clock.advance(600)
    reply = await bench.say("Still here?", "m1")
    assert reply.parameters["handoff_reason"] == "not_accepted"
    assert RULES.texts.get("not_accepted", "en") in reply.texts
    assert bench.desk.said == []


async def test_agent_who_comes_after_the_time_is_up_finds_it_over(
    bench: Bench, clock: FixedClock
) -> None:
    await bench.start()
    clock.advance(600)
    await bench.tell(joined())
    assert (await bench.handoff()).reason is Reason.NOT_ACCEPTED


async def test_conversation_that_was_opened_in_doubt_is_closed_when_the_time_is_up(
    bench: Bench, clock: FixedClock
) -> None:
    bench.desk.faults.append(Fault(verb="open", error=Unavailable("slow"), after=True))
    await bench.start()
    clock.advance(600)
    [room] = bench.desk.rooms
    assert room.opening.contact is not None
    late = replace(joined(ANNA, room.ref), contact=room.opening.contact.ref)
    await bench.tell(late)  # nobody has looked at the time before
    await wake(bench)
    assert (await bench.handoff()).reason is Reason.NOT_ACCEPTED
    assert room.closed


async def test_call_is_asked_for_when_the_next_attempt_is_due(
    bench: Bench, clock: FixedClock
) -> None:
    schedule = Schedule()
    scheduled(bench, schedule)
    session = await waiting(bench)
    assert session.wake_at is not None
    assert schedule.asked == [max(session.wake_at, clock() + seconds(1))]


async def test_call_that_comes_too_early_asks_for_a_later_second(
    bench: Bench, clock: FixedClock
) -> None:
    schedule = Schedule()
    scheduled(bench, schedule)
    await waiting(bench)
    await wake(bench)
    first, second = schedule.asked
    assert (second - first).total_seconds() >= 1


async def test_no_call_is_asked_for_what_the_sweep_finds_in_time(bench: Bench) -> None:
    schedule = Schedule()
    scheduled(bench, schedule)
    await bench.start()
    assert (await bench.session()).wake_at is not None, "somebody may never come"
    assert schedule.asked == []


async def hangs() -> None:
    await asyncio.Event().wait()


async def refuses() -> None:
    raise SchedulingError("no")


@pytest.mark.parametrize("fails", [hangs, refuses])
async def test_turn_is_answered_although_nobody_can_be_asked(
    bench: Bench, clock: FixedClock, fails: Callable[[], Awaitable[None]]
) -> None:
    schedule = Schedule()
    schedule.fails = fails
    scheduled(bench, schedule)
    await bench.start()
    await bench.tell(joined())
    bench.desk.faults = [Fault(verb="send", error=DOWN)]
    reply = await asyncio.wait_for(
        bench.bridge.answer(turn("Hello?", "m1"), Deadline.after(0.5)), timeout=5
    )
    assert reply.mute
    assert schedule.asked
    clock.advance(2)
    assert list(await bench.store.due(10)) == [KEY], "the sweep finds it"


async def test_session_that_asks_too_often_is_refused(bench: Bench) -> None:
    scheduled(bench, Schedule(), Rates(1, burst=2))
    await bench.poll("p1")
    await bench.poll("p2")
    with pytest.raises(TooMany) as refused:
        await bench.poll("p3")
    assert 0 < refused.value.retry_after <= 1


async def test_dead_letter_is_sent_again(bench: Bench) -> None:
    await waiting(bench, Fault(verb="send", error=Rejected("no")))
    [letter] = await bench.store.dead_letters()
    done = await bench.bridge.replay(letter, Deadline.after(5))
    assert done.outcome == "sent"
    assert bench.desk.said == ["Hello?"]
    assert await bench.letters() == []


async def test_dead_letter_that_fails_again_is_there_again(bench: Bench) -> None:
    await waiting(bench, *[Fault(verb="send", error=Rejected("no"))] * 2)
    [letter] = await bench.store.dead_letters()
    done = await bench.bridge.replay(letter, Deadline.after(5))
    assert (done.outcome, done.reason) == ("refused", "Rejected")
    assert [one.id for one in await bench.store.dead_letters()] == [letter.id]


async def test_dead_letter_for_a_desk_that_is_down_is_queued(
    bench: Bench, clock: FixedClock
) -> None:
    await waiting(bench, Fault(verb="send", error=Rejected("no")), Fault(verb="send", error=DOWN))
    [letter] = await bench.store.dead_letters()
    done = await bench.bridge.replay(letter, Deadline.after(5))
    assert done.outcome == "queued"
    clock.advance(2)
    await wake(bench)
    assert bench.desk.said == ["Hello?"]


async def test_letter_for_an_ended_handoff_stays_one(bench: Bench) -> None:
    await waiting(bench, Fault(verb="send", error=Rejected("no")))
    await bench.tell(closed())
    [letter] = await bench.store.dead_letters()
    with pytest.raises(CannotReplay, match="is over"):
        await bench.bridge.replay(letter, Deadline.after(5))
    assert await bench.letters() == [("Hello?", "Rejected")]


async def test_letter_goes_to_who_is_there_now(bench: Bench) -> None:
    await waiting(bench, Fault(verb="send", error=Rejected("no")))
    await bench.tell(closed())
    await bench.start("again")
    [letter] = await bench.store.dead_letters()
    await bench.bridge.replay(letter, Deadline.after(5))
    assert list(bench.desk.rooms[1].said.values()) == ["Hello?"]


async def test_letter_for_the_customer_comes_with_the_next_answer(bench: Bench) -> None:
    await bench.start()
    await bench.tell(closed())
    await bench.start("again")
    await bench.tell(replied("too late"))
    [letter] = await bench.store.dead_letters()
    assert letter.job.kind is JobKind.DELIVER
    await bench.bridge.replay(letter, Deadline.after(5))
    reply = await bench.poll("p9")
    assert [text for text in reply.texts if "too late" in text]
    assert await bench.letters() == []


async def test_letter_of_a_session_that_is_forgotten_cannot_be_sent(
    bench: Bench, clock: FixedClock
) -> None:
    await waiting(bench, Fault(verb="send", error=Rejected("no")))
    [letter] = await bench.store.dead_letters()
    clock.advance(80 * 3600)
    with pytest.raises(CannotReplay, match="not kept"):
        await bench.bridge.replay(letter, Deadline.after(5))


async def test_farewell_is_sent_again_after_the_end(bench: Bench) -> None:
    await bench.start()
    bench.desk.faults = [Fault(verb="close", error=Rejected("no"))]
    await bench.say("", "e1", Meaning.END)
    [letter] = await bench.store.dead_letters()
    await bench.bridge.replay(letter, Deadline.after(5))
    assert bench.desk.rooms[0].closed
    assert kinds(await bench.session()) == []
