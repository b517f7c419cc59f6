"""The accounts host: agent tokens by refresh token, customer tokens by agent token (section 2)."""

from collections.abc import Callable

from demo.livechat.calls import Call
from demo.livechat.errors import ApiError, Json, OAuthError
from demo.livechat.simulator import Simulator
from demo.livechat.tokens import Grant


def answer(simulator: Simulator, call: Call) -> object:
    """Do what the call asks and return the body of the answer."""
    methods = ROUTES[call.action]
    if call.method not in methods:
        raise OAuthError("invalid_request", f"{call.method} is not supported")
    return methods[call.method](simulator, call)


def _token(simulator: Simulator, call: Call) -> Json:
    if call.media_type != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "the request must be form-encoded")
    account, form = simulator.account, call.form()
    if "grant_type" not in form:
        raise OAuthError("invalid_request", "`grant_type` is required")
    if form["grant_type"] != "refresh_token":
        raise OAuthError("unsupported_grant_type", "only `refresh_token` is simulated")
    client = (form.get("client_id"), form.get("client_secret"))
    if client != (account.client_id, account.client_secret):
        raise OAuthError("invalid_client", "wrong `client_id` or `client_secret`")
    if form.get("refresh_token") != account.refresh_token:
        raise OAuthError("invalid_grant", "wrong `refresh_token`")
    return {
        "access_token": simulator.tokens.issue_agent(),
        "token_type": "Bearer",
        "expires_in": account.token_seconds,
        "refresh_token": account.refresh_token,
        "scope": ",".join(sorted(account.scopes)),
        "account_id": account.account_id,
        "organization_id": account.organization_id,
    }


def _customer_token(simulator: Simulator, call: Call) -> Json:
    grant = simulator.tokens.find(call.authorization)
    body = _customer_request(simulator, call)
    if grant is None or grant.kind not in ("agent", "pat"):
        raise OAuthError("access_denied", "wrong or expired access token")
    if "customers:own" not in grant.scopes:
        raise OAuthError("access_denied", "scope `customers:own` is missing")
    account, seconds = simulator.account, body.get("expires_in")
    entity_id = _entity(simulator, body)
    return {
        "access_token": simulator.tokens.issue_customer(entity_id, seconds),
        "client_id": account.client_id,
        "entity_id": entity_id,
        "expires_in": seconds or account.token_seconds,
        "token_type": "Bearer",
        "organization_id": account.organization_id,
    }


def _customer_request(simulator: Simulator, call: Call) -> Json:
    account = simulator.account
    try:
        body = call.json()
    except ApiError as error:
        raise OAuthError("invalid_request", error.message) from error
    if body.get("grant_type") != "agent_token":
        raise OAuthError("unsupported_grant_type", "only `agent_token` is simulated")
    if body.get("response_type") != "token":
        raise OAuthError("invalid_request", "`response_type` must be `token`")
    if body.get("client_id") != account.client_id:
        raise OAuthError("invalid_client", "wrong `client_id`")
    if body.get("organization_id", account.organization_id) != account.organization_id:
        raise OAuthError("invalid_request", "wrong `organization_id`")
    seconds = body.get("expires_in", account.token_seconds)
    if type(seconds) is not int or not 0 < seconds <= account.token_seconds:
        raise OAuthError("invalid_request", "`expires_in` is out of range")
    return body


def _entity(simulator: Simulator, body: Json) -> str:
    if "entity_id" not in body:
        return simulator.licence.new_customer().id
    entity_id = body["entity_id"]
    if not isinstance(entity_id, str) or entity_id not in simulator.licence.customers:
        raise OAuthError("resource_not_found", "unknown `entity_id`")
    return entity_id


def _granted(simulator: Simulator, call: Call) -> Grant:
    grant = simulator.tokens.find(call.authorization)
    if grant is None:
        raise OAuthError("access_denied", "wrong or expired access token")
    return grant


def _info(simulator: Simulator, call: Call) -> Json:
    grant, account = _granted(simulator, call), simulator.account
    expires = grant.expires_at or simulator.clock()
    return {
        "client_id": account.client_id,
        "account_id": account.account_id,
        "organization_id": account.organization_id,
        "scope": ",".join(sorted(grant.scopes)),
        "expires_in": int((expires - simulator.clock()).total_seconds()),
        "token_type": "Bearer",
    }


def _customer_info(simulator: Simulator, call: Call) -> Json:
    return {**_info(simulator, call), "entity_id": _granted(simulator, call).subject}


def _revoke(simulator: Simulator, call: Call) -> Json:
    simulator.tokens.revoke_token(call.query.get("code", ""))
    return {}


def _revoke_customer(simulator: Simulator, call: Call) -> Json:
    _granted(simulator, call)
    simulator.tokens.revoke_token((call.authorization or "").removeprefix("Bearer "))
    return {}


ROUTES: dict[str, dict[str, Callable[[Simulator, Call], Json]]] = {
    "token": {"POST": _token, "DELETE": _revoke},
    "info": {"GET": _info},
    "customer_token": {"POST": _customer_token, "DELETE": _revoke_customer},
    "customer_info": {"GET": _customer_info},
}
