"""What every test may use or has to bear: coroutines as tests, a clock, an ear at the log."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from coverage import Coverage

from handoff.log import LOGGER
from tests import marks, order
from tests.emulator import Missing, firestore_emulator, shared_by_workers
from tests.environment import environment
from tests.fakes import FixedClock


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest tests begin first; those of a module stay together, in their order."""
    items.sort(key=lambda item: order.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many `--numprocesses auto` are."""
    return order.workers()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the emulator is that all of them use."""
    node.workerinput["firestore"] = shared_by_workers(node.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines, from the fixtures on, where that is not wanted."""
    counting = None if order.counts(item.nodeid) else Coverage.current()
    if counting is None:
        return (yield)
    counting.stop()
    try:
        return (yield)
    finally:
        counting.start()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine on the event loop that its fixtures use too."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
    own_loop = pyfuncitem.funcargs["runner"]
    assert isinstance(own_loop, asyncio.Runner)
    own_loop.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(autouse=True)
def runner() -> Iterator[asyncio.Runner]:
    """Give each test its own event loop, made when it is first used."""
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(autouse=True)
def ear(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that makes us log a text of its own, or one that tests share."""
    one, level = marks.Ear(), LOGGER.level
    LOGGER.addHandler(one)
    LOGGER.setLevel(logging.INFO)
    yield
    LOGGER.removeHandler(one)
    LOGGER.setLevel(level)
    leaks = one.leaks(request.path)
    assert not leaks, f"these were logged: {leaks}"


@pytest.fixture
def clock() -> FixedClock:
    """Give a clock that only the test moves."""
    return FixedClock()


@pytest.fixture(scope="session")
def firestore(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give `host:port` of the Firestore emulator, also as FIRESTORE_EMULATOR_HOST."""
    shared = getattr(request.config, "workerinput", {}).get("firestore")
    emulator = nullcontext(shared) if shared else firestore_emulator()
    try:
        with emulator as address, environment(FIRESTORE_EMULATOR_HOST=address):
            yield address
    except Missing as reason:
        # In the pipeline a skipped half of the contract would look like a kept one.
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))
