"""What Firestore says of sessions: on one stream for many of them, and when it is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.api_core.exceptions import (
    GoogleAPIError,
    MethodNotImplemented,
    PermissionDenied,
    from_grpc_error,
    from_grpc_status,
)
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore import AsyncClient
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    ListenRequest,
    ListenResponse,
    Target,
    TargetChange,
)

from handoff.documents import SESSIONS
from handoff.firestore_facts import Again, Complete, Fact, Lost, Seen
from handoff.vocabulary import SessionKey

# Trying again soon will not help against these.
REFUSALS = (MethodNotImplemented, PermissionDenied)

Kind = TargetChange.TargetChangeType


class FirestoreSource:
    """Speaks over the connection that the store has; `timeout` is for the reading.

    The official client keeps a thread and more for every document that it listens to, and has
    no way to listen in asyncio. This is the same call, said on the client's own transport.
    """

    def __init__(self, connected: Callable[[], AsyncClient], timeout: float) -> None:
        self._connected = connected
        self._timeout = timeout

    def open(self) -> FirestoreLine:
        """Return a stream that is still to be opened."""
        with _translated():
            return FirestoreLine(self._connected())

    async def read(self, keys: Iterable[SessionKey]) -> AsyncGenerator[Seen, None]:
        """Yield how these sessions stand now, read in one call."""
        with _translated():
            call = self._asked(self._connected(), keys)
            with _speaking(call):
                async for answer in call:
                    yield _found(_message(answer))

    def _asked(self, client: AsyncClient, keys: Iterable[SessionKey]) -> Any:
        database = client._database_string
        names = [_name(database, key) for key in keys]
        routing = to_grpc_metadata({"database": database})  # type: ignore[no-untyped-call]
        return client._firestore_api.transport.batch_get_documents(
            BatchGetDocumentsRequest(database=database, documents=names),
            timeout=self._timeout,
            metadata=[*client._rpc_metadata, routing],
        )


class FirestoreLine:
    """One call of `Listen`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._database = client._database_string
        self._requests = _Requests()

    def add(self, target: int, key: SessionKey) -> None:
        """Listen to a session, now or as soon as the stream is open."""
        documents = Target.DocumentsTarget(documents=[_name(self._database, key)])
        wanted = Target(target_id=target, documents=documents)
        self._requests.put(ListenRequest(database=self._database, add_target=wanted))

    def remove(self, target: int) -> None:
        """Listen to it no more."""
        self._requests.put(ListenRequest(database=self._database, remove_target=target))

    def end(self) -> None:
        """Ask for nothing more."""
        self._requests.put(None)

    async def facts(self) -> AsyncGenerator[Fact, None]:
        """Open the stream, and yield what is said until it ends."""
        # The metadata are those with which the official client listens: the first of them, the
        # name of the database, is what the call is routed by.
        transport = self._client._firestore_api.transport
        try:
            with _translated():
                call = transport.listen(self._requests, metadata=self._client._rpc_metadata)
                with _speaking(call):
                    async for answer in call:
                        for fact in facts(answer):
                            yield fact
        finally:
            # A task of gRPC's own reads them, and outlives a call that the server has ended.
            self.end()


class _Requests:
    """What we say on a stream, in order; None is the end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[ListenRequest | None] = asyncio.Queue()

    def put(self, request: ListenRequest | None) -> None:
        self._queue.put_nowait(request)

    def __aiter__(self) -> AsyncIterator[ListenRequest]:
        return self

    async def __anext__(self) -> ListenRequest:
        request = await self._queue.get()
        if request is None:
            raise StopAsyncIteration
        return request


def facts(answer: ListenResponse | None) -> Iterator[Fact]:
    """Yield what an answer says; raises Google's error when a target was taken from us.

    https://docs.cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#listenresponse
    """
    said = _message(answer)
    kind = said.WhichOneof("response_type")
    if kind == "document_change":
        yield _document(said.document_change.document)
    elif kind in ("document_delete", "document_remove"):
        # To the official clients both are the same.
        gone = getattr(said, kind)
        yield Seen(key=_key(gone.document), at=_time(gone.read_time), exists=False)
    elif kind == "target_change":
        yield from _of_targets(said.target_change)
    # What is left, the filter, tells how many documents match: one target is one document.


def _of_targets(change: Any) -> Iterator[Fact]:
    targets = frozenset(change.target_ids)
    if change.target_change_type == Kind.CURRENT:
        yield Complete(targets=targets, at=_time(change.read_time))
    elif change.target_change_type == Kind.RESET:
        yield Again(targets=targets)
    elif change.target_change_type == Kind.REMOVE and change.cause.code:
        code = change.cause.code
        raise from_grpc_status(code, "target removed")  # type: ignore[no-untyped-call]


def _found(answer: Any) -> Seen:
    if answer.WhichOneof("result") == "found":
        return _document(answer.found)
    return Seen(key=_key(answer.missing), at=_time(answer.read_time), exists=False)


def _document(document: Any) -> Seen:
    data, expires = document.fields.get("data"), document.fields.get("expire_at")
    expires_ever = expires is not None and expires.HasField("timestamp_value")
    return Seen(
        key=_key(document.name),
        at=_time(document.update_time),
        exists=True,
        data=data.string_value if data is not None and data.HasField("string_value") else None,
        expire_at=_time(expires.timestamp_value) if expires_ever else None,
    )


def _message(answer: Any) -> Any:
    # What cannot be parsed reaches us as nothing; gRPC has logged why.
    if answer is None:
        raise Lost("Unparsable")
    return answer._pb


def _name(database: str, key: SessionKey) -> str:
    return f"{database}/documents/{SESSIONS}/{key}"


def _key(name: str) -> SessionKey:
    return SessionKey(name.rpartition("/")[2])


def _time(stamp: Any) -> datetime:
    return datetime.fromtimestamp(stamp.seconds, UTC).replace(microsecond=stamp.nanos // 1000)


@contextmanager
def _speaking(call: Any) -> Iterator[None]:
    """Cancel the call afterwards, and see whether it was cancelled by others than us."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The connection was closed under the call; nobody means this task.
        raise Lost("Closed") from None
    finally:
        call.cancel()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what Google's libraries raise into the one error."""
    try:
        yield
    except grpc.RpcError as error:
        raise _lost(from_grpc_error(error)) from error  # type: ignore[no-untyped-call]
    except (GoogleAPIError, GoogleAuthError, grpc.aio.BaseError, OSError) as error:
        raise _lost(error) from error


def _lost(error: Exception) -> Lost:
    # The kind only: Google's sentence may quote a field, and stays with the cause.
    return Lost(type(error).__name__, refused=isinstance(error, REFUSALS))
