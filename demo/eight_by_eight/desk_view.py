"""What an agent's dashboard shows, in the words of the demo's page."""

from demo.eight_by_eight.records import IDLE, Conversation, Message, Upload, iso, utc_now
from demo.eight_by_eight.tenant import Tenant
from demo.rest import Json


def desk_view(tenant: Tenant, room: Conversation) -> Json:
    """Return a conversation; all of it is one thread."""
    properties = room.user.get("additionalProperties", [])
    return {
        "id": room.id,
        "thread_id": room.id,
        "threads": [room.id],
        "state": state(room),
        "group_ids": [room.queue],
        "groups": [tenant.account.queues[room.queue]],
        "customer": {"name": room.user.get("name", ""), "email": room.user.get("email", "")},
        "session_fields": [{one["key"]: one["value"]} for one in properties],
        "agents": [
            {"id": one, "name": tenant.seats[one].name, "visibility": "all"} for one in room.agents
        ],
        "customer_typing": room.typing_until > utc_now(),
        "events": [_event(tenant, room, one) for one in room.messages],
    }


def state(room: Conversation) -> str:
    """Return `closed`, `active` or `queued`."""
    if room.state == IDLE:
        return "closed"
    return "active" if room.agents else "queued"


def _event(tenant: Tenant, room: Conversation, message: Message) -> Json:
    files = [_file(room.uploads[one["id"]], one) for one in message.attachments]
    return {
        "id": message.id,
        "type": "system_message" if message.shown == "system" else "message",
        "text": message.text,
        "files": files,
        "created_at": iso(message.at),
        "thread_id": room.id,
        "visibility": "agents" if message.shown == "agents" else "all",
        "author": _author(tenant, room, message),
    }


def _file(upload: Upload, shown: Json) -> Json:
    return {
        "name": upload.name,
        "url": shown.get("preSignedUrl", ""),
        "content_type": upload.content_type,
        "size": len(upload.data),
    }


def _author(tenant: Tenant, room: Conversation, message: Message) -> Json | None:
    if message.kind == "user":
        name = room.user.get("name") or "Customer"
        return {"id": "user", "type": "customer", "name": name}
    if message.kind == "bot":
        return {"id": "bot", "type": "bot", "name": "Bot"}
    if message.kind == "agent":
        return {"id": message.author, "type": "agent", "name": tenant.seats[message.author].name}
    return None


def agents_view(tenant: Tenant) -> Json:
    """Return the agents with their status and load, and the queues as their groups."""
    agents = [
        {
            "email": seat.id,
            "name": seat.name,
            "groups": list(seat.queues),
            "status": seat.status,
            "chats": tenant.load(seat),
            "max_chats": seat.max_chats,
        }
        for seat in tenant.seats.values()
    ]
    groups = [{"id": own, "name": name} for own, name in tenant.account.queues.items()]
    return {"agents": agents, "groups": groups}
