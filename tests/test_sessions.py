"""Sessions in and out of the store: found by any name, written under their version."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from handoff import sessions
from handoff.errors import Conflict, StoreError
from handoff.model import Session, Undelivered
from handoff.sessions import MOST_CONFLICTS, MOST_KNOWN_CONVERSATIONS, Held, Sessions
from handoff.sqlite import SqliteStore
from handoff.store import Change, Version
from handoff.vocabulary import ConversationRef, HandoffId, JobKind, ProviderId, SessionKey, State
from tests.fakes import CountingStore, FixedClock
from tests.heart import (
    CONTACT,
    DESK,
    HANDOFF,
    NOW,
    ROOM,
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
    assert await kept.load_or(blank()) == FRESH


async def test_session_comes_back_as_it_was_written(kept: Sessions) -> None:
    written = await kept.commit(FRESH, lambda _: session_in(State.ACTIVE))
    found = await kept.load(blank().key)
    assert found == written == await kept.load_or(blank())


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


@pytest.mark.parametrize("name", [str(ROOM), str(CONTACT.ref)])
async def test_session_is_found_by_conversation_and_contact(
    store: CountingStore, clock: FixedClock, kept: Sessions, name: str
) -> None:
    await kept.commit(FRESH, lambda _: session_in(State.ACTIVE))
    other_instance = Sessions(store, RULES, clock)
    assert await other_instance.find(DESK, "", name) == blank().key


async def test_name_that_this_instance_wrote_costs_no_read(
    kept: Sessions, store: CountingStore
) -> None:
    await kept.commit(FRESH, lambda _: session_in(State.ACTIVE))
    store.taken()
    assert await kept.find(DESK, ROOM) == blank().key
    assert store.taken() == (0, 0)


async def test_names_are_written_once(kept: Sessions, store: CountingStore) -> None:
    held = await kept.commit(FRESH, lambda _: session_in(State.ACTIVE))
    store.taken()
    await kept.commit(held, counted)
    assert store.taken() == (0, 1)


async def test_unknown_name_is_not_waited_for_when_nothing_opens(kept: Sessions) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await kept.find(DESK, ROOM) is None
    assert loop.time() - began < sessions.OPENING_POLL


async def test_unknown_name_is_waited_for_while_something_opens(kept: Sessions) -> None:
    opening = queue(session_in(State.REQUESTED), JobKind.OPEN)
    held = await kept.commit(FRESH, lambda _: opening)
    finding = asyncio.create_task(kept.find(DESK, ROOM))
    await asyncio.sleep(0)
    await kept.commit(held, lambda session: with_handoff(session, conversation=ROOM))
    assert await finding == blank().key


async def test_unknown_name_is_not_waited_for_for_ever(kept: Sessions) -> None:
    await kept.commit(FRESH, lambda _: queue(session_in(State.REQUESTED), JobKind.OPEN))
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await kept.find(DESK, ROOM) is None
    assert loop.time() - began < sessions.OPENING_WAIT * 2


class Endless(CountingStore):
    """A store that knows every name, one session each."""

    async def find(self, provider: ProviderId, name: str) -> SessionKey | None:
        """Count, and make a key."""
        self.reads += 1
        return SessionKey(name)


async def test_instance_remembers_only_so_many_names(
    store: CountingStore, clock: FixedClock
) -> None:
    endless = Endless(store)
    kept = Sessions(endless, RULES, clock)
    for number in range(MOST_KNOWN_CONVERSATIONS + 1):
        await kept.find(DESK, str(number))
    endless.taken()
    await kept.find(DESK, str(MOST_KNOWN_CONVERSATIONS))
    assert endless.taken() == (0, 0)
    await kept.find(DESK, "0")
    assert endless.taken() == (1, 0)


def names(session: Session) -> Sequence[str]:
    return sorted(name for _, name in sessions.names(session))


@pytest.mark.parametrize(
    ("session", "wanted"),
    [
        (blank(), []),
        (session_in(None), ["customer-1"]),
        (session_in(State.REQUESTED), ["customer-1"]),
        (session_in(State.ACTIVE), ["customer-1", "room-1"]),
        (session_in(State.CLOSED), ["customer-1", "room-1"]),
    ],
)
def test_session_has_the_names_of_its_contacts_and_conversation(
    session: Session, wanted: list[str]
) -> None:
    assert names(session) == wanted


async def test_second_conversation_of_a_session_leads_to_it_too(kept: Sessions) -> None:
    held = await kept.commit(FRESH, lambda _: session_in(State.CLOSED))
    second = ConversationRef("room-2")
    await kept.commit(
        held, lambda one: with_handoff(one, id=HandoffId("ho-2"), conversation=second)
    )
    assert await kept.find(DESK, second) == await kept.find(DESK, ROOM) == blank().key
    assert handoff_of(held.session).id == HANDOFF
