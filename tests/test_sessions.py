"""Sessions in and out of the store, written under their version and without doubles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from handoff.bounds import TAIL_DELIVERIES
from handoff.effects import Teller
from handoff.errors import Conflict, StoreError
from handoff.model import Session, Undelivered
from handoff.sessions import MOST_CONFLICTS, Held, Sessions
from handoff.sqlite import SqliteStore
from handoff.store import Change, Version
from handoff.vocabulary import (
    DeliveryKind,
    HandoffId,
    JobKind,
    State,
)
from tests.fakes import CountingStore, FixedClock
from tests.heart import (
    NOW,
    RULES,
    blank,
    handoff_of,
    head,
    queue,
    seconds,
    session_in,
    with_handoff,
)

FRESH = Held(session=blank(), version=None)


@pytest.fixture
def store(clock: FixedClock, runner: asyncio.Runner) -> Iterator[CountingStore]:
    one = CountingStore(SqliteStore(":memory:", clock=clock))
    yield one
    runner.run(one.close())


@pytest.fixture
def kept(store: CountingStore, clock: FixedClock) -> Sessions:
    return Sessions(store, RULES, clock)


def counted(session: Session) -> Session:
    return replace(session, last_job=session.last_job + 1)


async def test_session_that_was_never_written_is_none(kept: Sessions) -> None:
    assert await kept.load(blank().key) is None


async def test_session_that_was_never_written_begins_fresh(kept: Sessions) -> None:
    assert await kept.load_or(blank()) == replace(FRESH, whole=True)


async def test_session_comes_back_as_it_was_written(kept: Sessions) -> None:
    written = await kept.commit(FRESH, lambda _: session_in(State.ACTIVE))
    found = await kept.load(blank().key)
    assert found == written
    assert await kept.load_or(blank()) == replace(written, whole=True)


async def test_every_write_prolongs_the_life_of_the_session(
    kept: Sessions, clock: FixedClock
) -> None:
    first = await kept.commit(FRESH, counted)
    clock.advance(100)
    second = await kept.commit(first, counted)
    assert first.session.expire_at == NOW + RULES.keep_texts
    assert second.session.expire_at == NOW + seconds(100) + RULES.keep_texts


async def test_session_that_expired_is_none(kept: Sessions, clock: FixedClock) -> None:
    await kept.commit(FRESH, counted)
    clock.now += RULES.keep_texts
    assert await kept.load(blank().key) is None


async def test_session_that_expired_begins_fresh_and_is_written_over(
    kept: Sessions, clock: FixedClock
) -> None:
    await kept.commit(FRESH, lambda session: replace(session, last_job=7))
    clock.now += RULES.keep_texts
    held = await kept.load_or(blank())
    assert held.session == blank()
    assert (await kept.commit(held, counted)).session.last_job == 1


async def test_decision_that_changes_nothing_writes_nothing(
    kept: Sessions, store: CountingStore
) -> None:
    assert await kept.commit(FRESH, lambda session: session) is FRESH
    assert store.taken() == (0, 0)


async def test_conflict_loads_and_decides_again(kept: Sessions) -> None:
    await kept.commit(FRESH, lambda session: replace(session, last_job=7))
    assert (await kept.commit(FRESH, counted)).session.last_job == 8


async def test_decision_that_the_other_one_made_already_writes_nothing(kept: Sessions) -> None:
    decided = await kept.commit(FRESH, lambda session: replace(session, last_job=7))
    again = await kept.commit(FRESH, lambda session: replace(session, last_job=7))
    assert again == decided


async def test_hundred_decisions_at_once_are_all_made(kept: Sessions) -> None:
    await asyncio.gather(*(kept.commit(FRESH, counted) for _ in range(100)))
    found = await kept.load(blank().key)
    assert found is not None
    assert found.session.last_job == 100


class Contested(CountingStore):
    """A store where somebody else is always first."""

    async def commit(self, change: Change) -> Version:
        """Refuse."""
        self.writes += 1
        raise Conflict("somebody else was first")


async def test_endless_conflicts_become_a_failure_of_the_store(
    store: CountingStore, clock: FixedClock
) -> None:
    contested = Contested(store)
    with pytest.raises(StoreError, match=f"{MOST_CONFLICTS} conflicts"):
        await Sessions(contested, RULES, clock).commit(FRESH, counted)
    assert contested.writes == MOST_CONFLICTS


async def test_what_was_given_up_moves_to_the_dead_letters(
    kept: Sessions, store: CountingStore
) -> None:
    job = head(queue(session_in(State.ACTIVE), JobKind.SEND))
    lost = Undelivered(job=job, reason="Rejected", at=NOW)
    held = await kept.commit(FRESH, lambda session: replace(session, undelivered=(lost,)))
    (letter,) = await store.dead_letters()
    assert held.session.undelivered == ()
    assert (letter.session, letter.job, letter.reason, letter.at) == (
        blank().key,
        job,
        "Rejected",
        NOW,
    )
    assert letter.expire_at == NOW + RULES.keep_texts


def unread(count: int, held: Held, clock: FixedClock) -> Session:
    """Return the session with so many more deliveries that nobody has seen."""
    teller = Teller(texts=RULES.texts, language="en", now=clock())
    handoff = handoff_of(held.session)
    for _ in range(count):
        handoff = teller.deliver(handoff, DeliveryKind.MESSAGE, text="Hi")
    return replace(held.session, handoff=handoff)


ACTIVE = Held(session=session_in(State.ACTIVE), version=None)


@pytest.mark.parametrize("whole", [True, False])
async def test_delivery_that_moved_out_is_written_once(
    kept: Sessions, store: CountingStore, clock: FixedClock, whole: bool
) -> None:
    first = replace(ACTIVE, whole=whole)
    held = await kept.commit(first, lambda _: unread(TAIL_DELIVERIES + 5, first, clock))
    assert store.taken()[1] == 1 + 5
    again = await kept.commit(held, counted)
    assert store.taken() == (0, 1)
    await kept.commit(again, lambda _: unread(1, again, clock))
    assert store.taken() == (0, 2)


async def test_delivery_that_moved_out_is_not_written_again_by_who_read_it_back(
    kept: Sessions, store: CountingStore, clock: FixedClock
) -> None:
    await kept.commit(ACTIVE, lambda _: unread(TAIL_DELIVERIES + 5, ACTIVE, clock))
    held = await kept.load_or(blank())
    store.taken()
    again = await kept.commit(held, counted)
    assert store.taken() == (0, 1)
    assert len(handoff_of(again.session).deliveries) == TAIL_DELIVERIES + 5


async def test_delivery_that_moved_out_is_not_written_again_after_a_conflict(
    kept: Sessions, store: CountingStore, clock: FixedClock
) -> None:
    await kept.commit(ACTIVE, lambda _: unread(TAIL_DELIVERIES + 5, ACTIVE, clock))
    held = await kept.load_or(blank())
    await kept.commit(held, counted)
    store.taken()
    again = await kept.commit(held, counted)  # conflicts, reads session and deliveries, writes
    assert store.taken() == (1 + 5, 1 + 1)
    assert (again.session.last_job, again.moved) == (2, {handoff_of(ACTIVE.session).id: 5})


async def test_deliveries_that_moved_out_are_read_only_by_who_answers(
    kept: Sessions, store: CountingStore, clock: FixedClock
) -> None:
    await kept.commit(ACTIVE, lambda _: unread(TAIL_DELIVERIES + 5, ACTIVE, clock))
    store.taken()
    found = await kept.load(blank().key)
    assert (store.taken(), found is not None and found.whole) == ((1, 0), False)
    assert (await kept.load_or(blank())).whole
    assert store.taken() == (1 + 5, 0)


async def test_next_handoff_counts_what_moved_out_anew(
    kept: Sessions, store: CountingStore, clock: FixedClock
) -> None:
    held = await kept.commit(ACTIVE, lambda _: unread(TAIL_DELIVERIES + 5, ACTIVE, clock))
    begun = with_handoff(session_in(State.ACTIVE), id=HandoffId("ho-2"))
    after = await kept.commit(
        held, lambda _: unread(TAIL_DELIVERIES + 3, replace(held, session=begun), clock)
    )
    found = await store.deliveries(blank().key, HandoffId("ho-2"), 0)
    assert [one.id for one in found] == [1, 2, 3, 4]  # with where the new handoff stands
    assert after.moved[HandoffId("ho-2")] == 4
