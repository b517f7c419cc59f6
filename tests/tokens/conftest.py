"""Instances that share one store, and an office that makes tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.sqlite import SqliteStore
from tests.fakes import FixedClock
from tests.tokens.office import Office


@pytest.fixture
def office(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Office]:
    store = SqliteStore(":memory:", clock=clock)
    yield Office(store, clock)
    runner.run(store.close())
