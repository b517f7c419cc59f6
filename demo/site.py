"""Serves the demo's page, and both simulators under the page's own address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGES = Path(__file__).parent / "pages"
HEADERS: Mapping[bytes, bytes] = {
    # Nothing from elsewhere, no script in the markup: what a person typed stays text.
    b"content-security-policy": b"default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-cache",
}
SUGGESTIONS = (
    "Hello",
    "Opening hours",
    "Returns",
    "Is anyone there?",
    "Can I talk to someone about my invoice?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the page says about the demo."""

    dialect: str
    desk: str
    store: str


def create_app(facts: Facts, *, bot: ASGIApp, desk: ASGIApp) -> Starlette:
    """Return the page's app; the simulators' own servers run their lifespans."""

    async def config(_: Request) -> Response:
        return JSONResponse(
            {
                "dialect": facts.dialect.upper(),
                "desk": facts.desk,
                "store": facts.store,
                "suggestions": SUGGESTIONS,
            }
        )

    return Starlette(
        routes=[
            Route("/config.json", config),
            Mount("/bot", bot),
            Mount("/vendor", desk),
            Mount("/", StaticFiles(directory=PAGES, html=True)),
        ],
        middleware=[Middleware(_WithHeaders)],
    )


class _WithHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS.items()]
            await send(message)

        await self._app(scope, receive, send_with_headers)
