"""How 8x8 is called: the gateway by a key, the statistics by a token.

https://developer.8x8.com/actions-events/docs/api-key
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from handoff.clock import Clock
from handoff.errors import BadRequest, Unavailable
from handoff.exchange import (
    Exchange,
    Json,
    Request,
    Token,
    TokenSource,
    integer,
    items,
    json_request,
    obj,
    parse_value,
    text,
)
from handoff.providers.eight_by_eight_errors import decipher
from handoff.signatures import Secret
from handoff.vocabulary import ConversationRef, ProviderId

ID = ProviderId("8x8")
API_URL = "https://api.8x8.com"
GATEWAY = "/chat-gateway/v1"
REALTIME = "/analytics/cc/v5/realtime-metrics"

# The property of the conversation's user that holds our handoff's id, for agents and for us.
MARKER = "handoff_id"

# What the vendor's own samples show where it does not say, and the longest we believe.
# https://developer.8x8.com/analytics/docs/oauth-authentication-for-8x8-xcaas-apis
TOKEN_SECONDS, MOST_TOKEN_SECONDS = 1_799, 86_400

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EightByEightAccount:
    """One tenant and our channel in it; `queue_id` is the default target, else the channel's.

    `api_secret`, `schedule_id` and `gateway_statistics` each open a way to ask who is there.
    """

    api_key: Secret
    tenant: str
    channel_id: str
    queue_id: str = ""
    api_url: str = API_URL
    api_secret: Secret | None = None
    schedule_id: str = ""
    gateway_statistics: bool = False


def conversation_path(ref: ConversationRef, *more: str) -> str:
    """Return the path of a conversation, or of something in it."""
    parts = (ref, *more)
    return "/".join([f"{GATEWAY}/conversations", *(quote(one, safe="") for one in parts)])


class Wire:
    """Calls to one tenant."""

    def __init__(self, account: EightByEightAccount, clock: Clock) -> None:
        self._account = account
        self._clock = clock

    def call(
        self,
        method: str,
        path: str,
        payload: Json | None = None,
        *,
        call: str,
        gone: bool = False,
        seconds: float | None = None,
    ) -> Exchange[Json]:
        """Make one call with the key; raises what its error means, which `call` names."""
        if payload is None:
            request = Request(method=method, url=path, seconds=seconds)
        else:
            request = replace(json_request(method, path, payload), seconds=seconds)
        return self.send(request, call=call, gone=gone)

    def send(self, request: Request, *, call: str, gone: bool = False) -> Exchange[Json]:
        """Send a request, made with a path alone, with the key; raises what its error means."""
        response = yield self.keyed(request)
        return decipher(response, call, gone=gone, certain=request.method == "GET")

    def keyed(self, request: Request) -> Request:
        """Return a request, made with a path alone, with the address and the key."""
        headers = {
            "Accept": "application/hal+json, application/json",
            "x-api-key": self._account.api_key.current,
            "X-8x8-Tenant": self._account.tenant,
            **request.headers,
        }
        return replace(request, url=self._account.api_url + request.url, headers=headers)

    def find(
        self, path: str, name: str, wanted: Callable[[Json], bool], *, call: str, most_pages: int
    ) -> Exchange[Json | None]:
        """Return the first of a list's resources that is wanted, page by page."""
        join = "&" if "?" in path else "?"
        for number in range(most_pages):
            query = urlencode({"page": number, "size": PAGE_SIZE})
            page = yield from self.call("GET", f"{path}{join}{query}", call=call)
            resources = [obj(one) for one in items(page, "_embedded", name)]
            for one in resources:
                if wanted(one):
                    return one
            if not resources or number + 1 >= (integer(page, "page", "totalPages") or 0):
                return None
        return None

    def realtime(
        self, path: str, *, call: str, seconds: float | None = None
    ) -> Exchange[list[Json]]:
        """Ask the statistics; one thing or a list of things comes back as a list.

        https://developer.8x8.com/analytics/docs/cc-realtime-statistics
        """
        response = yield Request(
            method="GET",
            url=f"{self._account.api_url}{REALTIME}{path}",
            headers={"Accept": "application/json", "X-Tenant-Info": self._account.tenant},
            token=TokenSource(
                name=f"{ID}:realtime:{self._account.tenant}", mint=partial(self._mint, seconds)
            ),
            seconds=seconds,
        )
        decipher(response, call, certain=True)
        return _objects(response.body)

    def _mint(self, seconds: float | None) -> Exchange[Token]:
        """https://developer.8x8.com/analytics/docs/oauth-authentication-for-8x8-xcaas-apis"""
        account = self._account
        secret = account.api_secret.current if account.api_secret else ""
        pair = base64.b64encode(f"{account.api_key.current}:{secret}".encode()).decode()
        response = yield Request(
            method="POST",
            url=f"{account.api_url}/oauth/v2/token",
            headers={
                "Authorization": f"Basic {pair}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=b"grant_type=client_credentials",
            seconds=seconds,
        )
        answer = decipher(response, "token", certain=True)
        value, told = text(answer, "access_token"), text(answer, "expires_in")
        if not value:
            raise Unavailable("8x8 answered token without a token", certain=True)
        lasts = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
        ends = timedelta(seconds=min(lasts or TOKEN_SECONDS, MOST_TOKEN_SECONDS))
        return Token(value=value, expires_at=self._clock() + ends)


def _objects(body: bytes) -> list[Json]:
    """Return the objects in an answer that may be a list, though the schema says an object."""
    found = _value(body)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _value(body: bytes) -> Any:
    try:
        return parse_value(body)
    except BadRequest:
        return None


def json_object(body: bytes) -> Json:
    """Return the object in a body, also where it is written as a text inside of JSON."""
    found = _value(body)
    return obj(_value(found.encode()) if isinstance(found, str) else found)


def compact(value: Json) -> bytes:
    """Write JSON as 8x8 signs it: no spaces, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
