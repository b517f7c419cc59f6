"""What both dialects share: settings, a query, a turn and what a webhook call came to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]
Dialect: TypeAlias = Literal["cx", "es"]
Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSettings:
    """Which dialect is spoken, where the webhook is, what the caller of detectIntent adds."""

    dialect: Dialect
    webhook_url: str
    webhook_headers: Mapping[str, str] = field(default_factory=dict)
    webhook_timeout: float = 5.0
    language: str = "en"
    channel: str = ""
    """CX `queryParams.channel`: messages meant for another channel are not shown."""
    source: str = ""
    """ES `originalDetectIntentRequest.source`, as an integration sets it."""
    payload: Mapping[str, Any] | None = None
    """`queryParams.payload` of every query that brings none itself."""
    session_ttl: timedelta = timedelta(minutes=30)
    stale_intent: bool = True
    """CX sends the last matched intent also in turns that matched none."""
    allowed_origins: tuple[str, ...] = ()


class InvalidQuery(ValueError):
    """Dialogflow itself refuses the query (INVALID_ARGUMENT)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One detectIntent call: a text or an event, never both."""

    text: str | None = None
    event: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.event is None):
            raise InvalidQuery("a query has either a text or an event")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a webhook call came to: an answer that passed the checks, or the kind of failure."""

    answer: Json | None = None
    failure: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What the customer sees after a turn, where the session stands and what went wrong."""

    messages: list[Json]
    payloads: list[Json]
    intent: str | None
    errors: list[str]
    state: Json


Turn: TypeAlias = Generator[Json, Outcome, Result]
"""A turn yields webhook requests and is sent their outcomes; it never touches the network."""


class Session(Protocol):
    """A session as the server keeps it; turns of one session may run side by side, so it changes
    in place, as soon as an answer is in."""

    name: str
    last_seen: datetime

    def describe(self) -> Json: ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A webhook's bare HTTP answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One POST to the webhook."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float


CallWebhook: TypeAlias = Callable[[HttpCall], Awaitable[HttpAnswer]]
"""Raises an `OSError` when nothing answers; it is cancelled when `timeout` is over."""


def without_zero_values(message: Mapping[str, Any]) -> Json:
    """Leave out what proto-JSON leaves out: empty and zero values of this level."""
    return {key: value for key, value in message.items() if value not in (None, "", 0, [], {})}


def with_doubles(value: Any) -> Any:
    """Turn every number of a free-form value into a double, as a protobuf Struct does."""
    if isinstance(value, Mapping):
        return {key: with_doubles(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_doubles(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def shown(message: Json) -> Json:
    """Draw one message as a chat widget does: of several variants of a text, the first."""
    variants = message.get("text")
    if isinstance(variants, Mapping):
        return {"text": next(iter(variants.get("text", [])), "")}
    hidden = ("channel", "responseType", "source", "platform")
    return {key: value for key, value in message.items() if key not in hidden}
