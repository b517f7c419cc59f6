"""The desk over HTTP: for the demo page, scripted demos and tests."""

import json
from collections.abc import Awaitable, Callable

from msgspec import ValidationError, to_builtins
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.livechat.desk import DEEDS, Status, set_status
from demo.livechat.desk_view import agents_view, desk_view
from demo.livechat.errors import ApiError, Json, invalid
from demo.livechat.shapes import read
from demo.livechat.simulator import Simulator
from demo.vendor.faults import changed

LONG_POLL_SECONDS = 25.0
REVOCABLE = (None, "agent", "customer", "bot", "all")

Endpoint = Callable[[Request], Awaitable[Response]]


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise invalid("body is not JSON") from error
    if not isinstance(body, dict):
        raise invalid("body is not an object")
    return body


def _number(request: Request, name: str, default: float) -> float:
    try:
        return float(request.query_params.get(name, default))
    except ValueError as error:
        raise invalid(f"`{name}` is not a number") from error


def _answering(run: Callable[[Request], Awaitable[object]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await run(request))
        except ApiError as error:
            return JSONResponse(error.body(), error.status)

    return endpoint


class DeskApi:
    """Answer the desk's calls; faults do not touch them."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """Return the desk's routes."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[object]]]] = [
            ("GET", "/desk/chats", self._chats),
            ("GET", "/desk/chats/{chat_id}", self._chat),
            ("POST", "/desk/chats/{chat_id}/{deed}", self._deed),
            ("GET", "/desk/agents", self._agents),
            ("POST", "/desk/agents/{email}/status", self._status),
            ("GET", "/desk/changes", self._changes),
            ("GET", "/desk/faults", self._faults),
            ("POST", "/desk/faults", self._set_faults),
            ("GET", "/desk/calls", self._calls),
            ("GET", "/desk/webhooks", self._webhooks),
            ("POST", "/desk/webhooks", self._set_webhook_url),
            ("GET", "/desk/idle", self._idle),
            ("POST", "/desk/reset", self._reset),
        ]
        return [Route(path, _answering(run), methods=[method]) for method, path, run in table]

    async def _chats(self, _: Request) -> object:
        licence = self._simulator.licence
        chats = [desk_view(licence, chat) for chat in licence.chats.values()]
        return {"chats": chats, "change": self._simulator.changes.count}

    async def _chat(self, request: Request) -> object:
        licence = self._simulator.licence
        return desk_view(licence, licence.chat(request.path_params["chat_id"]))

    async def _deed(self, request: Request) -> object:
        body, licence = await _body(request), self._simulator.licence
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None:
            raise ApiError("not_found", "No such deed")
        chat = licence.chat(request.path_params["chat_id"])
        deed(licence, chat, body)
        return desk_view(licence, licence.chat(chat.id))

    async def _agents(self, _: Request) -> object:
        licence = self._simulator.licence
        groups = [{"id": key, "name": name} for key, name in licence.account.groups.items()]
        return {"agents": agents_view(licence), "groups": groups}

    async def _status(self, request: Request) -> object:
        licence = self._simulator.licence
        set_status(licence, request.path_params["email"], read(Status, await _body(request)))
        return {"agents": agents_view(licence)}

    async def _changes(self, request: Request) -> object:
        after = int(_number(request, "after", 0))
        wait = min(_number(request, "wait", LONG_POLL_SECONDS), LONG_POLL_SECONDS)
        return {"change": await self._simulator.changes.after(after, wait)}

    async def _faults(self, _: Request) -> object:
        return to_builtins(self._simulator.faults)

    async def _set_faults(self, request: Request) -> object:
        body, simulator = await _body(request), self._simulator
        kind = body.pop("revoke", None)
        if kind not in REVOCABLE:
            raise invalid(f"`revoke` is one of {', '.join(map(str, REVOCABLE[1:]))}")
        try:
            simulator.faults = changed(simulator.faults, body)
        except ValidationError as error:
            raise invalid(str(error)) from error
        if kind is not None:
            simulator.tokens.revoke(str(kind))
        return to_builtins(simulator.faults)

    async def _calls(self, request: Request) -> object:
        after, action = int(_number(request, "after", 0)), request.query_params.get("action")
        calls = self._simulator.journal.calls[after:]
        return {"calls": [c for c in calls if action in (None, c["action"])]}

    async def _webhooks(self, _: Request) -> object:
        simulator = self._simulator
        url = simulator.licence.webhook_url
        return {"url": url, "attempts": simulator.courier.attempts}

    async def _set_webhook_url(self, request: Request) -> object:
        url = (await _body(request)).get("url")
        if url is not None and not isinstance(url, str):
            raise invalid("`url` is not a string")
        self._simulator.licence.webhook_url = url
        return {"url": url}

    async def _idle(self, _: Request) -> object:
        await self._simulator.courier.idle()
        return {"idle": True}

    async def _reset(self, _: Request) -> object:
        await self._simulator.reset()
        return {}
