"""The Customer Chat API: what a customer token may do (section 3 of the reference)."""

from dataclasses import replace

from msgspec import UNSET

from demo.livechat import life
from demo.livechat.account import DEFAULT_GROUP
from demo.livechat.actions import (
    Action,
    action,
    check_properties,
    draft,
    online_groups,
    page,
    thread_of,
)
from demo.livechat.errors import ApiError, Json, invalid
from demo.livechat.event_shapes import AnyEvent, FilledForm
from demo.livechat.licence import Licence
from demo.livechat.records import Actor, Chat
from demo.livechat.routing import group_status
from demo.livechat.shapes import (
    SESSION_FIELDS_LIMIT,
    Close,
    CustomerSendEvent,
    Empty,
    GetChat,
    GroupStatuses,
    ListChats,
    ListThreads,
    NewChat,
    ResumeChat,
    Seen,
    SessionFields,
    SneakPeek,
    StartChat,
    UpdateCustomer,
    plain,
)
from demo.livechat.views import (
    customer_view,
    customers_chat,
    customers_summary,
    customers_thread,
    for_customer,
)


def _own(licence: Licence, caller: Actor, chat_id: str) -> Chat:
    chat = licence.chat(chat_id)
    if chat.customer_id != caller.id:
        raise ApiError("authorization", "Customer is not user of the chat")
    return chat


def _draft(licence: Licence, event: AnyEvent, caller: Actor) -> Json:
    if event.visibility is not UNSET:
        raise invalid("unknown field `visibility`: customers' events have `recipients`")
    if event.recipients == "agents" and not isinstance(event, FilledForm):
        raise invalid("`recipients` can be `agents` in a filled_form only")
    content = draft(licence, event, caller)
    return {**content, "visibility": content.pop("recipients", "all")}


def _opening(
    licence: Licence, caller: Actor, chat: NewChat, *, active: bool, continuous: bool
) -> life.Opening:
    groups = chat.access.group_ids if chat.access else [DEFAULT_GROUP]
    check_properties(licence, chat.properties, "chat", caller)
    check_properties(licence, chat.thread.properties, "thread", caller)
    return life.Opening(
        group_ids=licence.require_groups(groups),
        active=active,
        continuous=continuous,
        properties=chat.properties,
        thread_properties=chat.thread.properties,
        events=tuple(_draft(licence, event, caller) for event in chat.thread.events),
    )


def start_chat(licence: Licence, caller: Actor, body: StartChat) -> Json:
    """Open the customer's only chat."""
    assert caller.id is not None
    if licence.chat_of(caller.id):
        raise ApiError("chat_limit_reached", "Customer already has a chat")
    opening = _opening(licence, caller, body.chat, active=body.active, continuous=body.continuous)
    chat = Chat(id=licence.new_id(), customer_id=caller.id, group_ids=opening.group_ids)
    event_ids = life.open_thread(licence, chat, opening, caller)
    chat = licence.chat(chat.id)
    answer: Json = {"chat_id": chat.id, "thread_id": chat.thread.id}
    return {**answer, "event_ids": event_ids} if event_ids else answer


def resume_chat(licence: Licence, caller: Actor, body: ResumeChat) -> Json:
    """Open another thread in a closed chat."""
    chat = _own(licence, caller, body.chat.id)
    if chat.active:
        raise ApiError("chat_already_active", "Chat is already active")
    continuous = chat.continuous if body.continuous is None else body.continuous
    opening = _opening(licence, caller, body.chat, active=body.active, continuous=continuous)
    event_ids = life.open_thread(licence, chat, opening, caller)
    answer: Json = {"thread_id": licence.chat(chat.id).thread.id}
    return {**answer, "event_ids": event_ids} if event_ids else answer


def deactivate_chat(licence: Licence, caller: Actor, body: Close) -> Json:
    """Close the chat."""
    life.close(licence, _own(licence, caller, body.id), caller)
    return {}


def send_event(licence: Licence, caller: Actor, body: CustomerSendEvent) -> Json:
    """Append an event to the open thread, or to the closed one if asked to."""
    chat = _own(licence, caller, body.chat_id)
    content = _draft(licence, body.event, caller)
    if not chat.active and not body.attach_to_last_thread:
        raise ApiError("chat_inactive", "Chat is not active")
    return {"event_id": life.post(licence, chat, content, caller).id}


def send_sneak_peek(licence: Licence, caller: Actor, body: SneakPeek) -> Json:
    """Show agents what is being typed; no webhook."""
    chat = _own(licence, caller, body.chat_id)
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    licence.show_peek(chat, body.sneak_peek_text)
    return {}


def mark_events_as_seen(licence: Licence, caller: Actor, body: Seen) -> Json:
    """Tell agents how far the customer has read."""
    chat = _own(licence, caller, body.chat_id)
    payload = {"user_id": caller.id, "chat_id": chat.id, "seen_up_to": body.seen_up_to}
    licence.tell("events_marked_as_seen", chat, payload, by=caller)
    return {}


