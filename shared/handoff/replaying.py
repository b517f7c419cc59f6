"""Dead letters that are sent once more, when somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from handoff import jobs, lifecycle
from handoff.errors import CannotReplay
from handoff.model import Handoff, Job, Session
from handoff.rules import Rules
from handoff.store import DeadLetter
from handoff.vocabulary import DeliveryKind, JobKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of it: `sent`, `queued` for another attempt, or `refused` with the reason."""

    outcome: str
    reason: str = ""


def outcome(queued: Session, after: Session, letter: DeadLetter) -> Replayed:
    """Return what came of a letter between the commit that queued it and the session now."""
    if letter.job.kind is JobKind.DELIVER:
        return Replayed(outcome="sent")
    job = queued.outbox[-1]
    lost = _losses(after, job)
    if len(lost) > len(_losses(queued, job)):
        return Replayed(outcome="refused", reason=lost[-1])
    waits = jobs.current(after, job) is not None
    return Replayed(outcome="queued" if waits else "sent")


def _losses(session: Session, job: Job) -> list[str]:
    """Return why a job was given up, each time that it was."""
    lines = (one for one in session.life if (one.number, one.handoff) == (job.id, job.handoff))
    return [one.outcome for one in lines if one.what == "lost"]


def replayed(session: Session, letter: DeadLetter, rules: Rules, now: datetime) -> Session:
    """Return the session in which a dead letter is on its way again; raises CannotReplay."""
    handoff = session.handoff
    if handoff is None:
        raise CannotReplay(f"session {session.key} has no handoff any more")
    if letter.job.kind is JobKind.DELIVER:
        return _delivered(session, handoff, letter.job, rules, now)
    return _queued(session, handoff, letter.job, now)


def _delivered(
    session: Session, handoff: Handoff, job: Job, rules: Rules, now: datetime
) -> Session:
    """Put an agent's words among what the customer sees next, person or bot."""
    told = lifecycle.teller(session, rules, now).deliver(
        handoff, DeliveryKind.MESSAGE, text=job.text, agent=job.author
    )
    return replace(session, handoff=told)


def _queued(session: Session, handoff: Handoff, job: Job, now: datetime) -> Session:
    """Put a job at the end of the outbox again; a customer's words go to who is there now.

    In the same handoff it stays the same job: a desk that took it before takes it once.
    """
    if any(one.id == job.id and one.handoff == job.handoff for one in session.outbox):
        raise CannotReplay(f"job {job.id} of {job.handoff} is on its way already")
    anew = replace(job, attempts=0, created_at=now, due_at=now)
    if handoff.id == job.handoff and (handoff.state.is_open or job.kind is JobKind.CLOSE):
        return replace(session, outbox=(*session.outbox, anew))
    if job.kind is not JobKind.SEND or not handoff.state.is_open:
        raise CannotReplay(f"{job.handoff} is over, and so is its conversation at the desk")
    here = replace(
        anew,
        id=session.last_job + 1,
        handoff=handoff.id,
        provider=handoff.provider,
        conversation=handoff.conversation,
        thread=handoff.thread,
        uncertain=False,
    )
    return replace(session, outbox=(*session.outbox, here), last_job=here.id)
