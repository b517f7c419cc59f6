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


class Forbidden(RequestError):
    """The caller may not do this, whoever it is."""

    status = 403
    code = "forbidden"


class NotFound(RequestError):
    """There is nothing at this path."""

    status = 404
    code = "not_found"


class MethodNotAllowed(RequestError):
    """The path is right and the method is not; `allowed` are those that are."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: str = "POST") -> None:
        super().__init__(message)
        self.allowed = allowed


class Later(RequestError):
    """Not now: the same request may be taken after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooMany(Later):
    """Too many requests for one session or page."""

    status = 429
    code = "too_many"


class Busy(Later):
    """What has to come first is still under way, or the desk does not take it now."""

    status = 503
    code = "busy"


class NotTaken(RequestError):
    """The desk will not take this, however often it comes; `code` says why."""

    status = 422

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class InDoubt(RequestError):
    """It may have had its effect or not; who repeats it may do it twice."""

    status = 504
    code = "in_doubt"


class Closed(RequestError):
    """The handoff is over: nobody is there to hear or to be heard."""

    status = 409
    code = "closed"


class TooLarge(RequestError):
    """The body is larger than the limit."""

    status = 413
    code = "too_large"


class TooSlow(RequestError):
    """The body did not come in time."""

    status = 408
    code = "too_slow"


class UnsupportedType(RequestError):
    """The file is of a kind that is not taken, or not what its name says."""

    status = 415
    code = "unsupported_type"


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
