"""Who hears of what: registrations, their filters and the envelope of a webhook."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as default
from typing import Annotated, Literal

from msgspec import Meta, field

from demo.livechat.errors import Json
from demo.livechat.event_shapes import Shape, Text
from demo.livechat.records import UserType

ACTIONS = (
    "incoming_chat",
    "incoming_event",
    "event_updated",
    "event_deleted",
    "incoming_rich_message_postback",
    "chat_deactivated",
    "chat_transferred",
    "user_added_to_chat",
    "user_removed_from_chat",
    "chat_access_updated",
    "chat_properties_updated",
    "chat_properties_deleted",
    "thread_properties_updated",
    "thread_properties_deleted",
    "event_properties_updated",
    "event_properties_deleted",
    "thread_tagged",
    "thread_untagged",
    "thread_summary_set",
    "events_marked_as_seen",
    "customer_session_fields_updated",
    "routing_status_set",
)
AUTHOR_FILTERED = ("incoming_event", "event_updated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened, with all that a filter may ask about it."""

    action: str
    payload: Json
    chat_id: str | None = None
    caused_by: str | None = None
    author_type: UserType | None = None
    chat_client_id: str | None = None
    chat_properties: Json = default(default_factory=dict)
    user_ids: tuple[str, ...] = ()


class UserIds(Shape, frozen=True, kw_only=True):
    """Which users must, or must not, be present."""

    values: list[str] | None = None
    exclude_values: list[str] | None = None


class ChatPresence(Shape, frozen=True, kw_only=True):
    """Whose presence in the chat matters."""

    user_ids: UserIds | None = None
    my_bots: bool = False


class Filters(Shape, frozen=True, kw_only=True):
    """What a registration does not want to hear."""

    author_type: UserType | None = None
    only_my_chats: bool = False
    source_type: list[Literal["my_client", "other_clients", "system"]] | None = None
    chat_presence: ChatPresence | None = None
    agent_ids: list[str] | None = None


class Registration(Shape, frozen=True, kw_only=True):
    """Body of `register_webhook`."""

    action: Text
    url: Annotated[str, Meta(min_length=1, max_length=500, pattern="^https?://")]
    secret_key: Text
    owner_client_id: Text
    type: Literal["license", "bot"]
    additional_data: list[Literal["chat_properties", "chat_presence_user_ids"]] = field(
        default_factory=list
    )
    description: str | None = None
    filters: Filters = Filters()


def wants(hook: Registration, fact: Fact, *, bots: Iterable[str]) -> bool:
    """Say whether a registration's filters let the fact through."""
    filters = hook.filters
    if hook.action != fact.action:
        return False
    if filters.author_type and filters.author_type != fact.author_type:
        return False
    if filters.only_my_chats and fact.chat_client_id != hook.owner_client_id:
        return False
    if filters.source_type and _source(hook, fact) not in filters.source_type:
        return False
    if filters.agent_ids and fact.payload.get("agent_id") not in filters.agent_ids:
        return False
    return filters.chat_presence is None or _present(filters.chat_presence, fact, bots)


def _source(hook: Registration, fact: Fact) -> str:
    if fact.caused_by is None:
        return "system"
    return "my_client" if fact.caused_by == hook.owner_client_id else "other_clients"


def _present(wanted: ChatPresence, fact: Fact, bots: Iterable[str]) -> bool:
    here = set(fact.user_ids)
    if wanted.my_bots and not here & set(bots):
        return False
    ids = wanted.user_ids
    if ids is None:
        return True
    if ids.values is not None:
        return bool(here & set(ids.values))
    return not here & set(ids.exclude_values or ())


def envelope(hook_id: str, hook: Registration, fact: Fact, organization_id: str) -> Json:
    """Return the body of section 6.1; the documented `chat_transferred` lacks the last field."""
    body: Json = {
        "webhook_id": hook_id,
        "secret_key": hook.secret_key,
        "action": fact.action,
        "organization_id": organization_id,
        "payload": fact.payload,
    }
    if fact.action == "chat_transferred":
        return body
    facts = {
        "chat_properties": fact.chat_properties,
        "chat_presence_user_ids": list(fact.user_ids),
    }
    body["additional_data"] = {name: facts[name] for name in hook.additional_data}
    return body
