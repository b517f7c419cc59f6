"""The facts a provider can tell, in our words: one vocabulary for every vendor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handoff.model import Agent
from handoff.vocabulary import ContactRef, ConversationRef, HandoffId, Reason, ThreadRef


class Closer(StrEnum):
    """Who ended a conversation; NOBODY: it is over because nobody is there any more."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about one conversation.

    `id` is the same for the same fact told twice. `recurs`: the same words may be true again
    later, so the id counts as seen only for a short while. `contact`, or `handoff` where the
    vendor gives us our own id back, finds the session when the conversation is not known yet.
    `at` is the vendor's own time, where it tells one: facts may arrive in another order.
    `read`: found by looking, where a webhook may still tell the same under another id.
    """

    id: str
    conversation: ConversationRef
    thread: ThreadRef | None = None
    contact: ContactRef | None = None
    handoff: HandoffId | None = None
    recurs: bool = False
    at: datetime | None = None
    read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOpened(Event):
    """The conversation exists at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Event):
    """The customer waits; `position` counts from 1, `wait_seconds` is the provider's estimate."""

    position: int | None = None
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentJoined(Event):
    """A person is there. A name of None will be told by another event; "" never will."""

    agent: Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReplied(Event):
    """Words for the customer. `author` is the vendor's id; `client_id` is ours, if we sent it."""

    author: str
    text: str
    author_name: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShared(Event):
    """A file for the customer, by link."""

    author: str
    url: str
    name: str = ""
    content_type: str = ""
    size: int | None = None
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLeft(Event):
    """A person is gone."""

    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WentIdle(Event):
    """Nobody works on the conversation any more: its end, unless somebody comes soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTyping(Event):
    """An agent types, or has stopped; who stopped may not be told."""

    author: str
    typing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    """The customer is passed on: `by` an agent, or by nobody, to agents where they are named."""

    by: str = ""
    to_agents: tuple[str, ...] = ()
    position: int | None = None
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationClosed(Event):
    """The conversation is over; `reason` only where the vendor tells more than who ended it."""

    by: Closer
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognized(Event):
    """Authentic, and of no meaning to us; `kind` is the vendor's word."""

    kind: str
