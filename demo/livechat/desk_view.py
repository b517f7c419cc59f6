"""What an agent's dashboard shows: every chat with every word, notes included."""

from demo.livechat.errors import Json
from demo.livechat.licence import Licence
from demo.livechat.records import Chat, Event, Thread
from demo.livechat.routing import place
from demo.livechat.views import customer_view, event_view, member_view


def desk_view(licence: Licence, chat: Chat) -> Json:
    """Return a chat as the dashboard shows it."""
    return {
        "id": chat.id,
        "thread_id": chat.thread.id,
        "state": state(chat),
        "group_ids": list(chat.group_ids),
        "groups": [licence.account.groups[group_id] for group_id in chat.group_ids],
        "customer": customer_view(licence.customers[chat.customer_id]),
        "session_fields": [dict(p) for p in licence.customers[chat.customer_id].session_fields],
        "queue": place(chat, licence.chats.values()),
        "agents": [member_view(licence, member) for member in chat.members],
        "sneak_peek": chat.sneak_peek,
        "properties": chat.properties,
        "thread_properties": chat.thread.properties,
        "threads": [thread.id for thread in chat.threads],
        "events": [
            _event(licence, chat, thread, event)
            for thread in chat.threads
            for event in thread.events
        ],
    }


def state(chat: Chat) -> str:
    """Return `closed`, `active`, `queued` or `unassigned`."""
    if not chat.active:
        return "closed"
    if chat.host:
        return "active"
    return "queued" if chat.thread.queued_at else "unassigned"


def _event(licence: Licence, chat: Chat, thread: Thread, event: Event) -> Json:
    return {
        **event_view(event),
        "thread_id": thread.id,
        "author": _author(licence, chat, event.author_id),
    }


def _author(licence: Licence, chat: Chat, author_id: str | None) -> Json | None:
    if author_id is None:
        return None
    if author_id == chat.customer_id:
        name = licence.customers[author_id].fields.get("name", "Customer")
        return {"id": author_id, "type": "customer", "name": name}
    kind = "bot" if author_id in licence.bots else "agent"
    return {"id": author_id, "type": kind, "name": licence.name_of(author_id)}


def agents_view(licence: Licence) -> list[Json]:
    """Return the agents with their status and load."""
    return [
        {
            "email": seat.email,
            "name": licence.name_of(seat.email),
            "groups": list(seat.groups),
            "status": seat.status,
            "chats": seat.load,
            "max_chats": seat.max_chats,
        }
        for seat in licence.seats()
    ]
