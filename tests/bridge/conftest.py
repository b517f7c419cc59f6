"""The bench that every test of the use cases works at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.fakes import FixedClock
from tests.heart import Bench


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Bench]:
    one = Bench(clock)
    yield one
    runner.run(one.store.close())
