"""The Agent Chat API, for the app's agent token and its bot (section 4 of the reference)."""

from dataclasses import replace

from msgspec import UNSET, UnsetType

from demo.livechat import life, moves
from demo.livechat.account import ACCEPTING, NOT_ACCEPTING, OFFLINE
from demo.livechat.actions import (
    Action,
    action,
    draft,
    page,
    require_member,
    thread_of,
)
from demo.livechat.errors import ApiError, Json, invalid, refused
from demo.livechat.event_shapes import Shape, Text
from demo.livechat.licence import Licence
from demo.livechat.records import Actor, Chat, Member
from demo.livechat.routing import shares_group
from demo.livechat.shapes import (
    AddUser,
    AgentClose,
    AgentListChats,
    AgentSendEvent,
    GetChat,
    ListThreads,
    RemoveUser,
    Seen,
    Transfer,
)
from demo.livechat.views import chat_view, customer_view, summary_view, thread_view


class ById(Shape, frozen=True, kw_only=True):
    """A body that names one thing."""

    id: Text


class RoutingStatus(Shape, frozen=True, kw_only=True):
    """Body of `set_routing_status`; without an agent it is the caller's."""

    status: str
    agent_id: str | UnsetType = UNSET


class Typing(Shape, frozen=True, kw_only=True):
    """Body of `send_typing_indicator`."""

    chat_id: Text
    is_typing: bool
    visibility: str = "all"


def send_event(licence: Licence, caller: Actor, body: AgentSendEvent) -> Json:
    """Append an agent's event; whispering members may only whisper."""
    chat, event = licence.chat(body.chat_id), body.event
    if event.recipients is not UNSET:
        raise invalid("unknown field `recipients`: agents' events have `visibility`")
    content = draft(licence, event, caller)
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    require_member(chat, caller, ignore=False)
    member = chat.member(caller.id)
    if member and member.visibility == "agents" and content.get("visibility", "all") == "all":
        raise ApiError("authorization", "Requester cannot send events visible to all")
    return {"event_id": life.post(licence, chat, content, caller).id}


def add_user_to_chat(licence: Licence, caller: Actor, body: AddUser) -> Json:
    """Let an agent or bot in."""
    chat = licence.chat(body.chat_id)
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    require_member(chat, caller, ignore=body.ignore_requester_presence)
    if body.user_type == "customer":
        raise refused("a chat has one customer, who is always visible to all")
    staff = licence.require_staff(body.user_id)
    if not shares_group(licence.groups_of(staff), chat.group_ids):
        raise ApiError("missing_access", "User has no access to the chat")
    member = Member(id=staff, visibility=body.visibility)
    life.join(licence, chat, member, caller, reason="manual")
    return {}


def remove_user_from_chat(licence: Licence, caller: Actor, body: RemoveUser) -> Json:
    """Let an agent or bot out."""
    chat = licence.chat(body.chat_id)
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    require_member(chat, caller, ignore=body.ignore_requester_presence)
    moves.walk_out(licence, chat, body.user_id, caller)
    return {}


def deactivate_chat(licence: Licence, caller: Actor, body: AgentClose) -> Json:
    """Close the chat."""
    chat = licence.chat(body.id)
    require_member(chat, caller, ignore=body.ignore_requester_presence or not chat.active)
    life.close(licence, chat, caller)
    return {}


def transfer_chat(licence: Licence, caller: Actor, body: Transfer) -> Json:
    """Hand the chat to groups or to an agent."""
    chat = licence.chat(body.id)
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    require_member(chat, caller, ignore=body.ignore_requester_presence)
    ignore = body.ignore_agents_availability
    if body.target is None or body.target.type == "group":
        ids = tuple(body.target.ids) if body.target else chat.group_ids
        groups = tuple(item for item in ids if isinstance(item, int))
        if len(groups) != len(ids):
            raise invalid("`target.ids` of groups are numbers")
        moves.transfer_to_groups(licence, chat, groups, caller, ignore_availability=ignore)
        return {}
    agent = str(body.target.ids[0])
    moves.transfer_to_agent(licence, chat, agent, caller, ignore_availability=ignore)
    return {}


