"""The desk over HTTP, alike for every vendor: for the demo page, scripted demos and tests."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from msgspec import ValidationError, to_builtins
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.rest import Json
from demo.vendor.changes import Changes
from demo.vendor.courier import Courier
from demo.vendor.faults import Faults, changed
from demo.vendor.forms import Part, read_form
from demo.vendor.journal import Journal
from demo.vendor.refused import Refused

LONG_POLL_SECONDS = 25.0

Run = Callable[[Request], Awaitable[object]]


class Simulated(Protocol):
    """What every running simulator has."""

    faults: Faults
    journal: Journal
    address: str

    @property
    def courier(self) -> Courier:
        """What carries the webhooks."""

    @property
    def changes(self) -> Changes:
        """What counts the changes."""

    async def reset(self) -> None:
        """Begin anew."""


class Desk(Protocol):
    """What agents of one vendor see and do; a chat is shown with every word and note in it."""

    @property
    def revocable(self) -> Sequence[str]:
        """Which kinds of tokens can be ended."""

    def chats(self) -> list[Json]:
        """Return every chat."""

    def chat(self, chat: str) -> Json:
        """Return one chat."""

    def do(self, chat: str, deed: str, body: Json) -> Json:
        """Do something in a chat; return it as it is then."""

    def upload(self, chat: str, agent: str, file: Part, address: str) -> Json:
        """Send an agent's file, to lie under an address; return the chat as it is then."""

    def agents(self) -> Json:
        """Return `agents`, and `groups` that a chat can be passed to."""

    def set_status(self, agent: str, body: Json) -> None:
        """Let an agent come to work, pause or go home."""

    def assign(self, *, automatic: bool) -> None:
        """Let chats be given out, or wait until an agent takes them by hand."""

    def webhook_url(self) -> str | None:
        """Return where webhooks go."""

    def set_webhook_url(self, url: str | None) -> None:
        """Let webhooks go elsewhere."""

    def revoke(self, kind: str) -> None:
        """End tokens of a kind."""


async def body_of(request: Request) -> Json:
    """Return the JSON object that a desk sent."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise Refused("validation", "body is not JSON") from error
    if not isinstance(body, dict):
        raise Refused("validation", "body is not an object")
    return body


async def upload_of(request: Request) -> tuple[str, Part]:
    """Return the agent and the file that a desk sent as a form."""
    try:
        parts = read_form(request.headers.get("content-type", ""), await request.body())
    except ValueError as error:
        raise Refused("validation", "body is not a form") from error
    named = {one.name: one for one in parts}
    if named.keys() != {"agent", "file"} or not named["file"].filename:
        raise Refused("validation", "the form has an `agent` and a `file`")
    return named["agent"].data.decode(errors="replace"), named["file"]


def route(method: str, path: str, run: Run) -> Route:
    """Return one of the desk's routes."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await run(request))
        except Refused as error:
            return JSONResponse(error.shown(), error.status)

    return Route(path, endpoint, methods=[method])


def _number(request: Request, name: str, default: float) -> float:
    try:
        return float(request.query_params.get(name, default))
    except ValueError as error:
        raise Refused("validation", f"`{name}` is not a number") from error


class DeskApi:
    """Answers the desk's calls; faults do not touch them."""

    def __init__(self, simulator: Simulated, desk: Desk) -> None:
        self._simulator = simulator
        self._desk = desk

    def routes(self) -> Iterator[Route]:
        """Yield the desk's routes."""
        table: tuple[tuple[str, str, Run], ...] = (
            ("GET", "/desk/chats", self._chats),
            ("GET", "/desk/chats/{chat}", self._chat),
            ("POST", "/desk/chats/{chat}/upload", self._upload),
            ("POST", "/desk/chats/{chat}/{deed}", self._deed),
            ("GET", "/desk/agents", self._agents),
            ("POST", "/desk/agents/{agent}/status", self._status),
            ("POST", "/desk/assignment", self._assign),
            ("GET", "/desk/changes", self._changes),
            ("GET", "/desk/faults", self._faults),
            ("POST", "/desk/faults", self._set_faults),
            ("GET", "/desk/calls", self._calls),
            ("GET", "/desk/webhooks", self._webhooks),
            ("POST", "/desk/webhooks", self._set_webhook_url),
            ("GET", "/desk/idle", self._idle),
            ("POST", "/desk/reset", self._reset),
        )
        for row in table:
            yield route(*row)

    async def _chats(self, _: Request) -> object:
        return {"chats": self._desk.chats(), "change": self._simulator.changes.count}

    async def _chat(self, request: Request) -> object:
        return self._desk.chat(request.path_params["chat"])

    async def _deed(self, request: Request) -> object:
        params = request.path_params
        return self._desk.do(params["chat"], params["deed"], await body_of(request))

    async def _upload(self, request: Request) -> object:
        agent, file = await upload_of(request)
        # The desk may be shown under another address than the vendor's own.
        address = self._simulator.address or str(request.base_url).rstrip("/")
        return self._desk.upload(request.path_params["chat"], agent, file, address)

    async def _agents(self, _: Request) -> object:
        return self._desk.agents()

    async def _status(self, request: Request) -> object:
        self._desk.set_status(request.path_params["agent"], await body_of(request))
        return self._desk.agents()

    async def _assign(self, request: Request) -> object:
        automatic = (await body_of(request)).get("automatic")
        if not isinstance(automatic, bool):
            raise Refused("validation", "`automatic` is true or false")
        self._desk.assign(automatic=automatic)
        return {"automatic": automatic}

    async def _changes(self, request: Request) -> object:
        after = int(_number(request, "after", 0))
        wait = min(_number(request, "wait", LONG_POLL_SECONDS), LONG_POLL_SECONDS)
        return {"change": await self._simulator.changes.after(after, wait)}

    async def _faults(self, _: Request) -> object:
        return to_builtins(self._simulator.faults)

    async def _set_faults(self, request: Request) -> object:
        body, kinds = await body_of(request), self._desk.revocable
        kind = body.pop("revoke", None)
        if kind not in (None, *kinds):
            raise Refused("validation", f"`revoke` is one of {', '.join(kinds)}")
        try:
            self._simulator.faults = changed(self._simulator.faults, body)
        except ValidationError as error:
            raise Refused("validation", str(error)) from error
        if kind is not None:
            self._desk.revoke(kind)
        return to_builtins(self._simulator.faults)

    async def _calls(self, request: Request) -> object:
        after, action = int(_number(request, "after", 0)), request.query_params.get("action")
        calls = self._simulator.journal.calls[after:]
        return {"calls": [one for one in calls if action in (None, one["action"])]}

    async def _webhooks(self, _: Request) -> object:
        return {"url": self._desk.webhook_url(), "attempts": self._simulator.courier.attempts}

    async def _set_webhook_url(self, request: Request) -> object:
        url = (await body_of(request)).get("url")
        if url is not None and not isinstance(url, str):
            raise Refused("validation", "`url` is not a string")
        self._desk.set_webhook_url(url)
        return {"url": url}

    async def _idle(self, _: Request) -> object:
        await self._simulator.courier.idle()
        return {"idle": True}

    async def _reset(self, _: Request) -> object:
        await self._simulator.reset()
        return {}
