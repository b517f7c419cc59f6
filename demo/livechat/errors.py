"""How LiveChat says no: its error types, their statuses and the two envelopes."""

from demo.rest import Json as Json
from demo.vendor.refused import Refused

# Section 7.1 of the reference; a status the vendor never showed is the nearest sensible one.
STATUS = {
    "authentication": 401,
    "authorization": 403,
    "missing_access": 403,
    "validation": 400,
    "chat_inactive": 422,
    "chat_anonymized": 422,
    "customer_banned": 403,
    "group_not_found": 422,
    "group_offline": 422,
    "group_unavailable": 422,
    "groups_offline": 422,
    "chat_limit_reached": 422,
    "chat_already_active": 422,
    "limit_reached": 422,
    "users_limit_reached": 422,
    "customer_session_fields_limit_reached": 422,
    "license_expired": 403,
    "license_not_found": 404,
    "wrong_product_version": 400,
    "entity_too_large": 413,
    "misdirected_request": 421,
    "too_many_requests": 429,
    "request_timeout": 408,
    "service_unavailable": 503,
    "internal": 500,
    "unsupported_version": 400,
    "already_exists": 422,
    "not_found": 404,
    "not_allowed": 405,
    "agent_offline": 422,
    "ownership_transfer": 422,
}


class ApiError(Refused):
    """A refusal by one of the three APIs."""

    def __init__(
        self, kind: str, message: str, *, status: int | None = None, data: Json | None = None
    ) -> None:
        super().__init__(kind, message, status or STATUS.get(kind, 400))
        self.data = data

    def body(self) -> Json:
        """Return the envelope of section 7.1."""
        body = self.shown()
        if self.data is not None:
            body["error"]["data"] = self.data
        return body


class OAuthError(Exception):
    """A refusal by the accounts host, which speaks another envelope and always 401."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description

    def body(self) -> Json:
        """Return the envelope of section 2.3."""
        return {"oauth_exception": self.code, "exception_description": self.description}


def invalid(message: str) -> ApiError:
    """Return the error for a malformed request."""
    return ApiError("validation", message)


def refused(message: str) -> ApiError:
    """Return the error for a well-formed request that cannot be (observed as 422)."""
    return ApiError("validation", message, status=422)
