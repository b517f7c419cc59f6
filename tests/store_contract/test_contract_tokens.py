"""A shared token is renewed by one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from handoff.store import Store
from tests.fakes import FixedClock
from tests.store_contract.samples import token, won


async def test_token_that_never_was_is_none(store: Store) -> None:
    assert await store.token("livechat") is None


async def test_token_comes_back(store: Store, clock: FixedClock) -> None:
    busy = replace(token(clock), busy_until=clock() + timedelta(seconds=10))
    await store.put_token("livechat", busy)
    found = await store.token("livechat")
    assert found is not None
    assert replace(found, version=None) == busy


async def test_token_is_replaced_over_the_version_it_carries(
    store: Store, clock: FixedClock
) -> None:
    await store.put_token("livechat", replace(token(clock), busy_until=clock()))
    found = await store.token("livechat")
    assert found is not None
    await store.put_token("livechat", replace(token(clock, "t2"), version=found.version))
    renewed = await store.token("livechat")
    assert renewed is not None
    assert replace(renewed, version=None) == token(clock, "t2")


async def test_expired_token_comes_back(store: Store, clock: FixedClock) -> None:
    await store.put_token("livechat", token(clock))
    clock.advance(7200)
    found = await store.token("livechat")
    assert found is not None
    assert found.expires_at < clock()


async def test_one_of_many_renewals_wins(store: Store, clock: FixedClock) -> None:
    await store.put_token("livechat", token(clock))
    found = await store.token("livechat")
    assert found is not None
    renewals = [replace(found, value=f"t{n}") for n in range(2, 22)]
    assert await won([store.put_token("livechat", one) for one in renewals]) == 1


async def test_one_of_many_first_tokens_wins(store: Store, clock: FixedClock) -> None:
    tokens = [token(clock, f"t{n}") for n in range(20)]
    assert await won([store.put_token("livechat", one) for one in tokens]) == 1


async def test_version_of_a_written_token_allows_the_next_one(
    store: Store, clock: FixedClock
) -> None:
    version = await store.put_token("livechat", token(clock))
    await store.put_token("livechat", replace(token(clock, "t2"), version=version))
    found = await store.token("livechat")
    assert found is not None
    assert found.value == "t2"
