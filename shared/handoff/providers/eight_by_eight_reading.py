"""What a conversation at 8x8 already holds, read when we cannot know it otherwise.

https://developer.8x8.com/actions-events/docs/conversation
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from handoff.events import AgentReplied, Event, FileShared
from handoff.exchange import Json, items, obj, text
from handoff.providers import eight_by_eight_cards as cards
from handoff.vocabulary import ConversationRef

# The newest messages are on the first page; what may be missed is a few seconds old.
NEWEST = "messages?sort=createdAt:desc&size=50"


def said_meanwhile(ref: ConversationRef, page: Json) -> tuple[Event, ...]:
    """Return what agents said, oldest first; webhooks may tell the same under other ids."""
    newest_first = [obj(one) for one in items(page, "_embedded", "messages")]
    return tuple(event for one in reversed(newest_first) for event in _said(ref, one))


def _said(ref: ConversationRef, message: Json) -> Iterator[Event]:
    if text(message, "author", "type").lower() != "agent" or not text(message, "id"):
        return
    own, at = f"{ref}:read:{text(message, 'id')}", _moment(text(message, "createdAt"))
    common: dict[str, Any] = {"conversation": ref, "at": at, "read": True}
    common["author"] = text(message, "author", "id")
    words = filter(None, (text(message, "text"), cards.words(items(message, "cards"))))
    for number, said in enumerate(words):
        yield AgentReplied(id=f"{own}:{number}", text=said, **common)
    for number, _ in enumerate(items(message, "attachments")):
        yield FileShared(id=f"{own}:file:{number}", url="", **common)


def _moment(written: str) -> datetime | None:
    """Return a time of the REST interface, which is written as ISO 8601."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo else None
