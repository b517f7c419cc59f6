"""Sessions found by any name of theirs, also by one that is just becoming theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from handoff import sessions
from handoff.model import Job, Session
from handoff.sessions import MOST_KNOWN_CONVERSATIONS, Held, Sessions
from handoff.sqlite import SqliteStore
from handoff.vocabulary import (
    ConversationRef,
    HandoffId,
    JobKind,
    ProviderId,
    SessionKey,
    State,
)
from tests.fakes import CountingStore, FixedClock
from tests.heart import (
    CONTACT,
    DESK,
    HANDOFF,
    ROOM,
    RULES,
    blank,
    handoff_of,
    queue,
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


OPENING = queue(session_in(State.REQUESTED), JobKind.OPEN)


async def test_unknown_name_leaves_no_trace_when_nothing_opens(
    kept: Sessions, store: CountingStore
) -> None:
    assert await kept.find(DESK, ROOM) is None
    assert store.taken() == (3, 0)
    assert not await store.was_missed(DESK, ROOM)


async def test_unknown_conversation_is_marked_while_something_opens(
    kept: Sessions, store: CountingStore
) -> None:
    await kept.commit(FRESH, lambda _: OPENING)
    assert await kept.find(DESK, ROOM, "somebody") is None
    assert await store.was_missed(DESK, ROOM)
    assert not await store.was_missed(DESK, "somebody")


async def test_opening_at_another_provider_marks_nothing(
    kept: Sessions, store: CountingStore
) -> None:
    await kept.commit(FRESH, lambda _: OPENING)
    other = ProviderId("other")
    assert await kept.find(other, ROOM) is None
    assert not await store.was_missed(other, ROOM)


async def test_known_conversation_is_not_marked_while_something_opens(
    kept: Sessions, store: CountingStore
) -> None:
    await kept.commit(FRESH, lambda _: with_handoff(OPENING, conversation=ROOM))
    assert await kept.find(DESK, ROOM) == blank().key
    assert not await store.was_missed(DESK, ROOM)


class Overtaken(CountingStore):
    """A store where the opening's own instance writes between two questions of another."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def opening(self, provider: ProviderId) -> bool:
        """Answer after the other one has written."""
        if self.meanwhile is not None:
            await self.meanwhile()
        return await super().opening(provider)

    async def mark_missed(self, provider: ProviderId, name: str) -> None:
        """Mark, then let the other one write."""
        await super().mark_missed(provider, name)
        if self.meanwhile is not None:
            await self.meanwhile()


@pytest.mark.parametrize("rest", [OPENING.outbox, ()])
async def test_conversation_that_becomes_ours_meanwhile_is_found(
    kept: Sessions, store: CountingStore, clock: FixedClock, rest: tuple[Job, ...]
) -> None:
    overtaken = Overtaken(store)
    held = await kept.commit(FRESH, lambda _: OPENING)

    async def opens() -> None:
        overtaken.meanwhile = None
        bound = with_handoff(OPENING, conversation=ROOM)
        await kept.commit(held, lambda _: replace(bound, outbox=rest))

    overtaken.meanwhile = opens
    assert await Sessions(overtaken, RULES, clock).find(DESK, ROOM) == blank().key


async def test_conversation_that_becomes_ours_after_the_mark_is_found(
    kept: Sessions, store: CountingStore, clock: FixedClock
) -> None:
    overtaken = Overtaken(store)
    held = await kept.commit(FRESH, lambda _: OPENING)
    marked: list[bool] = []

    async def opens() -> None:
        if await store.was_missed(DESK, ROOM):
            overtaken.meanwhile = None
            marked.append(True)
            await kept.commit(held, lambda _: with_handoff(OPENING, conversation=ROOM, reason=None))

    overtaken.meanwhile = opens
    assert await Sessions(overtaken, RULES, clock).find(DESK, ROOM) == blank().key
    assert marked == [True]


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
        (session_in(State.REQUESTED), ["customer-1", "ho-1"]),
        (session_in(State.ACTIVE), ["customer-1", "ho-1", "room-1"]),
        (session_in(State.CLOSED), ["customer-1", "ho-1", "room-1"]),
    ],
)
def test_session_has_the_names_of_its_contacts_handoff_and_conversation(
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


class Soon(CountingStore):
    """A store where the opening's own instance writes right after another has asked."""

    def __init__(self, inner: CountingStore, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(inner)
        self.meanwhile = meanwhile
        self.written: asyncio.Future[object] | None = None

    async def opening(self, provider: ProviderId) -> bool:
        """Answer, and let the other one write."""
        answer = await super().opening(provider)
        self.written = asyncio.ensure_future(self.meanwhile())
        return answer


async def test_conversation_that_becomes_ours_in_a_moment_leaves_no_mark(
    kept: Sessions, store: CountingStore, clock: FixedClock
) -> None:
    held = await kept.commit(FRESH, lambda _: OPENING)
    bound = with_handoff(OPENING, conversation=ROOM)
    soon = Soon(store, lambda: kept.commit(held, lambda _: bound))
    assert await Sessions(soon, RULES, clock).find(DESK, ROOM) == blank().key
    assert soon.written is not None
    assert soon.written.done()
    assert not await store.was_missed(DESK, ROOM)
