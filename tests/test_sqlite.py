"""What only the file does: its mode, several processes, locks, and forgetting what has expired."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handoff import sqlite_schema as sql
from handoff.errors import Conflict, StoreError
from handoff.model import Session
from handoff.sqlite import SqliteStore
from handoff.store import Change, session_key
from handoff.vocabulary import Dialect, ProviderId, SessionId
from tests.fakes import FixedClock

LIVECHAT = ProviderId("livechat")
KEY = session_key(SessionId("s1"))
INCREMENTS = 25
NAMES = ("id", "ids", "now", "provider", "above", "below")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "handoff.db"


@pytest.fixture
def store(path: Path, clock: FixedClock, runner: asyncio.Runner) -> Iterator[SqliteStore]:
    one = SqliteStore(str(path), clock=clock, busy_timeout=0.05)
    yield one
    runner.run(one.close())


def session(name: str = "s1", expire_at: datetime | None = None) -> Session:
    identity = SessionId(name)
    key = session_key(identity)
    return Session(key=key, id=identity, dialect=Dialect.CX, expire_at=expire_at)


def rows(path: Path, table: str) -> int:
    db = sqlite3.connect(path)
    count: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    db.close()
    return count


async def increment(store: SqliteStore) -> None:
    stored = await store.load(KEY)
    assert stored is not None
    assert stored.session is not None
    raised = replace(stored.session, last_job=stored.session.last_job + 1)
    await store.commit(Change(session=raised, version=stored.version))


async def increment_often(path: str) -> None:
    """Run in a process of its own, beside others."""
    store = SqliteStore(path, clock=lambda: datetime.now(UTC), busy_timeout=20)
    done = 0
    while done < INCREMENTS:
        try:
            await increment(store)
        except Conflict:
            continue
        done += 1
    await store.close()


def test_nothing_is_made_before_the_first_use(path: Path, clock: FixedClock) -> None:
    threads = threading.active_count()
    SqliteStore(str(path), clock=clock)
    assert not path.parent.exists()
    assert threading.active_count() == threads


async def test_only_the_owner_may_read_the_files(store: SqliteStore, path: Path) -> None:
    await store.commit(Change(session=session(), version=None))
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == dict.fromkeys(("handoff.db", "handoff.db-wal", "handoff.db-shm"), 0o600)


async def test_memory_holds_a_store_too(clock: FixedClock) -> None:
    store = SqliteStore(":memory:", clock=clock)
    await store.commit(Change(session=session(), version=None))
    assert await store.load(KEY) is not None
    await store.close()


def test_processes_share_the_file(store: SqliteStore, path: Path, runner: asyncio.Runner) -> None:
    code = f"import asyncio, tests.test_sqlite as t; asyncio.run(t.increment_often({str(path)!r}))"
    runner.run(store.commit(Change(session=session(), version=None)))
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [child.wait(30) for child in children] == [0, 0, 0]
    stored = runner.run(store.load(KEY))
    assert stored is not None
    assert stored.session is not None
    assert stored.session.last_job == 3 * INCREMENTS


async def test_many_openers_of_a_new_file_do_not_hinder_each_other(
    path: Path, clock: FixedClock
) -> None:
    stores = [SqliteStore(str(path), clock=clock) for _ in range(20)]
    assert await asyncio.gather(*(one.load(KEY) for one in stores)) == [None] * 20
    for one in stores:
        await one.close()


async def test_lock_held_too_long_is_an_error_and_then_over(store: SqliteStore, path: Path) -> None:
    await store.load(KEY)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked") as caught:
        await store.commit(Change(session=session(), version=None))
    assert not isinstance(caught.value, Conflict)
    other.execute("ROLLBACK")
    other.close()
    await store.commit(Change(session=session(), version=None))


def test_file_that_is_no_database_is_an_error(
    store: SqliteStore, path: Path, runner: asyncio.Runner
) -> None:
    path.parent.mkdir()
    path.write_text("this is not a database, however long it may be " * 100)
    with pytest.raises(StoreError):
        runner.run(store.load(KEY))


async def test_closed_store_is_an_error(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.load(KEY)


async def test_broken_document_is_named(store: SqliteStore, path: Path) -> None:
    await store.commit(Change(session=session(), version=None))
    db = sqlite3.connect(path)
    db.execute("UPDATE sessions SET data = 'My card is 4111'")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match=f"sessions/{KEY}") as caught:
        await store.load(KEY)
    assert "4111" not in str(caught.value)


async def test_commits_delete_what_has_expired(
    store: SqliteStore, path: Path, clock: FixedClock
) -> None:
    soon = clock() + timedelta(seconds=1)
    for n in range(5):
        gone = Change(session=session(f"old {n}", soon), version=None, index=[(LIVECHAT, f"{n}")])
        await store.commit(gone)
    clock.advance(1)
    version = await store.commit(Change(session=session(), version=None))
    assert rows(path, "sessions") == 1
    clock.advance(30 * 86_400)
    await store.commit(Change(session=session(), version=version))
    assert rows(path, "conversations") == 0


async def test_session_made_again_after_its_deletion_is_another_version(
    store: SqliteStore, clock: FixedClock
) -> None:
    soon = clock() + timedelta(seconds=1)
    old = await store.commit(Change(session=session(expire_at=soon), version=None))
    clock.advance(1)
    await store.commit(Change(session=session("other"), version=None))
    await store.commit(Change(session=session(), version=None))
    with pytest.raises(Conflict):
        await store.commit(Change(session=session(), version=old))


async def test_file_of_an_earlier_revision_learns_what_is_due(
    path: Path, clock: FixedClock
) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    with db:
        table = sql.SCHEMA.split(";")[0].replace(",\n  wake_at TEXT", "")
        assert "wake_at" not in table
        db.execute(table)
    db.close()
    for _ in range(2):  # a file that was opened once lacks nothing any more
        store = SqliteStore(str(path), clock=clock)
        due = replace(session(f"s{_}"), wake_at=clock())
        await store.commit(Change(session=due, version=None))
        assert due.key in await store.due(10)
        await store.close()


async def test_queries_use_their_indexes(store: SqliteStore, path: Path) -> None:
    await store.load(KEY)
    values: dict[str, str | int] = dict.fromkeys(NAMES, "x")
    values["limit"] = 1
    db = sqlite3.connect(path)
    reading = (sql.LOAD, sql.LOAD_SOME, sql.VERSIONS, sql.FIND, sql.OPENING, sql.DUE)
    for query in (*reading, sql.READ_DELIVERIES, *sql.SWEEP):
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}", values))
        assert "USING INDEX" in plan or "USING COVERING INDEX" in plan, (query, plan)
        assert "TEMP B-TREE" not in plan, (query, plan)
    db.close()


async def test_event_loop_does_not_wait_for_the_disk(path: Path, clock: FixedClock) -> None:
    store = SqliteStore(str(path), clock=clock, busy_timeout=20)
    await store.load(KEY)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(store.commit(Change(session=session(), version=None)))
    await asyncio.sleep(0)
    # Would never come to this on a loop that waits for the lock itself.
    other.execute("ROLLBACK")
    other.close()
    await waiting
    await store.close()
