"""What was said and shown in a run, as those who talk know it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Line:
    """One message. Lines of the same `place` were said at the same time, in no order."""

    text: str
    place: int
    accepted: bool = False


@dataclass(slots=True)
class Talk:
    """One Dialogflow session: what its customer said and saw, and what agents wrote to it."""

    session: str
    dialect: str
    said: list[Line] = field(default_factory=list)
    written: list[Line] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    """Each text with the number of the answer it came in; answers to turns that were made at the
    same time share one."""
    steps: int = 0
    state: str = "none"
    reasons: list[str] = field(default_factory=list)
    handoffs: int = 0
    has_page: bool = False

    def see(self, texts: Sequence[str], place: int) -> None:
        """Note what the customer is shown."""
        self.shown.extend((place, text) for text in texts)

    def step(self) -> int:
        """Return the number of the next step of the customer."""
        self.steps += 1
        return self.steps


@dataclass(slots=True)
class Tally:
    """What is counted while it happens."""

    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    turns: int = 0
    streams: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    """Calls of Dialogflow without a 200, by what they got instead."""
    slowest: list[tuple[float, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    trace: list[Json] = field(default_factory=list)
    """Everything that was done, with its time, for who studies a failure."""

    def note(self, what: str, **more: object) -> None:
        """Note something in the trace."""
        self.trace.append({"at": datetime.now(UTC).isoformat(), "what": what, **more})

    def took(self, seconds: float, what: str) -> None:
        """Note how long a turn took; the slowest few are kept."""
        self.turns += 1
        self.slowest = sorted([*self.slowest, (seconds, what)], reverse=True)[:5]
