"""What only Firestore does: deletion behind our back, silence on the line, documents for people."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from google.cloud.firestore import Client

from handoff.errors import Conflict, StoreError
from handoff.firestore import FirestoreStore
from handoff.model import Handoff, Job, Message, Session
from handoff.store import Change, session_key
from handoff.vocabulary import Dialect, HandoffId, JobKind, Participant, ProviderId, SessionId
from tests.environment import environment
from tests.fakes import FixedClock

LIVECHAT = ProviderId("livechat")
KEY = session_key(SessionId("s1"))


@pytest.fixture
def project(firestore: str) -> str:
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
def raw(project: str) -> Iterator[Client]:
    client = Client(project=project)
    yield client
    client.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def store(project: str, clock: FixedClock, runner: asyncio.Runner) -> Iterator[FirestoreStore]:
    one = FirestoreStore(project=project, clock=clock)
    yield one
    runner.run(one.close())


@pytest.fixture
def silent_server() -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with environment(FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{port}"):
            yield


def session(clock: FixedClock) -> Session:
    now = clock()
    opening = Job(
        id=1,
        kind=JobKind.OPEN,
        handoff=HandoffId("h1"),
        provider=LIVECHAT,
        created_at=now,
        due_at=now,
    )
    return Session(
        key=KEY,
        id=SessionId("s1"),
        dialect=Dialect.CX,
        transcript=(Message(author=Participant.CUSTOMER, text="My card is 4111"),),
        handoff=Handoff(id=HandoffId("h1"), provider=LIVECHAT, started_at=now),
        outbox=(opening,),
        wake_at=now + timedelta(seconds=30),
        expire_at=now + timedelta(hours=72),
    )


async def test_session_deleted_behind_our_back_conflicts(
    store: FirestoreStore, raw: Client, clock: FixedClock
) -> None:
    version = await store.commit(Change(session=session(clock), version=None))
    raw.collection("sessions").document(KEY).delete()
    with pytest.raises(Conflict):
        await store.commit(Change(session=session(clock), version=version))
    assert await store.load(KEY) is None


async def test_words_are_in_the_data_alone(
    store: FirestoreStore, raw: Client, clock: FixedClock
) -> None:
    await store.commit(Change(session=session(clock), version=None, index=[(LIVECHAT, "c1")]))
    fields = raw.collection("sessions").document(KEY).get().to_dict()
    assert fields is not None
    assert "4111" in fields.pop("data")
    assert fields == {
        "dialect": "cx",
        "provider": "livechat",
        "conversation": "",
        "handoff_id": "h1",
        "state": "requested",
        "opening": {"livechat": clock() + timedelta(minutes=5)},
        "wake_at": clock() + timedelta(seconds=30),
        "expire_at": clock() + timedelta(hours=72),
    }


async def test_index_holds_no_name(store: FirestoreStore, raw: Client, clock: FixedClock) -> None:
    await store.commit(Change(session=session(clock), version=None, index=[(LIVECHAT, "c1")]))
    (document,) = raw.collection("conversations").get()
    assert document.to_dict() == {
        "session": KEY,
        "provider": "livechat",
        "expire_at": clock() + timedelta(hours=72, days=30),
    }


@pytest.mark.parametrize("data", [{"data": "My card is 4111"}, {"data": 7}, {}])
async def test_broken_document_is_named(
    store: FirestoreStore, raw: Client, data: dict[str, object]
) -> None:
    raw.collection("sessions").document(KEY).set(data)
    with pytest.raises(StoreError, match=f"sessions/{KEY}") as caught:
        await store.load(KEY)
    assert "4111" not in str(caught.value)


async def test_silence_ends_after_the_timeout(silent_server: None, clock: FixedClock) -> None:
    store = FirestoreStore(project="p", clock=clock, timeout=0.2)
    before = time.monotonic()
    with pytest.raises(StoreError):
        await store.load(KEY)
    assert time.monotonic() - before < 2
    await store.close()


def test_store_works_in_a_child_forked_after_it_was_made(firestore: str) -> None:
    code = """
import asyncio, os
from datetime import UTC, datetime
from handoff.firestore import FirestoreStore
store = FirestoreStore(project="forked", clock=lambda: datetime.now(UTC))
child = os.fork()
if child == 0:
    asyncio.run(store.load("k"))
    os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    environment = os.environ | {"FIRESTORE_EMULATOR_HOST": firestore}
    done = subprocess.run([sys.executable, "-c", code], env=environment, timeout=30, check=False)
    assert done.returncode == 0


async def test_missing_credentials_are_a_store_error(clock: FixedClock) -> None:
    key = "/nowhere/key.json"
    with (
        environment(FIRESTORE_EMULATOR_HOST=None, GOOGLE_APPLICATION_CREDENTIALS=key),
        pytest.raises(StoreError),
    ):
        await FirestoreStore(project="p", clock=clock).load(KEY)
