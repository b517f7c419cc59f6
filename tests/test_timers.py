"""What time alone does: nobody came, a silent customer, and when next to look."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from handoff import jobs, lifecycle, timers, turns
from handoff.dialogflow.turn import Meaning
from handoff.events import AgentLeft
from handoff.model import Lease, Session
from handoff.vocabulary import JobKind, Reason, State
from tests.heart import (
    NOW,
    ROOM,
    RULES,
    after_event,
    blank,
    handoff_of,
    joined,
    kinds,
    notices,
    queue,
    replied,
    seconds,
    session_in,
    turn,
    with_handoff,
)

LEFT = AgentLeft(id="left", conversation=ROOM, agent_id="anna")


def passed(session: Session, after: float) -> Session:
    return timers.passed(session, RULES, NOW + seconds(after))


def wake_at(session: Session) -> float | None:
    at: datetime | None = timers.wake_at(session, RULES)
    return (at - NOW).total_seconds() if at else None


def spoken(session: Session, text: str = "Hi") -> Session:
    return turns.take(session, turn(text, "u9", Meaning.OTHER), RULES, NOW)


@pytest.mark.parametrize("state", [None, State.CLOSED, State.FAILED])
def test_nothing_is_to_be_done_where_nobody_waits(state: State | None) -> None:
    session = session_in(state) if state else blank()
    assert wake_at(session) is None
    assert passed(session, 1e6) is session


def test_first_job_says_when(  # a later one waits for it whatever its own time
) -> None:
    session = queue(session_in(State.CLOSED), JobKind.SEND, JobKind.SEND)
    late = replace(session.outbox[0], due_at=NOW + seconds(7))
    assert wake_at(replace(session, outbox=(late, session.outbox[1]))) == 7


def test_job_under_a_lease_is_looked_after_when_that_runs_out() -> None:
    session = queue(session_in(State.CLOSED), JobKind.SEND)
    assert wake_at(replace(session, lease=Lease(owner="a", until=NOW + seconds(5)))) == 5


def test_lease_without_jobs_waits_for_nobody() -> None:
    assert wake_at(replace(session_in(State.CLOSED), lease=Lease(owner="a", until=NOW))) is None


@pytest.mark.parametrize("state", [State.REQUESTED, State.WAITING])
def test_customer_whom_nobody_took_is_released_in_time(state: State) -> None:
    session = session_in(state)
    assert wake_at(session) == 600
    assert passed(session, 599.9) is session
    after = passed(session, 600)
    assert handoff_of(after).reason is Reason.NOT_ACCEPTED
    assert notices(after) == [RULES.texts.get("not_accepted", "en")]
    assert kinds(after) == [JobKind.CLOSE]


def test_opening_that_never_began_has_failed() -> None:
    session = queue(session_in(State.REQUESTED), JobKind.OPEN)
    assert handoff_of(passed(session, 600)).state is State.FAILED


def test_opening_in_doubt_has_not_failed() -> None:
    session = queue(session_in(State.REQUESTED), JobKind.OPEN)
    doubtful = replace(session, outbox=(replace(session.outbox[0], uncertain=True),))
    assert handoff_of(passed(doubtful, 600)).state is State.CLOSED


@pytest.mark.parametrize(
    "session",
    [
        with_handoff(session_in(State.REQUESTED), conversation=ROOM),
        replace(session_in(State.REQUESTED), lease=Lease(owner="a", until=NOW)),
        session_in(State.WAITING),
    ],
)
def test_what_may_be_open_has_not_failed(session: Session) -> None:
    assert handoff_of(passed(session, 600)).state is State.CLOSED


def test_wait_begins_anew_when_the_agent_leaves() -> None:
    session = lifecycle.apply(session_in(State.ACTIVE), LEFT, RULES, NOW + seconds(100))
    assert wake_at(session) == 700


def test_wait_does_not_begin_anew_with_news_from_the_queue() -> None:
    session = lifecycle.apply(session_in(State.WAITING), LEFT, RULES, NOW + seconds(100))
    assert wake_at(session) == 600


def test_customer_who_is_with_an_agent_is_not_timed_before_being_spoken_to() -> None:
    assert wake_at(session_in(State.ACTIVE)) is None
    assert wake_at(after_event(session_in(State.WAITING), joined())) is None


def test_silent_customer_is_warned_once_and_then_released() -> None:
    session = after_event(session_in(State.ACTIVE), replied("Are you there?"))
    assert wake_at(session) == 300
    warned = passed(session, 300)
    assert notices(warned)[-1] == RULES.texts.get("inactive_warning", "en")
    assert wake_at(warned) == 600
    assert passed(warned, 599.9) is warned
    after = passed(warned, 600)
    assert (handoff_of(after).state, handoff_of(after).reason) == (State.CLOSED, Reason.INACTIVE)
    assert notices(after)[-1] == RULES.texts.get("inactive", "en")
    assert kinds(after) == [JobKind.CLOSE]


def test_customer_who_answers_is_silent_no_more() -> None:
    warned = passed(after_event(session_in(State.ACTIVE), replied("?")), 300)
    answered = spoken(warned)
    assert handoff_of(answered).unanswered_since is None
    again = lifecycle.apply(answered, replied("Fine", 2), RULES, NOW + seconds(1000))
    assert wake_at(replace(again, outbox=())) == 1300


def test_next_words_of_the_agent_begin_the_time_anew() -> None:
    session = passed(after_event(session_in(State.ACTIVE), replied("?")), 300)
    again = lifecycle.apply(session, replied("??", 2), RULES, NOW + seconds(400))
    assert wake_at(again) == 700


@pytest.mark.parametrize("state", [State.WAITING, State.ACTIVE])
def test_time_that_is_switched_off_never_comes(state: State) -> None:
    never = replace(RULES, accept=seconds(0), inactive=seconds(0), inactive_warning=seconds(0))
    session = after_event(session_in(state))
    session = with_handoff(session, unanswered_since=NOW)
    assert timers.wake_at(session, never) is None
    assert timers.passed(session, never, NOW + seconds(1e6)) is session


def test_words_of_who_waited_in_vain_go_to_the_desk_before_the_farewell() -> None:
    session = queue(session_in(State.WAITING), JobKind.SEND)
    assert kinds(passed(session, 600)) == [JobKind.SEND, JobKind.CLOSE]


def test_question_whether_it_is_over_ends_with_the_wait() -> None:
    session = session_in(State.WAITING)
    asking = jobs.add_first(
        session, JobKind.CONFIRM, handoff_of(session), NOW, due_at=NOW + seconds(20)
    )
    assert kinds(passed(asking, 600)) == [JobKind.CLOSE]
