"""What LiveChat's errors mean, from either of its two envelopes.

https://platform.text.com/docs/messaging/customer-chat-api/#errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from handoff.errors import (
    ContactLost,
    ConversationGone,
    NobodyThere,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from handoff.exchange import Json, Response, retry_after, text

# What a type looks like; anything else is not repeated in our errors.
WORD = re.compile(r"[\w.-]{1,60}", re.ASCII)

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
TAKEN_BY_A_CHAT = "chat_limit_reached"
CHAT_TAKEN = frozenset({TAKEN_BY_A_CHAT, "limit_reached", "already_exists"})
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
    shown = code if WORD.fullmatch(code) else "?"
    says = f"livechat refused {call}: {response.status} {shown}"
    if code in REFUSALS:
        return REFUSALS[code](says, code=code)
    if code in THROTTLED or response.status == 429:
        return Throttled(says, code=code, retry_after=retry_after(response))
    if code in UNKNOWN_OUTCOME or response.status >= 500 or response.status == 408:
        return Unavailable(says, code=code, certain=False)
    if code in AUTH_TROUBLE:  # no conversation depends on whether a token was made
        return Unavailable(says, code=code, certain=True)
    return Rejected(says, code=code)
