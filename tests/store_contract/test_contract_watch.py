"""Who follows a session hears of every change, whoever made it, and of nothing else."""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import replace

from handoff.store import Change, Store
from tests.fakes import FixedClock
from tests.store_contract.hearing import Heard, becomes
from tests.store_contract.samples import Backend, in_an_hour, said, session

KEY = session().key
OTHER = session("other")


async def written(store: Store, *texts: str) -> object:
    """Write these one after the other, and return the last version."""
    stored = await store.load(KEY)
    version = None if stored is None else stored.version
    for text in texts:
        version = await store.commit(Change(session=said(text), version=version))
    return version


async def test_followed_session_is_told_as_it_stands(store: Store) -> None:
    heard = Heard()
    await written(store, "here already")
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, said("here already"))


async def test_session_that_never_was_is_told_as_none(store: Store) -> None:
    heard = Heard()
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)


async def test_expired_session_is_told_as_none(store: Store, clock: FixedClock) -> None:
    heard = Heard()
    await store.commit(Change(session=in_an_hour(clock), version=None))
    clock.advance(3600)
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)


async def test_session_that_is_made_is_told(store: Store) -> None:
    heard = Heard()
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)
    await written(store, "new")
    await heard.last(KEY, said("new"))


async def test_own_write_is_told(store: Store) -> None:
    heard = Heard()
    await written(store, "one")
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, said("one"))
    await written(store, "two")
    await heard.last(KEY, said("two"))


async def test_write_over_another_connection_is_told(backend: Backend) -> None:
    heard = Heard()
    await written(backend.store, "one")
    await backend.store.watch(heard).follow(KEY)
    await heard.last(KEY, said("one"))
    await written(backend.another(), "two")
    await heard.last(KEY, said("two"))


async def test_session_written_as_expired_is_told_as_none(store: Store, clock: FixedClock) -> None:
    heard = Heard()
    version = await written(store, "alive")
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, said("alive"))
    over = replace(session(), expire_at=clock())
    await store.commit(Change(session=over, version=version))
    await heard.last(KEY, None)


async def test_of_many_writes_the_last_is_told_and_none_goes_back(backend: Backend) -> None:
    heard = Heard()
    await backend.store.watch(heard).follow(KEY)
    await written(backend.another(), *(f"{number}" for number in range(50)))
    await heard.last(KEY, said("49"))
    told = [int(one.transcript[0].text) for one in heard.of(KEY) if one is not None]
    assert told == sorted(set(told))


async def test_one_write_is_told_once_though_followed_twice(store: Store) -> None:
    heard = Heard()
    watch = store.watch(heard)
    for _ in range(2):
        await watch.follow(KEY)
    await heard.last(KEY, None)
    await written(store, "one")
    await heard.last(KEY, said("one"))
    await watch.follow(OTHER.key)
    await heard.last(OTHER.key, None)
    assert heard.of(KEY) == [None, said("one")]


async def test_write_to_another_session_is_not_told(store: Store) -> None:
    heard = Heard()
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)
    await store.commit(Change(session=OTHER, version=None))
    await written(store, "mine")
    await heard.last(KEY, said("mine"))
    assert heard.told == [(KEY, None), (KEY, said("mine"))]


async def test_nothing_is_told_after_unfollowing(store: Store) -> None:
    heard = Heard()
    watch = store.watch(heard)
    for key in (KEY, OTHER.key):
        await watch.follow(key)
        await heard.last(key, None)
    await watch.unfollow(KEY)
    await written(store, "unheard")
    await store.commit(Change(session=OTHER, version=None))
    await heard.last(OTHER.key, OTHER)
    assert heard.of(KEY) == [None]


async def test_session_followed_again_is_told_again(store: Store) -> None:
    heard = Heard()
    watch = store.watch(heard)
    await written(store, "one")
    for times in (1, 2):
        await watch.follow(KEY)
        await heard.until(lambda times=times: heard.of(KEY) == [said("one")] * times)  # type: ignore[misc]
        await watch.unfollow(KEY)


async def test_three_hundred_are_followed_at_once(backend: Backend) -> None:
    heard = Heard()
    watch, writer = backend.store.watch(heard), backend.another()
    sessions = [session(f"s{number}") for number in range(300)]
    await asyncio.gather(*(watch.follow(one.key) for one in sessions))
    await heard.until(lambda: len(heard.told) == 300)
    chosen = random.Random(7).sample(sessions, 60)
    for one in chosen:
        await writer.commit(Change(session=one, version=None))
    await heard.until(lambda: len(heard.told) == 360)
    assert {key for key, one in heard.told if one is not None} == {one.key for one in chosen}


async def test_two_watches_hear_each_their_own(store: Store) -> None:
    mine, yours = Heard(), Heard()
    await store.watch(mine).follow(KEY)
    await store.watch(yours).follow(OTHER.key)
    await written(store, "one")
    await store.commit(Change(session=OTHER, version=None))
    await mine.last(KEY, said("one"))
    await yours.last(OTHER.key, OTHER)
    assert not mine.of(OTHER.key)
    assert not yours.of(KEY)


async def test_nothing_runs_after_the_last_unfollowing(store: Store) -> None:
    heard = Heard()
    await store.load(KEY)
    tasks, threads = asyncio.all_tasks(), threading.active_count()
    watch = store.watch(heard)
    assert asyncio.all_tasks() <= tasks
    for key in (KEY, OTHER.key):
        await watch.follow(key)
        await heard.last(key, None)
    assert not asyncio.all_tasks() <= tasks
    for key in (KEY, OTHER.key):
        await watch.unfollow(key)
    await becomes(lambda: asyncio.all_tasks() <= tasks)
    assert threading.active_count() <= threads


async def test_unfollowing_before_anything_was_told_leaves_nothing(store: Store) -> None:
    tasks = asyncio.all_tasks()
    watch = store.watch(Heard())
    await watch.follow(KEY)
    await watch.unfollow(KEY)
    await watch.follow(KEY)
    await asyncio.sleep(0)
    await watch.unfollow(KEY)
    await becomes(lambda: asyncio.all_tasks() <= tasks)


async def test_unfollowing_what_is_not_followed_does_nothing(store: Store) -> None:
    await store.watch(Heard()).unfollow(KEY)


async def test_closed_watch_follows_nothing(store: Store) -> None:
    heard, tasks = Heard(), asyncio.all_tasks()
    watch = store.watch(heard)
    await watch.follow(KEY)
    await heard.last(KEY, None)
    await watch.close()
    await watch.close()
    await watch.follow(OTHER.key)
    await becomes(lambda: asyncio.all_tasks() <= tasks)
    assert heard.told == [(KEY, None)]


async def test_watch_ends_with_its_store(backend: Backend) -> None:
    heard, tasks = Heard(), asyncio.all_tasks()
    store = backend.another()
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, None)
    await store.close()
    await becomes(lambda: asyncio.all_tasks() <= tasks)
    await written(backend.store, "unheard")
    assert heard.told == [(KEY, None)]


async def test_store_that_is_down_is_told_of_nothing_and_raises_nothing(
    store_that_is_down: Store,
) -> None:
    heard, tasks = Heard(), asyncio.all_tasks()
    watch = store_that_is_down.watch(heard)
    await watch.follow(KEY)
    await asyncio.sleep(0.05)
    await watch.unfollow(KEY)
    await becomes(lambda: asyncio.all_tasks() <= tasks)
    assert heard.told == []
