"""What was sent is not sent again while it may still come to its effect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import failures, outbox, timers
from handoff.errors import ProviderError, Rejected, Throttled, Unavailable, in_doubt
from handoff.failures import MOST_ATTEMPTS, SETTLES
from handoff.model import Lease, Session
from handoff.vocabulary import JobKind, Reason, State
from tests.heart import (
    NOW,
    READING,
    RULES,
    after_event,
    closed,
    handoff_of,
    head,
    kinds,
    queue,
    seconds,
    session_in,
)

TIMED_OUT = Unavailable("slow", pending=True)
CUT = Unavailable("reset")
SENDS = SETTLES[JobKind.SEND].total_seconds()


def waiting(kind: JobKind = JobKind.SEND) -> Session:
    state = State.REQUESTED if kind is JobKind.OPEN else State.ACTIVE
    return queue(session_in(state), kind)


def fail(session: Session, error: ProviderError, after: float = 0.0) -> Session:
    return failures.failed(session, head(session), error, RULES, NOW + seconds(after))


def settled(session: Session, after: float) -> bool:
    return failures.is_settled(head(session), NOW + seconds(after))


def test_job_that_was_never_in_doubt_is_settled() -> None:
    assert settled(waiting(), 0)


@pytest.mark.parametrize("kind", [JobKind.SEND, JobKind.NOTE, JobKind.OPEN])
def test_call_that_we_stopped_waiting_for_settles_in_its_time(kind: JobKind) -> None:
    after = fail(waiting(kind), TIMED_OUT)
    limit = SETTLES[kind].total_seconds()
    assert (settled(after, limit - 0.001), settled(after, limit)) == (False, True)


def test_answered_or_cut_call_is_over_but_an_opening_shows_later() -> None:
    assert settled(fail(waiting(), CUT), 0)
    assert not settled(fail(waiting(JobKind.OPEN), CUT), 0)


@pytest.mark.parametrize("error", [Throttled("wait"), Unavailable("down", certain=True)])
def test_call_without_effect_leaves_no_doubt(error: ProviderError) -> None:
    assert head(fail(waiting(), error)).tried_at is None


def test_attempt_that_only_looked_makes_no_new_doubt() -> None:
    after = fail(fail(waiting(), TIMED_OUT), TIMED_OUT, after=3)
    assert head(after).tried_at == NOW
    assert head(after).attempts == 2


def test_attempt_that_sent_again_makes_a_new_doubt() -> None:
    after = fail(fail(waiting(), TIMED_OUT), TIMED_OUT, after=SENDS)
    assert head(after).tried_at == NOW + seconds(SENDS)


def test_next_attempt_comes_as_soon_as_the_doubt_can_be_settled() -> None:
    session = fail(waiting(JobKind.OPEN), TIMED_OUT)
    for after in (5, 9, 25):
        session = fail(session, Unavailable("not there yet"), after=after)
    assert head(session).due_at == NOW + SETTLES[JobKind.OPEN]


def test_vendor_that_asks_for_time_gets_it_whatever_is_in_doubt() -> None:
    session = fail(waiting(), TIMED_OUT)
    after = fail(session, Throttled("wait", retry_after=60), after=1)
    assert head(after).due_at == NOW + seconds(61)


def test_process_that_died_may_have_sent_until_its_lease_ran_out() -> None:
    until = NOW + seconds(5)
    dead = replace(waiting(), lease=Lease(owner="dead", until=until))
    claimed = outbox.claim(dead, "heir", NOW + seconds(20), NOW + seconds(6))
    assert claimed is not None
    job = head(claimed)
    assert (job.uncertain, job.tried_at, job.attempts) == (True, until, 1)


def test_job_that_kills_whoever_tries_it_is_given_up() -> None:
    session = waiting()
    assert not failures.is_worn(head(session))
    worn = replace(head(session), attempts=MOST_ATTEMPTS)
    assert failures.is_worn(worn)
    after = failures.failed(replace(session, outbox=(worn,)), worn, TIMED_OUT, RULES, NOW)
    assert kinds(after) == []
    assert [one.reason for one in after.undelivered] == ["Unavailable"]


def test_failure_after_a_part_was_taken_is_in_doubt() -> None:
    for error in (Throttled("wait"), Unavailable("down", certain=True)):
        assert (in_doubt(error).certain, in_doubt(error).pending) == (False, False)
    assert in_doubt(TIMED_OUT).pending


def doubtful() -> Session:
    session = waiting()
    return replace(session, outbox=(replace(head(session), uncertain=True),))


def test_message_in_doubt_is_looked_for_after_the_end() -> None:
    over = after_event(doubtful(), closed())
    kept = outbox.without_audience(over, READING, NOW, in_flight=0)
    assert kinds(kept) == [JobKind.SEND]
    assert kept.undelivered == ()
    gone = failures.failed(kept, head(kept), Rejected("closed"), READING, NOW)
    assert [one.reason for one in gone.undelivered] == ["Rejected"]


def test_message_in_doubt_is_not_said_where_it_would_call_somebody() -> None:
    over = after_event(doubtful(), closed())
    abilities = {name: replace(one, leaving_ends=True) for name, one in READING.providers.items()}
    calls = replace(READING, providers=abilities)
    for rules in (calls, RULES):
        lost = outbox.without_audience(over, rules, NOW, in_flight=0)
        assert [one.reason for one in lost.undelivered] == ["conversation_closed"]


@pytest.mark.parametrize(("uncertain", "kept"), [(True, True), (False, False)])
def test_opening_in_doubt_is_looked_for_so_that_it_can_be_closed(
    uncertain: bool, kept: bool
) -> None:
    waits = queue(session_in(State.REQUESTED), JobKind.OPEN, JobKind.NOTE, JobKind.SEND)
    doubt = replace(head(waits), uncertain=uncertain)
    session = replace(waits, outbox=(doubt, *waits.outbox[1:]))
    over = timers.passed(session, READING, NOW + READING.accept)
    assert handoff_of(over).reason is Reason.NOT_ACCEPTED
    after = outbox.without_audience(over, READING, NOW, in_flight=0)
    assert kinds(after) == [*[JobKind.OPEN][: int(kept)], JobKind.CLOSE]
    assert [one.reason for one in after.undelivered] == ["conversation_closed"]


def test_opening_in_doubt_of_a_conversation_that_the_provider_ended_is_dropped() -> None:
    waits = queue(session_in(State.REQUESTED), JobKind.OPEN)
    doubt = replace(waits, outbox=(replace(head(waits), uncertain=True),))
    over = after_event(doubt, closed())
    assert kinds(outbox.without_audience(over, READING, NOW, in_flight=0)) == []
