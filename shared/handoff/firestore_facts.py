"""What can be learnt of sessions in Firestore, and what one learns it from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handoff.errors import StoreError
from handoff.vocabulary import SessionKey


class Lost(StoreError):
    """Firestore says no more. `reason` is the kind of error; `refused`: waiting will not help."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(f"firestore tells nothing: {reason}")
        self.reason = reason
        self.refused = refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a session stood. `at` is when it was written, or when there was found to be none."""

    key: SessionKey
    at: datetime
    exists: bool
    data: str | None = None
    expire_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """All has been said of how these targets stood at that time; no targets: of all there are."""

    targets: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How these targets stand is said anew from here on; no targets: of all there are."""

    targets: frozenset[int]


Fact = Seen | Complete | Again


class Line(Protocol):
    """One stream. A target is one session; its number, from 1, is used once on a stream."""

    def add(self, target: int, key: SessionKey) -> None:
        """Listen to a session, now or as soon as the stream is open."""

    def remove(self, target: int) -> None:
        """Listen to it no more."""

    def end(self) -> None:
        """Ask for nothing more; the other side ends the stream when it has heard of it."""

    def facts(self) -> AsyncGenerator[Fact, None]:
        """Open the stream, and yield what is said until it ends; raises Lost."""


class Source(Protocol):
    """Where a watch learns of sessions."""

    def open(self) -> Line:
        """Return a stream that is still to be opened; raises Lost."""

    def read(self, keys: Iterable[SessionKey]) -> AsyncGenerator[Seen, None]:
        """Yield how these sessions stand now; raises Lost."""
