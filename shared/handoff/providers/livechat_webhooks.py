"""LiveChat's webhooks in our words.

https://platform.text.com/docs/management/webhooks/
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Closer,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    Unrecognized,
)
from handoff.exchange import Json, integer, items, obj, text
from handoff.model import Agent
from handoff.vocabulary import ContactRef, ConversationRef, Reason, ThreadRef

# A chat passes from hand to hand for these reasons; "assigned" is somebody taking it.
# https://platform.text.com/docs/messaging/agent-chat-api/rtm-pushes/#chat_transferred
ASSIGNED = "assigned"

# What a message of a customer or an agent can be; forms and system messages are no words.
SPOKEN = ("message", "rich_message", "file")

# Which system messages end a thread, and why; an agent who vanished has left the customer alone.
# https://platform.text.com/docs/messaging/references/system-messages/
CLOSINGS: Mapping[str, tuple[Closer, Reason | None]] = {
    "manual_archived_agent": (Closer.AGENT, None),
    "manual_archived_customer": (Closer.CUSTOMER, None),
    "archived_customer_disconnected": (Closer.CUSTOMER, None),
    "customer_banned": (Closer.AGENT, None),
    "system_archived": (Closer.SYSTEM, Reason.PROVIDER_ERROR),
    "routing.archived_inactive": (Closer.SYSTEM, Reason.INACTIVE),
    "routing.archived_offline": (Closer.SYSTEM, Reason.NOT_ACCEPTED),
    "routing.archived_disconnected": (Closer.AGENT, None),
    "routing.archived_signed_out": (Closer.AGENT, None),
    "routing.archived_remotely_signed_out": (Closer.AGENT, None),
    "routing.archived_deleted": (Closer.AGENT, None),
    "routing.archived_other": (Closer.AGENT, None),
}

# Customers have dashed UUIDs, agents e-mail addresses, bots 32 plain hex digits.
CUSTOMER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something happened. `customer` finds the session before the chat is known."""

    chat: str
    thread: str
    customer: str = ""
    bot: str = ""

    def at(self, key: str, *, recurs: bool = False) -> dict[str, Any]:
        """Return the fields that every event of this place has."""
        return {
            "id": f"{self.chat}:{key}",
            "conversation": ConversationRef(self.chat),
            "thread": ThreadRef(self.thread) if self.thread else None,
            "contact": ContactRef(self.customer) if self.customer else None,
            "recurs": recurs,
        }


def translate(action: str, payload: Json, bot: str) -> tuple[Event, ...]:
    """Return the facts in one webhook; an unknown or misshapen one is Unrecognized.

    `bot` is the id of our own bot, whose doings are ours.
    """
    found = tuple(KINDS[action](payload, bot)) if action in KINDS else ()
    if found:
        return found
    place = _place(payload, bot)
    return (Unrecognized(kind=action, **place.at(_digest(payload), recurs=True)),)


def spoken(
    event: Json, place: Place, names: Mapping[str, str], *, anonymous: bool = False
) -> Iterator[Event]:
    """Yield the words or file in one chat event, when the customer may see them.

    Agents' whispers come by the same webhooks: a missing visibility counts as one.
    `anonymous` leaves out the author's id, where it is not the one that webhooks use.
    """
    author = text(event, "author_id")
    hidden = event.get("visibility") != "all" or author in {"", place.bot} or not place.chat
    if hidden or event.get("type") not in SPOKEN or not text(event, "id"):
        return
    common = place.at(text(event, "id")) | {
        "author": "" if anonymous else author,
        "client_id": text(event, "custom_id"),
    }
    if event["type"] == "file":
        yield from _file(event, common)
    elif words := _words(event):
        yield AgentReplied(text=words, author_name=names.get(author, ""), **common)


def _file(event: Json, common: dict[str, Any]) -> Iterator[Event]:
    if url := text(event, "url"):
        yield FileShared(
            url=url,
            name=text(event, "name"),
            content_type=text(event, "content_type"),
            size=integer(event, "size"),
            **common,
        )


def _words(event: Json) -> str:
    """Return what an event says; cards and buttons become lines with links."""
    if event["type"] == "message":
        return text(event, "text")
    return "\n".join(filter(None, map(_element, items(event, "elements"))))


def _element(element: Any) -> str:
    buttons = [_button(number, one) for number, one in enumerate(items(element, "buttons"), 1)]
    lines = [text(element, "title"), text(element, "subtitle"), text(element, "image", "url")]
    return "\n".join(filter(None, [*lines, *buttons]))


def _button(number: int, button: Any) -> str:
    label, value = text(button, "text"), text(button, "value")
    link = f" {value}" if text(button, "type") in {"url", "webview", "phone"} else ""
    return f"{number}. {label}{link}" if label else ""


