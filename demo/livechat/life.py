"""What can happen to a chat: each function changes the licence and tells the webhooks."""

from dataclasses import dataclass, field, replace

from demo.livechat import records, routing
from demo.livechat.errors import ApiError, Json, refused
from demo.livechat.licence import Licence
from demo.livechat.records import ROUTER, Actor, Chat, Event, Member, Thread, Visibility
from demo.livechat.views import chat_view, event_view, member_view

# The client id of the agents' own application, as `properties.source` shows it.
AGENT_APP = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A thread that is to begin."""

    group_ids: tuple[int, ...]
    active: bool
    continuous: bool
    properties: Json = field(default_factory=dict)
    thread_properties: Json = field(default_factory=dict)
    events: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """What the router does with a new chat."""

    agent: str | None = None
    queued: bool = False


def place(licence: Licence, opening: Opening) -> Placement:
    """Decide who gets a new chat, or refuse it (section 8.3)."""
    if not opening.active:
        return Placement()
    account, seats = licence.account, licence.seats()
    if routing.group_status(seats, opening.group_ids, queue=True) == "offline":
        if opening.continuous:
            return Placement()
        raise ApiError("groups_offline", "No agents are online in the requested groups")
    if not account.auto_assign:
        return Placement(queued=account.queue_enabled)
    agent = routing.least_busy(seats, opening.group_ids)
    if agent is None and not _queue_has_room(licence):
        raise ApiError("group_unavailable", "The queue is full or disabled")
    return Placement(agent=agent, queued=agent is None)


def _queue_has_room(licence: Licence) -> bool:
    account = licence.account
    return account.queue_enabled and account.queue_limit > len(
        routing.queued(licence.chats.values())
    )


def open_thread(licence: Licence, chat: Chat, opening: Opening, by: Actor) -> list[str]:
    """Begin a thread in a new or closed chat; return the ids of its initial events."""
    placement = place(licence, opening)
    source: Json = {"source": {"client_id": by.client_id}}
    if not chat.threads:
        source["source"]["customer_client_id"] = by.client_id
    chat = replace(
        chat,
        group_ids=opening.group_ids,
        continuous=opening.continuous,
        properties=records.merged(records.merged(chat.properties, source), opening.properties),
    )
    chat = records.with_new_thread(chat, _thread(licence, chat, opening, by))
    for draft in opening.events:
        chat = records.with_event(chat, _event(licence, chat, draft, by))
    ids = [event.id for event in chat.thread.events]
    chat = _seat(licence, chat, placement) if opening.active else records.closed(chat)
    licence.save(chat)
    payload = {"chat": chat_view(licence, chat), "requester_id": by.id}
    licence.tell("incoming_chat", chat, payload, by=by)
    return ids


def _thread(licence: Licence, chat: Chat, opening: Opening, by: Actor) -> Thread:
    properties = {
        "routing": {"continuous": opening.continuous, "unassigned": False},
        "source": {"client_id": by.client_id},
    }
    return Thread(
        id=licence.new_id(),
        created_at=licence.now(),
        group_ids=opening.group_ids,
        user_ids=(chat.customer_id,),
        properties=records.merged(properties, opening.thread_properties),
    )


def _seat(licence: Licence, chat: Chat, placement: Placement) -> Chat:
    if placement.agent is None:
        return records.waiting(chat, licence.now() if placement.queued else None)
    chat = records.with_member(chat, Member(id=placement.agent, visibility="all"))
    if licence.account.welcome_message is None:
        return chat
    # A welcome text stands in `incoming_chat` and is never sent as an event of its own.
    draft = {
        "type": "message",
        "text": licence.account.welcome_message,
        "properties": {"lc2": {"welcome_message": True}},
    }
    agent = agent_actor(placement.agent)
    return records.with_event(chat, _event(licence, chat, draft, agent))


def agent_actor(email: str) -> Actor:
    """Return an agent who acts in the agents' own application."""
    return Actor(id=email, type="agent", client_id=AGENT_APP)


def _event(licence: Licence, chat: Chat, draft: Json, by: Actor) -> Event:
    content = {key: value for key, value in draft.items() if key not in ("type", "visibility")}
    authored = draft["type"] != "system_message"
    if authored:
        source = {"source": {"client_id": by.client_id}}
        content["properties"] = records.merged(content.get("properties", {}), source)
    return Event(
        id=f"{chat.thread.id}_{len(chat.thread.events) + 1}",
        type=draft["type"],
        created_at=licence.now(),
        visibility=draft.get("visibility", "all"),
        author_id=by.id if authored else None,
        content=content,
    )