def get_chat(licence: Licence, caller: Actor, body: GetChat) -> Json:
    """Show a chat with one thread."""
    chat = for_customer(_own(licence, caller, body.chat_id))
    return customers_chat(licence, chat, chat.threads[thread_of(chat, body.thread_id)])


def list_chats(licence: Licence, caller: Actor, body: ListChats) -> Json:
    """List the customer's chats: none or one."""
    chats = [chat for chat in licence.chats.values() if chat.customer_id == caller.id]
    shown, ids = page(
        chats, given=body.limit, default=10, page_id=body.page_id, order=body.sort_order
    )
    summaries = [customers_summary(licence, chat) for chat in shown]
    return {"chats_summary": summaries, "total_chats": len(chats), **ids}


def list_threads(licence: Licence, caller: Actor, body: ListThreads) -> Json:
    """List a chat's threads."""
    chat = for_customer(_own(licence, caller, body.chat_id))
    if body.min_events_count is not None and body.limit is not None:
        raise invalid("`limit` and `min_events_count` exclude each other")
    threads, ids = page(
        chat.threads, given=body.limit, default=3, page_id=body.page_id, order=body.sort_order
    )
    views = [customers_thread(licence, chat, thread) for thread in threads]
    return {"threads": views, "found_threads": len(chat.threads), **ids}


def update_customer(licence: Licence, caller: Actor, body: UpdateCustomer) -> Json:
    """Set what is known about the customer."""
    fields = plain(body)
    if not fields:
        raise invalid("at least one field is required")
    session_fields = fields.pop("session_fields", None)
    customer = licence.customers[caller.id or ""]
    licence.customers[customer.id] = replace(customer, fields={**customer.fields, **fields})
    licence.changed()
    if session_fields is not None:
        _set_session_fields(licence, caller, session_fields)
    return {}


def set_customer_session_fields(licence: Licence, caller: Actor, body: SessionFields) -> Json:
    """Replace the session fields."""
    _set_session_fields(licence, caller, body.session_fields)
    return {}


def _set_session_fields(licence: Licence, caller: Actor, pairs: list[dict[str, str]]) -> None:
    if any(len(pair) != 1 for pair in pairs):
        raise invalid("`session_fields` is an array of objects with one key each")
    if len(pairs) > SESSION_FIELDS_LIMIT:
        raise ApiError("customer_session_fields_limit_reached", "More than 100 session fields")
    customer = replace(licence.customers[caller.id or ""], session_fields=tuple(pairs))
    licence.customers[customer.id] = customer
    licence.changed()
    chat = licence.chat_of(customer.id)
    if chat is None or not chat.active:
        return
    place = {"chat_id": chat.id, "thread_id": chat.thread.id}
    payload = {"id": customer.id, "active_chat": place, "session_fields": pairs}
    licence.tell("customer_session_fields_updated", chat, payload, by=caller)


def get_customer(licence: Licence, caller: Actor, _: Empty) -> Json:
    """Show the customer."""
    return customer_view(licence.customers[caller.id or ""])


def list_group_statuses(licence: Licence, _: Actor, body: GroupStatuses) -> Json:
    """Say which groups would take a chat; unknown ones are simply missing."""
    if body.all == (body.group_ids is not None):
        raise invalid("either `all` or `group_ids` is required")
    groups = licence.account.groups
    wanted = groups if body.all else [g for g in body.group_ids or () if g in groups]
    queue, seats = licence.account.queue_enabled, licence.seats()
    return {"groups_status": {str(g): group_status(seats, (g,), queue=queue) for g in wanted}}


def get_dynamic_configuration(licence: Licence, group_id: int) -> Json:
    """Say, without any token, which groups are online."""
    account = licence.account
    online = online_groups(licence)
    return {
        "organization_id": account.organization_id,
        "livechat_active": True,
        "livechat": {
            "group_id": group_id,
            "client_limit_exceeded": False,
            "domain_allowed": True,
            "online_group_ids": online,
            "config_version": "1",
            "localization_version": "1",
            "language": "en",
        },
        "default_widget": "livechat",
    }


CUSTOMER_ACTIONS: dict[str, Action] = {
    "start_chat": action(StartChat, start_chat),
    "resume_chat": action(ResumeChat, resume_chat),
    "deactivate_chat": action(Close, deactivate_chat),
    "send_event": action(CustomerSendEvent, send_event),
    "send_sneak_peek": action(SneakPeek, send_sneak_peek),
    "mark_events_as_seen": action(Seen, mark_events_as_seen),
    "get_chat": action(GetChat, get_chat),
    "list_chats": action(ListChats, list_chats),
    "list_threads": action(ListThreads, list_threads),
    "update_customer": action(UpdateCustomer, update_customer),
    "set_customer_session_fields": action(SessionFields, set_customer_session_fields),
    "get_customer": action(Empty, get_customer),
    "list_group_statuses": action(GroupStatuses, list_group_statuses),
}
