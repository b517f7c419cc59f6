"""The life of a handoff: the transition table, and which facts may move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from handoff import bounds, facts, late, leaving, reading
from handoff.effects import EFFECTS, Teller, has_untold, typed
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    AgentTyping,
    Closer,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    WentIdle,
)
from handoff.model import Handoff, Message, Session
from handoff.records import EventRecord
from handoff.rules import Rules
from handoff.vocabulary import Participant, Reason, State


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


def apply(session: Session, event: Event, rules: Rules, now: datetime) -> Session:
    """Return the session after `event`; the very same object when it has no effect."""
    known = bounds.within_limits(event)
    return _applied(session, known, rules, now) if known is not None else session


def _applied(session: Session, event: Event, rules: Rules, now: datetime) -> Session:
    session = leaving.without_orphan(session, event, now)
    handoff = session.open_handoff
    if handoff is None or not facts.concerns(session, handoff, event):
        return late.heard(session, event, teller(session, rules, now), now)
    if isinstance(event, AgentTyping):
        return replace(session, handoff=typed(handoff, event, teller(session, rules, now)))
    if type(event) not in EFFECTS or facts.says_nothing(event):
        return session
    if handoff.state not in TRANSITIONS[type(event)]:
        return session
    if facts.seen(session, event, now) or reading.was_read(handoff, event):
        return session
    if isinstance(event, ConversationClosed):
        reason = _closing_reason(handoff, event)
        known = replace(session, handoff=_bound(handoff, event))
        changed = end(known, ConversationClosed, reason, rules, now)
    else:
        changed = _after(session, handoff, event, teller(session, rules, now), now)
        changed = leaving.considered(changed, event, rules, now)
    if changed == session:
        return session
    kind, freed_by = type(event).__name__, facts.freed_by(event)
    record = EventRecord(id=event.id, at=now, kind=kind, freed_by=freed_by)
    moved = facts.moves(session, changed)
    still = tuple(one for one in session.events if one.freed_by not in moved)
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
    told = teller(session, rules, now).notice(over, ending(over))
    return remembering(replace(session, handoff=told))


def ending(over: Handoff) -> str:
    """Return the name of the text that tells the end: one who was connected has lost something."""
    reason = over.reason or Reason.AGENT_CLOSED
    lost = reason is Reason.PROVIDER_ERROR and over.conversation is not None
    return "connection_lost" if lost else ENDINGS[reason]


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


def _after(
    session: Session, handoff: Handoff, event: Event, speaker: Teller, now: datetime
) -> Session:
    """Return the session with what the event changed, said and moved."""
    known = reading.remembered(_bound(handoff, event), event)
    changed = EFFECTS[type(event)](known, event, speaker)
    state = TRANSITIONS[type(event)][handoff.state]
    wants_nobody = isinstance(event, NEED_NOBODY_LEFT) and changed.agents
    wants_somebody = state is State.ACTIVE and not changed.agents
    state = handoff.state if wants_nobody or wants_somebody else state
    moved = replace(session, handoff=_timed(replace(changed, state=state), handoff, event, now))
    if not isinstance(event, AgentReplied):
        return moved
    words = Message(author=Participant.AGENT, text=event.text, name=changed.speaker)
    return moved.saying(words)


def _bound(handoff: Handoff, event: Event) -> Handoff:
    """Return the handoff with the conversation that the event tells it belongs to."""
    adopts = isinstance(event, ConversationOpened) or handoff.thread is None
    thread = event.thread if event.thread and adopts else handoff.thread
    return replace(handoff, conversation=event.conversation, thread=thread)


def _timed(after: Handoff, before: Handoff, event: Event, now: datetime) -> Handoff:
    """Return the handoff that knows since when somebody is waited for, and who has to answer."""
    since = (after.untold_since or now) if has_untold(after) else None
    after = replace(after, untold_since=since)
    if after.state is State.WAITING and before.state is State.ACTIVE:
        after = replace(after, waits_since=now)
    if not isinstance(event, AgentReplied | FileShared):
        return after
    return replace(after, unanswered_since=now, warned=False)


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
