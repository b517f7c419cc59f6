"""What agents see and do at the desk; this is ours, not the vendor's API."""

from collections.abc import Callable, Mapping

from demo.eight_by_eight.errors import bad
from demo.eight_by_eight.records import CREATED, IDLE, Conversation, Message
from demo.eight_by_eight.tenant import Tenant
from demo.rest import Json


def desk_view(tenant: Tenant, room: Conversation) -> Json:
    """Return a conversation as the dashboard shows it."""
    properties = room.user.get("additionalProperties", [])
    return {
        "id": room.id,
        "thread_id": room.id,
        "threads": [room.id],
        "state": state(room),
        "groups": [tenant.account.queues[room.queue]],
        "customer": {"name": room.user.get("name", ""), "email": room.user.get("email", "")},
        "session_fields": [{one["key"]: one["value"]} for one in properties],
        "agents": [
            {"id": one, "name": tenant.seats[one].name, "visibility": "all"} for one in room.agents
        ],
        "events": [_event(tenant, room, one) for one in room.messages],
    }


def state(room: Conversation) -> str:
    """Return `closed`, `active` or `queued`."""
    if room.state == IDLE:
        return "closed"
    return "active" if room.agents and room.state != CREATED else "queued"


def _event(tenant: Tenant, room: Conversation, message: Message) -> Json:
    files = [one.get("fileName", "") for one in message.attachments]
    return {
        "id": message.id,
        "type": "system_message" if message.shown == "system" else "message",
        "text": "\n".join(filter(None, (message.text, *files))),
        "thread_id": room.id,
        "visibility": "agents" if message.shown == "agents" else "all",
        "author": _author(tenant, room, message),
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
            "status": "accepting_chats" if seat.accepting else "offline",
            "chats": tenant.load(seat),
            "max_chats": seat.max_chats,
        }
        for seat in tenant.seats.values()
    ]
    groups = [{"id": own, "name": name} for own, name in tenant.account.queues.items()]
    return {"agents": agents, "groups": groups}


def say(tenant: Tenant, room: Conversation, body: Json) -> None:
    """Write to the customer; a note stays at the desk, and no webhook tells of it."""
    agent, text = _agent(tenant, body), str(body.get("text", ""))
    if body.get("visibility") == "agents":
        room.messages.append(Message(agent, "agent", text, shown="agents"))
        return
    _require_inside(room, agent)
    message = Message(agent, "agent", text, cards=body.get("cards", []))
    tenant.write(room, message)


def send_file(tenant: Tenant, room: Conversation, body: Json) -> None:
    """Send a file that lies somewhere."""
    agent = _agent(tenant, body)
    _require_inside(room, agent)
    name, url = str(body.get("name", "")), str(body.get("url", ""))
    file = {"id": f"file-{len(room.messages)}", "type": "file", "fileName": name}
    file |= {"preSignedUrl": url} if url else {}
    tenant.write(room, Message(agent, "agent", attachments=[file]))


def close(tenant: Tenant, room: Conversation, _: Json) -> None:
    """End the conversation."""
    if room.state == IDLE:
        raise bad("idle", "The conversation is over")
    tenant.end(room)


def transfer(tenant: Tenant, room: Conversation, body: Json) -> None:
    """Pass the conversation on, to a queue or an agent."""
    _require_inside(room, _agent(tenant, body))
    if body.get("to_agent"):
        tenant.transfer(room, agent=_agent(tenant, {"agent": body["to_agent"]}))
    else:
        tenant.transfer(room, queue=str(body.get("to_group", "")))


def pick(tenant: Tenant, room: Conversation, body: Json) -> None:
    """Take a waiting conversation by hand."""
    if room.agents or room.state == IDLE:
        raise bad("not_waiting", "Nobody waits there")
    tenant.join(room, _agent(tenant, body))


def type_(tenant: Tenant, room: Conversation, body: Json) -> None:
    """Type, or stop, which is told without a name."""
    agent = _agent(tenant, body)
    tenant.show_typing(room, agent if body.get("typing", True) else "")


def _agent(tenant: Tenant, body: Json) -> str:
    agent = str(body.get("agent", ""))
    if agent not in tenant.seats:
        raise bad("not_found", "No such agent")
    return agent


def _require_inside(room: Conversation, agent: str) -> None:
    if agent not in room.agents:
        raise bad("not_inside", "The agent is not in the conversation")


DEEDS: Mapping[str, Callable[[Tenant, Conversation, Json], None]] = {
    "say": say,
    "file": send_file,
    "close": close,
    "transfer": transfer,
    "pick": pick,
    "typing": type_,
}
