"""The Configuration API: webhooks, bots, groups, properties (section 5 of the reference)."""

import secrets
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from demo.livechat.account import ACCEPTING, NOT_ACCEPTING, OFFLINE
from demo.livechat.actions import VALUE_TYPES, Action, action
from demo.livechat.errors import ApiError, Json, invalid
from demo.livechat.event_shapes import Shape, Text
from demo.livechat.hooks import ACTIONS, AUTHOR_FILTERED, Registration
from demo.livechat.licence import Bot, Licence, PropertyRule
from demo.livechat.records import Actor
from demo.livechat.routing import of_groups, shares_group
from demo.livechat.shapes import plain

HOOKS_PER_ACTION = 3
BOTS_LIMIT = 6


class Owner(Shape, frozen=True, kw_only=True):
    """A body that names the app; needed with a personal access token."""

    owner_client_id: str | None = None


class HookId(Owner, frozen=True, kw_only=True):
    """Body of `unregister_webhook`."""

    id: Text


class Names(Shape, frozen=True, kw_only=True):
    """Body of `list_webhook_names`."""

    version: str | None = None


class BotGroup(Shape, frozen=True, kw_only=True):
    """A group of a bot."""

    id: int
    priority: Literal["first", "normal", "last", "supervisor"] = "normal"


class CreateBot(Owner, frozen=True, kw_only=True):
    """Body of `create_bot`."""

    name: Text
    groups: Annotated[list[BotGroup], Meta(min_length=1)]
    default_group_priority: Literal["first", "normal", "last", "supervisor"] | None = None
    max_chats_count: Annotated[int, Meta(ge=0, le=500)] | None = None
    job_title: str | None = None


class ListBots(Shape, frozen=True, kw_only=True):
    """Body of `list_bots`."""

    all: bool = False
    fields: list[str] | None = None


class ListGroups(Shape, frozen=True, kw_only=True):
    """Body of `list_groups`."""

    fields: list[Literal["agent_priorities", "routing_status"]] = field(default_factory=list)


class AgentFilters(Shape, frozen=True, kw_only=True):
    """`filters` of `list_agents`."""

    group_ids: list[int] | None = None
    suspended: bool | None = None


class ListAgents(Shape, frozen=True, kw_only=True):
    """Body of `list_agents`."""

    filters: AgentFilters = AgentFilters()
    fields: list[str] | None = None


Rights = dict[Literal["agent", "customer"], list[Literal["read", "write"]]]


class RegisterProperty(Shape, frozen=True, kw_only=True):
    """Body of `register_property`."""

    name: Text
    owner_client_id: Text
    type: Literal["int", "bool", "string", "tokenized_string"]
    access: dict[Literal["chat", "thread", "event", "license", "group"], Rights]
    description: str | None = None
    domain: list[Any] | None = None
    range: dict[str, Any] | None = None
    default_value: Any = None


def _own_app(licence: Licence, client_id: str | None) -> str:
    if client_id is not None and client_id != licence.account.client_id:
        raise ApiError("authorization", "owner_client_id is not an app of this organization")
    return licence.account.client_id


def register_webhook(licence: Licence, _: Actor, body: Registration) -> Json:
    """Register one action to one address, at most three times."""
    _own_app(licence, body.owner_client_id)
    if body.action not in ACTIONS:
        raise invalid("`action` is not a webhook")
    if body.filters.author_type and body.action not in AUTHOR_FILTERED:
        raise invalid("`filters.author_type` is not for this action")
    presence = body.filters.chat_presence
    ids = presence.user_ids if presence else None
    if ids and (ids.values is None) == (ids.exclude_values is None):
        raise invalid("either `values` or `exclude_values`")
    if sum(hook.action == body.action for hook in licence.hooks.values()) >= HOOKS_PER_ACTION:
        raise ApiError("limit_reached", "Webhooks limit for this action reached")
    hook_id = secrets.token_hex(16)
    licence.hooks[hook_id] = body
    return {"id": hook_id}


def list_webhooks(licence: Licence, _: Actor, body: Owner) -> list[Json]:
    """List the registrations without their secrets."""
    _own_app(licence, body.owner_client_id)
    shown = []
    for hook_id, hook in licence.hooks.items():
        fields = {key: value for key, value in plain(hook).items() if key != "secret_key"}
        shown.append({"id": hook_id, **fields})
    return shown


def unregister_webhook(licence: Licence, _: Actor, body: HookId) -> Json:
    """Forget a registration."""
    _own_app(licence, body.owner_client_id)
    if licence.hooks.pop(body.id, None) is None:
        raise ApiError("not_found", "Webhook not found")
    return {}


def list_webhook_names(_: Licence, __: Actor, ___: Names) -> list[Json]:
    """List the actions one can register, with their filters."""
    common = ["chat_presence", "only_my_chats", "source_type"]
    return [
        {
            "action": name,
            "filters": [*common, *(["author_type"] if name in AUTHOR_FILTERED else [])],
            "additional_data": ["chat_properties", "chat_presence_user_ids"],
        }
        for name in ACTIONS
    ]


