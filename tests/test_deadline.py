"""How long an answer may take: what a start took of it, and where it is cut off."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from handoff.deadline import (
    GRACE,
    LAST_COMMIT,
    LEAST_BUDGET,
    STILL_STARTING,
    Deadline,
    Start,
    in_time,
)
from handoff.errors import StoreError
from tests.processes import ROOT

# Began at 100, needed 0.8 seconds until its function was loaded.
START = Start(began=100.0, loaded=100.8)


@pytest.mark.parametrize(
    ("arrived", "budget"),
    [
        (101.0, 3.0),  # held back until there was somebody to serve it
        (100.8 + 0.8 * STILL_STARTING - 0.01, 2.81),
        (100.8 + 0.8 * STILL_STARTING + 0.01, 4.0),  # came to a process that was ready
        (90_000.0, 4.0),
    ],
)
def test_what_a_start_took_is_taken_off_the_budget(arrived: float, budget: float) -> None:
    assert START.budget(4.0, arrived) == pytest.approx(budget)


def test_slow_start_leaves_the_time_to_say_what_is_true() -> None:
    assert Start(began=0.0, loaded=30.0).budget(4.0, 30.1) == LEAST_BUDGET


def test_budget_never_grows() -> None:
    assert Start(began=0.0, loaded=30.0).budget(0.5, 30.1) == 0.5


def test_calls_end_before_the_budget_does() -> None:
    deadline = Start(began=0.0, loaded=0.0).deadline(4.0)
    assert 3.5 < deadline.left <= 4.0 - LAST_COMMIT


def test_small_budget_is_shared_with_the_last_commit() -> None:
    assert 0.0 < Start(began=0.0, loaded=0.0).deadline(0.2).left <= 0.1


def test_start_of_a_real_process_is_known() -> None:
    told = "import time; time.sleep(0.3); from handoff.deadline import Start; s = Start.now(); "
    told += "print(s.loaded - s.began)"
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True
    )
    longest = time.monotonic() - began
    # 0.02: the system counts in hundredths of a second, and begins before we could look.
    assert (0.3 if sys.platform == "linux" else 0.0) < float(done.stdout) < longest + 0.02


async def test_what_is_done_in_time_is_left_alone() -> None:
    async with in_time(Deadline.after(1.0)):
        await asyncio.sleep(0)


async def test_what_hangs_past_the_last_commit_is_given_up_as_the_stores() -> None:
    began = time.monotonic()
    with pytest.raises(StoreError):
        async with in_time(Deadline.after(-LAST_COMMIT)):
            await asyncio.Event().wait()
    assert GRACE * 0.9 < time.monotonic() - began < GRACE + 0.4


async def test_deadline_that_passed_long_ago_ends_at_once() -> None:
    with pytest.raises(StoreError):
        async with in_time(Deadline.after(-60)):
            await asyncio.Event().wait()


async def test_timeout_of_somebody_else_stays_what_it_is() -> None:
    with pytest.raises(TimeoutError, match="inner"):
        async with in_time(Deadline.after(5)):
            raise TimeoutError("inner")


async def test_cancellation_from_outside_stays_one() -> None:
    async def work() -> None:
        async with in_time(Deadline.after(5)):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