def post(licence: Licence, chat: Chat, draft: Json, by: Actor) -> Event:
    """Append an event to the latest thread."""
    event = _event(licence, chat, draft, by)
    chat = licence.save(records.with_event(chat, event))
    payload = {"chat_id": chat.id, "thread_id": chat.thread.id, "event": event_view(event)}
    author = by if event.author_id else None
    licence.tell("incoming_event", chat, payload, by=by, author=author)
    return event


def notice(
    licence: Licence,
    chat: Chat,
    kind: str,
    *,
    visibility: Visibility = "all",
    **text_vars: str,
) -> Chat:
    """Append a system message; return the chat with it."""
    draft = {
        "type": "system_message",
        "visibility": visibility,
        "system_message_type": kind,
        "text": kind.replace("_", " ").replace(".", ": "),
        "text_vars": text_vars,
    }
    post(licence, chat, draft, ROUTER)
    return licence.chat(chat.id)


def close(licence: Licence, chat: Chat, by: Actor, *, kind: str | None = None) -> None:
    """End the thread; without an actor's id the router did."""
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    if by.id is None:
        chat = notice(licence, chat, kind or "routing.archived_inactive", duration="30")
    elif by.type == "customer":
        chat = notice(licence, chat, "manual_archived_customer", customer=_name(licence, by))
    else:
        chat = notice(licence, chat, kind or "manual_archived_agent", agent=_name(licence, by))
    chat = licence.save(records.closed(chat))
    payload = {"chat_id": chat.id, "thread_id": chat.thread.id}
    if by.id:
        payload["user_id"] = by.id
    licence.tell("chat_deactivated", chat, payload, by=by)
    advance(licence)


def _name(licence: Licence, actor: Actor) -> str:
    if actor.id in licence.customers:
        return str(licence.customers[actor.id].fields.get("name", "Customer"))
    return licence.name_of(actor.id or "")


def join(licence: Licence, chat: Chat, member: Member, by: Actor, *, reason: str) -> Chat:
    """Let an agent or bot into an active chat."""
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    if chat.member(member.id):
        raise ApiError("already_exists", "User is already in the chat")
    if member.visibility == "all" and chat.host:
        raise ApiError("users_limit_reached", "Public agents in chat limit reached")
    chat = licence.save(records.with_member(chat, member))
    payload: Json = {
        "chat_id": chat.id,
        "thread_id": chat.thread.id,
        "user": member_view(licence, member),
        "user_type": "agent",
        "reason": reason,
    }
    if by.id:
        payload["requester_id"] = by.id
    licence.tell("user_added_to_chat", chat, payload, by=by)
    return chat


def leave(licence: Licence, chat: Chat, user_id: str, by: Actor, *, reason: str) -> Chat:
    """Let an agent or bot out; the chat is then where `settle` puts it."""
    if chat.member(user_id) is None:
        raise refused("user_id is not in the chat")
    chat = licence.save(records.without_member(chat, user_id))
    payload: Json = {
        "chat_id": chat.id,
        "thread_id": chat.thread.id,
        "user_id": user_id,
        "user_type": "agent",
        "reason": reason,
    }
    if by.id:
        payload["requester_id"] = by.id
    licence.tell("user_removed_from_chat", chat, payload, by=by)
    return chat


def advance(licence: Licence, *, but: str | None = None) -> None:
    """Give waiting chats to whoever has become free, the longest waiting first."""
    if not licence.account.auto_assign:
        return
    for chat in routing.unassigned(licence.chats.values()):
        agent = routing.least_busy(licence.seats(), chat.group_ids, but=but)
        if agent is not None:
            assign(licence, chat, agent)


def assign(licence: Licence, chat: Chat, agent: str) -> None:
    """Give a waiting chat to an agent: two webhooks, in the order of section 10."""
    member = Member(id=agent, visibility="all")
    chat = join(licence, records.without_member(chat, agent), member, ROUTER, reason="assigned")
    payload = {
        "chat_id": chat.id,
        "thread_id": chat.thread.id,
        "reason": "assigned",
        "transferred_to": {"agent_ids": [agent]},
    }
    licence.tell("chat_transferred", chat, payload, by=ROUTER)
