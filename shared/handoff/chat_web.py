"""The addresses of `customer_chat`: who may call from where, what is read, and what is answered."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handoff import web
from handoff.customer_chat import CustomerChat
from handoff.customer_tokens import Ticket
from handoff.deadline import Deadline, in_time
from handoff.errors import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    TooSlow,
    UnsupportedType,
)
from handoff.event_stream import EventStream
from handoff.exchange import Json, parse_object
from handoff.file_types import FileRules
from handoff.scripts import script
from handoff.signatures import bearer_token
from handoff.uploads import received

# As long as a provider's webhook may take: whoever waits is a person.
BUDGET_SECONDS = 6.0

# A file may come over a slow line; the customer's words wait for it.
FILE_SECONDS = 60.0

ID = re.compile(r"[!-~]{1,100}")
LONGEST_MESSAGE = 64_000
LONGEST_NUMBER = 9
LONGEST_WAIT = 25.0

# A page of another origin sees a header only when it is told that it may.
TOKEN = "X-Handoff-Token"  # noqa: S105 - the header's name
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "3600",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a page that has proved whose it is."""

    request: Request
    chat: CustomerChat
    ticket: Ticket
    deadline: Deadline
    files: FileRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a deployment lets pages do: `origins` may call, `files` are what they may send."""

    chat: Callable[[], CustomerChat]
    origins: Collection[str]
    files: FileRules


async def serve(request: Request, door: Door) -> Response:
    """Return the answer to any call of `customer_chat`."""
    allowed = _allowed(request.headers.get("origin", ""), door.origins)

    async def respond() -> Response:
        if request.method == "OPTIONS":
            return _preflight(allowed)
        return await _routed(request, door)

    response = await web.guard(request, respond)
    for name, value in allowed.items():
        response.headers[name] = value
    return response


def _allowed(origin: str, origins: Collection[str]) -> Mapping[str, str]:
    """Return the headers that let a page read the answer; none for one that may not."""
    if origin not in origins and "*" not in origins:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin or "*",
        "Access-Control-Expose-Headers": f"{TOKEN}, Retry-After",
    }


def _preflight(allowed: Mapping[str, str]) -> Response:
    if "Access-Control-Allow-Origin" not in allowed:
        raise Forbidden("[delivery] allowed_origins does not name the origin of this page.")
    return Response(status_code=204, headers=PREFLIGHT)


async def _routed(request: Request, door: Door) -> Response:
    version, _, name = request.url.path.removeprefix("/").partition("/")
    if version == "v1" and name.endswith(".js"):
        return _script(request, name)
    if version != "v1" or name not in CALLS:
        raise NotFound("There is nothing at this address.")
    method, answer = CALLS[name]
    if request.method != method:
        raise MethodNotAllowed(f"This address takes {method}.", allowed=method)
    chat = door.chat()
    token = bearer_token(request.headers.get("authorization", ""))
    ticket = chat.admit(token or request.query_params.get("token", ""))
    deadline = Deadline.after(BUDGET_SECONDS)
    response = await answer(
        Call(request=request, chat=chat, ticket=ticket, deadline=deadline, files=door.files)
    )
    if fresh := chat.renewed(ticket):
        response.headers[TOKEN] = fresh
    return response


def _script(request: Request, name: str) -> Response:
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed("This address takes GET.", allowed="GET")
    found = script(name)
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=dict(found.headers))
    return Response(found.content, headers=dict(found.headers))


async def _events(call: Call) -> Response:
    """Stream the events, or answer with those that there are."""
    query = call.request.query_params
    given = _number(query.get("after") or "0")
    after = _number(call.request.headers.get("last-event-id") or str(given))
    if "text/event-stream" in call.request.headers.get("accept", ""):
        return EventStream(call.chat.stream(call.ticket, after), call.request.headers)
    events = await call.chat.poll(call.ticket, after, _seconds(query.get("wait") or "0"))
    return JSONResponse({"events": events}, headers={"Cache-Control": "no-store"})


async def _messages(call: Call) -> Response:
    body = await _json(call)
    message, text = _id(body.get("id")), _text(body.get("text"))
    async with in_time(call.deadline):
        sequence = await call.chat.say(call.ticket, message, text, call.deadline)
    return JSONResponse({"id": message, "sequence": sequence}, status_code=202)


async def _files(call: Call) -> Response:
    """Pass a file on while it comes in; who sent one that is not taken is told on the page too."""
    headers = {name.lower(): value for name, value in call.request.headers.items()}
    deadline = Deadline.after(FILE_SECONDS)
    try:
        async with (
            asyncio.timeout(FILE_SECONDS),
            received(headers, call.request.stream(), call.files) as upload,
        ):
            message = _id(upload.fields.get("id") or uuid.uuid4().hex)
            sequence = await call.chat.attach(call.ticket, message, upload, deadline)
    except (TooLarge, UnsupportedType):
        await call.chat.tell_unsent(call.ticket, call.deadline)
        raise
    except TimeoutError as error:
        raise TooSlow(f"The file did not come within {FILE_SECONDS:.0f} seconds.") from error
    return JSONResponse({"id": message, "sequence": sequence}, status_code=202)


async def _typing(call: Call) -> Response:
    typing = (await _json(call)).get("typing")
    if not isinstance(typing, bool):
        raise BadRequest("typing must be true or false.")
    async with in_time(call.deadline):
        await call.chat.show_typing(call.ticket, typing=typing, deadline=call.deadline)
    return Response(status_code=204)


async def _end(call: Call) -> Response:
    async with in_time(call.deadline):
        await call.chat.leave(call.ticket, call.deadline)
    return Response(status_code=204)


async def _json(call: Call) -> Json:
    return parse_object(await web.body_of(call.request))


def _id(value: object) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise BadRequest("id must be 1 to 100 letters, digits and signs of ASCII, without spaces.")
    return value


def _text(value: object) -> str:
    """Return the customer's words, no longer than those that come by Dialogflow."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise BadRequest("text must be a text that says something, without a zero in it.")
    written = json.dumps(value, ensure_ascii=False).encode()
    if len(value.encode()) > LONGEST_MESSAGE or len(written) > 2 * LONGEST_MESSAGE + 2:
        raise TooLarge(f"The text is larger than {LONGEST_MESSAGE} bytes.")
    return value


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER):
        raise BadRequest("after and Last-Event-ID must be the id of an event, or 0.")
    return int(value)


def _seconds(value: str) -> float:
    whole, _, part = value.partition(".")
    plain = value.isascii() and whole.isdigit() and len(whole) < 4 and (not part or part.isdigit())
    if not plain or float(value) > LONGEST_WAIT:
        raise BadRequest(f"wait must be a number of seconds from 0 to {LONGEST_WAIT:.0f}.")
    return float(value)


CALLS: Mapping[str, tuple[str, Callable[[Call], Awaitable[Response]]]] = {
    "events": ("GET", _events),
    "messages": ("POST", _messages),
    "files": ("POST", _files),
    "typing": ("POST", _typing),
    "end": ("POST", _end),
}
