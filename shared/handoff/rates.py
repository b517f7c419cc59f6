"""What one instance remembers of names that come: how often, and which were there already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_NAMES = 10_000


class Recent(Generic[T]):
    """What belongs to the newest names that came; bounded, so the oldest is forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def put(self, name: Hashable, value: T) -> T:
        """Remember a value, and return it."""
        self._kept[name] = value
        self._kept.move_to_end(name)
        while len(self._kept) > MOST_NAMES:
            self._kept.popitem(last=False)
        return value

    def get(self, name: Hashable) -> T | None:
        """Return what is remembered, or None."""
        return self._kept.get(name)


class Rates:
    """Allows `per_second` on the average and `burst` at once for each name; 0 allows all.

    Each instance counts for itself: this keeps one customer from taking an instance away from
    the others, and counts nothing for a bill.
    """

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Take one from the name's allowance; return 0, or the seconds until there is one."""
        if not self._per_second:
            return 0.0
        now = self._clock()
        left, at = self._buckets.pop(name, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_second)
        allowed = left >= 1
        self._buckets[name] = (left - 1 if allowed else left, now)
        while len(self._buckets) > MOST_NAMES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_second
