"""A store remembers for a while that something came for a conversation not known as ours."""

from __future__ import annotations

from handoff.store import Change, Store
from tests.fakes import FixedClock
from tests.store_contract.samples import EIGHT, LIVECHAT, Backend, session, won

MINUTES = 60.0


async def test_nothing_was_missed_where_nothing_was_marked(store: Store) -> None:
    assert not await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_is_seen_by_another_instance(backend: Backend) -> None:
    await backend.store.mark_missed(LIVECHAT, "chat 1")
    assert await backend.another().was_missed(LIVECHAT, "chat 1")


async def test_mark_stays_when_it_was_seen(store: Store) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    await store.was_missed(LIVECHAT, "chat 1")
    assert await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_is_for_one_conversation_of_one_provider(store: Store) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    assert not await store.was_missed(LIVECHAT, "chat 2")
    assert not await store.was_missed(LIVECHAT, "chat 1missed")
    assert not await store.was_missed(EIGHT, "chat 1")


async def test_mark_is_forgotten_after_five_minutes(store: Store, clock: FixedClock) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    clock.advance(5 * MINUTES - 1)
    assert await store.was_missed(LIVECHAT, "chat 1")
    clock.advance(1)
    assert not await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_lives_as_long_as_the_last_one_says(store: Store, clock: FixedClock) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    clock.advance(4 * MINUTES)
    await store.mark_missed(LIVECHAT, "chat 1")
    clock.advance(4 * MINUTES)
    assert await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_that_was_forgotten_can_be_set_again(store: Store, clock: FixedClock) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    clock.advance(6 * MINUTES)
    await store.mark_missed(LIVECHAT, "chat 1")
    assert await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_leads_to_no_session(store: Store) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    assert await store.find(LIVECHAT, "chat 1") is None
    assert await store.find(LIVECHAT, "chat 1missed") is None


async def test_name_is_not_a_mark(store: Store) -> None:
    await store.commit(Change(session=session(), version=None, index=[(LIVECHAT, "chat 1")]))
    assert not await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_and_name_of_one_conversation_stand_beside_each_other(store: Store) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    await store.commit(Change(session=session(), version=None, index=[(LIVECHAT, "chat 1")]))
    await store.mark_missed(LIVECHAT, "chat 1")
    assert await store.find(LIVECHAT, "chat 1") == session().key
    assert await store.was_missed(LIVECHAT, "chat 1")


async def test_mark_is_no_session_that_opens(store: Store) -> None:
    await store.mark_missed(LIVECHAT, "chat 1")
    assert not await store.opening(LIVECHAT)


async def test_twenty_marks_at_once_do_not_conflict(backend: Backend) -> None:
    stores = [backend.another() for _ in range(4)]
    marks = [stores[n % 4].mark_missed(LIVECHAT, "chat 1") for n in range(20)]
    assert await won(list(marks)) == 20
