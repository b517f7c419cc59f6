"""How the SQLite store tells of writes: other processes, deletions, faults, and at what cost."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handoff import log
from handoff.errors import StoreError
from handoff.model import Session
from handoff.sqlite import SqliteStore
from handoff.sqlite_watch import AT_ONCE, INTERVAL, LONGEST_PAUSE, SqliteWatch
from handoff.store import Change
from handoff.vocabulary import SessionKey
from tests.fakes import FixedClock
from tests.store_contract.hearing import Heard, Rounds
from tests.store_contract.samples import said, session

KEY, OTHER = session().key, session("other").key


class Runs:
    """Does the work of a watch on the store's thread, counts it, and fails when told to."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.count = 0
        self.fault: Exception | None = None
        self.good_ones = 0

    async def __call__(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Do it, or fail after some good ones."""
        self.count += 1
        if self.fault is not None and self.good_ones == 0:
            raise StoreError("sqlite failed") from self.fault
        self.good_ones = max(0, self.good_ones - 1)
        return await self._store._run(work)


class Slowly:
    """A watch whose rounds the test lets happen one by one."""

    def __init__(self, store: SqliteStore) -> None:
        self.heard, self.rounds, self.runs = Heard(), Rounds(), Runs(store)
        self.watch = SqliteWatch(self.runs, self.heard, now=store._now, sleep=self.rounds)

    async def follow(self, *keys: SessionKey) -> None:
        """Follow them, and let the first round tell of them."""
        for key in keys:
            await self.watch.follow(key)
        await self.rounds.rest()
        self.runs.count = 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "handoff.db"


@pytest.fixture
def store(path: Path, clock: FixedClock, runner: asyncio.Runner) -> Iterator[SqliteStore]:
    one = SqliteStore(str(path), clock=clock)
    yield one
    runner.run(one.close())


@pytest.fixture
def slowly(store: SqliteStore, runner: asyncio.Runner) -> Iterator[Slowly]:
    one = Slowly(store)
    yield one
    runner.run(one.watch.close())


async def write_once(path: str) -> None:
    """Run in a process of its own."""
    store = SqliteStore(path, clock=lambda: datetime.now(UTC))
    await store.commit(Change(session=said("from elsewhere"), version=None))
    await store.close()


async def test_write_of_another_process_is_told(store: SqliteStore, path: Path) -> None:
    heard = Heard()
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)
    code = f"import asyncio, tests.test_sqlite_watch as t; asyncio.run(t.write_once({str(path)!r}))"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    await heard.last(KEY, said("from elsewhere"))
    assert await child.wait() == 0


async def test_memory_tells_too(clock: FixedClock) -> None:
    heard, store = Heard(), SqliteStore(":memory:", clock=clock)
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)
    await store.commit(Change(session=said("hello"), version=None))
    await heard.last(KEY, said("hello"))
    await store.close()


async def test_session_deleted_by_a_later_commit_is_told_as_none(
    store: SqliteStore, clock: FixedClock
) -> None:
    heard, soon = Heard(), clock() + timedelta(seconds=1)
    await store.commit(Change(session=replace(session(), expire_at=soon), version=None))
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, replace(session(), expire_at=soon))
    clock.advance(1)
    await store.commit(Change(session=session("other"), version=None))
    await heard.last(KEY, None)


async def test_more_are_followed_than_a_statement_has_variables(
    store: SqliteStore, slowly: Slowly
) -> None:
    many = [SessionKey(f"{number:040}") for number in range(40_000)]
    await slowly.follow(*many, KEY)
    await store.commit(Change(session=said("hello"), version=None))
    await slowly.rounds.next()
    assert len(slowly.heard.told) == len(many) + 2
    assert slowly.heard.told[-1] == (KEY, said("hello"))


async def test_quiet_round_asks_one_question(slowly: Slowly) -> None:
    await slowly.follow(KEY, OTHER)
    await slowly.rounds.next()
    assert slowly.runs.count == 1
    assert slowly.rounds.lengths == [INTERVAL] * 2


async def test_newcomer_costs_nothing_for_the_others(store: SqliteStore, slowly: Slowly) -> None:
    await store.commit(Change(session=said("hello"), version=None))
    await slowly.follow(KEY)
    await slowly.watch.follow(OTHER)
    await slowly.rounds.next()
    assert slowly.runs.count == 2
    assert slowly.heard.told == [(KEY, said("hello")), (OTHER, None)]


async def test_write_to_a_session_that_nobody_follows_reads_none(
    store: SqliteStore, slowly: Slowly
) -> None:
    await store.commit(Change(session=said("hello"), version=None))
    await slowly.follow(KEY)
    await store.commit(Change(session=session("other"), version=None))
    await slowly.rounds.next()
    assert slowly.runs.count == 2
    assert slowly.heard.told == [(KEY, said("hello"))]


async def test_changed_sessions_are_read_a_few_at_a_time(
    store: SqliteStore, slowly: Slowly
) -> None:
    sessions = [session(f"s{number}") for number in range(2 * AT_ONCE + 1)]
    await slowly.follow(*(one.key for one in sessions))
    for one in sessions:
        await store.commit(Change(session=one, version=None))
    await slowly.rounds.next()
    assert slowly.runs.count == 2 + 3
    assert [one for _, one in slowly.heard.told if one is not None] == sessions


async def test_fault_is_logged_once_and_what_was_missed_is_told_after_it(
    store: SqliteStore, slowly: Slowly, caplog: pytest.LogCaptureFixture
) -> None:
    with log.handling({}):  # what is logged later is not of this request
        await slowly.follow(KEY)
    slowly.runs.fault = sqlite3.OperationalError("disk I/O error")
    for _ in range(12):
        await slowly.rounds.next()
    await store.commit(Change(session=said("meanwhile"), version=None))
    slowly.runs.fault = None
    await slowly.rounds.next()
    await slowly.heard.last(KEY, said("meanwhile"))
    [line] = caplog.records
    assert line.__dict__["fields"] == {"outcome": "lost", "reason": "OperationalError"}
    pauses = slowly.rounds.lengths[1:-1]
    assert pauses[0] <= 2 * INTERVAL < pauses[6]
    assert LONGEST_PAUSE / 2 <= pauses[-1] <= LONGEST_PAUSE
    assert slowly.rounds.lengths[-1] == INTERVAL


async def test_fault_between_question_and_reading_loses_nothing(
    store: SqliteStore, slowly: Slowly
) -> None:
    await slowly.follow(KEY)
    await store.commit(Change(session=said("hello"), version=None))
    slowly.runs.fault, slowly.runs.good_ones = OSError(), 1
    await slowly.rounds.next()
    slowly.runs.fault = None
    await slowly.rounds.next()
    assert slowly.heard.of(KEY) == [None, said("hello")]


async def test_listener_that_fails_silences_nobody(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    heard, rounds = Heard(), Rounds()

    def fails_at_one(key: SessionKey, one: Session | None) -> None:
        if key == KEY:
            raise KeyError("My card is 4111")
        heard(key, one)

    watch = SqliteWatch(store._run, fails_at_one, now=store._now, sleep=rounds)
    for key in (KEY, OTHER):
        await watch.follow(key)
    await rounds.next()
    await watch.close()
    assert heard.told == [(OTHER, None)]
    [line] = caplog.records
    assert line.__dict__["fields"]["exception"] == "KeyError"
    assert "4111" not in str(line.__dict__)


async def test_unreadable_session_is_logged_and_hides_no_other(
    store: SqliteStore, path: Path, slowly: Slowly, caplog: pytest.LogCaptureFixture
) -> None:
    for one in (session(), session("other")):
        await store.commit(Change(session=one, version=None))
    db = sqlite3.connect(path)
    db.execute("UPDATE sessions SET data = 'My card is 4111' WHERE id = ?", (KEY,))
    db.commit()
    db.close()
    await slowly.follow(KEY, OTHER)
    assert slowly.heard.told == [(OTHER, session("other"))]
    [line] = caplog.records
    assert line.__dict__["fields"]["outcome"] == "unreadable"
    assert line.__dict__["fields"]["session"] == KEY
    assert "4111" not in str(line.__dict__)
