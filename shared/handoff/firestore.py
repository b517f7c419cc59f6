"""The store in Firestore: one atomic batch per commit, guarded by the time of the last write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias
from weakref import WeakSet

from google.api_core.exceptions import Conflict as AlreadyThere
from google.api_core.exceptions import FailedPrecondition, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore import (
    AsyncClient,
    AsyncDocumentReference,
    AsyncWriteBatch,
    DocumentSnapshot,
    FieldFilter,
)
from google.cloud.firestore_v1.field_path import FieldPath

from handoff import documents
from handoff.codec import decode
from handoff.deliveries import Delivery
from handoff.documents import Document, has_expired
from handoff.errors import Conflict, StoreError
from handoff.firestore_listen import FirestoreSource
from handoff.firestore_watch import TARGETS_PER_STREAM, FirestoreWatch
from handoff.model import Session
from handoff.store import Change, Changed, DeadLetter, Stored, StoredToken, Version
from handoff.vocabulary import HandoffId, ProviderId, SessionKey

# What a guarded write says when somebody else was first; AlreadyThere is also the parent of
# Aborted, the answer under contention.
CONTENTION = (FailedPrecondition, AlreadyThere, NotFound)

# For as many sessions at once as are on one stream, while streams do not work.
READ_MANY_SECONDS = 10.0

Snapshot: TypeAlias = "DocumentSnapshot[AsyncDocumentReference]"


class FirestoreStore:
    """Keeps everything in one Firestore database.

    Every query is on a single field, so the indexes that Firestore makes by itself are enough.
    A call is tried once, for at most `timeout` seconds: who tries again is the bridge's decision.
    """

    def __init__(
        self,
        *,
        project: str | None,
        database: str = "(default)",
        clock: Callable[[], datetime],
        timeout: float = 3.0,
        targets_per_stream: int = TARGETS_PER_STREAM,
    ) -> None:
        self._project = project
        self._database = database
        self._clock = clock
        self._timeout = timeout
        self._targets_per_stream = targets_per_stream
        self._watches: WeakSet[FirestoreWatch] = WeakSet()
        self._client: AsyncClient | None = None

    async def load(self, key: SessionKey) -> Stored | None:
        """Return the session, or None when there never was one."""
        snapshot = await self._get(documents.SESSIONS, key)
        if not snapshot.exists:
            return None
        fields, version = _fields(snapshot), snapshot.update_time
        if has_expired(fields.get("expire_at"), self._clock()):
            return Stored(session=None, version=version)
        return Stored(session=decode(fields.get("data"), Session, _name(snapshot)), version=version)

    async def find(self, provider: ProviderId, name: str) -> SessionKey | None:
        """Return the session that a conversation or contact belongs to."""
        session = await self._session_at(documents.index_id(provider, name))
        return None if session is None else SessionKey(session)

    async def mark_missed(self, provider: ProviderId, name: str) -> None:
        """Remember for some minutes that something came for a conversation not known as ours."""
        mark = documents.of_missed(provider, name, self._clock())
        with _translated(f"write {mark.collection}/{mark.id}"):
            reference, fields = self._reference(mark), dict(mark.fields)
            await reference.set(fields, retry=None, timeout=self._timeout)

    async def was_missed(self, provider: ProviderId, name: str) -> bool:
        """Say whether something came for this conversation before it was known as ours."""
        return await self._session_at(documents.missed_id(provider, name)) is not None

    async def commit(self, change: Change) -> Version:
        """Write all of it or nothing."""
        session, others = documents.of_session(change.session), documents.extras(change)
        return await self._write(session, change.version, others, change.replayed)

    async def opening(self, provider: ProviderId) -> bool:
        """Say whether any session has an `open` job for this provider in its outbox."""
        path = FieldPath("opening", provider).to_api_repr()
        condition = FieldFilter(path, ">", self._clock())
        return bool(await self._query(documents.SESSIONS, path, condition, limit=1))

    async def deliveries(
        self, key: SessionKey, handoff: HandoffId, after: int
    ) -> Sequence[Delivery]:
        """Return the spilled deliveries with ids above `after`, in order."""
        above, below = documents.positions_after(key, handoff, after)
        bounds = FieldFilter("position", ">", above), FieldFilter("position", "<", below)
        found = await self._query(documents.DELIVERIES, "position", *bounds)
        return [decode(data, Delivery, name) for name, data in self._unexpired(found)]

    async def due(self, limit: int) -> Sequence[SessionKey]:
        """Return the sessions for which something is to be done by now, the oldest first."""
        condition = FieldFilter("wake_at", "<=", self._clock())
        found = await self._query(documents.SESSIONS, "wake_at", condition, limit=limit)
        return [SessionKey(name.rpartition("/")[2]) for name, _ in self._unexpired(found)]

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """Return what could not be delivered, oldest first."""
        found = await self._query(documents.DEAD_LETTERS, "at")
        return [decode(data, DeadLetter, name) for name, data in self._unexpired(found)]

    async def token(self, name: str) -> StoredToken | None:
        """Return the shared token of this name, expired or not."""
        snapshot = await self._get(documents.TOKENS, documents.token_id(name))
        if not snapshot.exists:
            return None
        fields = _fields(snapshot)
        return StoredToken(
            value=fields["value"],
            expires_at=fields["expires_at"],
            busy_until=fields["busy_until"],
            version=snapshot.update_time,
        )

    async def put_token(self, name: str, token: StoredToken) -> Version:
        """Write a token over the version it carries."""
        return await self._write(documents.of_token(name, token), token.version, ())

    def watch(self, changed: Changed) -> FirestoreWatch:
        """Return what tells of sessions whenever this process or another has written them."""
        watch = FirestoreWatch(
            FirestoreSource(self._connected, timeout=READ_MANY_SECONDS),
            changed,
            clock=self._clock,
            targets_per_stream=self._targets_per_stream,
        )
        self._watches.add(watch)
        return watch

    async def close(self) -> None:
        """Let go of the connection."""
        for watch in list(self._watches):
            await watch.close()
        client, self._client = self._client, None
        if client is not None:
            # The client has no public way to close it.
            await client._firestore_api.transport.close()

    async def _session_at(self, name: str) -> str | None:
        """Return what an entry of the index holds, unless it has expired."""
        snapshot = await self._get(documents.CONVERSATIONS, name)
        fields = _fields(snapshot)
        if not snapshot.exists or has_expired(fields.get("expire_at"), self._clock()):
            return None
        return str(fields["session"])

    def _connected(self) -> AsyncClient:
        # In the first call, never before: gRPC does not survive the framework's fork.
        if self._client is None:
            self._client = AsyncClient(project=self._project, database=self._database)
        return self._client

    def _reference(self, document: Document) -> AsyncDocumentReference:
        return self._connected().collection(document.collection).document(document.id)

    async def _get(self, collection: str, name: str) -> Snapshot:
        with _translated(f"read {collection}/{name}"):
            reference = self._connected().collection(collection).document(name)
            return await reference.get(retry=None, timeout=self._timeout)

    async def _query(
        self, collection: str, order: str, *conditions: FieldFilter, limit: int | None = None
    ) -> list[Snapshot]:
        with _translated(f"query {collection}"):
            query = self._connected().collection(collection).order_by(order)
            for condition in conditions:
                query = query.where(filter=condition)
            if limit is not None:
                query = query.limit(limit)
            return list(await query.get(retry=None, timeout=self._timeout))

    async def _write(
        self,
        guarded: Document,
        read: Version | None,
        others: Sequence[Document],
        replayed: Sequence[str] = (),
    ) -> Version:
        name = f"{guarded.collection}/{guarded.id}"
        with _translated(f"write {name}"):
            batch = self._connected().batch()
            self._add_guarded(batch, guarded, read)
            for document in others:
                batch.set(self._reference(document), dict(document.fields))
            for letter in replayed:
                batch.delete(self._connected().collection(documents.DEAD_LETTERS).document(letter))
            try:
                results = await batch.commit(retry=None, timeout=self._timeout)
            except CONTENTION as error:
                raise Conflict(f"{name} was written by somebody else") from error
        return results[0].update_time

    def _add_guarded(
        self, batch: AsyncWriteBatch, document: Document, read: Version | None
    ) -> None:
        reference, fields = self._reference(document), dict(document.fields)
        if read is None:
            batch.create(reference, fields)
            return
        option = self._connected().write_option(last_update_time=read)
        batch.update(reference, fields, option=option)

    def _unexpired(self, found: Sequence[Snapshot]) -> Iterator[tuple[str, object]]:
        now = self._clock()
        for snapshot in found:
            fields = _fields(snapshot)
            if not has_expired(fields.get("expire_at"), now):
                yield _name(snapshot), fields.get("data")


def _fields(snapshot: Snapshot) -> dict[str, Any]:
    return snapshot.to_dict() or {}


def _name(snapshot: Snapshot) -> str:
    return "/".join(snapshot.reference._path)


@contextmanager
def _translated(attempt: str) -> Iterator[None]:
    """Turn what Google's libraries raise into the port's error."""
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        # The kind only: Google's sentence may quote a field, and stays with the cause.
        raise StoreError(f"firestore did not {attempt}: {type(error).__name__}") from error
