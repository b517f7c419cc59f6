"""What the contract's tests write into a store, and how they look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from handoff.deliveries import Delivery
from handoff.errors import Conflict
from handoff.model import Job, Message, Session
from handoff.store import Change, DeadLetter, Store, StoredToken, session_key
from handoff.vocabulary import (
    DeliveryKind,
    Dialect,
    HandoffId,
    JobKind,
    Participant,
    ProviderId,
    SessionId,
    SessionKey,
)
from tests.fakes import FixedClock

LIVECHAT = ProviderId("livechat")
EIGHT = ProviderId("8x8")
H1 = HandoffId("h1")


@dataclass
class Backend:
    """One empty database: `store` is open on it, `another` opens it a second time."""

    store: Store
    another: Callable[[], Store]


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


def everything(clock: FixedClock, version: object) -> Change:
    return Change(
        session=in_an_hour(clock),
        version=version,
        index=[(LIVECHAT, "chat 1"), (EIGHT, "contact 1")],
        spilled=[(H1, delivery(clock, 1))],
        dead_letters=[letter(clock, 1)],
    )


def token(clock: FixedClock, value: str = "t1") -> StoredToken:
    return StoredToken(value=value, expires_at=clock() + timedelta(hours=1))
