"""What is written with a session is written whole, found by its keys, and forgotten in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.errors import Conflict
from handoff.store import Change, Store
from handoff.vocabulary import HandoffId
from tests.fakes import FixedClock
from tests.store_contract.samples import (
    EIGHT,
    H1,
    LIVECHAT,
    delivery,
    everything,
    in_an_hour,
    letter,
    said,
    session,
)


async def test_commit_writes_everything_together(store: Store, clock: FixedClock) -> None:
    await store.commit(everything(clock, version=None))
    assert await store.find(LIVECHAT, "chat 1") == session().key
    assert await store.find(EIGHT, "contact 1") == session().key
    assert await store.deliveries(session().key, H1, 0) == [delivery(clock, 1)]
    assert await store.dead_letters() == [letter(clock, 1)]


async def test_commit_that_conflicts_writes_nothing(store: Store, clock: FixedClock) -> None:
    await store.commit(Change(session=session(), version=None))
    with pytest.raises(Conflict):
        await store.commit(everything(clock, version=None))
    assert await store.find(LIVECHAT, "chat 1") is None
    assert await store.find(EIGHT, "contact 1") is None
    assert await store.deliveries(session().key, H1, 0) == []
    assert await store.dead_letters() == []


async def test_update_that_conflicts_writes_nothing(store: Store, clock: FixedClock) -> None:
    version = await store.commit(Change(session=said("one"), version=None))
    await store.commit(Change(session=said("two"), version=version))
    with pytest.raises(Conflict):
        await store.commit(everything(clock, version=version))
    assert await store.find(LIVECHAT, "chat 1") is None
    assert await store.dead_letters() == []


async def test_expired_companions_are_ignored(store: Store, clock: FixedClock) -> None:
    await store.commit(everything(clock, version=None))
    clock.advance(72 * 3600)
    assert await store.deliveries(session().key, H1, 0) == []
    assert await store.dead_letters() == []


async def test_name_outlives_the_words_by_a_month(store: Store, clock: FixedClock) -> None:
    await store.commit(everything(clock, version=None))
    clock.advance(30 * 86_400)
    assert await store.find(LIVECHAT, "chat 1") == session().key
    clock.advance(3600)
    assert await store.find(LIVECHAT, "chat 1") is None


async def test_unknown_name_leads_nowhere(store: Store) -> None:
    assert await store.find(LIVECHAT, "chat 1") is None


async def test_name_belongs_to_one_provider(store: Store) -> None:
    await store.commit(Change(session=session(), version=None, index=[(LIVECHAT, "1")]))
    assert await store.find(EIGHT, "1") is None


async def test_name_leads_to_the_session_that_took_it_last(store: Store) -> None:
    for name in ("s1", "s2"):
        await store.commit(Change(session=session(name), version=None, index=[(LIVECHAT, "1")]))
    assert await store.find(LIVECHAT, "1") == session("s2").key


async def test_index_lives_as_long_as_the_commit_that_wrote_it_says(
    store: Store, clock: FixedClock
) -> None:
    index = [(LIVECHAT, "1")]
    version = await store.commit(Change(session=in_an_hour(clock), version=None, index=index))
    clock.advance(3000)
    await store.commit(Change(session=in_an_hour(clock), version=version, index=index))
    clock.advance(3000)
    assert await store.find(LIVECHAT, "1") == session().key


async def test_spilled_deliveries_come_in_order_after_the_cursor(
    store: Store, clock: FixedClock
) -> None:
    spilled = [(H1, delivery(clock, number)) for number in (100, 9, 11, 10, 2)]
    await store.commit(Change(session=session(), version=None, spilled=spilled))
    found = await store.deliveries(session().key, H1, 9)
    assert [one.id for one in found] == [10, 11, 100]


async def test_spilled_deliveries_gather_over_commits(store: Store, clock: FixedClock) -> None:
    version = None
    for number in range(1, 4):
        spilled = [(H1, delivery(clock, number))]
        change = Change(session=said(str(number)), version=version, spilled=spilled)
        version = await store.commit(change)
    found = await store.deliveries(session().key, H1, 0)
    assert found == [delivery(clock, number) for number in (1, 2, 3)]


async def test_spilled_deliveries_of_others_stay_with_them(store: Store, clock: FixedClock) -> None:
    other_handoff = [(HandoffId("h2"), delivery(clock, 1))]
    await store.commit(Change(session=session(), version=None, spilled=other_handoff))
    other_session = [(H1, delivery(clock, 2))]
    await store.commit(Change(session=session("s2"), version=None, spilled=other_session))
    assert await store.deliveries(session().key, H1, 0) == []


async def test_dead_letters_come_oldest_first(store: Store, clock: FixedClock) -> None:
    letters = []
    for number in (3, 1, 2):
        letters.append(letter(clock, number))
        clock.advance(1)
    await store.commit(Change(session=session(), version=None, dead_letters=letters[::-1]))
    assert await store.dead_letters() == letters


async def test_dead_letter_of_the_same_job_replaces_itself(store: Store, clock: FixedClock) -> None:
    first = letter(clock, 1)
    version = await store.commit(Change(session=session(), version=None, dead_letters=[first]))
    again = replace(first, reason="rejected again")
    await store.commit(Change(session=said("x"), version=version, dead_letters=[again]))
    assert await store.dead_letters() == [again]
