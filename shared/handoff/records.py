"""What a session remembers: turns and their answers, events, and what happened to a handoff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handoff.vocabulary import HandoffId, Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Our answer to a turn, the same for both dialects.

    `mute` drops the bot's own texts; `started` is set on the turn that begins a handoff;
    `return_to` is the CX flow to go back to; `context` keeps the ES context alive, ends it, or
    (None) lets it carry the parameters for one turn.
    """

    texts: tuple[str, ...] = ()
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    mute: bool = False
    started: HandoffId | None = None
    provider: str = ""
    return_to: str = ""
    context: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """A turn we have seen; its reply once there is one, so that a repeat gets the same."""

    id: str
    utterance: str
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """An event we have seen. `freed_by` makes the same words news again: who left can join."""

    id: str
    at: datetime
    kind: str = ""
    freed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line in the life of a handoff, without anybody's words.

    `what` is turn, event, state, job, attempt, told or lost; `number` of a job or delivery.
    """

    at: datetime
    handoff: HandoffId
    what: str
    name: str = ""
    number: int | None = None
    outcome: str = ""
    milliseconds: int | None = None
