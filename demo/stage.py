"""Plays a story step by step, and prints what each step put on the screens of both sides."""

from __future__ import annotations

import shutil
import textwrap
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeAlias, TypeVar

from demo.rest import CallFailed
from demo.sides import Customer, Desk, Line

T = TypeVar("T")

WIDEST = 140
NARROWEST = 80
MARKS = {"own": "", "theirs": "", "note": " (note)", "system": ""}


class StepFailed(Exception):
    """A step of the story did not happen; the text says what was missing."""


@dataclass(slots=True)
class Stage:
    """Both sides, and how long a step may wait for what has to happen."""

    customer: Customer
    desk: Desk
    patience: float = 10.0
    mark: int = 0
    """How many lines the customer had seen when the current handoff was asked for."""
    printed: dict[str, int] = field(default_factory=lambda: {"customer": 0, "desk": 0})

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """Look again and again until there is something; return it."""
        give_up = time.monotonic() + self.patience
        while True:
            if found := look():
                return found
            if time.monotonic() > give_up:
                raise StepFailed(f"in {self.patience:.0f} s there was no {what}")
            time.sleep(0.05)

    def new_lines(self) -> tuple[Sequence[Line], Sequence[Line]]:
        """Return what both sides have seen since this was last asked."""
        customer, desk = self.customer.lines, self.desk.lines()
        fresh = customer[self.printed["customer"] :], desk[self.printed["desk"] :]
        self.printed = {"customer": len(customer), "desk": len(desk)}
        return fresh


Step: TypeAlias = tuple[str, Callable[[Stage], None]]


def require(holds: object, otherwise: str) -> None:
    """Fail the step unless something holds."""
    if not holds:
        raise StepFailed(otherwise)


def play(steps: Sequence[Step], stage: Stage, tell: Callable[[str], None]) -> int:
    """Play every step until one fails; return the exit status."""
    began = time.monotonic()
    tell(_row("CUSTOMER, AT THE BOT", "AGENT, AT THE DESK"))
    for number, (title, step) in enumerate(steps, 1):
        try:
            step(stage)
        except (StepFailed, CallFailed) as failure:
            tell(f"\n✗ {number}. {title}")
            _show(stage, tell)
            tell(f"\nStep {number} of {len(steps)} failed: {failure}.")
            return 1
        tell(f"\n✓ {number}. {title}")
        _show(stage, tell)
    tell(f"\nAll {len(steps)} steps happened, in {time.monotonic() - began:.1f} s.")
    return 0


def _show(stage: Stage, tell: Callable[[str], None]) -> None:
    for row in _rows(*stage.new_lines()):
        tell(row)


def _rows(left: Sequence[Line], right: Sequence[Line]) -> Sequence[str]:
    pairs = zip_longest(_wrapped(left), _wrapped(right), fillvalue="")
    return [_row(*pair) for pair in pairs]


def _row(left: str, right: str) -> str:
    padding = " " * (_half() - _width(left))
    return f"  {left}{padding}│ {right}".rstrip()


def _wrapped(lines: Sequence[Line]) -> Sequence[str]:
    """Break lines where they are broken, and where the column ends."""
    rows = []
    for line in lines:
        label = f"{line.author}{MARKS[line.kind]}: "
        for number, part in enumerate(f"{label}{line.text}".split("\n")):
            bullet = "  " if number else "• "
            wrapped = textwrap.wrap(bullet + part, _half() - 4, subsequent_indent="  ")
            rows += wrapped or [""]
    return rows


def _half() -> int:
    columns = shutil.get_terminal_size((120, 24)).columns
    return (min(max(columns, NARROWEST), WIDEST) - 6) // 2


def _width(text: str) -> int:
    """Return how many columns a terminal needs; an emoji takes two."""
    return sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text)
