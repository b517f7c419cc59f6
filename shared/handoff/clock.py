"""The time, as a value that tests can choose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time now, aware and in UTC."""
    return datetime.now(UTC)