def enable_license_webhooks(licence: Licence, _: Actor, body: Owner) -> Json:
    """Let webhooks flow."""
    _own_app(licence, body.owner_client_id)
    licence.hooks_enabled = True
    return {}


def disable_license_webhooks(licence: Licence, _: Actor, body: Owner) -> Json:
    """Stop webhooks."""
    _own_app(licence, body.owner_client_id)
    licence.hooks_enabled = False
    return {}


def get_license_webhooks_state(licence: Licence, _: Actor, body: Owner) -> Json:
    """Say whether webhooks flow."""
    _own_app(licence, body.owner_client_id)
    return {"license_webhooks_enabled": licence.hooks_enabled}


def create_bot(licence: Licence, _: Actor, body: CreateBot) -> Json:
    """Make a bot; the secret is shown this once."""
    _own_app(licence, body.owner_client_id)
    if len(licence.bots) >= BOTS_LIMIT:
        raise ApiError("limit_reached", "Bots limit reached")
    groups = licence.require_groups(group.id for group in body.groups)
    bot = Bot(id=secrets.token_hex(16), secret=secrets.token_hex(16), name=body.name, groups=groups)
    licence.bots[bot.id] = bot
    return {"id": bot.id, "secret": bot.secret}


def list_bots(licence: Licence, _: Actor, __: ListBots) -> list[Json]:
    """List the bots, all of which are this app's."""
    return [{"id": bot.id, "name": bot.name, "avatar_path": ""} for bot in licence.bots.values()]


def list_groups(licence: Licence, _: Actor, body: ListGroups) -> list[Json]:
    """List the groups, with their status if asked."""
    shown = []
    for group_id, name in licence.account.groups.items():
        group: Json = {"id": group_id, "name": name, "language_code": "en"}
        if "routing_status" in body.fields:
            group["routing_status"] = _group_routing(licence, group_id)
        shown.append(group)
    return shown


def _group_routing(licence: Licence, group_id: int) -> str:
    statuses = {seat.status for seat in of_groups(licence.seats(), (group_id,))}
    return next((s for s in (ACCEPTING, NOT_ACCEPTING) if s in statuses), OFFLINE)


def list_agents(licence: Licence, _: Actor, body: ListAgents) -> list[Json]:
    """List the agents."""
    groups = body.filters.group_ids
    return [
        {
            "id": agent.email,
            "account_id": licence.account.account_id,
            "name": agent.name,
            "role": "normal",
            "avatar_path": "",
            "login_status": licence.statuses[agent.email].replace("_", " "),
            "max_chats_count": agent.max_chats,
        }
        for agent in licence.agents.values()
        if groups is None or shares_group(agent.groups, groups)
    ]


def register_property(licence: Licence, _: Actor, body: RegisterProperty) -> Json:
    """Register a property, so that it can be written."""
    client_id = _own_app(licence, body.owner_client_id)
    if (client_id, body.name) in licence.properties:
        raise ApiError("already_exists", "Property already exists")
    writers = {
        (str(level), str(user))
        for level, rights in body.access.items()
        for user, allowed in rights.items()
        if "write" in allowed
    }
    assert body.type in VALUE_TYPES
    rule = PropertyRule(type=body.type, writers=frozenset(writers))
    licence.properties[(client_id, body.name)] = rule
    return {}


def list_properties(licence: Licence, _: Actor, body: Owner) -> Json:
    """List the registered properties by name."""
    _own_app(licence, body.owner_client_id)
    return {name: {"type": rule.type} for (_ns, name), rule in licence.properties.items()}


_HOOKS = "webhooks.configuration:rw"
_STATE = "webhooks.state:rw"
_BOTS = ("agents-bot--my:ro", "agents-bot--all:ro")
_PROPERTIES = "properties.configuration:rw"

CONFIGURATION_ACTIONS: dict[str, Action] = {
    "register_webhook": action(Registration, register_webhook, _HOOKS),
    "list_webhooks": action(Owner, list_webhooks, _HOOKS),
    "unregister_webhook": action(HookId, unregister_webhook, _HOOKS),
    "list_webhook_names": action(Names, list_webhook_names),
    "enable_license_webhooks": action(Owner, enable_license_webhooks, _STATE),
    "disable_license_webhooks": action(Owner, disable_license_webhooks, _STATE),
    "get_license_webhooks_state": action(Owner, get_license_webhooks_state, "webhooks.state:ro"),
    "create_bot": action(CreateBot, create_bot, "agents-bot--my:rw"),
    "list_bots": action(ListBots, list_bots, *_BOTS),
    "list_groups": action(ListGroups, list_groups, "groups--all:ro"),
    "list_agents": action(ListAgents, list_agents, "agents--all:ro"),
    "register_property": action(RegisterProperty, register_property, _PROPERTIES),
    "list_properties": action(Owner, list_properties, _PROPERTIES),
}
