"""What has to be said to a provider: queued in order, done by one at a time, tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from handoff import lifecycle
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
from handoff.model import (
    Contact,
    Handoff,
    HandoffId,
    Job,
    JobKind,
    Lease,
    Presence,
    Reason,
    Session,
    Undelivered,
)
from handoff.providers.base import Availability, Identity, Opened
from handoff.rules import Rules

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)

# How long it is worth trying: a customer waits for an opening, a message can come late.
PATIENCE: Mapping[JobKind, timedelta] = {
    JobKind.IDENTIFY: timedelta(minutes=2),
    JobKind.OPEN: timedelta(minutes=2),
    JobKind.NOTE: timedelta(minutes=10),
    JobKind.SEND: timedelta(minutes=10),
    JobKind.CLOSE: timedelta(minutes=10),
}


def add(
    session: Session, kind: JobKind, handoff: Handoff, now: datetime, text: str = ""
) -> Session:
    """Return the session with one more job at the end of its outbox."""
    job = Job(
        id=session.last_job + 1,
        kind=kind,
        handoff=handoff.id,
        provider=handoff.provider,
        created_at=now,
        due_at=now,
        text=text,
        conversation=handoff.conversation,
        thread=handoff.thread,
    )
    return replace(session, outbox=(*session.outbox, job), last_job=job.id)


def next_due(session: Session, now: datetime) -> Job | None:
    """Return the job to do now. Only the first one can be: order is a promise."""
    head = session.outbox[0] if session.outbox else None
    return head if head is not None and head.due_at <= now else None


def claim(session: Session, owner: str, until: datetime, now: datetime) -> Session | None:
    """Return the session with its lease in `owner`'s hands, or None when somebody else holds it.

    A lease that ran out was held by someone who died: what they were doing may have been done.
    """
    lease = session.lease
    if lease is not None and lease.owner != owner and lease.until > now:
        return None
    mine = Lease(owner=owner, until=until)
    if lease is None or lease.owner == owner or not session.outbox:
        return replace(session, lease=mine)
    doubtful = replace(session.outbox[0], uncertain=True)
    return replace(session, lease=mine, outbox=(doubtful, *session.outbox[1:]))


def holds(session: Session, owner: str) -> bool:
    """Say whether the lease is in `owner`'s hands."""
    return session.lease is not None and session.lease.owner == owner


def release(session: Session, owner: str) -> Session:
    """Return the session with the lease given back, if `owner` still has it."""
    return replace(session, lease=None) if holds(session, owner) else session


def done(session: Session, job: Job, result: object, rules: Rules, now: datetime) -> Session:
    """Return the session after a job was done; unchanged when it was already settled."""
    if _current(session, job) is None:
        return session
    rest = _without(session, job)
    if isinstance(result, Identity):
        contacts = {**rest.contacts, job.provider: Contact(ref=result.ref)}
        return replace(rest, contacts=contacts)
    return _opened(rest, job, result, rules, now) if isinstance(result, Opened) else rest


