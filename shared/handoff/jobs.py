"""Jobs in the outbox: how they come in, in which place, and how they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handoff.model import Handoff, Job, Session
from handoff.vocabulary import JobKind, Participant


def add(
    session: Session,
    kind: JobKind,
    handoff: Handoff,
    now: datetime,
    *,
    text: str = "",
    utterance: str = "",
) -> Session:
    """Return the session with one more job at the end of its outbox."""
    job = replace(_made(session, kind, handoff, now), text=text, utterance=utterance)
    return replace(session, outbox=(*session.outbox, job), last_job=job.id)


def add_first(
    session: Session, kind: JobKind, handoff: Handoff, now: datetime, *, due_at: datetime
) -> Session:
    """Return the session with a job that all others wait for.

    Only what somebody may be doing at this moment stays before it: the first job under a lease.
    """
    job = replace(_made(session, kind, handoff, now), due_at=due_at)
    place = 0 if session.lease is None else 1
    outbox = (*session.outbox[:place], job, *session.outbox[place:])
    return replace(session, outbox=outbox, last_job=job.id)


def of_kind(session: Session, kind: JobKind, handoff: Handoff) -> Job | None:
    """Return the handoff's first job of that kind, or None."""
    same = (one for one in session.outbox if one.kind is kind and one.handoff == handoff.id)
    return next(same, None)


def current(session: Session, job: Job) -> Job | None:
    """Return the job as it stands now, or None when it was settled meanwhile."""
    return next((one for one in session.outbox if one.id == job.id), None)


def without(session: Session, *jobs: Job) -> Session:
    """Return the session without these jobs."""
    gone = {job.id for job in jobs}
    return replace(session, outbox=tuple(one for one in session.outbox if one.id not in gone))


def with_marked_losses(session: Session) -> Session:
    """Return the session whose transcript knows which lines were given up just now."""
    lost = {one.job.utterance for one in session.undelivered if one.job.utterance}
    if not lost:
        return session
    customers = Participant.CUSTOMER
    lines = tuple(
        replace(one, lost=True) if one.author is customers and one.utterance in lost else one
        for one in session.transcript
    )
    return replace(session, transcript=lines)


def _made(session: Session, kind: JobKind, handoff: Handoff, now: datetime) -> Job:
    return Job(
        id=session.last_job + 1,
        kind=kind,
        handoff=handoff.id,
        provider=handoff.provider,
        created_at=now,
        due_at=now,
        conversation=handoff.conversation,
        thread=handoff.thread,
    )
