"""How LiveChat is called: credentials, tokens, addresses, and what its errors mean.

https://platform.text.com/docs/messaging/customer-chat-api/#errors
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from handoff.clock import Clock
from handoff.errors import (
    ContactLost,
    ConversationGone,
    NobodyThere,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from handoff.exchange import (
    Exchange,
    Json,
    Request,
    Response,
    Token,
    TokenSource,
    integer,
    json_request,
    retry_after,
    text,
)
from handoff.model import ContactRef, ProviderId
from handoff.providers.base import Identity
from handoff.signatures import Secret

ID = ProviderId("livechat")

API_URL = "https://api.livechatinc.com"
ACCOUNTS_URL = "https://accounts.livechat.com"
API_VERSION = "3.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot of ours at LiveChat, who may write what only agents see."""

    id: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChatAccount:
    """One organization and our app in it. `group_id` is the default target, empty: everybody."""

    organization_id: str
    client_id: str
    client_secret: Secret
    refresh_token: Secret
    webhook_secret: Secret
    group_id: str = ""
    bot: Bot | None = None
    api_url: str = API_URL
    accounts_url: str = ACCOUNTS_URL
    api_version: str = API_VERSION


# What the vendor says, and whose move it is. Types that are not here go by the HTTP status.
REFUSALS: Mapping[str, type[Rejected]] = {
    "chat_inactive": ConversationGone,
    "chat_anonymized": ContactLost,
    "group_not_found": NobodyThere,
    "group_offline": NobodyThere,
    "group_unavailable": NobodyThere,
    "groups_offline": NobodyThere,
    **dict.fromkeys(
        (
            *("authentication", "authorization", "missing_access", "validation"),
            *("customer_banned", "chat_limit_reached", "chat_already_active"),
            *("limit_reached", "users_limit_reached", "customer_session_fields_limit_reached"),
            *("license_expired", "license_not_found", "wrong_product_version"),
            *("entity_too_large", "misdirected_request", "unsupported_version"),
            *("already_exists", "not_found", "not_allowed", "agent_offline"),
            *("ownership_transfer", "chat_not_found"),
            # the accounts service, https://platform.text.com/docs/authorization/
            *("bad_request", "invalid_request", "unauthorized_client", "access_denied"),
            *("unsupported_grant_type", "invalid_grant", "invalid_client", "forbidden"),
            *("conflict", "resource_not_found"),
        ),
        Rejected,
    ),
}
THROTTLED = frozenset({"too_many_requests"})

# The outcome of these is not known: the server may have done it.
UNKNOWN_OUTCOME = frozenset({"request_timeout", "service_unavailable", "internal"})
AUTH_TROUBLE = frozenset({"server_error", "temporarily_unavailable"})

# One customer has one chat; https://platform.text.com/docs/extending-chat-widget/customer-sdk/
CHAT_TAKEN = frozenset({"chat_limit_reached", "limit_reached", "already_exists"})
ALREADY_ACTIVE = frozenset({"chat_already_active", "already_exists"})
ALREADY_THERE = frozenset({"already_exists"})
NO_SUCH_CHAT = frozenset({"not_found", "chat_not_found"})


def error_type(response: Response) -> str:
    """Return the vendor's word for what went wrong, from either of its two envelopes."""
    body = response.json()
    return text(body, "error", "type") or text(body, "oauth_exception")


def refuses_token(response: Response) -> bool:
    """Say whether the token is no good: the vendor documents a type, not a status."""
    return response.status == 401 or error_type(response) == "authentication"


def decipher(response: Response, call: str) -> Json:
    """Return the answer's body, or raise what its error means; `call` names the call for people."""
    if 200 <= response.status < 300:
        return response.json()
    raise _failure(response, call)


def _failure(response: Response, call: str) -> ProviderError:
    code = error_type(response) or str(response.status)
    says = f"livechat refused {call}: {response.status} {code[:60]}"
    if code in REFUSALS:
        return REFUSALS[code](says, code=code)
    if code in THROTTLED or response.status == 429:
        return Throttled(says, code=code, retry_after=retry_after(response))
    if code in UNKNOWN_OUTCOME or response.status >= 500 or response.status == 408:
        return Unavailable(says, code=code, certain=False)
    if code in AUTH_TROUBLE:  # no conversation depends on whether a token was made
        return Unavailable(says, code=code, certain=True)
    return Rejected(says, code=code)


