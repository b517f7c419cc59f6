"""What becomes of a job that failed: tried again later, or given up and told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from handoff import jobs, lifecycle, outbox
from handoff.errors import (
    ContactLost,
    ConversationGone,
    NobodyThere,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from handoff.events import ConversationClosed
from handoff.lifecycle import GivenUp, OpeningRefused
from handoff.model import Job, Session, Undelivered
from handoff.rules import Rules
from handoff.vocabulary import JobKind, Presence, Reason

# The code of a refusal of ours: nobody could say whether somebody is there.
UNANSWERED = "unanswered"

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)

# A vendor may act on a request long after we stopped waiting for its answer. Until then who does
# not find what was asked for does not ask again.
SETTLES: Mapping[JobKind, timedelta] = {
    JobKind.OPEN: timedelta(seconds=30),
    JobKind.NOTE: timedelta(seconds=10),
    JobKind.SEND: timedelta(seconds=10),
}

# When something will not be done before this long, the customer hears of it.
LONG = timedelta(seconds=10)
DELAYS: Mapping[JobKind, str] = {
    JobKind.IDENTIFY: "connecting_delayed",
    JobKind.OPEN: "connecting_delayed",
    JobKind.SEND: "delayed",
}

OPENERS = (JobKind.IDENTIFY, JobKind.OPEN)

# A job whose every attempt kills the process would be tried for ever: nobody writes down a failure.
LEAST_ATTEMPTS, MOST_ATTEMPTS = 3, 25
WORN = "worn"

# How long it is worth trying: a customer waits for an opening, a message can come late.
PATIENCE: Mapping[JobKind, timedelta] = {
    JobKind.IDENTIFY: timedelta(minutes=2),
    JobKind.OPEN: timedelta(minutes=2),
    JobKind.LOOK: timedelta(minutes=1),
    JobKind.NOTE: timedelta(minutes=1),
    JobKind.CONFIRM: timedelta(minutes=5),
    JobKind.SEND: timedelta(minutes=10),
    JobKind.PRESENCE: timedelta(0),  # by the next attempt it may be untrue
    JobKind.CLOSE: timedelta(minutes=2),
}


def failed(
    session: Session, job: Job, error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """Return the session after a job failed: tried again later, or given up and told."""
    current = jobs.current(session, job)
    if current is None:
        return session
    found = outbox.already_opened(session, current)
    if found is not None:  # a webhook told of it; what was said before that has to be looked up
        return outbox.done(session, replace(current, uncertain=True), found, rules, now)
    tried = _tried(current, error, now)
    again = _next_attempt(tried, error, now)
    if isinstance(error, Rejected) or is_worn(tried) or _is_too_late(tried, again, now):
        return GIVING_UP[tried.kind](session, tried, error, rules, now)
    waiting = replace(session, outbox=_swapped(session, replace(tried, due_at=again)))
    return _told_of_delay(waiting, tried, again, rules, now)


def is_worn(job: Job) -> bool:
    """Say whether a job was tried as often as is worth it."""
    return job.attempts >= MOST_ATTEMPTS


def _is_too_late(job: Job, again: datetime, now: datetime) -> bool:
    """Say whether the next attempt is no longer worth it.

    Who could not even try for a while, because nothing of ours ran, begins to count anew.
    """
    since = job.created_at if job.attempts >= LEAST_ATTEMPTS else now
    return again - since > PATIENCE[job.kind]


def is_settled(job: Job, now: datetime) -> bool:
    """Say whether what a doubtful attempt did is there by now, or never will be."""
    return job.tried_at is None or now >= job.tried_at + SETTLES.get(job.kind, timedelta())


def _tried(job: Job, error: ProviderError, now: datetime) -> Job:
    """Return the job with one more attempt; one that only looked makes no new doubt."""
    doubtful = isinstance(error, Unavailable) and not error.certain
    tried = replace(job, attempts=job.attempts + 1, uncertain=job.uncertain or doubtful)
    # An answer, or a line that was cut, is the end of a call; a list may show it only later.
    lasts = isinstance(error, Unavailable) and (error.pending or job.kind is JobKind.OPEN)
    did_it = not job.uncertain or is_settled(job, now)
    return replace(tried, tried_at=now) if doubtful and lasts and did_it else tried


def _next_attempt(job: Job, error: ProviderError, now: datetime) -> datetime:
    """Return when to try again; as soon as a doubt can be settled, it is."""
    again = now + _pause(job, error)
    if job.tried_at is None or is_settled(job, now) or isinstance(error, Throttled):
        return again
    return min(again, job.tried_at + SETTLES.get(job.kind, timedelta()))


def _pause(job: Job, error: ProviderError) -> timedelta:
    """Return how long to wait: longer each time, never two alike, as long as the vendor asks."""
    growing = min(FIRST_PAUSE * 2 ** min(job.attempts - 1, 10), LONGEST_PAUSE)
    seed = hashlib.sha256(f"{job.handoff} {job.id} {job.attempts}".encode()).digest()
    jittered = timedelta(seconds=growing.total_seconds() * (0.75 + seed[0] / 512))
    asked = error.retry_after if isinstance(error, Throttled) else None
    return max(jittered, timedelta(seconds=min(asked or 0, 3600)))


def _told_of_delay(
    session: Session, job: Job, again: datetime, rules: Rules, now: datetime
) -> Session:
    """Tell the customer once that something will take long, and how they stand meanwhile."""
    handoff, notice = session.open_handoff, DELAYS.get(job.kind)
    if notice is None or handoff is None or handoff.id != job.handoff or handoff.delay_told:
        return session
    if again - job.created_at < LONG:
        return session
    told = lifecycle.teller(session, rules, now).notice(handoff, notice)
    connecting = told.connecting_told or job.kind in OPENERS
    return replace(session, handoff=replace(told, delay_told=True, connecting_told=connecting))


def _no_opening(
    session: Session, job: Job, error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """End the handoff, or begin again when the provider forgot the customer."""
    if isinstance(error, ContactLost) and job.kind is JobKind.OPEN and not job.renewed:
        return _identified_anew(session, job, now)
    if job.uncertain:  # a conversation may stand open at the desk: somebody has to know
        session = _noted(session, job, error, now)
    handoff = session.open_handoff
    if handoff is None or handoff.id != job.handoff:
        return outbox.dropped(session, job.handoff, now)
    if isinstance(error, NobodyThere) and error.code != UNANSWERED:
        nobody = replace(handoff, available=Presence.NO)
        session = replace(session, handoff=nobody)
    reason = Reason.UNAVAILABLE if isinstance(error, NobodyThere) else Reason.PROVIDER_ERROR
    # "failed" promises that nothing was opened; without that certainty it ends like any other.
    cause = GivenUp if job.uncertain else OpeningRefused
    return outbox.dropped(lifecycle.end(session, cause, reason, rules, now), job.handoff, now)


def _identified_anew(session: Session, job: Job, now: datetime) -> Session:
    contacts = {name: one for name, one in session.contacts.items() if name != job.provider}
    identify = replace(job, id=session.last_job + 1, kind=JobKind.IDENTIFY, attempts=0, due_at=now)
    outbox = (identify, *_swapped(session, replace(job, due_at=now, renewed=True)))
    return replace(session, contacts=contacts, outbox=outbox, last_job=identify.id)


def _unsent(
    session: Session, job: Job, error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """Keep the message as a dead letter, and tell the customer the truth about it."""
    buried = _buried(session, job, error, rules, now)
    handoff = buried.handoff
    if handoff is None or handoff.id != job.handoff:
        return buried
    gone = isinstance(error, ConversationGone | ContactLost)
    notice = "undelivered" if handoff.state.is_open and not gone else "undelivered_ended"
    told = lifecycle.teller(buried, rules, now).notice(handoff, notice)
    buried = replace(buried, handoff=told)
    if not gone:
        return buried
    forgotten = isinstance(error, ContactLost)
    reason = Reason.PROVIDER_ERROR if forgotten else Reason.AGENT_CLOSED
    ended = lifecycle.end(buried, ConversationClosed, reason, rules, now)
    return outbox.dropped(ended, job.handoff, now)


def _buried(
    session: Session, job: Job, error: ProviderError, _rules: Rules, now: datetime
) -> Session:
    """Return the session without the job, which becomes a dead letter."""
    return _noted(jobs.without(session, job), job, error, now)


def _noted(session: Session, job: Job, error: ProviderError, now: datetime) -> Session:
    letter = Undelivered(job=job, reason=type(error).__name__, at=now)
    return replace(session, undelivered=(*session.undelivered, letter))


def _given_up(
    session: Session, job: Job, _error: ProviderError, _rules: Rules, _now: datetime
) -> Session:
    return jobs.without(session, job)


def _unconfirmed(
    session: Session, job: Job, _error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """Take the last agent's leaving for the end: nobody came in all that time."""
    rest = jobs.without(session, job)
    handoff = rest.open_handoff
    if handoff is None or handoff.id != job.handoff:
        return rest
    ended = lifecycle.end(rest, ConversationClosed, Reason.AGENT_CLOSED, rules, now)
    return outbox.finished(ended, job, rules, now)


def _swapped(session: Session, job: Job) -> tuple[Job, ...]:
    return tuple(job if one.id == job.id else one for one in session.outbox)


GIVING_UP: Mapping[JobKind, Callable[[Session, Job, ProviderError, Rules, datetime], Session]] = {
    JobKind.IDENTIFY: _no_opening,
    JobKind.OPEN: _no_opening,
    JobKind.LOOK: _given_up,
    JobKind.NOTE: _buried,
    JobKind.CONFIRM: _unconfirmed,
    JobKind.SEND: _unsent,
    JobKind.PRESENCE: _given_up,
    JobKind.CLOSE: _buried,
}
