"""What every store does: one suite over SQLite and the real Firestore emulator."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from handoff.codec import MAX_BYTES
from handoff.errors import Conflict, StoreError
from handoff.firestore import FirestoreStore
from handoff.model import (
    DeadLetter,
    Delivery,
    DeliveryKind,
    Dialect,
    HandoffId,
    Job,
    JobKind,
    Message,
    Participant,
    ProviderId,
    Session,
    SessionId,
    SessionKey,
)
from handoff.sqlite import SqliteStore
from handoff.store import Change, Store, StoredToken, session_key
from tests.emulator import free_port
from tests.fakes import CountingStore, FixedClock

LIVECHAT = ProviderId("livechat")
EIGHT = ProviderId("8x8")
H1 = HandoffId("h1")
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


@dataclass
class Backend:
    """One empty database: `store` is open on it, `another` opens it a second time."""

    store: Store
    another: Callable[[], Store]


@pytest.fixture(params=["sqlite", "firestore"])
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, runner: asyncio.Runner
) -> Iterator[Backend]:
    opened: list[Store] = []

    def another() -> Store:
        opened.append(make())
        return opened[-1]

    if request.param == "firestore":
        request.getfixturevalue("firestore")
        project = f"test-{uuid4().hex[:12]}"
        make: Callable[[], Store] = functools.partial(
            FirestoreStore, project=project, clock=clock, timeout=10
        )
    else:
        path = str(tmp_path / "new" / "folder" / "handoff.db")
        make = functools.partial(SqliteStore, path, clock=clock, busy_timeout=10)
    yield Backend(another(), another)
    for store in opened:
        runner.run(store.close())


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


@pytest.fixture(params=["sqlite", "firestore"])
def store_that_is_down(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, runner: asyncio.Runner
) -> Iterator[Store]:
    down: Store = SqliteStore(str(tmp_path), clock=clock)
    if request.param == "firestore":
        request.getfixturevalue("firestore_is_down")
        down = FirestoreStore(project="p", clock=clock, timeout=1)
    yield down
    runner.run(down.close())


@pytest.fixture
def firestore_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")


def session(name: str = "s1") -> Session:
    identity = SessionId(name)
    return Session(key=session_key(identity), id=identity, dialect=Dialect.CX)


def said(*texts: str, to: Session | None = None) -> Session:
    messages = tuple(Message(author=Participant.CUSTOMER, text=text) for text in texts)
    return replace(to or session(), transcript=messages)


def job(clock: FixedClock, kind: JobKind, provider: ProviderId = LIVECHAT, number: int = 1) -> Job:
    now = clock()
    return Job(id=number, kind=kind, handoff=H1, provider=provider, created_at=now, due_at=now)


def delivery(clock: FixedClock, number: int) -> Delivery:
    return Delivery(id=number, kind=DeliveryKind.MESSAGE, at=clock(), text=f"no. {number}")


def letter(clock: FixedClock, number: int) -> DeadLetter:
    return DeadLetter(
        session=session().key,
        job=job(clock, JobKind.SEND, number=number),
        reason="rejected",
        at=clock(),
        expire_at=clock() + timedelta(hours=72),
    )


def in_an_hour(clock: FixedClock) -> Session:
    return replace(session(), expire_at=clock() + timedelta(hours=1))


async def loaded(store: Store, key: SessionKey | None = None) -> Session:
    stored = await store.load(key or session().key)
    assert stored is not None
    assert stored.session is not None
    return stored.session


async def won(attempts: list[Awaitable[object]]) -> int:
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert all(not isinstance(one, BaseException) or type(one) is Conflict for one in results)
    return sum(not isinstance(one, BaseException) for one in results)


# Sessions


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


# What is written with a session


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


def everything(clock: FixedClock, version: object) -> Change:
    return Change(
        session=in_an_hour(clock),
        version=version,
        index=[(LIVECHAT, "chat 1"), (EIGHT, "contact 1")],
        spilled=[(H1, delivery(clock, 1))],
        dead_letters=[letter(clock, 1)],
    )


# Expiry


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


async def test_expired_companions_are_ignored(store: Store, clock: FixedClock) -> None:
    await store.commit(everything(clock, version=None))
    clock.advance(72 * 3600)
    assert await store.find(LIVECHAT, "chat 1") is None
    assert await store.deliveries(session().key, H1, 0) == []
    assert await store.dead_letters() == []


# The index


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


# Openings


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


async def test_expired_opening_does_not_hide_a_live_one(store: Store, clock: FixedClock) -> None:
    for name in ("s1", "s2"):
        opening = replace(in_an_hour(clock), outbox=(job(clock, JobKind.OPEN),))
        named = replace(opening, key=session(name).key)
        await store.commit(Change(session=named, version=None))
        clock.advance(1800)
    assert await store.opening(LIVECHAT)
    clock.advance(1800)
    assert not await store.opening(LIVECHAT)


# Spilled deliveries


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


# Dead letters


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


# Tokens


def token(clock: FixedClock, value: str = "t1") -> StoredToken:
    return StoredToken(value=value, expires_at=clock() + timedelta(hours=1))


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


# Names, texts and sizes of any form


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


# A store that is down, and what a store costs


async def test_store_that_is_down_says_so(store_that_is_down: Store, clock: FixedClock) -> None:
    down = store_that_is_down
    calls: list[Awaitable[object]] = [
        down.load(session().key),
        down.find(LIVECHAT, "1"),
        down.commit(Change(session=session(), version=None)),
        down.opening(LIVECHAT),
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
