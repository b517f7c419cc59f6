"""What an operator can ask of a provider: set up what is missing, check what is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from handoff.exchange import Exchange


class Outcome(StrEnum):
    """What became of one thing that a set-up looks at."""

    FOUND = "found"
    MADE = "made"
    CHANGED = "changed"
    LEFT = "left alone"
    WOULD_MAKE = "would make"
    WOULD_CHANGE = "would change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a set-up looked at. `variable` is a setting to write down, and its value."""

    what: str
    outcome: Outcome
    detail: str = ""
    variable: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be set up. `url` is where the provider's webhooks go.

    `dry`: only look. `replace`: also change what somebody else may have made. `target` is where
    conversations go by default. `keep_secret` takes what the vendor shows only once, by name.
    """

    url: str
    dry: bool = False
    replace: bool = False
    target: str = ""
    keep_secret: Callable[[str, str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check looked at; `problem` says what is wrong and what helps."""

    what: str
    detail: str = ""
    problem: str = ""


@runtime_checkable
class SetsUp(Protocol):
    """A provider that can make at the vendor what it needs there."""

    def setup(self, plan: Plan, tell: Callable[[Step], None]) -> Exchange[None]:
        """Find or make everything, telling each thing as it is done; twice makes nothing twice."""


@runtime_checkable
class Checks(Protocol):
    """A provider that can look whether all is right before going live."""

    def check(
        self, url: str, targets: Sequence[str], tell: Callable[[Finding], None]
    ) -> Exchange[None]:
        """Look at credentials, webhooks and targets, telling each as it is known.

        `url` is where the webhooks should go, empty when that is not known here.
        """
