"""Jobs that nobody needs any more: the customer left, or the agent closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import lifecycle, outbox
from handoff.lifecycle import CustomerLeft
from handoff.model import Lease, Session
from handoff.vocabulary import HandoffId, JobKind, Reason, State
from tests.heart import (
    NOW,
    RULES,
    closed,
    handoff_of,
    head,
    kinds,
    notices,
    queue,
    seconds,
    session_in,
    with_handoff,
)

UNDELIVERED = RULES.texts.get("undelivered_ended", "en")
OPENING = queue(session_in(State.REQUESTED), JobKind.OPEN, JobKind.SEND)
WAITING_WORDS = queue(session_in(State.ACTIVE), JobKind.SEND, JobKind.SEND)
SOMEBODY = Lease(owner="they", until=NOW + seconds(5))


def left(session: Session) -> Session:
    return lifecycle.end(session, CustomerLeft, Reason.CUSTOMER_LEFT, RULES, NOW)


def agent_closed(session: Session) -> Session:
    over = lifecycle.apply(session, closed(), RULES, NOW)
    return swept(over, outbox.in_flight(over, NOW))


def swept(session: Session, in_flight: int = 0) -> Session:
    return outbox.without_audience(session, RULES, NOW, in_flight=in_flight)


def lost(session: Session) -> list[tuple[str, str]]:
    return [(one.job.text, one.reason) for one in session.undelivered]


@pytest.mark.parametrize("kind", [JobKind.IDENTIFY, JobKind.OPEN])
def test_opening_for_a_customer_who_left_is_moot(kind: JobKind) -> None:
    session = left(queue(session_in(State.REQUESTED), kind))
    assert outbox.is_moot(session, head(session))


def test_opening_for_a_handoff_that_was_replaced_is_moot() -> None:
    session = with_handoff(OPENING, id=HandoffId("ho-2"))
    assert outbox.is_moot(session, head(session))


def test_opening_for_a_customer_who_is_there_is_not_moot() -> None:
    assert not outbox.is_moot(OPENING, head(OPENING))


def test_opening_that_certainly_had_no_effect_is_moot_at_a_later_attempt_too() -> None:
    session = left(OPENING)
    assert outbox.is_moot(session, replace(head(session), attempts=1))


def test_opening_that_may_have_had_its_effect_is_not_moot() -> None:
    session = left(OPENING)
    assert not outbox.is_moot(session, replace(head(session), uncertain=True))


@pytest.mark.parametrize("kind", [JobKind.SEND, JobKind.NOTE, JobKind.CLOSE])
def test_words_and_farewells_are_never_moot(kind: JobKind) -> None:
    session = left(queue(session_in(State.ACTIVE), kind))
    assert not outbox.is_moot(session, head(session))


def test_everything_of_a_moot_handoff_goes_and_its_words_become_dead_letters() -> None:
    session = queue(left(OPENING), JobKind.CLOSE)
    after = outbox.drop_moot(session, head(session), NOW)
    assert after.outbox == ()
    assert lost(after) == [("text 2", "conversation_closed")]


def test_jobs_of_the_next_handoff_stay() -> None:
    session = replace(left(OPENING), handoff=replace(handoff_of(OPENING), id=HandoffId("ho-2")))
    session = queue(session, JobKind.OPEN)
    after = outbox.drop_moot(session, head(session), NOW)
    assert [job.handoff for job in after.outbox] == ["ho-2"]


def test_messages_that_wait_when_the_agent_closes_become_dead_letters() -> None:
    after = agent_closed(WAITING_WORDS)
    assert after.outbox == ()
    assert lost(after) == [("text 1", "conversation_closed"), ("text 2", "conversation_closed")]


def test_customer_is_told_that_waiting_messages_were_not_delivered() -> None:
    told = [RULES.texts.get("ended", "en"), UNDELIVERED]
    assert notices(agent_closed(WAITING_WORDS)) == told


def test_customer_is_told_once_however_often_the_end_is_told() -> None:
    after = agent_closed(WAITING_WORDS)
    assert swept(after) == after
    assert notices(after).count(UNDELIVERED) == 1


def test_customer_is_told_of_undelivered_messages_only_when_there_are_any() -> None:
    after = agent_closed(queue(session_in(State.ACTIVE), JobKind.NOTE, JobKind.LOOK))
    assert (after.outbox, after.undelivered) == ((), ())
    assert notices(after) == [RULES.texts.get("ended", "en")]


@pytest.mark.parametrize(
    ("lease", "busy"), [(None, 0), (SOMEBODY, 1), (Lease(owner="they", until=NOW), 0)]
)
def test_one_job_is_in_flight_while_somebody_holds_the_lease(
    lease: Lease | None, busy: int
) -> None:
    assert outbox.in_flight(replace(WAITING_WORDS, lease=lease), NOW) == busy


def test_message_that_somebody_is_sending_stays_until_its_outcome_tells() -> None:
    after = agent_closed(replace(WAITING_WORDS, lease=SOMEBODY))
    assert [job.text for job in after.outbox] == ["text 1"]
    assert lost(after) == [("text 2", "conversation_closed")]


def test_message_of_a_sender_who_died_goes_too() -> None:
    dead = replace(WAITING_WORDS, lease=Lease(owner="they", until=NOW))
    assert agent_closed(dead).outbox == ()


def test_end_without_waiting_messages_loses_nothing() -> None:
    after = agent_closed(session_in(State.ACTIVE))
    assert (after.outbox, after.undelivered) == ((), ())


def test_earlier_losses_of_the_same_decision_are_kept() -> None:
    first = agent_closed(WAITING_WORDS)
    second = queue(first, JobKind.SEND)
    assert len(swept(second).undelivered) == 3


@pytest.mark.parametrize("state", [None, State.REQUESTED, State.WAITING, State.ACTIVE])
def test_nothing_is_dropped_while_the_handoff_is_open(state: State | None) -> None:
    session = session_in(state)
    assert swept(session) is session


def test_last_words_of_a_customer_who_left_are_still_sent() -> None:
    session = queue(left(WAITING_WORDS), JobKind.CLOSE)
    assert swept(session) is session
    assert kinds(session) == [JobKind.SEND, JobKind.SEND, JobKind.CLOSE]
