"""HTTP without a network: requests and answers as values, and the generators that trade them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, TypeVar

from handoff.errors import BadRequest

T = TypeVar("T")

Json = dict[str, Any]

# No vendor nests deeper than a dozen levels; what does is an attack on whoever walks it.
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A request that came to us. Header names are lower case; `body` is what came, byte by byte."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Json:
        """Return the JSON object in the body, or an empty one: vendors answer anything."""
        try:
            return parse_object(self.body)
        except BadRequest:
            return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential that ends."""

    value: str
    expires_at: datetime


def is_unauthorized(response: Response) -> bool:
    """Say whether a response refuses the token it was asked with, as HTTP says it."""
    return response.status == 401


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSource:
    """Which token a request needs, and the exchange that makes one when there is none.

    `name` is the same in every instance, so that one token serves them all. `refuses` tells
    from a response that the token is no good any more.
    """

    name: str
    mint: Callable[[], Exchange[Token]]
    refuses: Callable[[Response], bool] = is_unauthorized


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Bytes that come while they are sent, so that they go once; `size` when it is known before."""

    pieces: AsyncIterator[bytes]
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to send. With `token` the sender adds `Authorization: Bearer …`.

    With `stream` it has no other body, and it goes once, whatever is answered. `seconds` is the
    longest it may take where that is less than all the time there is: what is only nice to know
    must not cost what has to be done.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Stream | None = None
    token: TokenSource | None = None
    seconds: float | None = None


Exchange = Generator[Request, Response, T]
"""Yields what to send, receives what came back, returns the result. Never touches the network."""

Send = Callable[[Request, float], Awaitable[Response]]
"""Sends one request within so many seconds; raises `Unavailable` when nothing usable came."""


def json_request(
    method: str,
    url: str,
    payload: Mapping[str, Any],
    *,
    token: TokenSource | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Return a request whose body is `payload` as JSON."""
    return Request(
        method=method,
        url=url,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(),
        token=token,
    )


def parse_object(body: bytes) -> Json:
    """Return the JSON object in `body`; raises BadRequest for anything else."""
    value = parse_value(body)
    if not isinstance(value, dict):
        raise BadRequest("The body is not a JSON object.")
    return value


def parse_value(body: bytes) -> Any:
    """Return the JSON in `body`, free of text that cannot be written down again.

    Raises BadRequest for anything else: no JSON, NaN, nesting beyond reason.
    """
    try:
        written = body.decode("utf-8-sig")
        value = json.loads(written, parse_constant=_refuse_constant, parse_float=_finite)
        if "\\u" in written:  # an escaped half of a surrogate pair cannot be encoded again
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadRequest("The body is not a JSON document.") from None
    if isinstance(value, dict | list) and _deeper_than(MAX_DEPTH, value):
        raise BadRequest(f"The body nests deeper than {MAX_DEPTH} levels.")
    return value


def _deeper_than(limit: int, value: Any) -> bool:
    """Say whether containers nest deeper than `limit`, without recursion of our own."""
    level: list[Any] = [value]
    for _ in range(limit):
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for group in inner for one in group if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(written: str) -> float:
    """Return the number, which JSON could not write again if it were infinite."""
    value = float(written)
    if not isfinite(value):
        raise ValueError(written)
    return value


def obj(value: Any, *path: str) -> Json:
    """Return the object at `path` inside `value`, or an empty one."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Any, *path: str) -> list[Any]:
    """Return the list at `path` inside `value`, or an empty one."""
    found = obj(value, *path[:-1]).get(path[-1]) if path else value
    return found if isinstance(found, list) else []


def text(value: Any, *path: str) -> str:
    """Return the string at `path` inside `value`, or an empty one; numbers become digits."""
    found = obj(value, *path[:-1]).get(path[-1]) if path else value
    if isinstance(found, bool):
        return ""
    if isinstance(found, int | float):
        return number_text(found)
    return found if isinstance(found, str) else ""


def number_text(value: float) -> str:
    """Write a number as a person would: JSON makes 3.0 of every 3."""
    whole = int(value) if value == value and abs(value) < 1e15 else None
    return str(whole) if whole is not None and whole == value else str(value)


def integer(value: Any, *path: str) -> int | None:
    """Return the whole number at `path` inside `value`, or None."""
    found = obj(value, *path[:-1]).get(path[-1]) if path else value
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return int(found) if abs(found) < 1e15 and int(found) == found else None


def retry_after(response: Response) -> float | None:
    """Return how many seconds the response asks us to wait, or None when it does not say."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:  # a date counts from the answer's own, whatever our clock says
        until, now = (parsedate_to_datetime(one) for one in (value, response.headers["date"]))
        return max((until - now).total_seconds(), 0.0)
    except (KeyError, TypeError, ValueError):
        return None
