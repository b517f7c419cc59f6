"""The web's edge behind a real server: what comes in, what goes out, what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handoff import web
from handoff.errors import (
    BadRequest,
    BridgeError,
    Conflict,
    MethodNotAllowed,
    NotFound,
    StoreError,
    TooEarly,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from handoff.exchange import Inbound, Json
from tests.loopback import serving

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Answer = tuple[int, dict[str, str], bytes]


class Handler:
    """Notes what came, and answers or raises what it is told to."""

    def __init__(self, outcome: Json | Exception | None = None) -> None:
        self.outcome = {} if outcome is None else outcome
        self.seen: list[Inbound] = []

    async def __call__(self, inbound: Inbound) -> Json:
        self.seen.append(inbound)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    @property
    def app(self) -> Starlette:
        async def function(request: Request) -> Response:
            return await web.serve(request, self)

        return Starlette(routes=[Route("/{path:path}", function, methods=METHODS)])


def parsed(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(status.split()[1]), {name.lower(): value for name, value in pairs}, body


async def exchanged(handler: Handler, raw: bytes) -> Answer:
    """Send raw bytes over one connection; return the answer."""
    async with serving(handler.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return parsed(answer)


async def call(
    handler: Handler, method: str, path: str, body: bytes = b"", extra: str = ""
) -> Answer:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{extra}"
    length = f"Content-Length: {len(body)}\r\n\r\n"
    return await exchanged(handler, (head + length).encode() + body)


async def test_request_comes_in_byte_by_byte() -> None:
    handler = Handler()
    await call(handler, "POST", "/livechat", b'{"a": "\xff"}', "X-Own: Value\r\n")
    [seen] = handler.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/livechat", b'{"a": "\xff"}')
    assert seen.headers["x-own"] == "Value"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_header_is_read_as_its_sender_wrote_it(encoding: str) -> None:
    handler = Handler()
    head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Own: gr\u00fc\u00df\r\n\r\n"
    await exchanged(handler, head.encode(encoding))
    assert handler.seen[0].headers["x-own"] == "gr\u00fc\u00df"


async def test_answer_is_json() -> None:
    status, headers, body = await call(Handler({"a": "ü 😀"}), "POST", "/")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"a": "ü 😀"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_needs_nothing(method: str) -> None:
    handler = Handler(StoreError("away"))
    status, _, body = await call(handler, method, "/healthz")
    assert (status, handler.seen) == (200, [])
    assert body == (b'{"status":"ok"}' if method == "GET" else b"")


@pytest.mark.parametrize("path", ["/", "/livechat", "/healthz"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_method_is_405_and_names_the_right_one(method: str, path: str) -> None:
    handler = Handler()
    status, headers, body = await call(handler, method, path)
    assert (status, headers["allow"], handler.seen) == (405, "POST", [])
    assert json.loads(body)["error"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("Why."), 400, "bad_request"),
        (Unauthenticated("Why."), 401, "unauthenticated"),
        (NotFound("Why."), 404, "not_found"),
        (MethodNotAllowed("Why."), 405, "method_not_allowed"),
        (TooLarge("Why."), 413, "too_large"),
    ],
)
async def test_refusal_says_code_and_sentence(error: Exception, status: int, code: str) -> None:
    found, _, body = await call(Handler(error), "POST", "/x")
    assert (found, json.loads(body)) == (status, {"error": code, "message": "Why."})


async def test_too_many_are_told_when_to_come_again() -> None:
    status, headers, body = await call(Handler(TooMany("Why.", retry_after=1.2)), "POST", "/")
    assert (status, headers["retry-after"], json.loads(body)["error"]) == (429, "2", "too_many")


async def test_what_cannot_be_placed_yet_has_to_come_again() -> None:
    status, _, body = await call(Handler(TooEarly("inside")), "POST", "/")
    assert (status, json.loads(body)["error"]) == (503, "too_early")
    assert b"inside" not in body


@pytest.mark.parametrize(
    "error",
    [StoreError("inside"), Conflict("inside"), Unavailable("inside"), BridgeError("inside")],
)
async def test_what_lies_behind_is_503_and_tells_nothing_of_it(error: Exception) -> None:
    status, _, body = await call(Handler(error), "POST", "/")
    said: dict[str, Any] = json.loads(body)
    assert (status, said["error"], sorted(said)) == (503, "unavailable", ["error", "message"])
    assert b"inside" not in body


async def test_bug_of_ours_is_500_and_its_text_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    status, _, body = await call(Handler(KeyError("what the customer said")), "POST", "/")
    assert status == 500
    assert b"customer" not in body
    assert "what the customer said" not in caplog.text


async def test_largest_body_is_taken() -> None:
    handler = Handler()
    status, _, _ = await call(handler, "POST", "/", bytes(web.LARGEST_BODY))
    assert (status, len(handler.seen[0].body)) == (200, web.LARGEST_BODY)


async def test_body_declared_too_large_is_refused_before_it_comes() -> None:
    handler = Handler()
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {web.LARGEST_BODY + 1}\r\n\r\n"
    async with serving(handler.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.close()
    assert (parsed(answer)[0], handler.seen) == (413, [])


def chunked(size: int) -> bytes:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = f"{64 * 1024:x}\r\n".encode() + bytes(64 * 1024) + b"\r\n"
    rest = size % (64 * 1024)
    last = f"{rest:x}\r\n".encode() + bytes(rest) + b"\r\n" if rest else b""
    return head + piece * (size // (64 * 1024)) + last + b"0\r\n\r\n"


async def test_chunked_body_without_a_length_is_taken_up_to_the_limit() -> None:
    handler = Handler()
    status, _, _ = await exchanged(handler, chunked(web.LARGEST_BODY))
    assert (status, len(handler.seen[0].body)) == (200, web.LARGEST_BODY)


async def test_chunked_body_beyond_the_limit_is_refused() -> None:
    handler = Handler()
    status, _, body = await exchanged(handler, chunked(web.LARGEST_BODY + 1))
    assert (status, json.loads(body)["error"], handler.seen) == (413, "too_large", [])


async def test_chunked_body_without_an_end_is_refused_when_too_large() -> None:
    handler = Handler()
    endless = chunked(2 * web.LARGEST_BODY).removesuffix(b"0\r\n\r\n")
    async with serving(handler.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(endless)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.close()
    assert (parsed(answer)[0], handler.seen) == (413, [])


async def test_body_that_ends_early_reaches_nobody(caplog: pytest.LogCaptureFixture) -> None:
    handler = Handler()
    async with serving(handler.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await call_again(port))[0] == 200
    assert [one.body for one in handler.seen] == [b"whole"]
    assert "Exception" not in caplog.text


async def call_again(port: int) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nwhole"
    )
    answer = parsed(await asyncio.wait_for(reader.read(), 10))
    writer.close()
    return answer


@pytest.mark.parametrize("host", ["", "[", "a b", "x/healthz?", "[::1"])
async def test_odd_host_changes_nothing(host: str) -> None:
    handler = Handler()
    raw = (
        f"POST /livechat HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    status, _, _ = await exchanged(handler, raw.encode())
    assert (status, [one.path for one in handler.seen]) == (200, ["/livechat"])


@pytest.mark.parametrize(
    "path", ["/%F0%9F%98%80", "/a%2Fb", "/%ff", "//evil.example/x", "/a?token=secret"]
)
async def test_odd_path_is_answered(path: str) -> None:
    handler = Handler(NotFound("No."))
    assert (await call(handler, "POST", path))[0] == 404
