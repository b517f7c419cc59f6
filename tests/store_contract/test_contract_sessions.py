"""A session is written by one at a time, and nothing of it is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from handoff.errors import Conflict
from handoff.store import Change, Store
from handoff.vocabulary import JobKind
from tests.fakes import FixedClock
from tests.store_contract.samples import Backend, in_an_hour, job, loaded, said, session, won


async def test_session_that_never_was_is_none(store: Store) -> None:
    assert await store.load(session().key) is None


async def test_created_session_is_loaded(store: Store) -> None:
    await store.commit(Change(session=said("hello"), version=None))
    assert await loaded(store) == said("hello")


async def test_session_is_seen_by_another_instance(backend: Backend) -> None:
    await backend.store.commit(Change(session=said("hello"), version=None))
    assert await loaded(backend.another()) == said("hello")


async def test_loaded_version_allows_an_update(store: Store) -> None:
    await store.commit(Change(session=said("one"), version=None))
    stored = await store.load(session().key)
    assert stored is not None
    await store.commit(Change(session=said("two"), version=stored.version))
    assert await loaded(store) == said("two")


async def test_version_of_a_commit_allows_the_next_one(store: Store) -> None:
    version = await store.commit(Change(session=said("one"), version=None))
    version = await store.commit(Change(session=said("two"), version=version))
    await store.commit(Change(session=said("three"), version=version))
    assert await loaded(store) == said("three")


async def test_update_leaves_nothing_of_the_session_before(store: Store, clock: FixedClock) -> None:
    opening = replace(in_an_hour(clock), outbox=(job(clock, JobKind.OPEN),))
    version = await store.commit(Change(session=opening, version=None))
    await store.commit(Change(session=session(), version=version))
    clock.advance(7200)
    assert await loaded(store) == session()


async def test_old_version_conflicts(store: Store) -> None:
    version = await store.commit(Change(session=said("one"), version=None))
    await store.commit(Change(session=said("two"), version=version))
    with pytest.raises(Conflict):
        await store.commit(Change(session=said("late"), version=version))
    assert await loaded(store) == said("two")


async def test_creating_what_exists_conflicts(store: Store) -> None:
    await store.commit(Change(session=said("one"), version=None))
    with pytest.raises(Conflict):
        await store.commit(Change(session=said("late"), version=None))
    assert await loaded(store) == said("one")


async def test_version_of_another_session_conflicts(store: Store) -> None:
    version = await store.commit(Change(session=session("other"), version=None))
    with pytest.raises(Conflict):
        await store.commit(Change(session=session(), version=version))


async def test_one_of_many_creators_wins(backend: Backend) -> None:
    stores = [backend.another() for _ in range(4)]
    sessions = [said(f"writer {n}") for n in range(20)]
    creations = [
        stores[n % 4].commit(Change(session=one, version=None)) for n, one in enumerate(sessions)
    ]
    assert await won(list(creations)) == 1


async def test_one_of_many_writers_wins_each_round(backend: Backend) -> None:
    stores = [backend.another() for _ in range(4)]
    version = await backend.store.commit(Change(session=session(), version=None))
    for round_number in range(5):
        texts = [said(f"writer {n} in round {round_number}") for n in range(20)]
        changes = [Change(session=one, version=version) for one in texts]
        assert await won([stores[n % 4].commit(one) for n, one in enumerate(changes)]) == 1
        stored = await backend.store.load(session().key)
        assert stored is not None
        version = stored.version


async def test_no_increment_is_lost(backend: Backend) -> None:
    stores = [backend.another() for _ in range(4)]
    await backend.store.commit(Change(session=session(), version=None))

    async def increment(store: Store) -> None:
        stored = await store.load(session().key)
        assert stored is not None
        assert stored.session is not None
        raised = replace(stored.session, last_job=stored.session.last_job + 1)
        await store.commit(Change(session=raised, version=stored.version))

    async def worker(store: Store) -> None:
        for _ in range(10):
            while await won([increment(store)]) == 0:
                pass

    await asyncio.gather(*(worker(stores[n % 4]) for n in range(20)))
    assert (await loaded(backend.store)).last_job == 200


async def test_commit_sums_up_without_losing_to_other_sessions(backend: Backend) -> None:
    commits = [
        backend.store.commit(Change(session=session(f"s{n}"), version=None)) for n in range(50)
    ]
    assert await won(list(commits)) == 50


async def test_expired_session_is_gone_and_can_be_written_over(
    store: Store, clock: FixedClock
) -> None:
    await store.commit(Change(session=in_an_hour(clock), version=None))
    clock.advance(3600)
    stored = await store.load(session().key)
    assert stored is not None
    assert stored.session is None
    await store.commit(Change(session=said("back"), version=stored.version))
    assert await loaded(store) == said("back")


async def test_session_lives_until_its_last_second(store: Store, clock: FixedClock) -> None:
    await store.commit(Change(session=in_an_hour(clock), version=None))
    clock.advance(3599)
    assert (await loaded(store)).id == session().id


async def test_expired_session_written_over_by_another_conflicts(
    store: Store, clock: FixedClock
) -> None:
    version = await store.commit(Change(session=in_an_hour(clock), version=None))
    clock.advance(3600)
    await store.commit(Change(session=said("first"), version=version))
    with pytest.raises(Conflict):
        await store.commit(Change(session=said("second"), version=version))
