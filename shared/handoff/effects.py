"""What each fact means for a handoff beside its state: who is there, and what is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handoff.deliveries import Delivery
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    AgentTyping,
    ConversationClosed,
    ConversationOpened,
    FileShared,
    Queued,
    Transferred,
    WentIdle,
)
from handoff.model import Agent, Handoff
from handoff.texts import Texts
from handoff.vocabulary import DeliveryKind
from handoff.words import parts

# One delivery must fit, as JSON, in an answer of 64 KiB. A piece of the second size always does:
# JSON takes six bytes for one at the worst.
LARGEST_DELIVERY = 40_000
SAFE_PIECE = LARGEST_DELIVERY // 6

# Of so many agents it is known when they left; a conversation has no more in a row.
MOST_DEPARTED = 20


# After words or a file nobody is typing, until that is told again.
ENDS_TYPING = (DeliveryKind.TYPING, DeliveryKind.MESSAGE, DeliveryKind.FILE)


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

    def file(self, handoff: Handoff, event: FileShared, agent: str) -> Handoff:
        """Return the handoff with an agent's file, or with the word that it cannot be shown."""
        if not event.url:
            return self.notice(handoff, "file_not_shown")
        return self.deliver(
            handoff,
            DeliveryKind.FILE,
            agent=agent,
            url=event.url,
            name=event.name,
            content_type=event.content_type,
            size=event.size,
        )


def typed(handoff: Handoff, event: AgentTyping, teller: Teller) -> Handoff:
    """Return the handoff whose page is told that an agent types, or has stopped, if that is news.

    Without a page it is dropped: typing is of no use to anybody later.
    """
    there = handoff.page is not None and handoff.page.is_there(teller.now)
    newest = reversed([one for one in handoff.deliveries if one.kind in ENDS_TYPING])
    typing = next((one.typing for one in newest), False)
    if not there or typing == event.typing:
        return handoff
    agent = _named(handoff, event.author)
    name = (agent.name or "") if agent else handoff.speaker
    return teller.deliver(handoff, DeliveryKind.TYPING, typing=event.typing, agent=name)


def _nothing(handoff: Handoff, _event: Any, _teller: Teller) -> Handoff:
    return handoff


def _queued(handoff: Handoff, event: Queued, _teller: Teller) -> Handoff:
    came_at = _later(handoff.came_at, event.at)
    known = replace(handoff, came_at=came_at)
    return replace(known, position=event.position, wait_seconds=event.wait_seconds)


def _joined(handoff: Handoff, event: AgentJoined, teller: Teller) -> Handoff:
    """Announce each agent once; while the name is still to come that can wait."""
    if has_left(handoff, event.agent.id, event.at):
        return handoff
    arrived = _attended(handoff, replace(event.agent, since=event.at))
    arrived = replace(arrived, speaker=event.agent.name or handoff.speaker)
    return arrived if event.agent.name is None else _announced(arrived, event.agent, teller)


def _replied(handoff: Handoff, event: AgentReplied, teller: Teller) -> Handoff:
    speaking = _speaking(handoff, event, teller, event.author_name)
    name = speaking.speaker if speaking.agents else event.author_name
    for part in deliverable(event.text):
        speaking = teller.deliver(speaking, DeliveryKind.MESSAGE, text=part, agent=name)
    return speaking


def _shared(handoff: Handoff, event: FileShared, teller: Teller) -> Handoff:
    speaking = _speaking(handoff, event, teller)
    return teller.file(speaking, event, speaking.speaker)


def _left(handoff: Handoff, event: AgentLeft, _teller: Teller) -> Handoff:
    gone = _named(handoff, event.agent_id)
    if gone is not None and is_before(event.at, gone.since):  # told late: they are back
        return handoff
    handoff = _without_ghost(handoff, event.agent_id, event.at)
    if gone is None:
        return handoff
    others = tuple(one for one in handoff.agents if one is not gone)
    if others:
        return replace(handoff, agents=others, speaker=others[-1].name or "")
    # Told with the next answer: the customer may be passed on, or somebody else be there by then.
    return replace(handoff, agents=(), speaker="", gone=gone.name or "")


def _went_idle(handoff: Handoff, event: WentIdle, _teller: Teller) -> Handoff:
    return replace(handoff, idle_at=_later(handoff.idle_at, event.at))


def _transferred(handoff: Handoff, event: Transferred, teller: Teller) -> Handoff:
    """Let the one who passes the customer on go; the next may be there already."""
    here = tuple(one for one in handoff.agents if is_before(event.at, one.since))
    if here:  # told late: somebody has come since
        return replace(handoff, agents=here, speaker=here[-1].name or "")
    goes = _named(handoff, event.by) if event.by else None
    by_nobody = [one for one in handoff.agents if one.id in event.to_agents]
    by_agent = [one for one in handoff.agents if one is not goes]
    staying = tuple(by_agent if event.by else by_nobody)
    moved = replace(
        handoff,
        agents=staying,
        gone=None,
        came_at=_later(handoff.came_at, event.at),
        moving=not staying,
        speaker=(staying[-1].name or "") if staying else "",
        position=event.position,
        wait_seconds=event.wait_seconds,
    )
    return teller.notice(moved, "transferred")


