"""The life of a handoff: the transition table, and which facts may move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handoff import leaving, reading
from handoff.effects import EFFECTS, Teller
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Closer,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    WentIdle,
)
from handoff.model import Contact, EventRecord, Handoff, Message, Session
from handoff.rules import Rules
from handoff.vocabulary import JobKind, Participant, Reason, State


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLeft:
    """The customer asked to leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRefused:
    """It is certain that no conversation came to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """We stopped trying, without knowing what the provider made of it."""


R, W, A, C, F = State.REQUESTED, State.WAITING, State.ACTIVE, State.CLOSED, State.FAILED

# What is not here moves nothing: webhooks come late, twice and out of order.
TRANSITIONS: Mapping[type, Mapping[State, State]] = {
    ConversationOpened: {R: R, W: W, A: A},
    Queued: {R: W, W: W},
    AgentJoined: {R: A, W: A, A: A},
    AgentReplied: {R: A, W: A, A: A},
    FileShared: {R: A, W: A, A: A},
    AgentLeft: {W: W, A: W},
    Transferred: {W: W, A: W},
    WentIdle: {R: R, W: W, A: A},
    ConversationClosed: {R: C, W: C, A: C},
    CustomerLeft: {R: C, W: C, A: C},
    OpeningRefused: {R: F},
    GivenUp: {R: C, W: C, A: C},
}

# While somebody is still there, these leave an active handoff active.
NEED_NOBODY_LEFT = (AgentLeft, Transferred)

ENDINGS: Mapping[Reason, str] = {
    Reason.AGENT_CLOSED: "ended",
    Reason.CUSTOMER_LEFT: "customer_left",
    Reason.NOT_ACCEPTED: "not_accepted",
    Reason.INACTIVE: "inactive",
    Reason.UNAVAILABLE: "unavailable",
    Reason.PROVIDER_ERROR: "provider_error",
}

# Vendors repeat a webhook within a minute or so; later the same words are news.
RECURRENCE = timedelta(seconds=90)


def apply(session: Session, event: Event, rules: Rules, now: datetime) -> Session:
    """Return the session after `event`; the very same object when it has no effect."""
    session = leaving.without_orphan(session, event, now)
    handoff = session.open_handoff
    if handoff is None or type(event) not in EFFECTS or _says_nothing(event):
        return session
    if handoff.state not in TRANSITIONS[type(event)]:
        return session
    if _seen(session, event, now) or not _concerns(session, handoff, event):
        return session
    if reading.was_read(handoff, event):
        return session
    if isinstance(event, ConversationClosed):
        reason = _closing_reason(handoff, event)
        known = replace(session, handoff=_bound(handoff, event))
        changed = end(known, ConversationClosed, reason, rules, now)
    else:
        changed = _after(session, handoff, event, teller(session, rules, now))
        changed = leaving.considered(changed, event, rules, now)
    if changed == session:
        return session
    record = EventRecord(id=event.id, at=now, freed_by=_freed_by(event))
    still = tuple(one for one in session.events if one.freed_by not in _moves(session, changed))
    return replace(changed, events=(*still, record))


def end(session: Session, cause: type, reason: Reason, rules: Rules, now: datetime) -> Session:
    """Return the session after its open handoff ended; unchanged where `cause` cannot end it."""
    handoff = session.open_handoff
    if handoff is None or handoff.state not in TRANSITIONS[cause]:
        return session
    state = TRANSITIONS[cause][handoff.state]
    session = leaving.without_question(session)
    alone = replace(handoff, agents=(), gone=None, position=None, wait_seconds=None)
    over = replace(alone, state=state, reason=reason)
    told = teller(session, rules, now).notice(over, ENDINGS[reason])
    return remembering(replace(session, handoff=told))


def remembering(session: Session) -> Session:
    """Return the session whose contact knows the thread of the handoff that is over."""
    over = session.handoff
    contact = session.contacts.get(over.provider) if over else None
    if over is None or contact is None or over.conversation is None:
        return session
    known = contact.knowing(over.conversation, over.thread)
    return replace(session, contacts={**session.contacts, over.provider: known})


def teller(session: Session, rules: Rules, now: datetime) -> Teller:
    """Return who speaks to this session's customer."""
    return Teller(texts=rules.texts, language=session.language, now=now)


