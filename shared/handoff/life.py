"""What happened to a handoff, told from what a commit changed; never with anybody's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from handoff.model import Handoff, Job, Session
from handoff.records import Happening
from handoff.vocabulary import HandoffId, JobKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a job: `outcome` is "done" or the kind of failure."""

    job: Job
    outcome: str
    milliseconds: int


def recorded(
    before: Session, after: Session, now: datetime, attempt: Attempt | None = None
) -> Session:
    """Return `after` with a line for everything that changed since `before`."""
    handoff = after.handoff
    if handoff is None:
        return after
    lines = [
        *_attempted(attempt, now),
        *_turns(before, after, handoff, now),
        *_events(before, after, handoff),
        *_jobs(before, after, attempt, now),
        *_deliveries(before, handoff, now),
        *_state(before, handoff, now),
    ]
    return replace(after, life=(*after.life, *lines)) if lines else after


def of(session: Session, handoff: HandoffId) -> tuple[Happening, ...]:
    """Return what is remembered of one handoff, in order."""
    return tuple(one for one in session.life if one.handoff == handoff)


def _attempted(attempt: Attempt | None, now: datetime) -> Iterator[Happening]:
    if attempt is not None:
        job = attempt.job
        yield Happening(
            at=now,
            handoff=job.handoff,
            what="attempt",
            name=job.kind.value,
            number=job.id,
            outcome=attempt.outcome,
            milliseconds=attempt.milliseconds,
        )


def _turns(before: Session, after: Session, handoff: Handoff, now: datetime) -> Iterator[Happening]:
    """Tell of turns while a person is in them, and of the one that was told of the end."""
    known = {record.id for record in before.turns}
    for record in after.turns:
        in_human_hands = before.open_handoff or after.open_handoff
        if record.id not in known and (in_human_hands or handoff.end_told_in == record.utterance):
            yield Happening(at=now, handoff=handoff.id, what="turn", name=record.utterance)


def _events(before: Session, after: Session, handoff: Handoff) -> Iterator[Happening]:
    known = {(record.id, record.at) for record in before.events}
    for record in after.events:
        if (record.id, record.at) not in known:
            yield Happening(at=record.at, handoff=handoff.id, what="event", name=record.kind)


def _jobs(
    before: Session, after: Session, attempt: Attempt | None, now: datetime
) -> Iterator[Happening]:
    """Tell of jobs that came, and of those that went without being done."""
    for job in after.outbox:
        if job.id > before.last_job:
            yield _job(job, now, "job")
    lost = {one.job.id: one.reason for one in after.undelivered}
    waiting = {job.id for job in after.outbox}
    for letter in after.undelivered:
        yield _job(letter.job, now, "lost", letter.reason)
    for job in before.outbox:
        tried = attempt is not None and attempt.job.id == job.id
        if job.id not in waiting and job.id not in lost and not tried:
            yield _job(job, now, "lost", "not_needed")


def _job(job: Job, now: datetime, what: str, outcome: str = "") -> Happening:
    name = job.kind.value if job.kind is not JobKind.DELIVER else "agent's message"
    return Happening(
        at=now, handoff=job.handoff, what=what, name=name, number=job.id, outcome=outcome
    )


def _deliveries(before: Session, handoff: Handoff, now: datetime) -> Iterator[Happening]:
    """Tell what is there for the customer, and up to where it was fetched."""
    same = before.handoff if before.handoff and before.handoff.id == handoff.id else None
    last, answered = (same.last_delivery, same.answered) if same else (0, 0)
    for one in handoff.deliveries:
        if one.id > last and one.kind.is_shown:
            yield Happening(
                at=one.at, handoff=handoff.id, what="delivery", name=one.kind.value, number=one.id
            )
    if handoff.answered > answered:
        yield Happening(at=now, handoff=handoff.id, what="told", number=handoff.answered)
    seen, given = (one.page.seen if one and one.page else 0 for one in (same, handoff))
    if given > seen:
        yield Happening(at=now, handoff=handoff.id, what="told", name="page", number=given)


def _state(before: Session, handoff: Handoff, now: datetime) -> Iterator[Happening]:
    was = before.handoff
    if was is None or (was.id, was.state) != (handoff.id, handoff.state):
        reason = handoff.reason.value if handoff.reason else ""
        yield Happening(
            at=now, handoff=handoff.id, what="state", name=handoff.state.value, outcome=reason
        )
