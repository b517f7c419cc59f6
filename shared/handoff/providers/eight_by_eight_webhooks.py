"""The webhooks of 8x8 in our words: those of the gateway, and the older ones that are flat.

https://developer.8x8.com/actions-events/docs/webhooks-events-reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    AgentTyping,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    Unrecognized,
    WentIdle,
)
from handoff.exchange import Json, integer, items, obj, text
from handoff.model import Agent
from handoff.providers import eight_by_eight_cards as cards
from handoff.providers.eight_by_eight_wire import MARKER
from handoff.vocabulary import ConversationRef, HandoffId

VERIFICATION = "WEB_HOOK_VERIFY"

# Whose messages come back to us and are for nobody; everything posted does, also our own.
OTHERS = frozenset({"user", "bot", "system"})

# Milliseconds between these are a time; outside they are seconds, or nothing.
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000 for year in (2000, 2100))

CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One webhook: its kind, its conversation, and what it says, old shape or new.

    `name` is that of its agent, as far as it is known.
    """

    kind: str
    id: str
    conversation: str
    at: datetime | None
    data: Json
    name: str = ""

    @property
    def common(self) -> dict[str, Any]:
        """Return the fields that every event of this webhook has."""
        return {"conversation": ConversationRef(self.conversation), "at": self.at}

    @property
    def first(self) -> dict[str, Any]:
        """Return the same with the id of the only or first event."""
        return {"id": self.id, **self.common}


def news(body: Json, event_id: str, name: str = "") -> News:
    """Return what a webhook's body tells. Older webhooks have no `data`: all is at the top."""
    data = {**body, **obj(body, "data")}
    own_name = " ".join(text(data, "agentName").replace(",", " ").split())
    return News(
        kind=text(body, "eventType"),
        id=event_id,
        conversation=text(body, "conversationId"),
        at=_moment(body),
        data=data,
        name=own_name or name,
    )


def speaker(told: News) -> str:
    """Return the id of the agent whose name the customer will want to know, or nothing."""
    if told.kind not in {"MEMBERS_CHANGED", "MESSAGE"} or told.name:
        return ""
    if told.kind == "MESSAGE":
        return text(told.data, "sender", "id") if _is_agents(told.data) else ""
    return text(told.data, "id") if _member(told.data) == ("agent", "joined") else ""


def translate(told: News) -> tuple[Event, ...]:
    """Return the facts in one webhook; what has none for us is Unrecognized."""
    if told.kind == VERIFICATION:
        return ()
    known = KINDS.get(told.kind)
    found = tuple(known(told)) if known and told.conversation else ()
    return found or (Unrecognized(kind=_kind(told), **told.first),)


def _kind(told: News) -> str:
    """Return what to call a webhook that means nothing to us."""
    sender = text(told.data, "sender", "type").lower()
    return f"message_of_{sender}" if told.kind == "MESSAGE" and sender in OTHERS else told.kind


def _updated(told: News) -> Iterator[Event]:
    """Yield that the conversation lives or rests.

    Its assignment is not taken for a join: an update that comes late would bring a ghost.
    """
    state = text(told.data, "state")
    if state in {"created", "active"}:
        yield ConversationOpened(handoff=_marker(told.data), **told.first)
    if state == "idle":
        yield WentIdle(**told.first)


def _marker(data: Json) -> HandoffId | None:
    """Return our own id among the user's properties."""
    properties = [obj(one) for one in items(data, "user", "additionalProperties")]
    ours = (text(one, "value") for one in properties if text(one, "key").lower() == MARKER)
    found = next(ours, "")
    return HandoffId(found) if found else None


def _queued(told: News) -> Iterator[Event]:
    yield Queued(**told.first)


def _members(told: News) -> Iterator[Event]:
    """Yield who came and who went. That the user left may be our own leaving coming back."""
    moved, own = _member(told.data), text(told.data, "id")
    if moved == ("agent", "joined") and own:
        yield AgentJoined(agent=Agent(id=own, name=told.name), **told.first)
    if moved == ("agent", "left") and own:
        yield AgentLeft(agent_id=own, **told.first)
    if moved == ("user", "left"):
        yield WentIdle(**told.first)


def _member(data: Json) -> tuple[str, str]:
    """Return what kind of member did what."""
    return text(data, "memberType").lower(), text(data, "change").lower()