class Wire:
    """Calls to one organization. Its only state is the data centre's name, once told."""

    def __init__(self, account: LiveChatAccount, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._region = ""

    def customer(self, action: str, payload: Json, contact: ContactRef) -> Exchange[Json]:
        """Call the Customer Chat API as this customer."""
        query = urlencode({"organization_id": self._account.organization_id})
        path = f"customer/action/{action}?{query}"
        return self._call(path, action, payload, self._customer_token(contact))

    def agent(self, action: str, payload: Json) -> Exchange[Json]:
        """Call the Agent Chat API as our bot."""
        return self._call(f"agent/action/{action}", action, payload, self._bot_token())

    def identify(self) -> Exchange[Identity]:
        """Make a new customer, with a token to begin with."""
        answer, token = yield from self._grant({})
        ref = ContactRef(text(answer, "entity_id"))
        if not ref:
            raise Unavailable("livechat made a customer without an entity_id", certain=True)
        return Identity(ref=ref, tokens=((self._customer_token(ref).name, token),))

    def _call(self, path: str, action: str, payload: Json, token: TokenSource) -> Exchange[Json]:
        """Send one call; a misdirected one goes once more, to the region the answer names."""
        account = self._account
        url = f"{account.api_url}/v{account.api_version}/{path}"
        request = json_request("POST", url, payload, token=token)
        response = yield self._regional(request)
        region = text(response.json(), "error", "data", "region")
        if error_type(response) == "misdirected_request" and region:
            self._region = region
            response = yield self._regional(request)
        return decipher(response, action)

    def _regional(self, request: Request) -> Request:
        if not self._region:
            return request
        return replace(request, headers={**request.headers, "X-Region": self._region})

    def _customer_token(self, contact: ContactRef) -> TokenSource:
        """Name the token of one customer; it is renewed by the same call that made it."""

        def mint() -> Exchange[Token]:
            _, token = yield from self._grant({"entity_id": contact})
            return token

        return _source(f"customer:{contact}", mint)

    def _grant(self, identity: Json) -> Exchange[tuple[Json, Token]]:
        """https://platform.text.com/docs/authorization/customer-authorization/#agent-token-grant"""
        account = self._account
        payload = {
            "grant_type": "agent_token",
            "client_id": account.client_id,
            "response_type": "token",
            "organization_id": account.organization_id,
            **identity,
        }
        url = f"{account.accounts_url}/v2/customer/token"
        response = yield json_request("POST", url, payload, token=self._agent_token())
        answer = decipher(response, "customer token")
        return answer, self._token(answer, "access_token", "customer token")

    def _agent_token(self) -> TokenSource:
        return _source(f"agent:{self._account.client_id}", self._refresh)

    def _refresh(self) -> Exchange[Token]:
        """https://platform.text.com/docs/authorization/oauth-authorization/#refreshing-tokens"""
        account = self._account
        form = {
            "grant_type": "refresh_token",
            "refresh_token": account.refresh_token.current,
            "client_id": account.client_id,
            "client_secret": account.client_secret.current,
        }
        response = yield Request(
            method="POST",
            url=f"{account.accounts_url}/v2/token",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
        answer = decipher(response, "agent token")
        return self._token(answer, "access_token", "agent token")

    def _bot_token(self) -> TokenSource:
        bot = self._account.bot
        return _source(f"bot:{bot.id if bot else ''}", self._issue_bot_token)

    def _issue_bot_token(self) -> Exchange[Token]:
        """https://platform.text.com/docs/management/configuration-api/#issue-bot-token"""
        account, bot = self._account, self._account.bot
        payload = {
            "bot_id": bot.id if bot else "",
            "client_id": account.client_id,
            "bot_secret": bot.secret.current if bot else "",
            "organization_id": account.organization_id,
        }
        path = f"/v{account.api_version}/configuration/action/issue_bot_token"
        response = yield json_request("POST", account.api_url + path, payload)
        answer = decipher(response, "issue_bot_token")
        return self._token({"expires_in": 86_400, **answer}, "token", "issue_bot_token")

    def _token(self, answer: Json, field: str, call: str) -> Token:
        value = text(answer, field)
        if not value:
            raise Unavailable(f"livechat answered {call} without a token", certain=True)
        lifetime = timedelta(seconds=integer(answer, "expires_in") or 28_800)
        return Token(value=value, expires_at=self._clock() + lifetime)


def _source(name: str, mint: Callable[[], Exchange[Token]]) -> TokenSource:
    return TokenSource(name=f"{ID}:{name}", mint=mint, refuses=refuses_token)
