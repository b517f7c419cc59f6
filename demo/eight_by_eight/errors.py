"""The errors of the gateway, each in the shape that its kind has."""

from collections.abc import Callable
from secrets import token_hex
from typing import Any

from demo.rest import Json
from demo.vendor.refused import Refused


class ApiError(Refused):
    """An answer that is no success; `errors` may be objects, texts, one object or missing."""

    def __init__(
        self, status: int, kind: str, message: str, *, errors: Any = None, referred: bool = False
    ) -> None:
        super().__init__(kind, message, status)
        self._errors = errors
        self._reference = token_hex(8) if referred else ""

    def body(self) -> Json:
        """Return the body, as `application/problem+json`."""
        body: Json = {"message": "The request was refused"}
        if self._errors is None:
            return {"message": self.message}
        body |= {"errors": self._errors}
        return {**body, "referenceId": self._reference} if self._reference else body


Refuse = Callable[[str], ApiError]


def bad(kind: str, message: str, status: int = 400) -> ApiError:
    """Return a 400 as most calls have it: a list of objects."""
    return ApiError(status, kind, message, errors=[{"code": kind, "message": message}])


def as_bad(kind: str) -> Refuse:
    """Return how a 400 of one kind is made."""
    return lambda message: bad(kind, message)


def bad_message(message: str) -> ApiError:
    """Return a 400 of the messages' call, where `errors` is one object."""
    kind = "invalid_json_object"
    return ApiError(400, kind, message, errors={"code": kind, "message": message}, referred=True)


def bad_activity(message: str) -> ApiError:
    """Return a 400 of typing, thinking and the like."""
    kind = "invalid_parameter"
    errors = [{"code": kind, "message": message}]
    return ApiError(400, kind, message, errors=errors, referred=True)


def bad_metrics(message: str) -> ApiError:
    """Return a 400 of the realtime metrics, which is a message alone."""
    return ApiError(400, "invalid_metrics", message)


def denied() -> ApiError:
    """Return a 401."""
    kind, message = "access_denied", "No valid key"
    errors = [{"message": message, "code": kind}]
    return ApiError(401, kind, message, errors=errors, referred=True)


def forbidden(message: str) -> ApiError:
    """Return a 403, whose errors are texts."""
    return ApiError(403, "forbidden", message, errors=[message])


def missing(what: str) -> ApiError:
    """Return a 404, whose errors are texts."""
    message = f"{what} was not found"
    return ApiError(404, "resource_not_found", message, errors=[message])
