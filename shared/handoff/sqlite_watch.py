"""How the SQLite store tells of written sessions: one cheap question, twenty times a second."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from typing import Any, Protocol

from handoff import documents, log
from handoff import sqlite_schema as sql
from handoff.codec import decode
from handoff.errors import StoreError
from handoff.model import Session
from handoff.store import Changed
from handoff.vocabulary import SessionKey

INTERVAL = 0.05
LONGEST_PAUSE = 5.0

# A session may have almost a megabyte; so many are in memory at once when all have changed.
AT_ONCE = 20


class Run(Protocol):
    """Does some work on the store's one thread; raises StoreError."""

    async def __call__(self, work: Callable[[sqlite3.Connection], Any], /) -> Any:
        """Return what the work returns."""


class SqliteWatch:
    """Follows sessions for one listener, with one task while there are any."""

    def __init__(
        self,
        run: Run,
        changed: Changed,
        *,
        now: Callable[[], str],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._run = run
        self._changed = changed
        self._now = now
        self._sleep = sleep
        # The version that was told last: None when there was no session.
        self._told: dict[SessionKey, str | None] = {}
        self._untold: set[SessionKey] = set()
        self._signal: object = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def follow(self, key: SessionKey) -> None:
        """Tell of this session from now on."""
        if self._closed or key in self._told:
            return
        self._told[key] = None
        self._untold.add(key)
        if self._task is None:
            # Without the context of the request that happens to be the first.
            self._task = asyncio.create_task(self._keep_looking(), context=Context())

    async def unfollow(self, key: SessionKey) -> None:
        """Tell no more of this session."""
        self._told.pop(key, None)
        self._untold.discard(key)
        if not self._told:
            await self._end()

    async def close(self) -> None:
        """Tell nothing more, for good."""
        self._closed = True
        self._told.clear()
        self._untold.clear()
        await self._end()

    async def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _keep_looking(self) -> None:
        failures = 0
        while True:
            try:
                await self._look()
                failures = 0
            except StoreError as error:
                failures += 1
                if failures == 1:
                    reason = type(error.__cause__ or error).__name__
                    log.warning("watch", outcome="lost", reason=reason)
            except Exception as error:  # noqa: BLE001 - nobody is above this task to hear of it
                failures += 1
                log.bug(error)
            await self._sleep(_pause(failures))

    async def _look(self) -> None:
        """Find out what has changed, and tell it."""
        signal = await self._run(_signal)
        followed = list(self._told if signal != self._signal else self._untold)
        if followed:
            await self._compare(followed)
        # Last: what failed on the way is looked at again.
        self._signal = signal

    async def _compare(self, keys: Sequence[SessionKey]) -> None:
        versions = dict(await self._run(_query(sql.VERSIONS, keys)))
        news = [key for key in keys if self._is_news(key, versions.get(key))]
        for key in news:
            if key not in versions:
                self._tell(key)
        there = [key for key in news if key in versions]
        for start in range(0, len(there), AT_ONCE):
            some = there[start : start + AT_ONCE]
            found = {row[0]: row[1:] for row in await self._run(_query(sql.LOAD_SOME, some))}
            for key in some:
                self._tell(key, *found.get(key, ()))

    def _is_news(self, key: SessionKey, version: str | None) -> bool:
        return key in self._untold or (key in self._told and self._told[key] != version)

    def _tell(
        self,
        key: SessionKey,
        version: str | None = None,
        expire_at: str | None = None,
        data: str | None = None,
    ) -> None:
        if not self._is_news(key, version):
            return
        self._told[key] = version
        self._untold.discard(key)
        if version is None or (expire_at is not None and expire_at <= self._now()):
            self._changed(key, None)
            return
        try:
            session = decode(data, Session, f"{documents.SESSIONS}/{key}")
        except StoreError as error:
            log.warning("watch", session=key, outcome="unreadable", reason=str(error))
            return
        self._changed(key, session)


def _signal(db: sqlite3.Connection) -> object:
    """Return what is another value as soon as anybody has written.

    SQLite's own number is that of the others' commits: https://sqlite.org/pragma.html
    """
    return db.execute(sql.OTHERS_WROTE).fetchone(), db.total_changes


def _query(
    query: str, keys: Iterable[SessionKey]
) -> Callable[[sqlite3.Connection], list[tuple[Any, ...]]]:
    values = {"ids": json.dumps(list(keys))}
    return lambda db: db.execute(query, values).fetchall()


def _pause(failures: int) -> float:
    """Return how long to wait after so many failures in a row."""
    if not failures:
        return INTERVAL
    growing = min(INTERVAL * (1 << min(failures, 10)), LONGEST_PAUSE)
    return growing * (0.5 + secrets.randbelow(512) / 1024)
