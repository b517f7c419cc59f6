"""The desk over HTTP: for the demo page, scripted demos and tests; ours, not the vendor's."""

import json
from collections.abc import Awaitable, Callable

from msgspec import ValidationError, to_builtins
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.eight_by_eight.desk import DEEDS, agents_view, desk_view
from demo.eight_by_eight.errors import ApiError, bad
from demo.eight_by_eight.simulator import Simulator
from demo.rest import Json
from demo.vendor.faults import changed

LONG_POLL_SECONDS = 25.0


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise bad("invalid_json", "body is not JSON") from error
    if not isinstance(body, dict):
        raise bad("invalid_json", "body is not an object")
    return body


def _answering(
    run: Callable[[Request], Awaitable[object]],
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await run(request))
        except ApiError as error:
            shown = {"error": {"type": error.code, "message": str(error.errors)}}
            return JSONResponse(shown, error.status)

    return endpoint


class DeskApi:
    """Answers the desk's calls; faults do not touch them."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """Return the desk's routes."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[object]]]] = [
            ("GET", "/desk/chats", self._chats),
            ("POST", "/desk/chats/{chat}/{deed}", self._deed),
            ("GET", "/desk/agents", self._agents),
            ("POST", "/desk/agents/{agent}/status", self._status),
            ("GET", "/desk/changes", self._changes),
            ("GET", "/desk/faults", self._faults),
            ("POST", "/desk/faults", self._set_faults),
            ("GET", "/desk/calls", self._calls),
            ("GET", "/desk/webhooks", self._webhooks),
            ("POST", "/desk/schedules", self._set_schedules),
            ("GET", "/desk/idle", self._idle),
            ("POST", "/desk/reset", self._reset),
        ]
        return [Route(path, _answering(run), methods=[method]) for method, path, run in table]

    async def _chats(self, _: Request) -> object:
        tenant = self._simulator.tenant
        chats = [desk_view(tenant, one) for one in tenant.conversations.values()]
        return {"chats": chats, "change": self._simulator.changes.count}

    async def _deed(self, request: Request) -> object:
        tenant, body = self._simulator.tenant, await _body(request)
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None:
            raise bad("not_found", "No such deed")
        room = tenant.conversation(request.path_params["chat"])
        deed(tenant, room, body)
        return desk_view(tenant, room)

    async def _agents(self, _: Request) -> object:
        return agents_view(self._simulator.tenant)

    async def _status(self, request: Request) -> object:
        body, tenant = await _body(request), self._simulator.tenant
        tenant.set_accepting(request.path_params["agent"], body.get("accepting") is True)
        return agents_view(tenant)

    async def _changes(self, request: Request) -> object:
        after = int(request.query_params.get("after", 0))
        wait = min(float(request.query_params.get("wait", LONG_POLL_SECONDS)), LONG_POLL_SECONDS)
        return {"change": await self._simulator.changes.after(after, wait)}

    async def _faults(self, _: Request) -> object:
        return to_builtins(self._simulator.faults)

    async def _set_faults(self, request: Request) -> object:
        body = await _body(request)
        try:
            self._simulator.faults = changed(self._simulator.faults, body)
        except ValidationError as error:
            raise bad("invalid_faults", str(error)) from error
        return to_builtins(self._simulator.faults)

    async def _calls(self, request: Request) -> object:
        after, action = (
            int(request.query_params.get("after", 0)),
            request.query_params.get("action"),
        )
        calls = self._simulator.journal.calls[after:]
        return {"calls": [one for one in calls if action in (None, one["action"])]}

    async def _webhooks(self, _: Request) -> object:
        return {"attempts": self._simulator.courier.attempts}

    async def _set_schedules(self, request: Request) -> object:
        self._simulator.tenant.schedules.update(await _body(request))
        return self._simulator.tenant.schedules

    async def _idle(self, _: Request) -> object:
        await self._simulator.courier.idle()
        return {"idle": True}

    async def _reset(self, _: Request) -> object:
        await self._simulator.reset()
        return {}
