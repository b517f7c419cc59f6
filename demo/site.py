"""Serves the demo's pages, and both simulators under the pages' own address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import handoff
from handoff.relay import LEAVE_WORDS
from handoff.texts import DEFAULT_LANGUAGE, Texts

PAGES = Path(__file__).parent / "pages"
# The product's own browser client, as a site would copy it to its own files.
CLIENT = Path(handoff.__file__).parent / "browser"
SUGGESTIONS = (
    "Hello",
    "Opening hours",
    "Returns",
    "Is anyone there?",
    "Can I talk to someone about my invoice?",
)
# By these the customer learns that a message has not arrived.
UNDELIVERED = ("undelivered", "undelivered_ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the pages are told about the demo.

    `typing` says whether the desk tells that an agent types. `chat` is the address of
    `customer_chat`, `cdn` where the desk's files lie: beside their own, the only addresses that
    the pages may reach, or show a picture from.
    """

    dialect: str
    desk: str
    store: str
    typing: bool
    chat: str
    cdn: str


def create_app(facts: Facts, *, bot: ASGIApp, desk: ASGIApp) -> Starlette:
    """Return the pages' app; the simulators' own servers run their lifespans."""

    async def config(_: Request) -> Response:
        return JSONResponse(
            {
                "dialect": facts.dialect.upper(),
                "desk": facts.desk,
                "store": facts.store,
                "typing": facts.typing,
                "pictures": [facts.chat, facts.cdn],
                "suggestions": SUGGESTIONS,
                "leave": LEAVE_WORDS,
                "undelivered": [Texts().get(name, DEFAULT_LANGUAGE) for name in UNDELIVERED],
            }
        )

    return Starlette(
        routes=[
            Route("/config.json", config),
            Mount("/bot", bot),
            Mount("/vendor", desk),
            Mount("/handoff", StaticFiles(directory=CLIENT)),
            Mount("/", StaticFiles(directory=PAGES, html=True)),
        ],
        middleware=[Middleware(_WithHeaders, headers=headers(facts))],
    )


def headers(facts: Facts) -> Sequence[tuple[bytes, bytes]]:
    """Return what every answer carries: what a person typed stays text, whatever it was."""
    policy = (
        "default-src 'self'",
        f"connect-src 'self' {facts.chat}",
        f"img-src 'self' blob: {facts.chat} {facts.cdn}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return (
        (b"content-security-policy", "; ".join(policy).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-cache"),
    )


class _WithHeaders:
    def __init__(self, app: ASGIApp, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)
