"""What the three APIs share: a table of actions, and checks on what is sent."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from msgspec import UNSET

from demo.livechat.account import ACCEPTING, DEFAULT_GROUP
from demo.livechat.errors import ApiError, Json, invalid, refused
from demo.livechat.event_shapes import TEXT_LIMIT, AnyEvent, File, Message
from demo.livechat.licence import Licence
from demo.livechat.records import Actor, Chat
from demo.livechat.routing import shares_group
from demo.livechat.shapes import plain, read

T = TypeVar("T")

# Section 3.10 of the reference: what anybody may write without registering it.
PREDEFINED = {
    "chat": {("routing", "ignore_agents_routing"), ("routing", "email_follow_up")},
    "thread": {
        ("routing", "ignore_bots"),
        ("routing", "offline_message"),
        ("routing", "transcript_email"),
        ("rating", "score"),
        ("rating", "comment"),
    },
    "event": {("status", "delivered"), ("chats", "formatting"), ("lc2", "form_type")},
}
VALUE_TYPES: dict[str, type] = {
    "int": int,
    "bool": bool,
    "string": str,
    "tokenized_string": str,
}


@dataclass(frozen=True, slots=True)
class Action:
    """One call of an API: what it does and the scopes of which one is needed."""

    run: Callable[[Licence, Actor, object], Any]
    scopes: tuple[str, ...] = ()


def action(
    shape: type[T], run: Callable[[Licence, Actor, T], Json | list[Json]], *scopes: str
) -> Action:
    """Join the shape of a body with what is done with it."""
    return Action(lambda licence, caller, body: run(licence, caller, read(shape, body)), scopes)


def allows(scopes: frozenset[str], wanted: tuple[str, ...]) -> bool:
    """Say whether one of the wanted scopes is held; writing includes reading."""
    held = scopes | {scope.removesuffix(":rw") + ":ro" for scope in scopes if scope.endswith(":rw")}
    return not wanted or bool(held & set(wanted))


def check_access(licence: Licence, chat: Chat, caller: Actor, scopes: frozenset[str]) -> None:
    """Refuse a chat whose groups the caller does not share."""
    if {"chats--all:rw", "chats--all:ro"} & scopes or caller.id is None:
        return
    if not shares_group(licence.groups_of(caller.id), chat.group_ids):
        raise ApiError("missing_access", "Requester has no access to the chat")


def draft(licence: Licence, event: AnyEvent, caller: Actor) -> Json:
    """Return an event's content, checked, with what the server knows about a file."""
    if isinstance(event, Message) and len(event.text.encode()) > TEXT_LIMIT:
        raise invalid("`text` is longer than 16 KB")
    if event.properties is not UNSET:
        check_properties(licence, event.properties, "event", caller)
    content = plain(event)
    return {**content, **_file(licence, event)} if isinstance(event, File) else content


def _file(licence: Licence, event: File) -> Json:
    upload = licence.living_upload(event.url)
    if upload is None:
        raise invalid("`url` must be an uploaded file")
    # What an event uses does not die any more.
    licence.uploads[event.url] = replace(upload, used=True)
    return {"name": upload.name, "content_type": upload.content_type, "size": len(upload.data)}


def check_properties(
    licence: Licence, properties: dict[str, dict[str, Any]], level: str, caller: Actor
) -> None:
    """Refuse properties that nobody registered, or of the wrong type."""
    for namespace, values in properties.items():
        for name, value in values.items():
            if (namespace, name) in PREDEFINED[level]:
                continue
            rule = licence.properties.get((namespace, name))
            if rule is None or (level, caller.type or "agent") not in rule.writers:
                raise invalid(f"property `{namespace}.{name}` cannot be written here")
            if type(value) is not VALUE_TYPES[rule.type]:
                raise invalid(f"property `{namespace}.{name}` is not a {rule.type}")


def online_groups(licence: Licence) -> list[int]:
    """Return the groups somebody works in who accepts chats."""
    staff = [a for a in licence.agents.values() if licence.statuses[a.email] == ACCEPTING]
    return [
        group_id
        for group_id in licence.account.groups
        if any(group_id in (DEFAULT_GROUP, *agent.groups) for agent in staff)
    ]


def page(
    items: Sequence[T], *, given: int | None, default: int, page_id: str | None, order: str | None
) -> tuple[list[T], Json]:
    """Cut one page, newest first, and return it with the ids of its neighbours."""
    start, size, direction = _page(page_id, given, default, order)
    ordered = list(items) if direction == "asc" else list(reversed(items))
    ids: Json = {}
    if start + size < len(ordered):
        ids["next_page_id"] = _page_id(start + size, size, direction)
    if start > 0:
        ids["previous_page_id"] = _page_id(max(0, start - size), size, direction)
    return ordered[start : start + size], ids


def _page(
    page_id: str | None, given: int | None, default: int, order: str | None
) -> tuple[int, int, str]:
    if page_id is None:
        return 0, given or default, order or "desc"
    if given is not None or order is not None:
        raise invalid("`page_id` must not be accompanied by other parameters")
    try:
        start, size, direction = json.loads(base64.urlsafe_b64decode(page_id))
    except ValueError as error:
        raise invalid("`page_id` is not valid") from error
    return start, size, direction


def _page_id(start: int, size: int, direction: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, size, direction]).encode()).decode()


def require_member(chat: Chat, caller: Actor, *, ignore: bool) -> None:
    """Refuse a requester who is not in the chat, unless told to ignore that."""
    if not ignore and chat.member(caller.id) is None:
        raise ApiError("authorization", "Requester is not user of the chat")


def thread_of(chat: Chat, thread_id: str | None) -> int:
    """Return the index of a thread, the latest unless told otherwise."""
    if thread_id is None:
        return len(chat.threads) - 1
    for index, thread in enumerate(chat.threads):
        if thread.id == thread_id:
            return index
    raise refused("thread_id is not of this chat")
