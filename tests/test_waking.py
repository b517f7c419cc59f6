"""The sweep: every session that is due, whatever goes wrong with one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from handoff.bridge import Bridge
from handoff.errors import BadRequest, StoreError
from handoff.model import Session
from handoff.sqlite import SqliteStore
from handoff.store import Change, Stored, session_key
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import Dialect, JobKind, SessionId, SessionKey, State
from handoff.waking import A_FEW, BATCH, SESSION_SECONDS, Waker
from tests.desks import ScriptedProvider
from tests.fakes import CountingStore, FixedClock, ScriptedSend
from tests.heart import DESK, RULES, queue, session_in


class FragileStore(CountingStore):
    """A store in which some sessions cannot be read, for one reason or the other."""

    def __init__(self, inner: SqliteStore) -> None:
        super().__init__(inner)
        self.broken: dict[SessionKey, Exception] = {}

    async def load(self, key: SessionKey) -> Stored | None:
        """Read the session, or fail as the test chose."""
        if key in self.broken:
            raise self.broken[key]
        return await super().load(key)


class Ward:
    """Many sessions with a message that waits, and who looks after them."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = FragileStore(SqliteStore(":memory:", clock=clock))
        self.send = ScriptedSend()
        caller = Caller(self.send, self.store, clock)
        bridge = Bridge(
            store=self.store,
            providers={DESK: ScriptedProvider()},
            rules=RULES,
            caller=caller,
            clock=clock,
        )
        self.waker = Waker(bridge, self.store)

    async def put(self, name: str, due_in: float = 0) -> SessionKey:
        """Keep a session with a job that is due then."""
        identity, now = SessionId(name), self.clock()
        session = Session(key=session_key(identity), id=identity, dialect=Dialect.CX)
        waiting = queue(replace(session_in(State.CLOSED), key=session.key), JobKind.CLOSE)
        due_at = now + timedelta(seconds=due_in)
        job = replace(waiting.outbox[0], conversation=None, due_at=due_at)
        expire_at = now + timedelta(hours=1)
        kept = replace(waiting, outbox=(job,), wake_at=due_at, expire_at=expire_at)
        await self.store.commit(Change(session=kept, version=None))
        return session.key

    async def sweep(self, seconds: float = 20) -> dict[str, object]:
        """Call the function without a name."""
        return await self.waker.wake({}, Deadline.after(seconds))

    async def waiting(self) -> int:
        """Return how many sessions are still due."""
        return len(await self.store.due(1000))


@pytest.fixture
def ward(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Ward]:
    one = Ward(clock)
    yield one
    runner.run(one.store.close())


async def test_sweep_wakes_all_that_are_due(ward: Ward) -> None:
    for number in range(BATCH + 5):
        await ward.put(f"s{number}")
    assert await ward.sweep() == {"woken": BATCH + 5, "failed": 0}
    assert await ward.waiting() == 0


async def test_sweep_leaves_what_is_not_due(ward: Ward, clock: FixedClock) -> None:
    await ward.put("later", due_in=5)
    assert await ward.sweep() == {"woken": 0, "failed": 0}
    clock.advance(5)
    assert await ward.sweep() == {"woken": 1, "failed": 0}


@pytest.mark.parametrize("error", [StoreError("broken"), ValueError("a bug of ours")])
async def test_one_that_fails_does_not_stop_the_others(ward: Ward, error: Exception) -> None:
    ward.store.broken[await ward.put("broken")] = error
    await ward.put("whole")
    assert await ward.sweep() == {"woken": 1, "failed": 1}
    assert await ward.waiting() == 1, "it stays due"


async def test_sweep_ends_when_its_time_is_over(ward: Ward) -> None:
    await ward.put("s1")
    assert await ward.sweep(0) == {"woken": 0, "failed": 0}
    assert await ward.waiting() == 1


async def test_expired_session_is_not_woken(ward: Ward, clock: FixedClock) -> None:
    await ward.put("s1")
    clock.advance(3600)
    assert await ward.sweep() == {"woken": 0, "failed": 0}


async def test_one_session_is_woken_by_its_key(ward: Ward) -> None:
    key, other = await ward.put("s1"), await ward.put("s2")
    answer = await ward.waker.wake({"session": key}, Deadline.after(5))
    assert answer == {"woken": 1, "failed": 0}
    assert await ward.store.due(10) == [other]


async def test_session_that_is_not_known_is_nothing_to_do(ward: Ward) -> None:
    answer = await ward.waker.wake({"session": "nobody"}, Deadline.after(5))
    assert answer == {"woken": 0, "failed": 0}


async def test_who_comes_next_helps_a_few_once_a_second(ward: Ward) -> None:
    for number in range(A_FEW * 2):
        await ward.put(f"s{number}")
    await ward.waker.look_around(Deadline.after(5))
    assert await ward.waiting() == A_FEW
    await ward.waker.look_around(Deadline.after(5))
    assert await ward.waiting() == A_FEW, "it was only now"


async def test_who_has_no_time_does_not_help(ward: Ward) -> None:
    await ward.put("s1")
    await ward.waker.look_around(Deadline.after(1))
    assert await ward.waiting() == 1


@pytest.mark.parametrize("name", ["", 7, ["s"], "x" * 201])
async def test_name_that_is_none_is_refused(ward: Ward, name: object) -> None:
    with pytest.raises(BadRequest):
        await ward.waker.wake({"session": name}, Deadline.after(5))


async def test_one_session_does_not_take_the_time_of_all(ward: Ward) -> None:
    key = await ward.put("s1")
    stored = await ward.store.load(key)
    assert stored is not None
    assert stored.session is not None
    [job] = stored.session.outbox
    room = replace(job, conversation=session_in(State.ACTIVE).handoff.conversation)  # type: ignore[union-attr]
    session = replace(stored.session, outbox=(room,))
    await ward.store.commit(Change(session=session, version=stored.version))
    await ward.sweep(50)
    assert max(ward.send.timeouts) <= SESSION_SECONDS
