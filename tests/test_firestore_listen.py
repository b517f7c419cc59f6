"""What Firestore says while one listens: its words in a table, the emulator, a cut connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
import pytest
from google.api_core.exceptions import PermissionDenied, ResourceExhausted
from google.cloud.firestore import Client
from google.cloud.firestore_v1.types import ListenResponse

from handoff.documents import of_session
from handoff.errors import StoreError
from handoff.firestore import FirestoreStore
from handoff.firestore_facts import Again, Complete, Fact, Lost, Seen
from handoff.firestore_listen import FirestoreSource, facts
from handoff.firestore_stream import Pace
from handoff.firestore_watch import FirestoreWatch
from handoff.store import Change
from handoff.vocabulary import SessionKey
from tests.emulator import free_port
from tests.environment import environment
from tests.fakes import FixedClock
from tests.store_contract.hearing import Heard, becomes
from tests.store_contract.samples import said, session

KEY, OTHER = session().key, session("other").key
TIME = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAME = "projects/p/databases/(default)/documents/sessions/k1"
K1 = SessionKey("k1")

ADD, REMOVE, CURRENT, RESET = 1, 2, 3, 4

SAMPLES: list[tuple[dict[str, Any], list[Fact]]] = [
    ({"target_change": {"target_change_type": ADD, "target_ids": [1]}}, []),
    ({"target_change": {"target_change_type": REMOVE, "target_ids": [1]}}, []),
    ({"target_change": {"read_time": TIME, "resume_token": b"1"}}, []),
    ({"filter": {"target_id": 1, "count": 0}}, []),
    (
        {"target_change": {"target_change_type": CURRENT, "target_ids": [1], "read_time": TIME}},
        [Complete(targets=frozenset({1}), at=TIME)],
    ),
    (
        {"target_change": {"target_change_type": CURRENT}},
        [Complete(targets=frozenset(), at=EPOCH)],
    ),
    (
        {"target_change": {"target_change_type": RESET, "target_ids": [1, 2]}},
        [Again(targets=frozenset({1, 2}))],
    ),
    (
        {"document_delete": {"document": NAME, "read_time": TIME, "removed_target_ids": [1]}},
        [Seen(key=K1, at=TIME, exists=False)],
    ),
    (
        {"document_remove": {"document": NAME, "read_time": TIME, "removed_target_ids": [1]}},
        [Seen(key=K1, at=TIME, exists=False)],
    ),
    (
        {"document_change": {"document": {"name": NAME, "update_time": TIME}, "target_ids": [1]}},
        [Seen(key=K1, at=TIME, exists=True)],
    ),
    (
        {
            "document_change": {
                "document": {
                    "name": NAME,
                    "update_time": TIME,
                    "fields": {
                        "data": {"string_value": "{}"},
                        "expire_at": {"timestamp_value": TIME},
                    },
                }
            }
        },
        [Seen(key=K1, at=TIME, exists=True, data="{}", expire_at=TIME)],
    ),
    (
        {
            "document_change": {
                "document": {
                    "name": NAME,
                    "update_time": TIME,
                    "fields": {"data": {"integer_value": 7}, "expire_at": {"null_value": None}},
                }
            }
        },
        [Seen(key=K1, at=TIME, exists=True)],
    ),
]


class Way:
    """A way to the emulator that the test can cut."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.partition(":")
        self._port = int(port)
        self._connections: list[asyncio.StreamWriter] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self.passable = True

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect both sides."""
        if not self.passable:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._connections += [writer, far_writer]
        for one in (pump(reader, far_writer), pump(far_reader, writer)):
            self._pumps.add(asyncio.create_task(one))

    def cut(self) -> None:
        """Break what is connected, and let nothing through."""
        self.passable = False
        for one in self._connections:
            one.transport.abort()

    async def end(self) -> None:
        """Break everything, and wait for it."""
        self.cut()
        if self._pumps:
            await asyncio.wait(self._pumps)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def way_to(address: str) -> AsyncIterator[Way]:
    """Yield a way that is used by who connects inside of the block."""
    way = Way(address)
    server = await asyncio.start_server(way, "127.0.0.1", 0)
    with environment(FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{server.sockets[0].getsockname()[1]}"):
        yield way
    server.close()
    await way.end()


class Babbler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """A server whose answers to `Listen` are no messages; keeps what it was called with."""

    def __init__(self) -> None:
        self.metadata: dict[str, str] = {}

    def service(self, details: Any) -> Any:
        """Answer every call."""
        self.metadata = {one.key: one.value for one in details.invocation_metadata}
        return grpc.stream_stream_rpc_method_handler(self._babble)

    async def _babble(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for _ in requests:
            yield b"\xff"


@contextlib.asynccontextmanager
async def babbler() -> AsyncIterator[Babbler]:
    """Yield such a server, which is the emulator for who connects inside of the block."""
    one, server = Babbler(), grpc.aio.server()
    server.add_generic_rpc_handlers((one,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    with environment(FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{port}"):
        yield one
    await server.stop(None)


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
    one = FirestoreStore(project=project, clock=clock, timeout=10)
    yield one
    runner.run(one.close())


@pytest.mark.parametrize(("answer", "expected"), SAMPLES)
def test_answer_is_understood(answer: dict[str, Any], expected: list[Fact]) -> None:
    assert list(facts(ListenResponse(answer))) == expected


@pytest.mark.parametrize(("code", "kind"), [(7, PermissionDenied), (8, ResourceExhausted)])
def test_target_that_is_taken_away_is_an_error(code: int, kind: type[Exception]) -> None:
    change = {"target_change_type": REMOVE, "target_ids": [1], "cause": {"code": code}}
    with pytest.raises(kind):
        list(facts(ListenResponse({"target_change": change})))


async def test_session_deleted_behind_our_back_is_told_as_none(
    store: FirestoreStore, raw: Client
) -> None:
    heard = Heard()
    await store.commit(Change(session=said("hello"), version=None))
    await store.watch(heard).follow(KEY)
    await heard.last(KEY, said("hello"))
    raw.collection("sessions").document(KEY).delete()
    await heard.last(KEY, None)
    await store.commit(Change(session=said("again"), version=None))
    await heard.last(KEY, said("again"))


async def test_sessions_are_read_in_one_call(store: FirestoreStore, raw: Client) -> None:
    await store.commit(Change(session=said("hello"), version=None))
    raw.collection("sessions").document("k1").set({"data": 7})
    source = FirestoreSource(store._connected, timeout=10)
    found = {one.key: one async for one in source.read([KEY, OTHER, K1])}
    assert found[KEY].data == of_session(said("hello")).fields["data"]
    assert (found[OTHER].exists, found[K1].exists, found[K1].data) == (False, True, None)


async def test_target_twice_ends_the_stream_and_leaves_no_task(store: FirestoreStore) -> None:
    await store.load(KEY)
    tasks = asyncio.all_tasks()
    line = FirestoreSource(store._connected, timeout=10).open()
    for _ in range(2):
        line.add(1, KEY)
    with pytest.raises(Lost):
        _ = [one async for one in line.facts()]
    await becomes(lambda: asyncio.all_tasks() <= tasks)


async def test_connection_closed_under_a_stream_is_a_loss(store: FirestoreStore) -> None:
    line = FirestoreSource(store._connected, timeout=10).open()
    line.add(1, KEY)
    said_of_it = line.facts()
    await anext(said_of_it)
    await store.close()
    with pytest.raises(Lost, match="Closed"):
        _ = [one async for one in said_of_it]


async def test_broken_message_is_a_loss(clock: FixedClock) -> None:
    async with babbler():
        store = FirestoreStore(project="p", clock=clock)
        line = FirestoreSource(store._connected, timeout=10).open()
        line.add(1, KEY)
        with pytest.raises(Lost, match="Unparsable"):
            _ = [one async for one in line.facts()]
        await store.close()


async def test_call_names_the_database_that_it_is_routed_by(clock: FixedClock) -> None:
    async with babbler() as server:
        store = FirestoreStore(project="p", database="second", clock=clock)
        line = FirestoreSource(store._connected, timeout=10).open()
        line.add(1, KEY)
        with pytest.raises(Lost):
            _ = [one async for one in line.facts()]
        await store.close()
    assert server.metadata["google-cloud-resource-prefix"] == "projects/p/databases/second"


async def test_missing_credentials_are_a_loss(clock: FixedClock) -> None:
    key = "/nowhere/key.json"
    with environment(FIRESTORE_EMULATOR_HOST=None, GOOGLE_APPLICATION_CREDENTIALS=key):
        source = FirestoreSource(FirestoreStore(project="p", clock=clock)._connected, timeout=1)
        with pytest.raises(Lost):
            source.open()


async def test_what_happens_while_the_connection_is_cut_is_told_after_it(
    firestore: str, project: str, store: FirestoreStore, clock: FixedClock
) -> None:
    heard, tasks = Heard(), asyncio.all_tasks()
    version = await store.commit(Change(session=said("one"), version=None))
    async with way_to(firestore) as way:
        cut_off = FirestoreStore(project=project, clock=clock)
        source = FirestoreSource(cut_off._connected, timeout=1)
        pace = Pace(first_pause=0.05, longest_pause=0.2, read_every=0.05)
        watch = FirestoreWatch(source, heard, clock=clock, pace=pace)
        await watch.follow(KEY)
        await heard.last(KEY, said("one"))
        way.cut()
        await watch.follow(OTHER)
        with contextlib.suppress(StoreError):  # the emulator cannot tell it to who is cut off
            await store.commit(Change(session=said("two"), version=version))
        way.passable = True
        await heard.last(KEY, said("two"))
        await heard.last(OTHER, None)
        await watch.close()
        await cut_off.close()
    await becomes(lambda: asyncio.all_tasks() <= tasks)
    assert heard.of(KEY) == [said("one"), said("two")]


async def test_nobody_there_is_a_loss_at_once(clock: FixedClock) -> None:
    with environment(FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{free_port()}"):
        store = FirestoreStore(project="p", clock=clock)
        line = FirestoreSource(store._connected, timeout=1).open()
        line.add(1, KEY)
        with pytest.raises(Lost, match="ServiceUnavailable"):
            _ = [one async for one in line.facts()]
        with pytest.raises(Lost, match="ServiceUnavailable"):
            _ = [one async for one in FirestoreSource(store._connected, timeout=1).read([KEY])]
        await store.close()