def get_chat(licence: Licence, _: Actor, body: GetChat) -> Json:
    """Show a chat with one thread, notes and all."""
    chat = licence.chat(body.chat_id)
    return chat_view(licence, chat, chat.threads[thread_of(chat, body.thread_id)])


def list_chats(licence: Licence, _: Actor, body: AgentListChats) -> Json:
    """List chats."""
    if body.page_id is not None and body.filters is not None:
        raise invalid("`page_id` must not be accompanied by other parameters")
    chats = [chat for chat in licence.chats.values() if _listed(chat, body)]
    shown, ids = page(
        chats, given=body.limit, default=10, page_id=body.page_id, order=body.sort_order
    )
    summaries = [summary_view(licence, chat) for chat in shown]
    return {"chats_summary": summaries, "found_chats": len(chats), **ids}


def _listed(chat: Chat, body: AgentListChats) -> bool:
    filters = body.filters
    if filters is None:
        return True
    if filters.active is not None and filters.active != chat.active:
        return False
    return filters.group_ids is None or bool(set(filters.group_ids) & set(chat.group_ids))


def list_threads(licence: Licence, _: Actor, body: ListThreads) -> Json:
    """List a chat's threads."""
    chat = licence.chat(body.chat_id)
    threads, ids = page(
        chat.threads, given=body.limit, default=3, page_id=body.page_id, order=body.sort_order
    )
    views = [thread_view(licence, chat, thread) for thread in threads]
    return {"threads": views, "found_threads": len(chat.threads), **ids}


def get_customer(licence: Licence, _: Actor, body: ById) -> Json:
    """Show a customer with the ids of the chats."""
    if body.id not in licence.customers:
        raise ApiError("not_found", "Customer not found")
    chat = licence.chat_of(body.id)
    return {**customer_view(licence.customers[body.id]), "chat_ids": [chat.id] if chat else []}


def mark_events_as_seen(licence: Licence, caller: Actor, body: Seen) -> Json:
    """Tell how far the agent has read."""
    chat = licence.chat(body.chat_id)
    payload = {"user_id": caller.id, "chat_id": chat.id, "seen_up_to": body.seen_up_to}
    licence.tell("events_marked_as_seen", chat, payload, by=caller)
    return {}


def send_typing_indicator(licence: Licence, caller: Actor, body: Typing) -> Json:
    """Accept a typing indicator, of which no webhook tells."""
    require_member(licence.chat(body.chat_id), caller, ignore=False)
    return {}


def set_routing_status(licence: Licence, caller: Actor, body: RoutingStatus) -> Json:
    """Set an agent's or a bot's status; only bots can go offline here."""
    user_id = caller.id if isinstance(body.agent_id, UnsetType) else body.agent_id
    staff = licence.require_staff(user_id or "")
    allowed = (ACCEPTING, NOT_ACCEPTING, *((OFFLINE,) if staff in licence.bots else ()))
    if body.status not in allowed:
        raise invalid(f"`status` must be one of {', '.join(allowed)}")
    if staff in licence.bots:
        licence.bots[staff] = replace(licence.bots[staff], status=body.status)
        return {}
    moves.set_status(licence, staff, body.status)
    return {}


_READ = ("chats--all:ro", "chats--access:ro")
_WRITE = ("chats--all:rw", "chats--access:rw")

AGENT_ACTIONS: dict[str, Action] = {
    "send_event": action(AgentSendEvent, send_event, *_WRITE),
    "add_user_to_chat": action(AddUser, add_user_to_chat, *_WRITE),
    "remove_user_from_chat": action(RemoveUser, remove_user_from_chat, *_WRITE),
    "deactivate_chat": action(AgentClose, deactivate_chat, *_WRITE),
    "transfer_chat": action(Transfer, transfer_chat, *_WRITE),
    "send_typing_indicator": action(Typing, send_typing_indicator, *_WRITE),
    "get_chat": action(GetChat, get_chat, *_READ),
    "list_chats": action(AgentListChats, list_chats, *_READ),
    "list_threads": action(ListThreads, list_threads, *_READ),
    "mark_events_as_seen": action(Seen, mark_events_as_seen, *_READ),
    "get_customer": action(ById, get_customer, "customers:ro"),
    "set_routing_status": action(RoutingStatus, set_routing_status, "agents-bot--my:rw"),
}
