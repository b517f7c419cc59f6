"""A store knows whether somebody is opening a conversation right now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.store import Change, Store
from handoff.vocabulary import JobKind, ProviderId
from tests.fakes import FixedClock
from tests.store_contract.samples import EIGHT, LIVECHAT, in_an_hour, job, session


async def test_no_session_opens(store: Store) -> None:
    await store.commit(Change(session=session(), version=None))
    assert not await store.opening(LIVECHAT)


@pytest.mark.parametrize("provider", [LIVECHAT, EIGHT])
async def test_open_job_is_seen(store: Store, clock: FixedClock, provider: ProviderId) -> None:
    opening = replace(session(), outbox=(job(clock, JobKind.OPEN, provider),))
    await store.commit(Change(session=opening, version=None))
    assert await store.opening(provider)


async def test_open_job_of_another_provider_is_not_ours(store: Store, clock: FixedClock) -> None:
    opening = replace(session(), outbox=(job(clock, JobKind.OPEN, EIGHT),))
    await store.commit(Change(session=opening, version=None))
    assert not await store.opening(LIVECHAT)


async def test_other_jobs_do_not_open(store: Store, clock: FixedClock) -> None:
    sending = replace(session(), outbox=(job(clock, JobKind.SEND),))
    await store.commit(Change(session=sending, version=None))
    assert not await store.opening(LIVECHAT)


async def test_opening_ends_with_its_job(store: Store, clock: FixedClock) -> None:
    opening = replace(session(), outbox=(job(clock, JobKind.OPEN),))
    version = await store.commit(Change(session=opening, version=None))
    await store.commit(Change(session=session(), version=version))
    assert not await store.opening(LIVECHAT)


async def test_old_opening_does_not_hide_a_new_one(store: Store, clock: FixedClock) -> None:
    for name in ("s1", "s2"):
        opening = replace(in_an_hour(clock), outbox=(job(clock, JobKind.OPEN),))
        named = replace(opening, key=session(name).key)
        await store.commit(Change(session=named, version=None))
        clock.advance(200)
    assert await store.opening(LIVECHAT)
    clock.advance(200)
    assert not await store.opening(LIVECHAT)
