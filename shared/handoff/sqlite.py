"""The store in one SQLite file, which several processes may share."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

from handoff import documents
from handoff import sqlite_schema as sql
from handoff.codec import decode
from handoff.deliveries import Delivery
from handoff.documents import Document, Field
from handoff.errors import Conflict, StoreError
from handoff.model import Session
from handoff.sqlite_watch import SqliteWatch
from handoff.store import Change, Changed, DeadLetter, Stored, StoredToken, Version
from handoff.vocabulary import HandoffId, ProviderId, SessionKey

T = TypeVar("T")


class SqliteStore:
    """Keeps everything in the file `path`, or in memory when it is `:memory:`.

    All work is done by one thread that owns the connection: the event loop never waits for the
    disk, and nothing is opened before the first use.
    """

    def __init__(
        self, path: str, *, clock: Callable[[], datetime], busy_timeout: float = 3.0
    ) -> None:
        self._path = path
        self._clock = clock
        self._busy_timeout = busy_timeout
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None
        self._watches: WeakSet[SqliteWatch] = WeakSet()
        self._closed = False

    async def load(self, key: SessionKey) -> Stored | None:
        """Return the session, or None when there never was one."""
        for version, expire_at, data in await self._query(sql.LOAD, id=key):
            if expire_at is not None and expire_at <= self._now():
                return Stored(session=None, version=version)
            session = decode(data, Session, f"{documents.SESSIONS}/{key}")
            return Stored(session=session, version=version)
        return None

    async def find(self, provider: ProviderId, name: str) -> SessionKey | None:
        """Return the session that a conversation or contact belongs to."""
        rows = await self._query(sql.FIND, id=documents.index_id(provider, name), now=self._now())
        return SessionKey(rows[0][0]) if rows else None

    async def commit(self, change: Change) -> Version:
        """Write all of it or nothing."""
        session, others = documents.of_session(change.session), documents.extras(change)
        now = self._now()

        def write(db: sqlite3.Connection) -> Version:
            version = _guarded(db, sql.CREATE_SESSION, sql.UPDATE_SESSION, session, change.version)
            for document in others:
                db.execute(sql.PUT[document.collection], _row(document))
            for letter in change.replayed:
                db.execute(sql.FORGET_DEAD_LETTER, {"id": letter})
            # Last: the session itself may have been expired until this very commit.
            for sweep in sql.SWEEP:
                db.execute(sweep, {"now": now})
            return version

        return await self._transaction(write)

    async def mark_missed(self, provider: ProviderId, name: str) -> None:
        """Remember for some minutes that something came for a conversation not known as ours."""
        mark = documents.of_missed(provider, name, self._clock())
        await self._transaction(lambda db: db.execute(sql.PUT[mark.collection], _row(mark)))

    async def was_missed(self, provider: ProviderId, name: str) -> bool:
        """Say whether something came for this conversation before it was known as ours."""
        name_of_mark = documents.missed_id(provider, name)
        return bool(await self._query(sql.FIND, id=name_of_mark, now=self._now()))

    async def opening(self, provider: ProviderId) -> bool:
        """Say whether any session has an `open` job for this provider in its outbox."""
        return bool(await self._query(sql.OPENING, now=self._now(), provider=provider))

    async def deliveries(
        self, key: SessionKey, handoff: HandoffId, after: int
    ) -> Sequence[Delivery]:
        """Return the spilled deliveries with ids above `after`, in order."""
        above, below = documents.positions_after(key, handoff, after)
        rows = await self._query(sql.READ_DELIVERIES, above=above, below=below, now=self._now())
        return [decode(data, Delivery, f"{documents.DELIVERIES}/{name}") for name, data in rows]

    async def due(self, limit: int) -> Sequence[SessionKey]:
        """Return the sessions for which something is to be done by now, the oldest first."""
        rows = await self._query(sql.DUE, now=self._now(), limit=limit)
        return [SessionKey(name) for (name,) in rows]

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """Return what could not be delivered, oldest first."""
        rows = await self._query(sql.READ_DEAD_LETTERS, now=self._now())
        return [decode(data, DeadLetter, f"{documents.DEAD_LETTERS}/{name}") for name, data in rows]

    async def token(self, name: str) -> StoredToken | None:
        """Return the shared token of this name, expired or not."""
        rows = await self._query(sql.LOAD_TOKEN, id=documents.token_id(name))
        return _token(*rows[0]) if rows else None

    async def put_token(self, name: str, token: StoredToken) -> Version:
        """Write a token over the version it carries."""
        document = documents.of_token(name, token)
        return await self._transaction(
            lambda db: _guarded(db, sql.CREATE_TOKEN, sql.UPDATE_TOKEN, document, token.version)
        )

    def watch(self, changed: Changed) -> SqliteWatch:
        """Return what tells of sessions whenever this process or another has written them."""
        watch = SqliteWatch(self._run, changed, now=self._now)
        self._watches.add(watch)
        return watch

    async def close(self) -> None:
        """Let go of the file and of the thread."""
        if self._closed:
            return
        self._closed = True
        for watch in list(self._watches):
            await watch.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    def _now(self) -> str:
        return _column_time(self._clock())

    async def _query(self, query: str, **values: str | int) -> list[Any]:
        return await self._run(lambda db: db.execute(query, values).fetchall())

    async def _transaction(self, write: Callable[[sqlite3.Connection], T]) -> T:
        def work(db: sqlite3.Connection) -> T:
            with db:
                # At once for writing: a lock that is upgraded later fails instead of waiting.
                db.execute("BEGIN IMMEDIATE")
                return write(db)

        return await self._run(work)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StoreError(f"sqlite is closed ({self._path})")

        def in_thread() -> T:
            try:
                return work(self._connect())
            except (sqlite3.Error, OSError) as error:
                raise StoreError(f"sqlite failed: {_reason(error)} ({self._path})") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, in_thread)

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self._path, self._busy_timeout)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _open(path: str, busy_timeout: float) -> sqlite3.Connection:
    if path != ":memory:":
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here for its mode: SQLite gives its side files the mode of the first.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
    try:
        _use_write_ahead_log(db, busy_timeout)
        with db:
            db.execute("BEGIN IMMEDIATE")
            for statement in sql.SCHEMA.split(";"):
                db.execute(statement)
            _catch_up(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _catch_up(db: sqlite3.Connection) -> None:
    """Add what the file of an earlier revision lacks; what is in it stays as it is."""
    for table, column, statement in sql.ADDED:
        if (column,) not in db.execute(sql.COLUMNS, {"table": table}).fetchall():
            db.execute(statement)
    db.execute(sql.INDEX_WAKE_AT)


def _use_write_ahead_log(db: sqlite3.Connection, patience: float) -> None:
    """Let readers and a writer work side by side."""
    give_up = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # Processes that meet at a new file: here alone SQLite does not wait for the others.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _guarded(
    db: sqlite3.Connection, create: str, update: str, document: Document, read: Version | None
) -> Version:
    """Create the document, or update it if it still has the version that was read."""
    # Never a counter in the row: a session deleted and made again must not look unchanged.
    version = secrets.token_hex(8)
    statement = create if read is None else update
    row = _row(document) | {"version": version, "read": read}
    if db.execute(statement, row).rowcount != 1:
        raise Conflict(f"{document.collection}/{document.id} was written by somebody else")
    return version


def _reason(error: Exception) -> str:
    """Return what SQLite says; what Python's module says itself may quote a stored text."""
    if isinstance(error, sqlite3.Error) and not hasattr(error, "sqlite_errorcode"):
        return type(error).__name__
    return str(error)


def _token(value: str, expires_at: str, busy_until: str | None, version: str) -> StoredToken:
    return StoredToken(
        value=value,
        expires_at=datetime.fromisoformat(expires_at),
        busy_until=datetime.fromisoformat(busy_until) if busy_until else None,
        version=version,
    )


def _row(document: Document) -> dict[str, str | None]:
    columns = {name: _column(field) for name, field in document.fields.items()}
    return {"id": document.id} | columns


def _column(field: Field) -> str | None:
    if isinstance(field, datetime):
        return _column_time(field)
    if isinstance(field, Mapping):
        return json.dumps({name: _column_time(until) for name, until in field.items()})
    return field


def _column_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