def _named(handoff: Handoff, name: str) -> Agent | None:
    """Return the agent of that id, else one who was found by looking and has none."""
    named = [one for one in handoff.agents if one.id in {"", name}]
    return max(named, key=lambda one: len(one.id), default=None)


EFFECTS: Mapping[type, Callable[[Handoff, Any, Teller], Handoff]] = {
    ConversationOpened: _nothing,
    Queued: _queued,
    AgentJoined: _joined,
    AgentReplied: _replied,
    FileShared: _shared,
    AgentLeft: _left,
    Transferred: _transferred,
    WentIdle: _went_idle,
    ConversationClosed: _nothing,
}


def caught_up(handoff: Handoff, teller: Teller, *, may_be_over: bool = False) -> Handoff:
    """Return the handoff with all told of who came and who went that could wait so far.

    That an agent is gone waits on while it may be the end, of which another sentence tells.
    """
    for agent in handoff.agents:
        if not agent.heard:
            handoff = _announced(handoff, agent, teller)
    if handoff.gone is None or may_be_over:
        return handoff
    return teller.about(replace(handoff, gone=None), "left", handoff.gone)


def has_untold(handoff: Handoff) -> bool:
    """Say whether somebody came or went, and it was left to the next answer to tell of it."""
    return handoff.gone is not None or any(
        not (agent.announced or agent.heard) for agent in handoff.agents
    )


def _announced(handoff: Handoff, agent: Agent, teller: Teller) -> Handoff:
    here = next(one for one in handoff.agents if _is_same(one, agent))
    if here.announced:
        return handoff
    known = replace(here, announced=True)
    agents = tuple(known if one is here else one for one in handoff.agents)
    return teller.about(replace(handoff, agents=agents), "joined", known.name)


def _attended(handoff: Handoff, agent: Agent) -> Handoff:
    """Return the handoff with the agent there; a name once known stays."""
    here = next((one for one in handoff.agents if _is_same(one, agent)), None)
    known = _merged(here, agent) if here else agent
    others = tuple(one for one in handoff.agents if one is not here and not _is_same(one, known))
    agents = handoff.agents if known == here else (*others, known)
    came_at = _later(handoff.came_at, agent.since)
    attended = replace(handoff, agents=agents, gone=None, moving=False, came_at=came_at)
    return replace(attended, position=None, wait_seconds=None)


def _merged(here: Agent, agent: Agent) -> Agent:
    """Return who is there already, with what is known more."""
    since = _later(here.since, agent.since)
    return replace(here, id=agent.id or here.id, name=here.name or agent.name, since=since)


def _is_same(one: Agent, other: Agent) -> bool:
    """Say whether two are one; who was found by looking may have no id that webhooks use."""
    return one.name == other.name if not (one.id and other.id) else one.id == other.id


def _speaking(
    handoff: Handoff, event: AgentReplied | FileShared, teller: Teller, name: str = ""
) -> Handoff:
    """Return the handoff with the author there: a join can be lost, or come later."""
    author = event.author
    if has_left(handoff, author, event.at):  # said before they left, and told late
        return handoff
    stranger = Agent(id=author, name=None if author else name, heard=True)
    here = next((one for one in handoff.agents if _is_same(one, stranger)), stranger)
    attended = _attended(handoff, stranger)
    if not here.heard:
        attended = _announced(attended, here, teller)
    return replace(attended, speaker=here.name or name)


def has_left(handoff: Handoff, agent_id: str, at: datetime | None) -> bool:
    """Say whether an agent has left since a moment that is told of only now."""
    gone_at = handoff.departed.get(agent_id)
    return is_before(at, gone_at) or is_before(at, handoff.idle_at)


def _without_ghost(handoff: Handoff, agent_id: str, at: datetime | None) -> Handoff:
    """Return the handoff that knows when an agent left, so that no late join brings them back."""
    if at is None:
        return handoff
    departed = {**handoff.departed, agent_id: _later(handoff.departed.get(agent_id), at) or at}
    newest = sorted(departed.items(), key=lambda one: one[1])[-MOST_DEPARTED:]
    return replace(handoff, departed=dict(newest), left_at=_later(handoff.left_at, at))


def is_before(at: datetime | None, other: datetime | None) -> bool:
    """Say whether one moment was surely before the other."""
    return at is not None and other is not None and at < other


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two moments, either of which may be unknown."""
    return max(filter(None, (one, other)), default=None)


def deliverable(text: str) -> list[str]:
    """Return a text in pieces that each fit in an answer to Dialogflow; mostly it is one."""
    written = len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))
    return [text] if written <= LARGEST_DELIVERY else parts(text, SAFE_PIECE)