def _transferred(told: News) -> Iterator[Event]:
    yield Transferred(**told.first)


def _said(told: News) -> Iterator[Event]:
    """Yield an agent's words and files; everybody's messages come here, also our own."""
    if not _is_agents(told.data):
        return
    author = text(told.data, "sender", "id")
    texts = filter(None, (text(told.data, "text"), cards.words(items(told.data, "cards"))))
    files = (obj(one) for one in items(told.data, "attachments"))
    common = {**told.common, "author": author}
    events: list[Callable[[str], Event]] = [_words(one, told.name, common) for one in texts]
    events += [_file(one, common) for one in files if one]
    for number, event in enumerate(events):
        yield event(f"{told.id}:{number}" if number else told.id)


def _is_agents(data: Json) -> bool:
    """Say whether a message is an agent's; by who sent it, for `isEcho` alone does not tell."""
    return text(data, "sender", "type").lower() == "agent" and data.get("isEcho") is not True


def _words(words: str, name: str, common: dict[str, Any]) -> Callable[[str], Event]:
    return lambda own: AgentReplied(id=own, text=words, author_name=name, **common)


def _file(attachment: Json, common: dict[str, Any]) -> Callable[[str], Event]:
    """Return how to tell of a file; one without an address is told of by its name."""
    size = integer(attachment, "sizeInBytes")
    kinds = (text(attachment, name) for name in ("contentType", "type"))
    content: dict[str, Any] = {
        "url": cards.address(attachment, "preSignedUrl"),
        "name": text(attachment, "fileName") or text(attachment, "filename"),
        "content_type": next(filter(CONTENT_TYPE.fullmatch, kinds), ""),
        "size": integer(attachment, "size") if size is None else size,
    }
    return lambda own: FileShared(id=own, **content, **common)


def _activity(told: News) -> Iterator[Event]:
    """Yield that an agent types. That somebody stopped comes without a name."""
    if text(told.data, "name") != "typing":
        return
    users = obj(told.data, "value").get("users")
    agents = [text(one, "id") for one in items(users) if text(one, "type").lower() == "agent"]
    if agents or users == []:
        author = agents[0] if agents else ""
        yield AgentTyping(author=author, typing=bool(agents), **told.first)


def _old_joined(told: News) -> Iterator[Event]:
    if own := text(told.data, "agentId"):
        yield AgentJoined(agent=Agent(id=own, name=told.name), **told.first)


def _old_left(told: News) -> Iterator[Event]:
    if own := text(told.data, "agentId"):
        yield AgentLeft(agent_id=own, **told.first)


def _old_text(told: News) -> Iterator[Event]:
    words, author = text(told.data, "message"), text(told.data, "agentId")
    if text(told.data, "messageType").upper() == "AGENT" and words:
        yield AgentReplied(author=author, text=words, author_name=told.name, **told.first)


KINDS: Mapping[str, Callable[[News], Iterator[Event]]] = {
    "CONVERSATION_UPDATE": _updated,
    "QUEUED": _queued,
    "MEMBERS_CHANGED": _members,
    "TRANSFER": _transferred,
    "MESSAGE": _said,
    "ACTIVITY": _activity,
    # Of the retired chat API; its pages, and webhooks of version v2.0, still show them.
    "AGENT_JOINED": _old_joined,
    "AGENT_LEFT": _old_left,
    "TEXT": _old_text,
}

# The same as a table for people, which the samples prove.
SAYS: Mapping[str, tuple[type[Event], ...]] = {
    "CONVERSATION_UPDATE": (ConversationOpened, WentIdle),
    "QUEUED": (Queued,),
    "MEMBERS_CHANGED": (AgentJoined, AgentLeft, WentIdle),
    "TRANSFER": (Transferred,),
    "MESSAGE": (AgentReplied, FileShared),
    "ACTIVITY": (AgentTyping,),
    "AGENT_JOINED": (AgentJoined,),
    "AGENT_LEFT": (AgentLeft,),
    "TEXT": (AgentReplied,),
    "the conversation's state, when asked": (ConversationClosed, Queued),
}


def _moment(body: Json) -> datetime | None:
    """Return the vendor's time, which counts milliseconds."""
    told = integer(body, "timestamp")
    if told is None or not EARLIEST <= told < LATEST:
        return None
    return datetime.fromtimestamp(told / 1000, UTC)