def _incoming_chat(payload: Json, bot: str) -> Iterator[Event]:
    """Yield all that a new thread may already hold: agents, a place in the queue, a welcome."""
    chat, thread = obj(payload, "chat"), obj(payload, "chat", "thread")
    users = [one for one in items(chat, "users") if isinstance(one, dict)]
    customer = next((text(one, "id") for one in users if one.get("type") == "customer"), "")
    place = Place(chat=text(chat, "id"), thread=text(thread, "id"), customer=customer, bot=bot)
    if not place.chat or not place.thread:
        return
    yield ConversationOpened(**place.at(place.thread))
    yield from queue(thread, place)
    agents = {text(one, "id"): text(one, "name") for one in users if _is_agent(one, bot)}
    for agent, name in agents.items():
        key = f"{place.thread}:joined:{agent}"
        yield AgentJoined(agent=Agent(id=agent, name=name), **place.at(key))
    for event in items(thread, "events"):
        if text(event, "author_id") != customer:
            yield from spoken(obj(event), place, agents)


def queue(thread: Json, place: Place) -> Iterator[Event]:
    """Yield the place in the queue, while there is one."""
    if isinstance(thread.get("queue"), dict):
        waiting = obj(thread, "queue")
        key = f"{place.thread}:queued:{_digest(waiting)}"
        yield Queued(
            position=integer(waiting, "position"),
            wait_seconds=integer(waiting, "wait_time"),
            **place.at(key, recurs=True),
        )


def _is_agent(user: Json, bot: str) -> bool:
    """Say whether a user is an agent whom the customer may know of."""
    visible = user.get("visibility", "all") == "all"
    return user.get("type") == "agent" and visible and text(user, "id") not in {"", bot}


def _incoming_event(payload: Json, bot: str) -> Iterator[Event]:
    place, event = _place(payload, bot), obj(payload, "event")
    yield from spoken(event, place, {})
    yield from closing(event, place)


def closing(event: Json, place: Place) -> Iterator[Event]:
    """Yield the end that a system message tells of, with more of the reason than its webhook."""
    kind = text(event, "system_message_type")
    if text(event, "type") == "system_message" and kind in CLOSINGS and place.chat:
        by, reason = CLOSINGS[kind]
        yield ConversationClosed(by=by, reason=reason, **place.at(f"{place.thread}:{kind}"))


def _chat_deactivated(payload: Json, bot: str) -> Iterator[Event]:
    """Yield the end. The closer is an agent's e-mail, the customer's id, or nobody: the router."""
    place = _place(payload, bot)
    if place.chat:
        closer = text(payload, "user_id")
        by = Closer.CUSTOMER if CUSTOMER_ID.fullmatch(closer) else Closer.AGENT
        by = by if closer else Closer.SYSTEM
        key = place.thread or _digest(payload)
        yield ConversationClosed(by=by, **place.at(f"{key}:closed", recurs=not place.thread))


def _chat_transferred(payload: Json, bot: str) -> Iterator[Event]:
    """Yield a transfer, or the agents who take a waiting chat (their names come separately)."""
    place = _place(payload, bot)
    if not place.chat:
        return
    common = place.at(_digest(payload), recurs=True)
    to = tuple(one for one in items(payload, "transferred_to", "agent_ids") if text(one))
    if text(payload, "reason") != ASSIGNED:
        waiting = obj(payload, "queue")
        yield Transferred(
            by=text(payload, "requester_id"),
            to_agents=to,
            position=integer(waiting, "position"),
            wait_seconds=integer(waiting, "wait_time"),
            **common,
        )
        return
    for agent in to:
        yield AgentJoined(agent=Agent(id=agent), **common | {"id": f"{common['id']}:{agent}"})


def _user_added(payload: Json, bot: str) -> Iterator[Event]:
    place, user = _place(payload, bot), obj(payload, "user")
    if place.chat and _is_agent(user, bot):
        agent = Agent(id=text(user, "id"), name=text(user, "name"))
        yield AgentJoined(agent=agent, **place.at(_digest(payload), recurs=True))


def _user_removed(payload: Json, bot: str) -> Iterator[Event]:
    place, user = _place(payload, bot), text(payload, "user_id")
    if place.chat and user not in {"", bot}:
        yield AgentLeft(agent_id=user, **place.at(_digest(payload), recurs=True))


KINDS: Mapping[str, Callable[[Json, str], Iterator[Event]]] = {
    "incoming_chat": _incoming_chat,
    "incoming_event": _incoming_event,
    "chat_deactivated": _chat_deactivated,
    "chat_transferred": _chat_transferred,
    "user_added_to_chat": _user_added,
    "user_removed_from_chat": _user_removed,
}

# The same as a table for people, which the samples prove.
SAYS: Mapping[str, tuple[type[Event], ...]] = {
    "incoming_chat": (ConversationOpened, Queued, AgentJoined, AgentReplied),
    "incoming_event": (AgentReplied, FileShared, ConversationClosed),
    "chat_deactivated": (ConversationClosed,),
    "chat_transferred": (Transferred, AgentJoined),
    "user_added_to_chat": (AgentJoined,),
    "user_removed_from_chat": (AgentLeft,),
}


def _place(payload: Json, bot: str) -> Place:
    return Place(chat=text(payload, "chat_id"), thread=text(payload, "thread_id"), bot=bot)


def _digest(payload: Json) -> str:
    """Return a key for a webhook that has no id of its own."""
    canonical = json.dumps(payload, sort_keys=True).encode()
    return hashlib.sha256(canonical).hexdigest()[:24]
