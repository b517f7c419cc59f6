"""The stores that the contract holds for: SQLite, and Firestore's emulator."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from handoff.firestore import FirestoreStore
from handoff.sqlite import SqliteStore
from handoff.store import Store
from tests.emulator import free_port
from tests.environment import environment
from tests.fakes import FixedClock
from tests.store_contract.samples import Backend


@pytest.fixture(params=["sqlite", "firestore"])
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, runner: asyncio.Runner
) -> Iterator[Backend]:
    opened: list[Store] = []

    def another() -> Store:
        opened.append(make())
        return opened[-1]

    if request.param == "firestore":
        request.getfixturevalue("firestore")
        project = f"test-{uuid4().hex[:12]}"
        make: Callable[[], Store] = functools.partial(
            FirestoreStore, project=project, clock=clock, timeout=10
        )
    else:
        path = str(tmp_path / "new" / "folder" / "handoff.db")
        make = functools.partial(SqliteStore, path, clock=clock, busy_timeout=10)
    yield Backend(another(), another)
    for store in opened:
        runner.run(store.close())


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


@pytest.fixture(params=["sqlite", "firestore"])
def store_that_is_down(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, runner: asyncio.Runner
) -> Iterator[Store]:
    down: Store = SqliteStore(str(tmp_path), clock=clock)
    if request.param == "firestore":
        request.getfixturevalue("firestore_is_down")
        down = FirestoreStore(project="p", clock=clock, timeout=1)
    yield down
    runner.run(down.close())


@pytest.fixture
def firestore_is_down() -> Iterator[None]:
    with environment(FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{free_port()}"):
        yield
