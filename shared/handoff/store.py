"""The store's port: what the bridge needs to keep, and what one atomic write is."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from handoff.deliveries import Delivery
from handoff.model import Job, Session
from handoff.vocabulary import HandoffId, ProviderId, SessionId, SessionKey

# Asks to be woken for a session at a time; raises SchedulingError.
Schedule = Callable[[SessionKey, datetime], Awaitable[None]]

# Hears how a followed session now stands: None when there is none or it has expired. Is called
# on the event loop, and must not raise.
Changed = Callable[[SessionKey, Session | None], None]

Version = Any
"""Whatever a store compares to see that nobody wrote in between; only the store looks inside."""


def session_key(session: SessionId) -> SessionKey:
    """Return the document id of a session: any name of any length works."""
    return SessionKey(document_id(session))


def document_id(*parts: str) -> str:
    """Return a document id for vendor ids of any form: parts are told apart, then hashed."""
    told_apart = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(told_apart.encode("utf-8", "surrogatepass")).hexdigest()[:40]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What could not be delivered, and why; kept so that it can be sent again."""

    session: SessionKey
    job: Job
    reason: str
    at: datetime
    expire_at: datetime

    @property
    def id(self) -> str:
        """Return its document id: one per job, so that what fails again replaces itself."""
        return document_id(self.session, self.job.handoff, str(self.job.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A session as it was read. `session` is None when it has expired; its version still counts."""

    session: Session | None
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One atomic write. `version` is what was read, None when there was nothing.

    `index` are the provider's names (conversation or contact) that lead to this session from
    now on; `spilled` are deliveries that no longer fit in the session document; `replayed` are
    the ids of dead letters that are letters no more.
    """

    session: Session
    version: Version | None
    index: Sequence[tuple[ProviderId, str]] = ()
    spilled: Sequence[tuple[HandoffId, Delivery]] = ()
    dead_letters: Sequence[DeadLetter] = ()
    replayed: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A shared credential. `busy_until`: somebody renews it, others wait or use the old one."""

    value: str
    expires_at: datetime
    busy_until: datetime | None = None
    version: Version | None = None


class Watch(Protocol):
    """Tells of followed sessions whenever anybody, in any process, has written them.

    Soon after `follow` it tells how the session stands, then of every write; several may be told
    as one, and never an older state after a newer one. What fails behind it is tried again.
    Nothing runs while nothing is followed.
    """

    async def follow(self, key: SessionKey) -> None:
        """Tell of this session from now on; a second time changes nothing."""

    async def unfollow(self, key: SessionKey) -> None:
        """Tell no more of this session."""

    async def close(self) -> None:
        """Tell nothing more, for good."""


class Store(Protocol):
    """What every store does. All raise StoreError when the store itself fails.

    Readers ignore what has expired (`expire_at` in the past), whether or not it is deleted yet.
    """

    async def load(self, key: SessionKey) -> Stored | None:
        """Return the session, or None when there never was one. One read."""

    async def find(self, provider: ProviderId, name: str) -> SessionKey | None:
        """Return the session that a conversation or contact belongs to. One read."""

    async def commit(self, change: Change) -> Version:
        """Write all of it or nothing; raises Conflict when the session changed meanwhile."""

    async def mark_missed(self, provider: ProviderId, name: str) -> None:
        """Remember for some minutes that something came for a conversation not known as ours."""

    async def was_missed(self, provider: ProviderId, name: str) -> bool:
        """Say whether something came for this conversation before it was known as ours."""

    async def opening(self, provider: ProviderId) -> bool:
        """Say whether any session is just being opened at this provider."""

    async def deliveries(
        self, key: SessionKey, handoff: HandoffId, after: int
    ) -> Sequence[Delivery]:
        """Return the spilled deliveries with ids above `after`, in order."""

    async def due(self, limit: int) -> Sequence[SessionKey]:
        """Return the sessions for which something is to be done by now, the oldest first."""

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """Return what could not be delivered, oldest first."""

    async def token(self, name: str) -> StoredToken | None:
        """Return the shared token of this name, expired or not."""

    async def put_token(self, name: str, token: StoredToken) -> Version:
        """Write a token over the version it carries (None: create); raises Conflict."""

    def watch(self, changed: Changed) -> Watch:
        """Return what tells of sessions; it ends with the store at the latest."""

    async def close(self) -> None:
        """Let go of connections and threads."""
