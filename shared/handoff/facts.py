"""Which facts are news, and which handoff they are about."""

from __future__ import annotations

from datetime import datetime, timedelta

from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    ConversationOpened,
    Event,
    FileShared,
    Transferred,
)
from handoff.model import Contact, Handoff, Session
from handoff.vocabulary import HandoffId, JobKind

# Vendors repeat a webhook within a minute or so; later the same words are news.
RECURRENCE = timedelta(seconds=90)


def says_nothing(event: Event) -> bool:
    """Say whether an agent sent words that are none."""
    return isinstance(event, AgentReplied) and not event.text


def seen(session: Session, event: Event, now: datetime) -> bool:
    """Say whether this very fact was told before."""
    times = [record.at for record in session.events if record.id == event.id]
    return any(not event.recurs or now - at < RECURRENCE for at in times)


def freed_by(event: Event) -> str:
    """Return what has to happen before the very same words can be true once more."""
    if not event.recurs:
        return ""
    if isinstance(event, AgentJoined):
        return f"left {event.agent.id}"
    if isinstance(event, AgentLeft):
        return f"joined {event.agent_id}"
    return f"joined {event.by}" if isinstance(event, Transferred) and event.by else ""


def moves(before: Session, after: Session) -> set[str]:
    """Return who came and who went."""
    was, now = _there(before), _there(after)
    return {f"left {one}" for one in was - now} | {f"joined {one}" for one in now - was}


def _there(session: Session) -> set[str]:
    return {agent.id for agent in session.handoff.agents} if session.handoff else set()


def concerns(session: Session, handoff: Handoff, event: Event) -> bool:
    """Say whether the event is about this handoff, and not our own words coming back."""
    contact = session.contacts.get(handoff.provider)
    if event.handoff not in {None, handoff.id}:
        return False
    if isinstance(event, AgentReplied | FileShared) and is_echo(handoff.id, contact, event):
        return False
    if handoff.conversation is None:
        return _may_bind(session, handoff, contact, event)
    if event.conversation != handoff.conversation:
        return False
    return event.thread is None or _is_current_thread(handoff, contact, event)


def is_echo(handoff: HandoffId, contact: Contact | None, event: AgentReplied | FileShared) -> bool:
    """Say whether these are our own words coming back."""
    ours = event.client_id.startswith(handoff)
    return ours or (contact is not None and event.author == contact.ref)


def was_said_in(handoff: Handoff, event: Event) -> bool:
    """Say whether an event belongs to the conversation of a handoff, over or not."""
    if event.handoff not in {None, handoff.id} or event.conversation != handoff.conversation:
        return False
    return event.thread is None or event.thread == handoff.thread


def is_of_before(session: Session, handoff: Handoff, event: Event) -> bool:
    """Say whether an event belongs to a handoff before this one, which has no conversation yet."""
    contact = session.contacts.get(handoff.provider)
    if event.handoff == handoff.id or session.handoffs < 2:  # the first has none before it
        return False
    return event.handoff is not None or not _may_bind(session, handoff, contact, event)


def _may_bind(session: Session, handoff: Handoff, contact: Contact | None, event: Event) -> bool:
    """Say whether an event of a conversation that is not known yet can be about this handoff.

    Not while the opening of another is still to come out, and nothing that an earlier
    conversation or thread may have said late.
    """
    opener = next((job for job in session.outbox if job.kind is JobKind.OPEN), None)
    if opener is not None and opener.handoff != handoff.id:
        return False
    if contact is None:  # nothing but our own id tells this handoff from an earlier one
        return event.handoff == handoff.id
    old = contact.conversation == event.conversation and event.thread is None
    return not old and not contact.remembers(event.thread)


def _is_current_thread(handoff: Handoff, contact: Contact | None, event: Event) -> bool:
    if handoff.thread is not None and event.thread == handoff.thread:
        return True
    if contact is not None and contact.remembers(event.thread):
        return False
    return handoff.thread is None or isinstance(event, ConversationOpened)
