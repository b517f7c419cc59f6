"""How a chat looks to agents and webhooks, and how little of it a customer may see."""

import hashlib
from dataclasses import replace

from demo.livechat.errors import Json
from demo.livechat.licence import Licence
from demo.livechat.records import Chat, Customer, Event, Member, Thread
from demo.livechat.routing import place, rfc3339


def masked(user_id: str) -> str:
    """Return the opaque id under which customers see an agent."""
    return hashlib.sha256(user_id.encode()).hexdigest()[:32]


def event_view(event: Event) -> Json:
    """Return an event as agents and webhooks see it."""
    body: Json = {
        "id": event.id,
        "type": event.type,
        "visibility": event.visibility,
        "created_at": rfc3339(event.created_at),
    }
    if event.author_id is not None:
        body["author_id"] = event.author_id
    return {**body, **event.content}


def customer_view(customer: Customer) -> Json:
    """Return a customer with all that is known."""
    body: Json = {"id": customer.id, "type": "customer", "present": True, **customer.fields}
    return {**body, "session_fields": [dict(pair) for pair in customer.session_fields]}


def member_view(licence: Licence, member: Member) -> Json:
    """Return an agent as agents and webhooks see one."""
    return {
        "id": member.id,
        "type": "agent",
        "name": licence.name_of(member.id),
        "avatar": "",
        "present": member.present,
        "visibility": member.visibility,
    }


def users_view(licence: Licence, chat: Chat) -> list[Json]:
    """Return everybody in a chat."""
    customer = customer_view(licence.customers[chat.customer_id])
    return [customer, *(member_view(licence, member) for member in chat.members)]


def thread_view(licence: Licence, chat: Chat, thread: Thread) -> Json:
    """Return a thread with its events."""
    body: Json = {
        "id": thread.id,
        "active": thread.active,
        "created_at": rfc3339(thread.created_at),
        "user_ids": list(thread.user_ids),
        "events": [event_view(event) for event in thread.events],
        "access": {"group_ids": list(thread.group_ids)},
        "properties": thread.properties,
    }
    queue = place(chat, licence.chats.values()) if thread.id == chat.thread.id else None
    return body if queue is None else {**body, "queue": queue}


def chat_view(licence: Licence, chat: Chat, thread: Thread | None = None) -> Json:
    """Return a chat with one thread, the latest unless told otherwise."""
    return {
        "id": chat.id,
        "thread": thread_view(licence, chat, thread or chat.thread),
        "users": users_view(licence, chat),
        "access": {"group_ids": list(chat.group_ids)},
        "properties": chat.properties,
    }


def summary_view(licence: Licence, chat: Chat) -> Json:
    """Return an item of `chats_summary`."""
    last = {
        event.type: {
            "thread_id": thread.id,
            "thread_created_at": rfc3339(thread.created_at),
            "event": event_view(event),
        }
        for thread in chat.threads
        for event in thread.events
    }
    return {
        "id": chat.id,
        "last_thread_id": chat.thread.id,
        "last_thread_created_at": rfc3339(chat.thread.created_at),
        "last_event_per_type": last,
        "users": users_view(licence, chat),
        "access": {"group_ids": list(chat.group_ids)},
        "properties": chat.properties,
        "active": chat.active,
    }


def for_customer(chat: Chat) -> Chat:
    """Remove whatever only agents may see."""
    threads = tuple(_visible(thread) for thread in chat.threads)
    members = tuple(member for member in chat.members if member.visibility == "all")
    return replace(chat, members=members, threads=threads)


def _visible(thread: Thread) -> Thread:
    events = tuple(event for event in thread.events if event.visibility == "all")
    user_ids = tuple(user for user in thread.user_ids if user not in thread.whisperers)
    return replace(thread, events=events, user_ids=user_ids)


def customers_thread(licence: Licence, chat: Chat, thread: Thread) -> Json:
    """Return a thread as its customer sees it; the chat has been through `for_customer`."""
    body = thread_view(licence, chat, thread)
    body["user_ids"] = [_masked_unless(chat.customer_id, user) for user in thread.user_ids]
    body["events"] = [_customers_event(event, chat.customer_id) for event in body["events"]]
    return body


def customers_chat(licence: Licence, chat: Chat, thread: Thread) -> Json:
    """Return a chat as its customer sees it; the chat has been through `for_customer`."""
    body = chat_view(licence, chat, thread)
    body["thread"] = customers_thread(licence, chat, thread)
    return {**body, "users": [_customers_user(user) for user in body["users"]]}


def customers_summary(licence: Licence, chat: Chat) -> Json:
    """Return an item of `chats_summary` as its customer sees it."""
    body = summary_view(licence, for_customer(chat))
    for last in body["last_event_per_type"].values():
        last["event"] = _customers_event(last["event"], chat.customer_id)
    return {**body, "users": [_customers_user(user) for user in body["users"]]}


def _customers_event(event: Json, customer_id: str) -> Json:
    seen = {key: value for key, value in event.items() if key != "visibility"}
    if "author_id" in seen:
        seen["author_id"] = _masked_unless(customer_id, seen["author_id"])
    return seen


def _customers_user(user: Json) -> Json:
    if user["type"] == "customer":
        return user
    seen = {key: value for key, value in user.items() if key != "visibility"}
    return {**seen, "id": masked(user["id"]), "job_title": "Support Agent"}


def _masked_unless(customer_id: str, user_id: str) -> str:
    return user_id if user_id == customer_id else masked(user_id)
