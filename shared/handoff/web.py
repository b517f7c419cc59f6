"""The web's edge: requests in, answers and errors out, the same for every function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from handoff import log
from handoff.errors import (
    BridgeError,
    Later,
    MethodNotAllowed,
    RequestError,
    StoreError,
    TooEarly,
    TooLarge,
)
from handoff.exchange import Inbound, Json

# https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook and every vendor stay far below.
LARGEST_BODY = 1024 * 1024

# The platform keeps some paths that end in z for itself, so there is another one.
# https://docs.cloud.google.com/run/docs/known-issues#ah
HEALTH = frozenset({"/healthz", "/health"})

Handle = Callable[[Inbound], Awaitable[Json]]
Respond = Callable[[], Awaitable[Response]]


async def serve(request: Request, handle: Handle) -> Response:
    """Return `handle`'s answer as JSON, or what went wrong in the product's own words."""

    async def respond() -> Response:
        return JSONResponse(await handle(await _inbound(request)))

    return await guard(request, respond)


async def guard(request: Request, respond: Respond) -> Response:
    """Return the response, or what went wrong in the product's own words.

    Whatever is refused or goes wrong is one line in the log.
    """
    if request.url.path in HEALTH and request.method in {"GET", "HEAD"}:
        return JSONResponse({"status": "ok"})
    with log.handling(request.headers):
        return await _guarded(respond)


async def _guarded(respond: Respond) -> Response:
    try:
        return await respond()
    except RequestError as error:
        return refusal(error)
    except StoreError as error:
        log.error("store", status=503, outcome="unavailable", reason=str(error))
        return unavailable()
    except TooEarly as error:
        log.info("too_early", status=503, reason=str(error))
        return _error(503, "too_early", "This cannot be placed yet; please send it again.")
    except BridgeError as error:
        log.error("bridge", status=503, outcome="failed", reason=str(error))
        return _error(503, "unavailable", "A service behind this one does not answer; try again.")
    except ClientDisconnect:
        log.info("refused", status=400, reason="disconnected")
        return _error(400, "bad_request", "The body ended early.")
    except Exception as error:  # a bug of ours; left alone, the server would log its words
        log.bug(error, status=500)
        return _error(500, "internal", "Something is wrong with this service itself.")


def unavailable() -> Response:
    """Return the answer while the store fails: the caller may come again."""
    return _error(503, "unavailable", "The store does not answer; please try again.")


def refusal(error: RequestError) -> Response:
    """Return the answer to a request that we refuse."""
    log.info("refused", status=error.status, reason=error.code)
    return _error(error.status, error.code, str(error), _headers(error))


async def _inbound(request: Request) -> Inbound:
    if request.method != "POST":
        raise MethodNotAllowed("This address takes POST.")
    return Inbound(
        method=request.method,
        path=request.url.path,
        headers={name: _decoded(value) for name, value in request.headers.items()},
        body=await body_of(request),
    )


async def body_of(request: Request) -> bytes:
    """Return the body; one that is too large is refused before it is all here."""
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > LARGEST_BODY:
        raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    return bytes(body)


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": code, "message": message}, status_code=status, headers=headers)


def _headers(error: RequestError) -> dict[str, str] | None:
    if isinstance(error, Later):
        return {"Retry-After": str(ceil(error.retry_after))}
    return {"Allow": error.allowed} if isinstance(error, MethodNotAllowed) else None


def _decoded(value: str) -> str:
    """Return a header's value as its sender wrote it: HTTP says latin-1, people send UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
