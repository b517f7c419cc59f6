"""What both stores keep of a change: documents with an id and a few plain fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from handoff.codec import encode
from handoff.deliveries import Delivery
from handoff.model import Session
from handoff.store import Change, DeadLetter, StoredToken, document_id
from handoff.vocabulary import HandoffId, JobKind, ProviderId, SessionKey

SESSIONS = "sessions"
CONVERSATIONS = "conversations"
DELIVERIES = "deliveries"
DEAD_LETTERS = "dead_letters"
TOKENS = "tokens"

# An index entry holds no words; it outlives any handoff that events can belong to.
INDEX_LASTS = timedelta(days=30)

# An opening that takes longer is not one that a webhook can overtake.
OPENING_LASTS = timedelta(minutes=5)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)

Field = str | datetime | Mapping[str, datetime] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of Firestore, one row of SQLite. `data` holds the value as the codec wrote it;
    the other fields are what is queried, or what helps a person who looks."""

    collection: str
    id: str
    fields: Mapping[str, Field]


def has_expired(expire_at: datetime | None, now: datetime) -> bool:
    """Say whether readers have to ignore a document, deleted or not."""
    return expire_at is not None and expire_at <= now


def of_session(session: Session) -> Document:
    """Return the document of a session."""
    handoff = session.handoff
    fields: dict[str, Field] = {
        "dialect": session.dialect.value,
        "provider": handoff.provider if handoff else None,
        "conversation": _shown(handoff.conversation) if handoff else None,
        "handoff_id": _shown(handoff.id) if handoff else None,
        "state": handoff.state.value if handoff else None,
        "opening": _opening(session),
        "wake_at": session.wake_at,
        "expire_at": session.expire_at,
        "data": encode(session, f"{SESSIONS}/{session.key}"),
    }
    return Document(collection=SESSIONS, id=session.key, fields=fields)


def extras(change: Change) -> list[Document]:
    """Return what a change writes beside its session: index, spilled deliveries, dead letters."""
    session = change.session
    index = [_of_index(session, provider, name) for provider, name in change.index]
    spilled = [_of_delivery(session, handoff, delivery) for handoff, delivery in change.spilled]
    return index + spilled + [_of_dead_letter(letter) for letter in change.dead_letters]


def index_id(provider: ProviderId, name: str) -> str:
    """Return the id of the document that leads from a provider's name to a session."""
    return document_id(provider, name)


def of_missed(provider: ProviderId, name: str, now: datetime) -> Document:
    """Return the mark that something came for a conversation not known as ours."""
    fields: dict[str, Field] = {
        "session": "",
        "provider": provider,
        "expire_at": now + OPENING_LASTS,
    }
    return Document(collection=CONVERSATIONS, id=missed_id(provider, name), fields=fields)


def missed_id(provider: ProviderId, name: str) -> str:
    """Return the id of the mark for a conversation."""
    return document_id(provider, name, "missed")


def token_id(name: str) -> str:
    """Return the id of a shared token's document."""
    return document_id(name)


def of_token(name: str, token: StoredToken) -> Document:
    """Return the document of a shared token; there are no person's words in it."""
    fields: dict[str, Field] = {
        "value": token.value,
        "expires_at": token.expires_at,
        "busy_until": token.busy_until,
    }
    return Document(collection=TOKENS, id=token_id(name), fields=fields)


def positions_after(key: SessionKey, handoff: HandoffId, after: int) -> tuple[str, str]:
    """Return the bounds, both exclusive, of `position` for the deliveries above `after`."""
    return _position(key, handoff, after), f"{document_id(key, handoff)}:~"


def _position(key: SessionKey, handoff: HandoffId, number: int) -> str:
    """Return handoff and number as one sortable text: a query on one field needs no index of ours.

    A composite index would have to be deployed before the first query; this cannot be forgotten.
    """
    return f"{document_id(key, handoff)}:{number:09d}"


def _opening(session: Session) -> Mapping[str, datetime] | None:
    """Return per provider until when an `open` job counts as under way, for a one-field query."""
    jobs = [job for job in session.outbox if job.kind is JobKind.OPEN]
    return {job.provider: job.created_at + OPENING_LASTS for job in jobs} or None


def _of_index(session: Session, provider: ProviderId, name: str) -> Document:
    fields: dict[str, Field] = {
        "session": session.key,
        "provider": provider,
        "expire_at": (session.expire_at or FOREVER - INDEX_LASTS) + INDEX_LASTS,
    }
    return Document(collection=CONVERSATIONS, id=index_id(provider, name), fields=fields)


def _of_delivery(session: Session, handoff: HandoffId, delivery: Delivery) -> Document:
    name = document_id(session.key, handoff, f"{delivery.id:09d}")
    fields: dict[str, Field] = {
        "session": session.key,
        "handoff_id": _shown(handoff),
        "position": _position(session.key, handoff, delivery.id),
        "expire_at": session.expire_at,
        "data": encode(delivery, f"{DELIVERIES}/{name}"),
    }
    return Document(collection=DELIVERIES, id=name, fields=fields)


def _of_dead_letter(letter: DeadLetter) -> Document:
    fields: dict[str, Field] = {
        "session": letter.session,
        "handoff_id": _shown(letter.job.handoff),
        "provider": letter.job.provider,
        "at": letter.at,
        "expire_at": letter.expire_at,
        "data": encode(letter, f"{DEAD_LETTERS}/{letter.id}"),
    }
    return Document(collection=DEAD_LETTERS, id=letter.id, fields=fields)


def _shown(name: str | None) -> str:
    """Cut an id to what an index takes and UTF-8 can say; only people read such a field."""
    return (name or "")[:200].encode("utf-8", "replace").decode()
