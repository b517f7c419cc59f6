"""The gateway's calls about conversations."""

import secrets

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import bad, bad_activity, bad_message, missing
from demo.eight_by_eight.files import read_upload
from demo.eight_by_eight.records import Conversation, Message, Upload
from demo.eight_by_eight.resources import newest_first, obj, page
from demo.eight_by_eight.simulator import Simulator
from demo.rest import Json

MOST_HISTORY, MOST_PROPERTIES = 200, 30
AUTHORS = ("user", "bot")


def create(simulator: Simulator, call: Call) -> Answer:
    """Make a conversation; it lives once the answer is out."""
    body, tenant = call.json(), simulator.tenant
    channel = tenant.channels.get(str(body.get("channelId", "")))
    if channel is None:
        raise bad("invalid_channel", "Channel does not exist")
    if not isinstance(body.get("user"), dict):
        raise bad("invalid_field", "`user` is required")
    user, history = _user(body["user"]), _history(body)
    room = tenant.create(channel, user, _assignment(body))
    room.messages += history
    tenant.activate(room)
    return Answer(
        status=202, body={"conversationId": room.id, "createdAt": room.view()["createdAt"]}
    )


def _user(user: Json) -> Json:
    properties = user.get("additionalProperties", [])
    if not isinstance(properties, list) or len(properties) > MOST_PROPERTIES:
        raise bad("invalid_field", "`additionalProperties` are a list of at most 30")
    for one in properties:
        if not (
            isinstance(one, dict) and all(isinstance(one.get(k), str) for k in ("key", "value"))
        ):
            raise bad("invalid_field", "each property has a text `key` and a text `value`")
    return user


def _assignment(body: Json) -> Json | None:
    if "assignment" not in body:
        return None
    where = obj(body, "assignment")
    if where.get("type", "queue") not in {"queue", "script"} or not where.get("id"):
        raise bad("invalid_assignment", "`assignment` is a queue or a script")
    return {"type": where.get("type", "queue"), "id": where["id"]}


def _history(body: Json) -> list[Message]:
    if "history" not in body:
        return []
    messages = obj(body, "history").get("messages")
    if not isinstance(messages, list) or len(messages) > MOST_HISTORY:
        raise bad("invalid_history", "`history.messages` is a list of at most 200")
    return [_message(one, set()) for one in messages]


def _message(body: object, uploads: set[str]) -> Message:
    if not isinstance(body, dict) or body.get("authorType", "user") not in AUTHORS:
        raise bad_message("unknown authorType, known are: agent, bot, user")
    attachments, cards = body.get("attachments", []), body.get("cards", [])
    if any(one.get("id") not in uploads for one in attachments):
        raise bad_message("unknown attachment")
    if any("content" not in one for one in cards) or not isinstance(body.get("text", ""), str):
        raise bad_message("not a message")
    if not (body.get("text") or attachments or cards):
        raise bad_message("an empty message")
    kind = body.get("authorType", "user")
    return Message(kind, kind, body.get("text", ""), list(attachments), list(cards))


def listed(simulator: Simulator, call: Call) -> Answer:
    """List conversations."""
    newest = newest_first(call, "id:asc", ("id", "createdAt"))
    key = "createdAt" if call.query.get("sort", "").startswith("createdAt") else "id"
    views = [one.view() for one in simulator.tenant.conversations.values()]
    return page(call, "conversations", sorted(views, key=lambda one: str(one[key]), reverse=newest))


def room_of(simulator: Simulator, call: Call) -> Conversation:
    """Return the conversation that a path names."""
    return simulator.tenant.conversation(call.params["room"])


def read(simulator: Simulator, call: Call) -> Answer:
    """Return one conversation."""
    return Answer(body=room_of(simulator, call).view())


def update(simulator: Simulator, call: Call) -> Answer:
    """Send a conversation elsewhere, or know its user better."""
    room, body = room_of(simulator, call), call.json()
    if "user" in body:
        room.user = {**room.user, **_user(obj(body, "user"))}
    where = _assignment(body)
    if where is not None:
        simulator.tenant.reassign(room, where)
    return Answer(status=202)


