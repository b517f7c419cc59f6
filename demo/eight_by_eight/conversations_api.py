"""The gateway's calls about conversations and who is in them."""

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import as_bad, bad, bad_activity
from demo.eight_by_eight.messages_api import message_of
from demo.eight_by_eight.records import Conversation, Message, iso
from demo.eight_by_eight.resources import newest_first, page
from demo.eight_by_eight.shapes import (
    Assignment,
    History,
    Leaving,
    PostAgent,
    ReadReceipt,
    Shape,
    Thinking,
    Typing,
    User,
    read,
)
from demo.eight_by_eight.simulator import Simulator
from demo.rest import Json

ACTIVITIES: dict[str, type[Shape]] = {
    "typing": Typing,
    "thinking": Thinking,
    "read_receipt": ReadReceipt,
}


def create(simulator: Simulator, call: Call) -> Answer:
    """Make a conversation; it lives once the answer is out."""
    body, tenant = call.json(), simulator.tenant
    user, where, history = _user(body), _assignment(body), _history(body)
    room = tenant.create(_channel(simulator, body), user, where)
    room.messages += history
    tenant.activate(room)
    return Answer(status=202, body={"conversationId": room.id, "createdAt": iso(room.at)})


def _channel(simulator: Simulator, body: Json) -> Json:
    channel = simulator.tenant.channels.get(str(body.get("channelId", "")))
    if channel is None:
        raise bad("invalid_channel", "Channel does not exist")
    return channel


def _user(body: Json) -> Json:
    read(User, body.get("user"), as_bad("invalid_field"))
    user: Json = body["user"]
    return user


def _assignment(body: Json) -> Json | None:
    if "assignment" not in body:
        return None
    where = read(Assignment, body["assignment"], as_bad("invalid_assignment"))
    return {"type": where.type, "id": where.id}


def _history(body: Json) -> list[Message]:
    if "history" not in body:
        return []
    said = read(History, body["history"], as_bad("invalid_history")).messages
    # No file can be shown: it cannot have been uploaded before there is a conversation.
    return [message_of(one, {}, as_bad("invalid_json_object")) for one in said]


def listed(simulator: Simulator, call: Call) -> Answer:
    """List conversations."""
    newest = newest_first(call, "id:asc", ("id", "createdAt"))
    by_time = call.query.get("sort", "").startswith("createdAt")
    rooms = list(simulator.tenant.conversations.values())
    rooms = rooms if by_time else sorted(rooms, key=lambda one: one.id)
    views = [one.view() for one in rooms]
    return page(call, "conversations", views[::-1] if newest else views)


def room_of(simulator: Simulator, call: Call) -> Conversation:
    """Return the conversation that a path names."""
    return simulator.tenant.conversation(call.params["room"])


def get(simulator: Simulator, call: Call) -> Answer:
    """Return one conversation."""
    return Answer(body=room_of(simulator, call).view())


def update(simulator: Simulator, call: Call) -> Answer:
    """Send a conversation elsewhere, or know its user better."""
    room, body = room_of(simulator, call), call.json()
    user, where = _user(body) if "user" in body else None, _assignment(body)
    if where is not None:
        simulator.tenant.reassign(room, where)
    if user is not None:
        simulator.tenant.know(room, {**room.user, **user})
    return Answer(status=202)


def replace(simulator: Simulator, call: Call) -> Answer:
    """Write the whole conversation anew: what is not said of the user is forgotten."""
    room, body = room_of(simulator, call), call.json()
    channel, user, where = _channel(simulator, body), _user(body), _assignment(body)
    room.channel = channel["id"]
    if where is not None and where != room.assignment:
        simulator.tenant.reassign(room, where)
    simulator.tenant.know(room, user)
    return Answer(status=202)


def participants(simulator: Simulator, call: Call) -> Answer:
    """List who has ever been there; nobody has a name."""
    room = room_of(simulator, call)
    removed = {one: one not in room.agents for one in (*room.past_agents, *room.agents)}
    people = [("user", "user", room.user_removed)]
    people += [("bot", "bot", False)] if any(one.kind == "bot" for one in room.messages) else []
    people += [(one, "agent", gone) for one, gone in removed.items()]
    views = [{"id": a, "type": b, "language": "en", "removed": c} for a, b, c in people]
    return page(call, "participants", views)


def leave(simulator: Simulator, call: Call) -> Answer:
    """Let the customer leave."""
    if not call.read(Leaving).removed:
        raise bad("invalid_field", "`removed` can only become true")
    simulator.tenant.user_leaves(room_of(simulator, call))
    return Answer(status=204)


def activity(simulator: Simulator, call: Call) -> Answer:
    """Take that somebody types, thinks or has read."""
    room = room_of(simulator, call)
    if call.raw or call.name != "thinking":
        call.read(ACTIVITIES[call.name], bad_activity)
    if call.name == "typing":
        simulator.tenant.customer_types(room)
    return Answer(status=204)


def post_agent(simulator: Simulator, call: Call) -> Answer:
    """Plan what comes after the agent, once for a conversation."""
    room, given = room_of(simulator, call), call.read(PostAgent, bad_activity)
    if given.id not in simulator.tenant.webhooks:
        raise bad_activity("Webhook does not exist")
    if room.afterwards is not None:
        raise bad_activity("There is such an assignment already")
    room.afterwards = call.json()
    return Answer(status=201, body={})


def interactions(simulator: Simulator, call: Call) -> Answer:
    """List the interactions, one for each time that the conversation was begun."""
    return page(call, "interactions", room_of(simulator, call).interactions)
