"""How LiveChat is called: credentials, tokens, addresses.

https://platform.text.com/docs/authorization/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from handoff.clock import Clock
from handoff.errors import ConfigurationError, Throttled, Unavailable, in_doubt
from handoff.exchange import (
    Exchange,
    Json,
    Request,
    Token,
    TokenSource,
    integer,
    json_request,
    text,
)
from handoff.providers.base import Identity, OutgoingFile
from handoff.providers.file_forms import file_request
from handoff.providers.livechat_errors import decipher, error_type, refuses_token
from handoff.signatures import Secret
from handoff.vocabulary import ContactRef, ConversationRef, ProviderId

ID = ProviderId("livechat")

# The group that every agent is in.
EVERYBODY = "0"

# What the vendor gives where it does not say, and the longest we believe.
TOKEN_SECONDS, MOST_TOKEN_SECONDS = 28_800, 30 * 86_400

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
    """One organization and our app in it; `group_id` is the default target."""

    organization_id: str
    client_id: str
    client_secret: Secret
    refresh_token: Secret
    webhook_secret: Secret
    group_id: str = EVERYBODY
    bot: Bot | None = None
    api_url: str = API_URL
    accounts_url: str = ACCOUNTS_URL
    api_version: str = API_VERSION

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a default target that cannot be one."""
        if not is_group(self.group_id):
            raise ConfigurationError(
                f"LIVECHAT_GROUP_ID must be the number of a group, not {self.group_id!r}"
            )


def is_group(target: str) -> bool:
    """Say whether a target can be the number of a group."""
    return target.isascii() and target.isdigit() and len(target) < 10


REGION = re.compile(r"[a-z0-9-]{1,20}")


def say_each(events: list[Json], say: Callable[[Json], Exchange[Json]]) -> Exchange[None]:
    """Say one event after the other, taking each out of `events` once it is said.

    After the first, a failure that would be certain for one event leaves doubt about them all:
    the next attempt has to look what is there.
    """
    said = False
    while events:
        try:
            yield from say(events[0])
        except (Throttled, Unavailable) as error:
            if not said:
                raise
            raise in_doubt(error) from error
        said = True
        del events[0]


class Wire:
    """Calls to one organization. Its only state is the data centre's name, once told."""

    def __init__(self, account: LiveChatAccount, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._region = ""

    def customer(
        self, action: str, payload: Json, contact: ContactRef, *, seconds: float | None = None
    ) -> Exchange[Json]:
        """Call the Customer Chat API as this customer; `seconds` is the longest it may take."""
        token = self._customer_token(contact)
        return self._call(self._as_customer(action), action, payload, token, seconds=seconds)

    def upload(self, file: OutgoingFile, contact: ContactRef) -> Exchange[Json]:
        """Upload this customer's file.

        It goes once: another call tells before whether token and data centre are right.
        https://platform.text.com/docs/messaging/customer-chat-api/#upload-file
        """
        key = self._account.client_secret.current
        request = file_request(self._url(self._as_customer("upload_file")), "file", file, key=key)
        token = self._customer_token(contact)
        response = yield self._regional(replace(request, token=token))
        return decipher(response, "upload_file")

    def speaker(
        self, chat: ConversationRef, contact: ContactRef
    ) -> Callable[[Json], Exchange[Json]]:
        """Return how this customer says one event in a chat."""

        def say(event: Json) -> Exchange[Json]:
            payload = {"chat_id": chat, "event": event, "attach_to_last_thread": False}
            return self.customer("send_event", payload, contact)

        return say

    def agent(self, action: str, payload: Json) -> Exchange[Json]:
        """Call the Agent Chat API as our bot."""
        return self._call(f"agent/action/{action}", action, payload, self._bot_token())

    def configuration(self, action: str, payload: Json) -> Exchange[Json]:
        """Call the Configuration API as our app; a list comes back under `all`."""
        path = f"configuration/action/{action}"
        return self._call(path, action, payload, self._agent_token(), is_list=True)

    def token_info(self) -> Exchange[Json]:
        """Return what the accounts service knows of our app's token.

        https://platform.text.com/docs/authorization/oauth-authorization/
        """
        url = f"{self._account.accounts_url}/v2/info"
        response = yield Request(method="GET", url=url, token=self._agent_token())
        return decipher(response, "token info")

    def identify(self) -> Exchange[Identity]:
        """Make a new customer, with a token to begin with."""
        answer, token = yield from self._grant({})
        ref = ContactRef(text(answer, "entity_id"))
        if not ref:
            raise Unavailable("livechat made a customer without an entity_id", certain=True)
        return Identity(ref=ref, tokens=((self._customer_token(ref).name, token),))

    def _call(
        self,
        path: str,
        action: str,
        payload: Json,
        token: TokenSource,
        *,
        is_list: bool = False,
        seconds: float | None = None,
    ) -> Exchange[Json]:
        """Send one call; a misdirected one goes once more, to the region the answer names."""
        made = json_request("POST", self._url(path), payload, token=token)
        request = replace(made, seconds=seconds)
        response = yield self._regional(request)
        region = text(response.json(), "error", "data", "region")
        if error_type(response) == "misdirected_request" and REGION.fullmatch(region):
            self._region = region
            response = yield self._regional(request)
        answer = decipher(response, action)
        if is_list and response.body.lstrip().startswith(b"["):
            return replace(response, body=b'{"all":' + response.body + b"}").json()
        return answer

    def _url(self, path: str) -> str:
        return f"{self._account.api_url}/v{self._account.api_version}/{path}"

    def _as_customer(self, action: str) -> str:
        query = urlencode({"organization_id": self._account.organization_id})
        return f"customer/action/{action}?{query}"

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
        told = integer(answer, "expires_in") or 0
        seconds = min(told, MOST_TOKEN_SECONDS) if told > 0 else TOKEN_SECONDS
        return Token(value=value, expires_at=self._clock() + timedelta(seconds=seconds))


def _source(name: str, mint: Callable[[], Exchange[Token]]) -> TokenSource:
    return TokenSource(name=f"{ID}:{name}", mint=mint, refuses=refuses_token)
