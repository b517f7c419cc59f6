"""What can go wrong, and whose move it is then."""

from __future__ import annotations


class ConfigurationError(Exception):
    """What is missing or wrong in the settings; stands outside `BridgeError` so nothing eats it."""


class BridgeError(Exception):
    """The root of everything the bridge raises while it works."""


class RequestError(BridgeError):
    """A request we refuse: `status` and `code` go to the caller, with one sentence."""

    status = 400
    code = "bad_request"


class BadRequest(RequestError):
    """The body is not what this endpoint takes."""


class Unauthenticated(RequestError):
    """The caller did not prove who it is."""

    status = 401
    code = "unauthenticated"


class NotFound(RequestError):
    """There is nothing at this path."""

    status = 404
    code = "not_found"


class MethodNotAllowed(RequestError):
    """The path is right and the method is not."""

    status = 405
    code = "method_not_allowed"


class TooMany(RequestError):
    """Too many requests for one session; `retry_after` is in seconds."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLarge(RequestError):
    """The body is larger than the limit."""

    status = 413
    code = "too_large"


class ProviderError(BridgeError):
    """A call to a provider that went wrong; `code` is the vendor's word for it, never a text."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Rejected(ProviderError):
    """The provider said no, and will say so again."""


class NobodyThere(Rejected):
    """The provider refuses a new conversation because no agent can take it."""


class ConversationGone(Rejected):
    """The conversation is over on the provider's side; nothing can be said in it any more."""


class ContactLost(Rejected):
    """The provider no longer knows the customer's identity that we kept."""


class Throttled(ProviderError):
    """Too many calls; `retry_after` is in seconds when the provider told it."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Unavailable(ProviderError):
    """No usable answer. `certain` says that the call surely had no effect.

    `pending`: we stopped waiting, so the call may still have its effect later.
    """

    def __init__(
        self, message: str, *, code: str = "", certain: bool = False, pending: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.certain = certain
        self.pending = pending


def in_doubt(error: ProviderError) -> Unavailable:
    """Return the failure of a call that comes after others of the same job, which were taken."""
    pending = isinstance(error, Unavailable) and error.pending
    return Unavailable(str(error), code=error.code, certain=False, pending=pending)


class TooEarly(BridgeError):
    """What came cannot be placed yet; the caller has to come again."""


class SchedulingError(BridgeError):
    """Nobody could be asked to wake a session; the sweep will find it."""


class CannotReplay(BridgeError):
    """A dead letter has nowhere to go; the text says why."""


class StoreError(BridgeError):
    """The store did not do what it should; the caller may come again."""


class Conflict(StoreError):
    """Somebody else committed first: load and decide again."""
