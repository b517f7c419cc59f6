"""Which sessions wait for somebody, and dead letters that are letters no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handoff.errors import Conflict
from handoff.model import Session
from handoff.store import Change, Store
from tests.fakes import FixedClock
from tests.store_contract.samples import letter, session


def waiting(clock: FixedClock, name: str, seconds: float | None) -> Session:
    at = None if seconds is None else clock() + timedelta(seconds=seconds)
    expire_at = clock() + timedelta(hours=1)
    return replace(session(name), wake_at=at, expire_at=expire_at)


async def put(store: Store, clock: FixedClock, name: str, seconds: float | None) -> object:
    return await store.commit(Change(session=waiting(clock, name, seconds), version=None))


async def test_due_sessions_come_oldest_first(store: Store, clock: FixedClock) -> None:
    for name, seconds in (("a", -1), ("b", -9), ("c", 0), ("d", 0.001), ("e", None)):
        await put(store, clock, name, seconds)
    assert await store.due(10) == [session(name).key for name in ("b", "a", "c")]


async def test_due_sessions_are_counted(store: Store, clock: FixedClock) -> None:
    for number in range(3):
        await put(store, clock, f"s{number}", -number)
    assert await store.due(2) == [session("s2").key, session("s1").key]


async def test_session_that_was_looked_after_is_due_no_more(
    store: Store, clock: FixedClock
) -> None:
    version = await put(store, clock, "a", -1)
    await store.commit(Change(session=waiting(clock, "a", None), version=version))
    assert await store.due(10) == []


async def test_expired_session_is_not_due(store: Store, clock: FixedClock) -> None:
    await put(store, clock, "a", 5)
    clock.advance(3600)
    assert await store.due(10) == []


async def test_replayed_letter_is_gone_with_the_commit(store: Store, clock: FixedClock) -> None:
    letters = [letter(clock, 1), letter(clock, 2)]
    version = await store.commit(Change(session=session(), version=None, dead_letters=letters))
    await store.commit(Change(session=session(), version=version, replayed=[letters[0].id]))
    assert await store.dead_letters() == letters[1:]


async def test_letter_stays_when_the_commit_conflicts(store: Store, clock: FixedClock) -> None:
    first = letter(clock, 1)
    await store.commit(Change(session=session(), version=None, dead_letters=[first]))
    with pytest.raises(Conflict):
        await store.commit(Change(session=session(), version=None, replayed=[first.id]))
    assert await store.dead_letters() == [first]


async def test_letter_that_is_gone_already_is_no_trouble(store: Store) -> None:
    await store.commit(Change(session=session(), version=None, replayed=["nobody"]))
    assert await store.dead_letters() == []