def failed(
    session: Session, job: Job, error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """Return the session after a job failed: tried again later, or given up and told."""
    current = _current(session, job)
    if current is None:
        return session
    found = already_opened(session, current)
    if found is not None:
        return done(session, current, found, rules, now)
    doubtful = current.uncertain or (isinstance(error, Unavailable) and not error.certain)
    tried = replace(current, attempts=current.attempts + 1, uncertain=doubtful)
    again = now + _pause(tried, error)
    if isinstance(error, Rejected) or again - tried.created_at > PATIENCE[tried.kind]:
        return GIVING_UP[tried.kind](session, tried, error, rules, now)
    return replace(session, outbox=_swapped(session, replace(tried, due_at=again)))


def asked(session: Session, job: Job, answer: Availability) -> Session:
    """Return the session that knows who is there, and where its handoff goes from now on."""
    handoff = session.handoff
    if handoff is None or handoff.id != job.handoff:
        return session
    known = replace(handoff, target=answer.target, available=answer.presence)
    return replace(session, handoff=known)


def already_opened(session: Session, job: Job) -> Opened | None:
    """Return the conversation that a webhook told us of before the opening's own answer came."""
    handoff = session.open_handoff
    if job.kind is not JobKind.OPEN or handoff is None or handoff.id != job.handoff:
        return None
    if handoff.conversation is None:
        return None
    return Opened(conversation=handoff.conversation, thread=handoff.thread)


def is_moot(session: Session, job: Job) -> bool:
    """Say whether a job would only bring a conversation that the customer has already left."""
    if job.kind not in {JobKind.IDENTIFY, JobKind.OPEN} or job.uncertain or job.attempts:
        return False
    handoff = session.open_handoff
    return handoff is None or handoff.id != job.handoff


def drop_moot(session: Session, job: Job, now: datetime) -> Session:
    """Return the session without anything more to do for the handoff of a moot job."""
    return _dropped(session, job.handoff, now)


def without_audience(session: Session, now: datetime) -> Session:
    """Return the session without messages for a conversation that the provider ended.

    A job that somebody is doing right now stays: its outcome will tell.
    """
    over = session.handoff
    if over is None or over.state.is_open or over.reason is Reason.CUSTOMER_LEFT:
        return session
    busy = session.lease is not None and session.lease.until > now
    return _dropped(session, over.id, now, keep=1 if busy else 0)


def _dropped(session: Session, handoff: HandoffId, now: datetime, *, keep: int = 0) -> Session:
    """Return the session without the jobs of a handoff; lost messages become dead letters."""
    lost = [job for job in session.outbox[keep:] if job.handoff == handoff]
    letters = tuple(
        Undelivered(job=job, reason="conversation_closed", at=now)
        for job in lost
        if job.kind is JobKind.SEND
    )
    remaining = tuple(job for job in session.outbox if job not in lost)
    return replace(session, outbox=remaining, undelivered=(*session.undelivered, *letters))


def _opened(session: Session, job: Job, found: Opened, rules: Rules, now: datetime) -> Session:
    """Bind the conversation, also to jobs that waited for it, and hear what was said in it."""
    bound = replace(session, outbox=tuple(_addressed(one, job, found) for one in session.outbox))
    handoff = bound.handoff
    if handoff is None or handoff.id != job.handoff:
        return bound
    known = replace(handoff, conversation=found.conversation, thread=found.thread or handoff.thread)
    bound = replace(bound, handoff=known)
    for event in found.events:
        bound = lifecycle.apply(bound, event, rules, now)
    return bound if known.state.is_open else lifecycle.remembering(bound)


def _addressed(job: Job, opening: Job, found: Opened) -> Job:
    """Return the job with the conversation it waited for."""
    if job.handoff != opening.handoff:
        return job
    return replace(job, conversation=found.conversation, thread=found.thread)


def _pause(job: Job, error: ProviderError) -> timedelta:
    """Return how long to wait: longer each time, never two alike, as long as the vendor asks."""
    growing = min(FIRST_PAUSE * 2 ** min(job.attempts - 1, 10), LONGEST_PAUSE)
    seed = hashlib.sha256(f"{job.handoff} {job.id} {job.attempts}".encode()).digest()
    jittered = timedelta(seconds=growing.total_seconds() * (0.75 + seed[0] / 512))
    asked = error.retry_after if isinstance(error, Throttled) else None
    return max(jittered, timedelta(seconds=min(asked or 0, 3600)))


def _current(session: Session, job: Job) -> Job | None:
    """Return the job as it stands now, or None when it was settled meanwhile."""
    return next((one for one in session.outbox if one.id == job.id), None)


def _without(session: Session, job: Job) -> Session:
    return replace(session, outbox=tuple(one for one in session.outbox if one.id != job.id))


def _swapped(session: Session, job: Job) -> tuple[Job, ...]:
    return tuple(job if one.id == job.id else one for one in session.outbox)


def _no_opening(
    session: Session, job: Job, error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """End the handoff, or begin again when the provider forgot the customer."""
    if isinstance(error, ContactLost) and job.attempts == 1:
        return _identified_anew(session, job, now)
    handoff = session.open_handoff
    if handoff is None or handoff.id != job.handoff:
        return _dropped(session, job.handoff, now)
    if isinstance(error, NobodyThere):
        nobody = replace(handoff, available=Presence.NO)
        session = replace(session, handoff=nobody)
    reason = Reason.UNAVAILABLE if isinstance(error, NobodyThere) else Reason.PROVIDER_ERROR
    # "failed" promises that nothing was opened; without that certainty it ends like any other.
    cause = GivenUp if job.uncertain else OpeningRefused
    return _dropped(lifecycle.end(session, cause, reason, rules, now), job.handoff, now)


def _identified_anew(session: Session, job: Job, now: datetime) -> Session:
    contacts = {name: one for name, one in session.contacts.items() if name != job.provider}
    identify = replace(job, id=session.last_job + 1, kind=JobKind.IDENTIFY, attempts=0, due_at=now)
    outbox = (identify, *_swapped(session, replace(job, due_at=now)))
    return replace(session, contacts=contacts, outbox=outbox, last_job=identify.id)


def _unsent(
    session: Session, job: Job, error: ProviderError, rules: Rules, now: datetime
) -> Session:
    """Keep the message as a dead letter, and tell the customer the truth about it."""
    buried = _buried(session, job, error, rules, now)
    handoff = buried.handoff
    if handoff is None or handoff.id != job.handoff:
        return buried
    gone = isinstance(error, ConversationGone)
    notice = "undelivered" if handoff.state.is_open and not gone else "undelivered_ended"
    told = lifecycle.teller(buried, rules, now).notice(handoff, notice)
    buried = replace(buried, handoff=told)
    if not gone:
        return buried
    ended = lifecycle.end(buried, ConversationClosed, Reason.AGENT_CLOSED, rules, now)
    return _dropped(ended, job.handoff, now)


def _buried(
    session: Session, job: Job, error: ProviderError, _rules: Rules, now: datetime
) -> Session:
    """Return the session without the job, which becomes a dead letter."""
    letter = Undelivered(job=job, reason=type(error).__name__, at=now)
    rest = _without(session, job)
    return replace(rest, undelivered=(*rest.undelivered, letter))


GIVING_UP: Mapping[JobKind, Callable[[Session, Job, ProviderError, Rules, datetime], Session]] = {
    JobKind.IDENTIFY: _no_opening,
    JobKind.OPEN: _no_opening,
    JobKind.NOTE: _buried,
    JobKind.SEND: _unsent,
    JobKind.CLOSE: _buried,
}
