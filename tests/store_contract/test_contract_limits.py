"""Names and texts of any form, large sessions, a store that is down, and what a store costs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from handoff.codec import MAX_BYTES
from handoff.errors import StoreError
from handoff.store import Change, Store
from handoff.vocabulary import HandoffId, ProviderId
from tests.fakes import CountingStore, FixedClock
from tests.store_contract.samples import (
    H1,
    LIVECHAT,
    delivery,
    everything,
    loaded,
    said,
    session,
    token,
)

AWKWARD = [
    "x" * 10_000,
    "projects/p/agents/a/sessions/../s//",
    "😀 ünï",
    "__x__",
    ".",
    "a\x00b",
    "\ud800lone",
    "",
]


@pytest.mark.parametrize("name", AWKWARD, ids=range(len(AWKWARD)))
async def test_ids_of_any_form_work(store: Store, clock: FixedClock, name: str) -> None:
    one, handoff, provider = session(name), HandoffId(name), ProviderId("livechat")
    change = Change(
        session=one,
        version=None,
        index=[(provider, name)],
        spilled=[(handoff, delivery(clock, 1))],
    )
    await store.commit(change)
    assert await loaded(store, one.key) == one
    assert await store.find(provider, name) == one.key
    await store.mark_missed(provider, name)
    assert await store.was_missed(provider, name)
    assert await store.deliveries(one.key, handoff, 0) == [delivery(clock, 1)]
    await store.put_token(name, token(clock))
    assert await store.token(name) is not None


@pytest.mark.parametrize("text", ["😀", "a\x00b", "one\r\ntwo\u2028", "'; DROP --", "\udc00\ud800"])
async def test_text_survives(store: Store, text: str) -> None:
    await store.commit(Change(session=said(text), version=None))
    assert await loaded(store) == said(text)


@pytest.mark.parametrize("letter", ["x", "é"])
async def test_session_near_the_bound_is_kept(store: Store, letter: str) -> None:
    large = said(letter * (900_000 // len(letter.encode())))
    version = await store.commit(Change(session=large, version=None))
    await store.commit(Change(session=replace(large, last_job=1), version=version))
    assert await loaded(store) == replace(large, last_job=1)


async def test_session_over_the_bound_is_refused_and_the_old_one_stays(store: Store) -> None:
    version = await store.commit(Change(session=said("small"), version=None))
    with pytest.raises(StoreError, match=session().key) as caught:
        await store.commit(Change(session=said("x" * MAX_BYTES), version=version))
    assert type(caught.value) is StoreError
    assert await loaded(store) == said("small")


async def test_store_that_is_down_says_so(store_that_is_down: Store, clock: FixedClock) -> None:
    down = store_that_is_down
    calls: list[Awaitable[object]] = [
        down.load(session().key),
        down.find(LIVECHAT, "1"),
        down.commit(Change(session=session(), version=None)),
        down.opening(LIVECHAT),
        down.mark_missed(LIVECHAT, "1"),
        down.was_missed(LIVECHAT, "1"),
        down.deliveries(session().key, H1, 0),
        down.dead_letters(),
        down.token("livechat"),
        down.put_token("livechat", token(clock)),
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in results] == [StoreError] * len(calls)


async def test_closing_twice_is_harmless(store: Store) -> None:
    await store.load(session().key)
    await store.close()
    await store.close()


async def test_billed_operations_are_counted(store: Store, clock: FixedClock) -> None:
    counting = CountingStore(store)
    await counting.commit(everything(clock, version=None))
    assert counting.taken() == (0, 5)
    await counting.load(session().key)
    await counting.find(LIVECHAT, "chat 1")
    assert counting.taken() == (2, 0)
    await counting.deliveries(session().key, H1, 1)
    assert counting.taken() == (1, 0)
    await counting.mark_missed(LIVECHAT, "chat 1")
    assert counting.taken() == (0, 1)
    await counting.was_missed(LIVECHAT, "chat 1")
    assert counting.taken() == (1, 0)
