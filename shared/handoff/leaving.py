"""Whether the last agent's leaving was the end, where no webhook tells the end.

The vendor is asked after a grace period. Until then the customer's words wait behind that
question: said too late they would call a new agent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from handoff import jobs
from handoff.effects import Teller, has_left, is_before
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    WentIdle,
)
from handoff.model import Handoff, Job, Session, Undelivered
from handoff.records import EventRecord
from handoff.rules import Rules
from handoff.vocabulary import JobKind

IS_THERE = (AgentJoined, AgentReplied, FileShared)
IS_SOUGHT = (Queued, Transferred)


def considered(session: Session, event: Event, rules: Rules, now: datetime) -> Session:
    """Return the session that will ask whether this was the end, or need not ask any more."""
    handoff = _without_told_end(session, rules)
    if handoff is None:
        return session
    if isinstance(event, AgentLeft | WentIdle):
        return _asking(session, handoff, event, rules, now)
    comes = isinstance(event, IS_THERE) and not has_left(handoff, _who(event), event.at)
    sought = isinstance(event, IS_SOUGHT) and not _is_old(handoff, event, rules.leave_grace)
    return without_question(session) if comes or sought else session


def asked_first(session: Session, rules: Rules, now: datetime) -> Session:
    """Return the session that looks before the customer speaks where somebody was and is not.

    The end may have come without a word: a conversation that goes idle later, a webhook lost.
    """
    handoff = _without_told_end(session, rules)
    if handoff is None or handoff.conversation is None or question(session) is not None:
        return session
    was_there = handoff.departed or handoff.moving
    waiting = any(one.kind is JobKind.SEND for one in session.outbox)
    if handoff.agents or not was_there or waiting:
        return session
    return jobs.add_first(session, JobKind.CONFIRM, handoff, now, due_at=now)


def without_orphan(session: Session, event: Event, now: datetime) -> Session:
    """Return the session that leaves a second conversation of the same handoff.

    An opening whose answer was lost may come about long after another was made in its place.
    """
    handoff = session.handoff
    if not isinstance(event, ConversationOpened) or handoff is None:
        return session
    if event.handoff != handoff.id or handoff.conversation in {None, event.conversation}:
        return session
    told_before = any(record.id == event.id for record in session.events)
    leaves = any(one.conversation == event.conversation for one in session.outbox)
    if told_before or leaves:
        return session
    orphan = replace(handoff, conversation=event.conversation, thread=event.thread)
    record = EventRecord(id=event.id, at=now)
    closing = jobs.add(session, JobKind.CLOSE, orphan, now)
    return replace(closing, events=(*closing.events, record))


def question(session: Session) -> Job | None:
    """Return the job that asks whether it is the end, while the answer is open."""
    handoff = session.open_handoff
    return jobs.of_kind(session, JobKind.CONFIRM, handoff) if handoff else None


def without_question(session: Session) -> Session:
    """Return the session whose customer's words go on to the desk."""
    asking = question(session)
    return jobs.without(session, asking) if asking else session


def left_behind(session: Session, now: datetime) -> Session:
    """Return the session of a customer who leaves meanwhile, without what waits to be said."""
    asking = question(session)
    return _given_up(session, now, asking, *_late(session, asking)) if asking else session


def given_to_bot(session: Session, asked: Job, teller: Teller) -> Session:
    """Return the session, over now, without what the customer said after the last agent left.

    What is being answered is the bot's. Who was answered with silence is told, and their words are
    kept as dead letters.
    """
    late, handoff = _late(session, asked), session.handoff
    unanswered = {one.utterance for one in session.turns if one.reply is None}
    lost = [job for job in late if job.utterance not in unanswered]
    rest = _given_up(jobs.without(session, *late), teller.now, *lost)
    if handoff is None or not lost:
        return rest
    return replace(rest, handoff=teller.notice(handoff, "undelivered_ended"))


def _given_up(session: Session, now: datetime, *lost: Job) -> Session:
    """Return the session without these jobs; messages among them become dead letters."""
    letters = tuple(
        Undelivered(job=job, reason="conversation_closed", at=now)
        for job in lost
        if job.kind is JobKind.SEND
    )
    rest = jobs.without(session, *lost)
    return replace(rest, undelivered=(*rest.undelivered, *letters))


def _late(session: Session, asked: Job) -> list[Job]:
    """Return the messages that were written after the question came up."""
    same = [one for one in session.outbox if one.handoff == asked.handoff and one.id > asked.id]
    return [one for one in same if one.kind is JobKind.SEND]


def _asking(
    session: Session, handoff: Handoff, event: Event, rules: Rules, now: datetime
) -> Session:
    goes_on = isinstance(event, AgentLeft) and (handoff.agents or handoff.moving)
    if goes_on or is_before(event.at, handoff.came_at) or question(session) is not None:
        return session
    due_at = now + rules.leave_grace
    return jobs.add_first(session, JobKind.CONFIRM, handoff, now, due_at=due_at)


def _without_told_end(session: Session, rules: Rules) -> Handoff | None:
    """Return the open handoff, if its vendor is one that tells no end."""
    handoff = session.open_handoff
    provider = handoff.provider if handoff else None
    abilities = rules.providers.get(provider) if provider else None
    return handoff if abilities is not None and abilities.leaving_ends else None


def _is_old(handoff: Handoff, event: Event, grace: timedelta) -> bool:
    """Say whether somebody was looked for before the last leaving, which is only told late.

    A transfer comes just before the leaving that it explains, and before no rest.
    """
    passed_on = grace if isinstance(event, Transferred) else timedelta()
    since_left = handoff.left_at - passed_on if handoff.left_at else None
    return is_before(event.at, handoff.idle_at) or is_before(event.at, since_left)


def _who(event: AgentJoined | AgentReplied | FileShared) -> str:
    return event.agent.id if isinstance(event, AgentJoined) else event.author