def _after(session: Session, handoff: Handoff, event: Event, speaker: Teller) -> Session:
    """Return the session with what the event changed, said and moved."""
    known = reading.remembered(_bound(handoff, event), event)
    changed = EFFECTS[type(event)](known, event, speaker)
    state = TRANSITIONS[type(event)][handoff.state]
    wants_nobody = isinstance(event, NEED_NOBODY_LEFT) and changed.agents
    wants_somebody = state is State.ACTIVE and not changed.agents
    state = handoff.state if wants_nobody or wants_somebody else state
    moved = replace(session, handoff=replace(changed, state=state))
    if not isinstance(event, AgentReplied):
        return moved
    words = Message(author=Participant.AGENT, text=event.text, name=changed.speaker)
    return moved.saying(words)


def _says_nothing(event: Event) -> bool:
    return isinstance(event, AgentReplied) and not event.text


def _seen(session: Session, event: Event, now: datetime) -> bool:
    """Say whether this very fact was told before."""
    times = [record.at for record in session.events if record.id == event.id]
    return any(not event.recurs or now - at < RECURRENCE for at in times)


def _freed_by(event: Event) -> str:
    """Return what has to happen before the very same words can be true once more."""
    if not event.recurs:
        return ""
    if isinstance(event, AgentJoined):
        return f"left {event.agent.id}"
    if isinstance(event, AgentLeft):
        return f"joined {event.agent_id}"
    return f"joined {event.by}" if isinstance(event, Transferred) and event.by else ""


def _moves(before: Session, after: Session) -> set[str]:
    """Return who came and who went."""
    was, now = _there(before), _there(after)
    return {f"left {one}" for one in was - now} | {f"joined {one}" for one in now - was}


def _there(session: Session) -> set[str]:
    return {agent.id for agent in session.handoff.agents} if session.handoff else set()


def _concerns(session: Session, handoff: Handoff, event: Event) -> bool:
    """Say whether the event is about this handoff, and not our own words coming back."""
    contact = session.contacts.get(handoff.provider)
    if event.handoff not in {None, handoff.id}:
        return False
    if isinstance(event, AgentReplied | FileShared) and _is_echo(handoff, contact, event):
        return False
    if handoff.conversation is None:
        return _may_bind(session, handoff, contact, event)
    if event.conversation != handoff.conversation:
        return False
    return event.thread is None or _is_current_thread(handoff, contact, event)


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


def _is_echo(handoff: Handoff, contact: Contact | None, event: AgentReplied | FileShared) -> bool:
    ours = event.client_id.startswith(handoff.id)
    return ours or (contact is not None and event.author == contact.ref)


def _bound(handoff: Handoff, event: Event) -> Handoff:
    """Return the handoff with the conversation that the event tells it belongs to."""
    adopts = isinstance(event, ConversationOpened) or handoff.thread is None
    thread = event.thread if event.thread and adopts else handoff.thread
    return replace(handoff, conversation=event.conversation, thread=thread)


def _closing_reason(handoff: Handoff, event: ConversationClosed) -> Reason:
    """Return why it ended; a vendor's router closes what is quiet, or what nobody took."""
    if event.reason is not None:
        return event.reason
    by_router = Reason.INACTIVE if handoff.state is State.ACTIVE else Reason.NOT_ACCEPTED
    was_there = handoff.agents or handoff.gone is not None or handoff.departed
    return {
        Closer.AGENT: Reason.AGENT_CLOSED,
        Closer.CUSTOMER: Reason.CUSTOMER_LEFT,
        Closer.SYSTEM: by_router,
        Closer.NOBODY: Reason.AGENT_CLOSED if was_there else Reason.NOT_ACCEPTED,
    }[event.by]
