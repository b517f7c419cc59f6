"""What each fact means for a handoff beside its state: who is there, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    ConversationClosed,
    ConversationOpened,
    FileShared,
    Queued,
    Transferred,
)
from handoff.model import Agent, Delivery, DeliveryKind, Handoff
from handoff.texts import Texts
from handoff.words import parts

# One delivery must fit in an answer to Dialogflow: 64 KiB, where JSON may take six bytes for one.
LONGEST_DELIVERY = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Puts things for the customer among a handoff's deliveries, in order."""

    texts: Texts
    language: str
    now: datetime

    def deliver(self, handoff: Handoff, kind: DeliveryKind, **content: Any) -> Handoff:
        """Return the handoff with one more delivery, numbered after the last."""
        number = handoff.last_delivery + 1
        delivery = Delivery(id=number, kind=kind, at=self.now, **content)
        deliveries = (*handoff.deliveries, delivery)
        return replace(handoff, deliveries=deliveries, last_delivery=number)

    def notice(self, handoff: Handoff, name: str, agent: str = "") -> Handoff:
        """Return the handoff with one of our own sentences; an empty one is not said."""
        text = self.texts.get(name, self.language, agent=agent)
        return self.deliver(handoff, DeliveryKind.NOTICE, text=text) if text else handoff

    def about(self, handoff: Handoff, name: str, agent: str | None) -> Handoff:
        """Return the handoff with a sentence about an agent, whose name may be unknown."""
        return self.notice(handoff, name if agent else f"{name}_unnamed", agent or "")


def _nothing(handoff: Handoff, _event: Any, _teller: Teller) -> Handoff:
    return handoff


def _queued(handoff: Handoff, event: Queued, _teller: Teller) -> Handoff:
    return replace(handoff, position=event.position, wait_seconds=event.wait_seconds)


def _joined(handoff: Handoff, event: AgentJoined, teller: Teller) -> Handoff:
    """Announce each agent once: when the name is known, or when there is none to come."""
    before = next((one for one in handoff.agents if _is_same(one, event.agent)), None)
    arrived = replace(_attended(handoff, event.agent), speaker=event.agent.name or handoff.speaker)
    if event.agent.name is None or (before is not None and before.name is not None):
        return arrived
    return teller.about(arrived, "joined", event.agent.name)


def _replied(handoff: Handoff, event: AgentReplied, teller: Teller) -> Handoff:
    speaking = _speaking(handoff, event.author, event.author_name)
    for part in parts(event.text, LONGEST_DELIVERY):
        speaking = teller.deliver(speaking, DeliveryKind.MESSAGE, text=part, agent=speaking.speaker)
    return speaking


def _shared(handoff: Handoff, event: FileShared, teller: Teller) -> Handoff:
    speaking = _speaking(handoff, event.author)
    return teller.deliver(
        speaking,
        DeliveryKind.FILE,
        agent=speaking.speaker,
        url=event.url,
        name=event.name,
        content_type=event.content_type,
        size=event.size,
    )


def _left(handoff: Handoff, event: AgentLeft, teller: Teller) -> Handoff:
    gone = next((one for one in handoff.agents if one.id == event.agent_id), None)
    if gone is None:
        return handoff
    others = tuple(one for one in handoff.agents if one is not gone)
    if others:
        return replace(handoff, agents=others)
    return teller.about(replace(handoff, agents=(), speaker=""), "left", gone.name)


def _transferred(handoff: Handoff, event: Transferred, teller: Teller) -> Handoff:
    staying = tuple(one for one in handoff.agents if one.id in event.to_agents)
    moved = replace(
        handoff,
        agents=staying,
        speaker=(staying[0].name or "") if staying else "",
        position=event.position,
        wait_seconds=event.wait_seconds,
    )
    return teller.notice(moved, "transferred")


EFFECTS: Mapping[type, Callable[[Handoff, Any, Teller], Handoff]] = {
    ConversationOpened: _nothing,
    Queued: _queued,
    AgentJoined: _joined,
    AgentReplied: _replied,
    FileShared: _shared,
    AgentLeft: _left,
    Transferred: _transferred,
    ConversationClosed: _nothing,
}


def _attended(handoff: Handoff, agent: Agent) -> Handoff:
    """Return the handoff with the agent there; a name once known stays.

    An agent found by looking the conversation up may have no id that webhooks use.
    """
    known = next((one for one in handoff.agents if _is_same(one, agent)), None)
    others = tuple(one for one in handoff.agents if one is not known)
    named = known if known is not None and known.name is not None else agent
    agents = handoff.agents if named is known else (*others, named)
    return replace(handoff, agents=agents, position=None, wait_seconds=None)


def _is_same(one: Agent, other: Agent) -> bool:
    nameless = not one.id or not other.id
    return one.name == other.name if nameless else one.id == other.id


def _speaking(handoff: Handoff, author: str, name: str = "") -> Handoff:
    """Return the handoff with the author there: a join can be lost, or come later."""
    attended = _attended(handoff, Agent(id=author, name=None if author else name))
    known = next((one.name for one in attended.agents if one.id == author), None)
    return replace(attended, speaker=known or name)
