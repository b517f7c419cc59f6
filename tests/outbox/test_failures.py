"""The table of failures: what each error means for each kind of job, and how long we try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from handoff import failures, outbox
from handoff.errors import (
    ContactLost,
    ConversationGone,
    NobodyThere,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from handoff.failures import LEAST_ATTEMPTS, LONGEST_PAUSE, PATIENCE
from handoff.model import Session
from handoff.vocabulary import HandoffId, JobKind, Presence, Reason, State
from tests.heart import (
    DESK,
    NOW,
    RULES,
    handoff_of,
    head,
    kinds,
    notices,
    queue,
    seconds,
    session_in,
    with_handoff,
)

# All that somebody does at a desk: what is for the customer is never in an outbox.
AT_DESKS = sorted(set(JobKind) - {JobKind.DELIVER})
# What is untrue by the next attempt is not tried again.
REPEATED = [kind for kind in AT_DESKS if PATIENCE[kind]]
OPENERS = (JobKind.IDENTIFY, JobKind.OPEN)
SPEAKERS = (JobKind.NOTE, JobKind.SEND, JobKind.CLOSE)
GOOD_FOR_ANOTHER_TRY: Mapping[str, ProviderError] = {
    "throttled": Throttled("wait"),
    "certain": Unavailable("down", certain=True),
    "uncertain": Unavailable("slow"),
}
FINAL: Mapping[str, ProviderError] = {
    "rejected": Rejected("no"),
    "nobody": NobodyThere("no"),
    "gone": ConversationGone("no"),
    "lost": ContactLost("no"),
}
DOWN = Unavailable("down", certain=True)
LONG = failures.LONG.total_seconds()
UNDELIVERED = RULES.texts.get("undelivered", "en")
UNDELIVERED_ENDED = RULES.texts.get("undelivered_ended", "en")


def waiting(kind: JobKind) -> Session:
    """Return a session whose first job is of this kind, with a message behind it."""
    state = State.REQUESTED if kind in OPENERS else State.ACTIVE
    return queue(session_in(state), kind, JobKind.SEND)


def tried(kind: JobKind) -> Session:
    """Return the same after as many attempts as a job gets at least."""
    session = waiting(kind)
    job = replace(head(session), attempts=LEAST_ATTEMPTS - 1)
    return replace(session, outbox=(job, *session.outbox[1:]))


def fail(session: Session, error: ProviderError, after: float = 0.0) -> Session:
    return failures.failed(session, head(session), error, RULES, NOW + seconds(after))


def lost(session: Session) -> list[tuple[int, str]]:
    return [(one.job.id, one.reason) for one in session.undelivered]


@pytest.mark.parametrize("kind", REPEATED)
@pytest.mark.parametrize("name", GOOD_FOR_ANOTHER_TRY)
def test_job_is_tried_again_later(kind: JobKind, name: str) -> None:
    after = fail(waiting(kind), GOOD_FOR_ANOTHER_TRY[name])
    job = head(after)
    assert (job.kind, job.attempts, job.uncertain) == (kind, 1, name == "uncertain")
    assert job.due_at > NOW
    assert after.undelivered == ()


def test_doubt_stays_when_a_later_attempt_is_certain() -> None:
    doubtful = fail(waiting(JobKind.SEND), Unavailable("slow"))
    assert head(fail(doubtful, Throttled("wait"))).uncertain


@pytest.mark.parametrize("kind", OPENERS)
@pytest.mark.parametrize("name", ["rejected", "nobody", "gone"])
def test_refused_opening_fails_the_handoff_and_drops_what_waited(kind: JobKind, name: str) -> None:
    after = fail(waiting(kind), FINAL[name])
    handoff = handoff_of(after)
    reason = Reason.UNAVAILABLE if name == "nobody" else Reason.PROVIDER_ERROR
    assert (handoff.state, handoff.reason) == (State.FAILED, reason)
    assert notices(after) == [RULES.texts.get(reason.value, "en")]
    assert (after.outbox, len(after.undelivered)) == ((), 1)


def test_refusal_because_nobody_is_there_says_so() -> None:
    assert handoff_of(fail(waiting(JobKind.OPEN), NobodyThere("no"))).available is Presence.NO


def test_refusal_for_another_cause_says_nothing_about_who_is_there() -> None:
    handoff = handoff_of(fail(waiting(JobKind.OPEN), Rejected("no")))
    assert handoff.available is Presence.UNKNOWN


def test_refusal_after_an_uncertain_attempt_does_not_promise_that_nothing_was_opened() -> None:
    doubtful = fail(waiting(JobKind.OPEN), Unavailable("slow"))
    handoff = handoff_of(fail(doubtful, Rejected("no")))
    assert (handoff.state, handoff.reason) == (State.CLOSED, Reason.PROVIDER_ERROR)


@pytest.mark.parametrize(
    ("error", "state"),
    [(Unavailable("slow"), State.CLOSED), (Unavailable("down", certain=True), State.FAILED)],
)
def test_opening_is_given_up_when_patience_ends(error: ProviderError, state: State) -> None:
    after = fail(tried(JobKind.OPEN), error, PATIENCE[JobKind.OPEN].total_seconds())
    assert (handoff_of(after).state, after.outbox) == (state, ())


@pytest.mark.parametrize("state", [State.REQUESTED, State.CLOSED])
def test_opening_that_stays_in_doubt_raises_the_alarm(state: State) -> None:
    """A conversation may stand open at the desk, with nobody on our side."""
    session = with_handoff(tried(JobKind.OPEN), state=state)
    after = fail(session, Unavailable("slow"), PATIENCE[JobKind.OPEN].total_seconds())
    assert (1, "Unavailable") in lost(after)
    sure = fail(session, DOWN, PATIENCE[JobKind.OPEN].total_seconds())
    assert 1 not in [number for number, _ in lost(sure)]


@pytest.mark.parametrize("state", [State.CLOSED, State.FAILED])
def test_opening_for_a_handoff_that_is_over_is_dropped_in_silence(state: State) -> None:
    session = with_handoff(waiting(JobKind.OPEN), state=state)
    after = fail(session, Rejected("no"))
    assert (after.outbox, handoff_of(after)) == ((), handoff_of(session))


def test_refused_opening_of_the_handoff_before_does_not_touch_the_next() -> None:
    session = with_handoff(waiting(JobKind.OPEN), id=HandoffId("ho-2"))
    after = fail(queue(session, JobKind.OPEN), Rejected("no"))
    assert handoff_of(after).state is State.REQUESTED
    assert [job.handoff for job in after.outbox] == ["ho-2"]


def test_forgotten_customer_is_identified_anew_before_the_opening() -> None:
    after = fail(waiting(JobKind.OPEN), ContactLost("no"))
    assert kinds(after) == [JobKind.IDENTIFY, JobKind.OPEN, JobKind.SEND]
    assert [job.id for job in after.outbox] == [3, 1, 2]
    assert DESK not in after.contacts
    assert {job.due_at for job in after.outbox} == {NOW}


def test_customer_is_identified_anew_only_once() -> None:
    again = fail(waiting(JobKind.OPEN), ContactLost("no"))
    identified = replace(again, outbox=again.outbox[1:])
    assert handoff_of(fail(identified, ContactLost("no"))).state is State.FAILED


def test_opening_remembers_that_its_customer_was_identified_anew() -> None:
    again = fail(waiting(JobKind.OPEN), ContactLost("no"))
    assert [job.renewed for job in again.outbox] == [False, True, False]
    throttled = fail(replace(again, outbox=again.outbox[1:]), Throttled("wait"))
    assert head(throttled).renewed
    assert handoff_of(fail(throttled, ContactLost("no"))).state is State.FAILED


def test_identifying_anew_has_all_its_attempts() -> None:
    tried = fail(fail(waiting(JobKind.OPEN), Throttled("wait")), Throttled("wait"))
    assert head(fail(tried, ContactLost("no"))).attempts == 0


def test_customer_is_identified_anew_after_another_failure_too() -> None:
    throttled = fail(waiting(JobKind.OPEN), Throttled("wait"))
    assert JobKind.IDENTIFY in kinds(fail(throttled, ContactLost("no")))


def test_identifying_that_loses_the_customer_does_not_begin_again_for_ever() -> None:
    after = fail(waiting(JobKind.IDENTIFY), ContactLost("no"))
    assert handoff_of(after).state is State.FAILED


@pytest.mark.parametrize("kind", SPEAKERS)
@pytest.mark.parametrize("name", FINAL)
def test_refused_job_becomes_a_dead_letter_with_its_reason(kind: JobKind, name: str) -> None:
    after = fail(waiting(kind), FINAL[name])
    assert lost(after)[0] == (1, type(FINAL[name]).__name__)
    assert 1 not in [job.id for job in after.outbox]


@pytest.mark.parametrize("kind", SPEAKERS)
@pytest.mark.parametrize("name", GOOD_FOR_ANOTHER_TRY)
def test_job_becomes_a_dead_letter_when_patience_ends(kind: JobKind, name: str) -> None:
    error = GOOD_FOR_ANOTHER_TRY[name]
    after = fail(tried(kind), error, PATIENCE[kind].total_seconds())
    assert lost(after) == [(1, type(error).__name__)]
    assert handoff_of(after).state is State.ACTIVE


@pytest.mark.parametrize("kind", REPEATED)
def test_job_that_could_not_be_tried_for_long_is_tried_anew(kind: JobKind) -> None:
    session = waiting(kind)
    for attempt in range(1, LEAST_ATTEMPTS):
        session = fail(session, DOWN, PATIENCE[kind].total_seconds() + attempt)
        assert (head(session).id, head(session).attempts) == (1, attempt)
    assert 1 not in [job.id for job in fail(session, DOWN, 9 * 3600).outbox]


@pytest.mark.parametrize("name", FINAL)
def test_look_that_is_refused_is_given_up_in_silence(name: str) -> None:
    session = waiting(JobKind.LOOK)
    after = fail(session, FINAL[name])
    assert after == replace(session, outbox=session.outbox[1:])


@pytest.mark.parametrize("name", GOOD_FOR_ANOTHER_TRY)
def test_look_is_given_up_in_silence_when_patience_ends(name: str) -> None:
    session = tried(JobKind.LOOK)
    after = fail(session, GOOD_FOR_ANOTHER_TRY[name], PATIENCE[JobKind.LOOK].total_seconds())
    assert after == replace(session, outbox=session.outbox[1:])


@pytest.mark.parametrize("name", [*GOOD_FOR_ANOTHER_TRY, *FINAL])
def test_presence_that_could_not_be_told_is_forgotten(name: str) -> None:
    session = waiting(JobKind.PRESENCE)
    after = fail(session, {**GOOD_FOR_ANOTHER_TRY, **FINAL}[name])
    assert after == replace(session, outbox=session.outbox[1:])


@pytest.mark.parametrize("kind", REPEATED)
def test_job_is_tried_until_patience_ends(kind: JobKind) -> None:
    almost = PATIENCE[kind].total_seconds() - 2
    after = fail(waiting(kind), Throttled("wait"), almost)
    assert (head(after).kind, head(after).attempts) == (kind, 1)


@pytest.mark.parametrize("name", ["rejected", "nobody"])
def test_customer_is_told_of_a_lost_message_and_stays_connected(name: str) -> None:
    after = fail(waiting(JobKind.SEND), FINAL[name])
    assert (notices(after), handoff_of(after).state) == ([UNDELIVERED], State.ACTIVE)
    assert kinds(after) == [JobKind.SEND]


def test_message_to_a_conversation_that_is_gone_ends_the_handoff() -> None:
    after = fail(waiting(JobKind.SEND), ConversationGone("no"))
    handoff = handoff_of(after)
    assert (handoff.state, handoff.reason) == (State.CLOSED, Reason.AGENT_CLOSED)
    assert notices(after) == [UNDELIVERED_ENDED, RULES.texts.get("ended", "en")]
    assert lost(after) == [(1, "ConversationGone"), (2, "conversation_closed")]


def test_message_for_a_customer_whom_the_provider_forgot_ends_the_handoff() -> None:
    after = fail(waiting(JobKind.SEND), ContactLost("no"))
    handoff = handoff_of(after)
    assert (handoff.state, handoff.reason) == (State.CLOSED, Reason.PROVIDER_ERROR)
    assert notices(after) == [UNDELIVERED_ENDED, RULES.texts.get("connection_lost", "en")]
    assert lost(after) == [(1, "ContactLost"), (2, "conversation_closed")]
    assert after.outbox == ()


@pytest.mark.parametrize("name", FINAL)
def test_customer_is_told_of_a_message_lost_after_the_end(name: str) -> None:
    session = with_handoff(waiting(JobKind.SEND), state=State.CLOSED, reason=Reason.AGENT_CLOSED)
    after = fail(session, FINAL[name])
    assert notices(after) == [UNDELIVERED_ENDED]
    assert handoff_of(after).reason is Reason.AGENT_CLOSED


@pytest.mark.parametrize("other", [None, HandoffId("ho-2")])
def test_message_lost_in_an_earlier_handoff_is_not_told_in_the_next(
    other: HandoffId | None,
) -> None:
    session = waiting(JobKind.SEND)
    session = with_handoff(session, id=other) if other else replace(session, handoff=None)
    after = fail(session, ConversationGone("no"))
    assert after.handoff == session.handoff
    assert lost(after) == [(1, "ConversationGone")]


@pytest.mark.parametrize("kind", [JobKind.NOTE, JobKind.CLOSE])
def test_lost_note_or_farewell_is_not_told(kind: JobKind) -> None:
    session = waiting(kind)
    assert handoff_of(fail(session, Rejected("no"))) == handoff_of(session)


def pauses(error: ProviderError, attempts: int) -> list[float]:
    session, found = waiting(JobKind.SEND), []
    for _ in range(attempts):
        session = fail(session, error)
        found.append((head(session).due_at - NOW).total_seconds())
    return found


def test_pauses_grow_up_to_a_limit() -> None:
    found = pauses(Unavailable("down", certain=True), 12)
    wanted = [min(2.0**number, LONGEST_PAUSE.total_seconds()) for number in range(12)]
    assert all(0.75 * one <= pause < 1.25 * one for one, pause in zip(wanted, found, strict=True))


def test_pauses_of_two_jobs_differ() -> None:
    first = waiting(JobKind.SEND)
    second = replace(first, outbox=first.outbox[1:])
    error = Unavailable("down", certain=True)
    assert head(fail(first, error)).due_at != head(fail(second, error)).due_at


def test_pause_lasts_as_long_as_the_vendor_asks() -> None:
    assert pauses(Throttled("wait", retry_after=42), 1) == [42.0]


@pytest.mark.parametrize("asked", [None, 0.0, 0.1])
def test_vendor_that_asks_for_less_gets_our_own_pause(asked: float | None) -> None:
    (pause,) = pauses(Throttled("wait", retry_after=asked), 1)
    assert pause >= 0.75


@pytest.mark.parametrize("asked", [3600.0, 1e300, float("inf")])
def test_vendor_that_asks_for_more_than_our_patience_is_given_up(asked: float) -> None:
    after = fail(waiting(JobKind.SEND), Throttled("wait", retry_after=asked))
    assert lost(after) == [(1, "Throttled")]


def test_every_kind_of_job_has_patience_and_an_end() -> None:
    assert set(PATIENCE) == set(failures.GIVING_UP) == set(AT_DESKS)


@pytest.mark.parametrize("kind", [JobKind.IDENTIFY, JobKind.OPEN])
def test_customer_hears_once_that_connecting_takes_long(kind: JobKind) -> None:
    session = waiting(kind)
    assert notices(fail(session, DOWN, after=LONG - 1.3)) == []
    told = fail(session, DOWN, after=LONG - 0.7)
    assert notices(told) == [RULES.texts.get("connecting_delayed", "en")]
    assert notices(fail(told, DOWN, after=LONG + 20)) == notices(told)


def test_who_hears_that_connecting_takes_long_is_not_told_after_it_that_we_connect() -> None:
    session = with_handoff(waiting(JobKind.OPEN), connecting_told=False)
    told = fail(session, DOWN, after=LONG)
    assert handoff_of(told).connecting_told


def test_customer_hears_that_they_are_still_connected_while_a_message_waits() -> None:
    told = fail(waiting(JobKind.SEND), DOWN, after=LONG)
    assert notices(told) == [RULES.texts.get("delayed", "en")]


def test_customer_hears_at_once_when_the_vendor_asks_for_long() -> None:
    told = fail(waiting(JobKind.SEND), Throttled("wait", retry_after=60))
    assert notices(told) == [RULES.texts.get("delayed", "en")]


def test_next_delay_is_told_anew_once_something_arrived() -> None:
    told = fail(waiting(JobKind.SEND), DOWN, after=LONG)
    arrived = outbox.done(told, head(told), None, RULES, NOW)
    assert not handoff_of(arrived).delay_told
    assert notices(fail(arrived, DOWN, after=LONG))[1:] == [RULES.texts.get("delayed", "en")]


def test_delay_of_a_note_or_of_another_handoff_is_not_told() -> None:
    assert notices(fail(waiting(JobKind.NOTE), DOWN, after=LONG)) == []
    other = with_handoff(waiting(JobKind.SEND), id=HandoffId("ho-2"))
    assert notices(fail(other, DOWN, after=LONG)) == []