def participants(simulator: Simulator, call: Call) -> Answer:
    """List who has ever been there; nobody has a name."""
    room = room_of(simulator, call)
    people = [("user", "user", room.user_removed)]
    people += [(one, "agent", True) for one in room.past_agents]
    people += [(one, "agent", False) for one in room.agents]
    views = [{"id": a, "type": b, "language": "en", "removed": c} for a, b, c in people]
    return page(call, "participants", views)


def leave(simulator: Simulator, call: Call) -> Answer:
    """Let the customer leave."""
    if call.json().get("removed") is not True:
        raise bad("invalid_field", "`removed` can only become true")
    simulator.tenant.user_leaves(room_of(simulator, call))
    return Answer(status=204)


def post_message(simulator: Simulator, call: Call) -> Answer:
    """Take a message; the answer has no body and no id."""
    room = room_of(simulator, call)
    message = _message(call.json(), set(room.uploads))
    message.attachments = [_shown(room.uploads[one["id"]], call) for one in message.attachments]
    simulator.tenant.write(room, message)
    return Answer(status=202)


def _shown(upload: Upload, call: Call) -> Json:
    url = f"http://{call.headers.get('host', '')}/files/{upload.id}?sig={secrets.token_hex(8)}"
    return {"id": upload.id, "type": "file", "fileName": upload.name, "preSignedUrl": url}


def messages(simulator: Simulator, call: Call) -> Answer:
    """List what was said, newest first."""
    newest = newest_first(call, "createdAt:desc", ("createdAt",))
    said = [one.view() for one in room_of(simulator, call).messages if one.shown == "all"]
    return page(call, "messages", said[::-1] if newest else said)


def attach(simulator: Simulator, call: Call) -> Answer:
    """Take a file, which nobody sees before a message shows it."""
    room = room_of(simulator, call)
    name, kind, data = read_upload(call.headers.get("content-type", ""), call.raw)
    upload = Upload(secrets.token_urlsafe(60), name, kind, data)
    room.uploads[upload.id] = upload
    return Answer(body={**upload.view(), "createdAt": simulator.now().isoformat()})


def attachments(simulator: Simulator, call: Call) -> Answer:
    """List the files of a conversation."""
    uploads = room_of(simulator, call).uploads.values()
    return page(call, "attachments", [one.view() for one in uploads])


def attachment(simulator: Simulator, call: Call) -> Answer:
    """Return a file, or what is known of it."""
    upload = room_of(simulator, call).uploads.get(call.params["file"])
    if upload is None:
        raise missing("Attachment")
    return Answer(raw=upload.data) if call.path.endswith("/content") else Answer(body=upload.view())


def activity(simulator: Simulator, call: Call) -> Answer:
    """Take that somebody types, thinks or has read."""
    room_of(simulator, call)
    body = call.json() if call.raw else {}
    if body.get("authorType", "bot") not in AUTHORS:
        raise bad_activity("unknown authorType")
    if not 1 <= body.get("maxThinkingTimeSeconds", 1) <= 600:
        raise bad_activity("maxThinkingTimeSeconds is from 1 to 600")
    return Answer(status=204)


def post_agent(simulator: Simulator, call: Call) -> Answer:
    """Plan what comes after the agent; the flag in it is a text."""
    room_of(simulator, call)
    given = obj(call.json(), "configuration")
    right = given.get("notifyChannelWebhookIfExists") in {"true", "false"}
    total, silence = given.get("maxTotalMinutes", 0), given.get("userTimeoutInMinutes", 0)
    if not (right and 20 <= total <= 600 and 10 <= silence <= 300):
        raise bad_activity("not a configuration")
    return Answer(status=201, body={})


def interactions(simulator: Simulator, call: Call) -> Answer:
    """List the interactions, one for each time that the conversation was queued."""
    return page(call, "interactions", room_of(simulator, call).interactions)
