"""What waits for a customer, and what is known of the page that fetches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handoff.vocabulary import DeliveryKind, Reason, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a handoff stood when that was told."""

    state: State
    reason: Reason | None = None
    position: int | None = None
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing the customer is to see, or their page to know.

    Ids rise by one within a handoff, from 1. `standing` belongs to the kind STATE, `typing` to
    TYPING. `answered`: an answer to Dialogflow carried it.
    """

    id: int
    kind: DeliveryKind
    at: datetime
    text: str = ""
    agent: str = ""
    url: str = ""
    name: str = ""
    content_type: str = ""
    size: int | None = None
    standing: Standing | None = None
    typing: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that came from the customer's page; `id` is a digest of the page's own."""

    id: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The customer's page, once it has come: `seen` is the last delivery that it was given.

    `readers` are its open streams and polls, and until when each counts as open. `gone_at` is
    when the last of them ended, `missed` that the agent was told.
    """

    seen: int = 0
    readers: Mapping[str, datetime] = field(default_factory=dict)
    gone_at: datetime | None = None
    missed: bool = False

    def is_there(self, now: datetime) -> bool:
        """Say whether what there is reaches the customer without an answer to Dialogflow."""
        return any(until > now for until in self.readers.values())
