"""The simulator over HTTP: what a chat widget calls, and what a test wants to see and break."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.dialogflow.api import Dialogflow
from demo.dialogflow.model import BotSettings, CallWebhook, Clock, InvalidQuery, Json, Query
from demo.dialogflow.transport import post
from demo.dialogflow.webhook import Faults

QUERY_KEYS: dict[str, type] = {"text": str, "event": str, "parameters": dict, "payload": dict}


def create_app(
    bot: BotSettings, *, call_webhook: CallWebhook = post, clock: Clock | None = None
) -> Starlette:
    """Serve the simulated agent."""
    dialogflow = Dialogflow(
        bot, call_webhook=call_webhook, clock=clock or (lambda: datetime.now(UTC))
    )
    endpoints = _Endpoints(dialogflow)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(bot.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type"],
    )
    return Starlette(
        routes=[
            Route("/sessions/{id}/query", endpoints.query, methods=["POST"]),
            Route("/sessions/{id}", endpoints.session, methods=["GET"]),
            Route("/faults", endpoints.faults, methods=["POST"]),
            Route("/log", endpoints.log, methods=["GET"]),
        ],
        middleware=[cors],
        exception_handlers={InvalidQuery: _refused},
    )


class _Endpoints:
    def __init__(self, dialogflow: Dialogflow) -> None:
        self._dialogflow = dialogflow

    async def query(self, request: Request) -> Response:
        query = Query(**_members(await _object(request), QUERY_KEYS))
        return JSONResponse(await self._dialogflow.detect_intent(request.path_params["id"], query))

    async def session(self, request: Request) -> Response:
        session = self._dialogflow.session(request.path_params["id"])
        if session is None:
            return JSONResponse({"error": "NOT_FOUND", "message": "no such session"}, 404)
        seen = session.last_seen.isoformat()
        return JSONResponse({"session": session.name, "last_seen": seen, **session.describe()})

    async def faults(self, request: Request) -> Response:
        kinds: dict[str, type] = {"repeat": bool, "concurrent": bool, "timeout": float}
        raw = await _object(request)
        if type(raw.get("timeout")) is int:
            raw["timeout"] = float(raw["timeout"])
        self._dialogflow.webhook.faults = Faults(**_members(raw, kinds))
        return JSONResponse(raw)

    async def log(self, _: Request) -> Response:
        return JSONResponse({"calls": list(self._dialogflow.webhook.log)})


async def _object(request: Request) -> Json:
    try:
        body = await request.json()
    except ValueError as error:
        raise InvalidQuery("the body is not JSON") from error
    if not isinstance(body, dict):
        raise InvalidQuery("the body is not a JSON object")
    return body


def _members(body: Json, kinds: dict[str, type]) -> Json:
    """Check names and types; null counts as left out."""
    given = {name: value for name, value in body.items() if value is not None}
    for name, value in given.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise InvalidQuery(f"{name} is unknown or of the wrong type")
    return given


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": "INVALID_ARGUMENT", "message": str(error)}, 400)
