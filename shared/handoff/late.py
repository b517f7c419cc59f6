"""What an agent said that no open handoff takes: told late, or to nobody.

Webhooks come out of order, so the end can be told before the last words. Those are the customer's
all the same. Words for a handoff that another has followed have nowhere to go: a dead letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handoff import facts, reading
from handoff.effects import Teller, deliverable
from handoff.events import AgentReplied, Event, FileShared
from handoff.model import Handoff, Job, Message, Session, Undelivered
from handoff.records import EventRecord
from handoff.vocabulary import DeliveryKind, HandoffId, JobKind, Participant, ProviderId

NO_HANDOFF = "no_handoff"


def heard(session: Session, event: Event, teller: Teller, now: datetime) -> Session:
    """Return the session after words that move nothing; the very same object for anything else."""
    handoff = session.handoff
    if not isinstance(event, AgentReplied | FileShared) or facts.says_nothing(event):
        return session
    if handoff is None:
        return session
    if handoff.conversation is None and not facts.is_of_before(session, handoff, event):
        return session  # whose they are is not known yet: who opens the conversation looks
    known = _noted(session, handoff.provider, handoff.id, event, now)
    if known is None:
        return session
    if not facts.was_said_in(handoff, event):
        before = event.handoff or handoff.id
        return _buried(known, event, (handoff.provider, before, _name(handoff, event)), now)
    if handoff.state.is_open or reading.was_read(handoff, event):
        return session
    return _delivered(known, handoff, event, teller)


def found(session: Session, job: Job, events: Sequence[Event], now: datetime) -> Session:
    """Return the session after a look into the conversation of a handoff before: all is buried."""
    for event in events:
        if not isinstance(event, AgentReplied | FileShared) or facts.says_nothing(event):
            continue
        known = _noted(session, job.provider, job.handoff, event, now)
        author = event.author_name if isinstance(event, AgentReplied) else ""
        if known is not None:
            session = _buried(known, event, (job.provider, job.handoff, author), now)
    return session


def _noted(
    session: Session,
    provider: ProviderId,
    handoff: HandoffId,
    event: AgentReplied | FileShared,
    now: datetime,
) -> Session | None:
    """Return the session that knows of the words; None where they are old, or our own."""
    contact = session.contacts.get(provider)
    if facts.seen(session, event, now) or facts.is_echo(handoff, contact, event):
        return None
    record = EventRecord(id=event.id, at=now, kind=type(event).__name__)
    return replace(session, events=(*session.events, record))


def _delivered(
    session: Session, handoff: Handoff, event: AgentReplied | FileShared, teller: Teller
) -> Session:
    name = _name(handoff, event)
    if isinstance(event, FileShared):
        told = teller.file(handoff, event, name)
        return replace(session, handoff=told)
    for part in deliverable(event.text):
        handoff = teller.deliver(handoff, DeliveryKind.MESSAGE, text=part, agent=name)
    words = Message(author=Participant.AGENT, text=event.text, name=name)
    return replace(session, handoff=handoff).saying(words)


def _buried(
    session: Session,
    event: AgentReplied | FileShared,
    whose: tuple[ProviderId, HandoffId, str],
    now: datetime,
) -> Session:
    """Return the session that gives the words up; they can be sent after the customer later.

    `whose` are provider, handoff and the author's name.
    """
    provider, handoff, author = whose
    said = event.text if isinstance(event, AgentReplied) else f"{event.name} {event.url}".strip()
    job = Job(
        id=session.last_job + 1,
        kind=JobKind.DELIVER,
        handoff=handoff,
        provider=provider,
        created_at=now,
        due_at=now,
        text=said,
        conversation=event.conversation,
        thread=event.thread,
        author=author,
    )
    letter = Undelivered(job=job, reason=NO_HANDOFF, at=now)
    return replace(session, last_job=job.id, undelivered=(*session.undelivered, letter))


def _name(handoff: Handoff, event: AgentReplied | FileShared) -> str:
    named = event.author_name if isinstance(event, AgentReplied) else ""
    return named or handoff.speaker
