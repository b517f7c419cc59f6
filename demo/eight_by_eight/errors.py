"""The errors of the gateway, each in the shape that its kind has."""

from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from demo.rest import Json


@dataclass(slots=True)
class ApiError(Exception):
    """An answer that is no success; `errors` may be objects, texts or one object."""

    status: int
    errors: Any
    code: str = ""
    more: Json = field(default_factory=dict)

    def body(self) -> Json:
        """Return the body, as `application/problem+json`."""
        return {"message": "The request was refused", "errors": self.errors, **self.more}


def bad(code: str, message: str = "Not valid") -> ApiError:
    """Return a 400 as most calls have it: a list of objects."""
    return ApiError(400, [{"code": code, "message": message}], code)


def bad_message(message: str) -> ApiError:
    """Return a 400 of the messages' call, where `errors` is one object."""
    code = "invalid_json_object"
    more = {"referenceId": token_hex(8)}
    return ApiError(400, {"code": code, "message": message}, code, more)


def bad_activity(message: str) -> ApiError:
    """Return a 400 of typing, thinking and the like."""
    code = "invalid_parameter"
    return ApiError(400, [{"code": code, "message": message}], code, {"referenceId": token_hex(8)})


def denied() -> ApiError:
    """Return a 401."""
    code = "access_denied"
    more = {"referenceId": token_hex(8)}
    return ApiError(401, [{"message": "No valid key", "code": code}], code, more)


def forbidden() -> ApiError:
    """Return a 403, whose errors are texts."""
    return ApiError(403, ["X-8x8-Tenant does not match"], "forbidden")


def missing(what: str) -> ApiError:
    """Return a 404, whose errors are texts."""
    return ApiError(404, [f"{what} was not found"], "resource_not_found")
