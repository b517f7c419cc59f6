"""Which action a call to the API host means, and whether its token allows it."""

from demo.livechat import cdn
from demo.livechat.account import DEFAULT_GROUP
from demo.livechat.actions import Action, allows, check_access
from demo.livechat.agent_api import AGENT_ACTIONS
from demo.livechat.calls import Call
from demo.livechat.configuration_api import CONFIGURATION_ACTIONS
from demo.livechat.customer_api import CUSTOMER_ACTIONS, get_dynamic_configuration
from demo.livechat.errors import ApiError, Json, invalid
from demo.livechat.event_shapes import Shape, Text
from demo.livechat.multipart import read_file
from demo.livechat.records import Actor
from demo.livechat.shapes import read
from demo.livechat.simulator import Simulator
from demo.livechat.tokens import Grant

VERSION = "3.6"

TABLES: dict[str, tuple[dict[str, Action], frozenset[str]]] = {
    "customer": (CUSTOMER_ACTIONS, frozenset({"customer"})),
    "agent": (AGENT_ACTIONS, frozenset({"agent", "bot", "pat"})),
    "configuration": (CONFIGURATION_ACTIONS, frozenset({"agent", "bot", "pat"})),
}
WITHOUT_TOKEN = {"get_dynamic_configuration", "list_license_properties", "list_group_properties"}


class IssueBotToken(Shape, frozen=True, kw_only=True):
    """Body of `issue_bot_token`."""

    bot_id: Text
    client_id: Text
    bot_secret: Text
    organization_id: Text


def answer(simulator: Simulator, call: Call) -> object:
    """Do what the call asks and return the body of the answer."""
    region = simulator.faults.misdirected
    if region and call.headers.get("x-region") != region:
        raise ApiError("misdirected_request", "Wrong region", data={"region": region})
    if call.version != VERSION:
        raise ApiError("unsupported_version", f"Version {call.version or 'none'} is not supported")
    if call.api == "customer":
        _check_organization(simulator, call)
    if (call.api, call.action) == ("customer", "upload_file"):
        return _upload(simulator, call)
    if (call.api, call.action) == ("configuration", "issue_bot_token"):
        return _issue_bot_token(simulator, call)
    if call.api == "customer" and call.action in WITHOUT_TOKEN:
        return _configuration(simulator, call)
    return _run(simulator, call)


def _run(simulator: Simulator, call: Call) -> object:
    table, kinds = TABLES[call.api]
    if call.action not in table:
        raise ApiError("not_found", f"Unknown action {call.action}")
    _require_method(call, "POST")
    public = (call.api, call.action) == ("configuration", "list_webhook_names")
    grant = Grant(kind="agent", subject="") if public else _grant(simulator, call, kinds)
    action, body = table[call.action], call.json()
    if not public and call.api != "customer" and not allows(grant.scopes, action.scopes):
        raise ApiError("authorization", f"Missing scope, one of: {', '.join(action.scopes)}")
    caller = _actor(simulator, grant)
    chat_id = body.get("chat_id") or body.get("id")
    chat = simulator.licence.chats.get(chat_id) if isinstance(chat_id, str) else None
    if call.api == "agent" and chat:
        check_access(simulator.licence, chat, caller, grant.scopes)
    return action.run(simulator.licence, caller, body)


def _actor(simulator: Simulator, grant: Grant) -> Actor:
    client_id = simulator.account.client_id
    if grant.kind == "customer":
        return Actor(id=grant.subject, type="customer", client_id=client_id)
    return Actor(id=grant.subject, type="agent", client_id=client_id)


def _grant(simulator: Simulator, call: Call, kinds: frozenset[str]) -> Grant:
    grant = simulator.tokens.find(call.authorization)
    if grant is None or grant.kind not in kinds:
        raise ApiError("authentication", "Invalid access token")
    if grant.subject in simulator.licence.banned:
        raise ApiError("customer_banned", "Customer is banned")
    return grant


def _check_organization(simulator: Simulator, call: Call) -> None:
    account, query = simulator.account, call.query
    if call.action == "get_dynamic_configuration" and "license_id" in query:
        if query["license_id"] != str(account.license_id):
            raise ApiError("license_not_found", "License not found")
        return
    if "organization_id" not in query:
        raise invalid("`organization_id` is required in the query")
    if query["organization_id"] != account.organization_id:
        raise ApiError("license_not_found", "License not found")


def _require_method(call: Call, method: str) -> None:
    if call.method != method:
        raise ApiError("not_allowed", f"{call.action} is {method} only")


def _configuration(simulator: Simulator, call: Call) -> Json:
    _require_method(call, "GET")
    if call.action != "get_dynamic_configuration":
        return {}
    group = call.query.get("group_id", str(DEFAULT_GROUP))
    if not group.isdecimal():
        raise invalid("`group_id` is not a number")
    return get_dynamic_configuration(simulator.licence, int(group))


def _issue_bot_token(simulator: Simulator, call: Call) -> Json:
    _require_method(call, "POST")
    body, account = read(IssueBotToken, call.json()), simulator.account
    bot = simulator.licence.bots.get(body.bot_id)
    known = (account.client_id, account.organization_id) == (body.client_id, body.organization_id)
    if bot is None or bot.secret != body.bot_secret or not known:
        raise ApiError("authentication", "Invalid bot credentials")
    return {"token": simulator.tokens.issue_bot(bot.id)}


def _upload(simulator: Simulator, call: Call) -> Json:
    _require_method(call, "POST")
    _grant(simulator, call, frozenset({"customer"}))
    file = read_file(call.headers.get("content-type", ""), call.raw)
    return {"url": cdn.keep(simulator.licence, file, call.base_url).url}
