"""The words and ids that everything else is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

SessionId = NewType("SessionId", str)
SessionKey = NewType("SessionKey", str)
HandoffId = NewType("HandoffId", str)
ProviderId = NewType("ProviderId", str)
ConversationRef = NewType("ConversationRef", str)
ThreadRef = NewType("ThreadRef", str)
ContactRef = NewType("ContactRef", str)
Scalar = str | int | float | bool | None


class Dialect(StrEnum):
    """The two products that call us."""

    CX = "cx"
    ES = "es"


class State(StrEnum):
    """Where a handoff stands, as `handoff_state` tells it."""

    REQUESTED = "requested"
    WAITING = "waiting"
    ACTIVE = "active"
    CLOSED = "closed"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Say whether the customer is in human hands, or on the way there."""
        return self in {State.REQUESTED, State.WAITING, State.ACTIVE}


class Reason(StrEnum):
    """Why a handoff ended, as `handoff_reason` tells it."""

    AGENT_CLOSED = "agent_closed"
    CUSTOMER_LEFT = "customer_left"
    NOT_ACCEPTED = "not_accepted"
    INACTIVE = "inactive"
    UNAVAILABLE = "unavailable"
    PROVIDER_ERROR = "provider_error"


class Participant(StrEnum):
    """Who can speak."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"


class Presence(StrEnum):
    """Whether somebody is there to answer; the values of `handoff_available`."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class DeliveryKind(StrEnum):
    """What a customer can be told."""

    MESSAGE = "message"
    FILE = "file"
    NOTICE = "notice"
    STATE = "state"
    TYPING = "typing"

    @property
    def is_shown(self) -> bool:
        """Say whether it is something to read: all that an answer to Dialogflow can carry."""
        return self in {DeliveryKind.MESSAGE, DeliveryKind.FILE, DeliveryKind.NOTICE}


class JobKind(StrEnum):
    """What has to be said to a provider, or asked of it.

    PRESENCE tells the agent that the customer's page has gone, or has come back.
    DELIVER is for the customer: words of an agent that had nowhere to go, as a dead letter.
    """

    IDENTIFY = "identify"
    OPEN = "open"
    LOOK = "look"
    NOTE = "note"
    CONFIRM = "confirm"
    SEND = "send"
    PRESENCE = "presence"
    CLOSE = "close"
    DELIVER = "deliver"
