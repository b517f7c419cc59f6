"""What a chat at LiveChat already holds, read when we cannot know it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handoff.errors import Unavailable
from handoff.events import AgentJoined, Closer, ConversationClosed, Event
from handoff.exchange import Json, items, obj, text
from handoff.model import Agent
from handoff.providers.base import Opened
from handoff.providers.livechat_webhooks import Place, closing, queue, spoken
from handoff.vocabulary import ConversationRef, ThreadRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The customer's one chat, if there is one; `opened` when its thread is the handoff's."""

    chat: ConversationRef | None = None
    opened: Opened | None = None
    own_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The one chat that a customer can have, as `list_chats` tells of it."""

    chat: ConversationRef
    thread: str
    active: bool


def listed(answer: Json) -> Listed | None:
    """Return the customer's chat, or None when there is none."""
    chats = items(answer, "chats_summary") or items(answer, "chats_info")
    first = obj(chats[0]) if chats else {}
    if not text(first, "id"):
        return None
    thread = text(first, "last_thread_id") or text(first, "last_thread_info", "id")
    active = first.get("active") is True
    return Listed(chat=ConversationRef(text(first, "id")), thread=thread, active=active)


def own_ids(whole: Json) -> frozenset[str]:
    """Return our own ids of the events in a chat's current thread, from `get_chat`."""
    return frozenset(text(one, "custom_id") for one in items(_thread(whole), "events"))


def read(chat: ConversationRef, whole: Json) -> Found:
    """Return a chat's thread as we missed it. Agents have other ids here than in webhooks."""
    thread = _thread(whole)
    users = [one for one in items(whole, "users") if isinstance(one, dict)]
    customer = next((text(one, "id") for one in users if one.get("type") == "customer"), "")
    names = {text(one, "id"): text(one, "name") for one in users if one.get("type") == "agent"}
    place = Place(chat=chat, thread=text(thread, "id"), customer=customer)
    joined = [
        AgentJoined(agent=Agent(id="", name=name), **place.at(f"{place.thread}:found:{agent}"))
        for agent, name in names.items()
    ]
    missed = tuple(_missed(thread, place, names))
    closer = Closer.AGENT if joined else Closer.SYSTEM
    events = (*queue(thread, place), *joined, *missed, *_end(thread, place, closer))
    opened = Opened(conversation=chat, thread=ThreadRef(place.thread), events=events)
    return Found(chat=chat, opened=opened, own_ids=own_ids(whole))


def _end(thread: Json, place: Place, closer: Closer) -> Iterator[Event]:
    """Yield the end of a thread that is over; a system message knows better who ended it."""
    if thread.get("active") is False:
        over = ConversationClosed(by=closer, **place.at(f"{place.thread}:over"))
        told = [end for one in items(thread, "events") for end in closing(obj(one), place)]
        yield told[-1] if told else over


def _missed(thread: Json, place: Place, names: Mapping[str, str]) -> Iterator[Event]:
    """Yield what agents said; the customer's view has no visibility, as it hides whispers."""
    for event in items(thread, "events"):
        if isinstance(event, dict) and text(event, "author_id") in names:
            yield from spoken({**event, "visibility": "all"}, place, names, anonymous=True)


def _thread(whole: Json) -> Json:
    """Return a chat's thread; without one the answer says nothing about what is there."""
    thread = obj(whole, "thread")
    if not text(thread, "id"):
        raise Unavailable("livechat answered get_chat without a thread", certain=True)
    return thread
