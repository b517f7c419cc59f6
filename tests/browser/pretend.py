"""A `customer_chat` that a test leads: it says what the test says, and remembers what it hears."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from handoff.scripts import script

Json = dict[str, Any]
STEP = 0.02


@dataclass
class PretendChat:
    """One handoff: its events, what the page said, and how the next calls are answered."""

    token: str = "t1"
    fresh: str = ""
    streams: Literal["open", "mute", "silent"] = "open"
    events: list[Json] = field(default_factory=list)
    said: list[Json] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    ended: bool = False
    cut: bool = False

    def tell(self, kind: str, **more: Any) -> None:
        """Let something happen."""
        event = {"id": len(self.events) + 1, "type": kind, "at": "2026-01-01T12:00:00Z", **more}
        self.events.append(event)

    def says(self, text: str, name: str = "Mara") -> None:
        """Let the agent write."""
        self.tell("message", text=text, agent={"name": name})

    @property
    def texts(self) -> list[str]:
        """Return what the customer said, each message once."""
        return [one["text"] for one in self.said]

    @property
    def over(self) -> bool:
        """Tell whether the handoff is closed."""
        return any(one.get("state") in {"closed", "failed"} for one in self.events)

    def app(self) -> Starlette:
        """Serve it as the function does."""
        cors = Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Handoff-Token", "Retry-After"],
        )
        routes = [
            Route("/v1/events", self._events),
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/files", self._files, methods=["POST"]),
            Route("/v1/typing", self._typing, methods=["POST"]),
            Route("/v1/end", self._end, methods=["POST"]),
            Route("/v1/{name}", _script),
        ]
        return Starlette(routes=routes, middleware=[cors])

    async def _events(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        if (refused := self._refused(request)) is not None:
            return refused
        if self.over and after >= len(self.events):
            return _error(409, "closed")
        if "text/event-stream" in request.headers["Accept"]:
            return StreamingResponse(self._stream(after), media_type="text/event-stream")
        for _ in range(int(float(request.query_params.get("wait", 0)) / STEP)):
            if len(self.events) > after or self.cut:
                break
            await asyncio.sleep(STEP)
        return self._fine(JSONResponse({"events": self.events[after:]}))

    async def _stream(self, after: int) -> AsyncIterator[str]:
        kind = self.streams
        if kind != "mute":
            yield "retry: 2000\n\n: heartbeat\n\n"
        while not self.cut:
            for event in self.events[after:] if kind == "open" else []:
                yield f"id: {event['id']}\ndata: {json.dumps(event)}\n\n"
                after = event["id"]
                if event.get("state") in {"closed", "failed"}:
                    return
            await asyncio.sleep(STEP)

    async def _messages(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        said = await request.json()
        if said["id"] not in [one["id"] for one in self.said]:
            self.said.append(said)
        return self._fine(JSONResponse({"id": said["id"], "sequence": len(self.said)}, 202))

    async def _files(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        form = await request.form()
        file: Any = form["file"]
        self.files.append((file.filename, await file.read()))
        return self._fine(JSONResponse({"id": form["id"], "sequence": 1}, 202))

    async def _typing(self, request: Request) -> Response:
        return self._refused(request) or Response(status_code=204)

    async def _end(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        self.ended = True
        return Response(status_code=204)

    def _refused(self, request: Request) -> Response | None:
        self.calls.append((request.method, request.url.path))
        assert self.token not in str(request.url)
        if request.headers.get("Authorization") not in {f"Bearer {self.token}", "Bearer fresh"}:
            return _error(401, "unauthorized")
        if self.answers and request.url.path in {"/v1/messages", "/v1/files"}:
            status, headers = self.answers.popleft()
            return _error(status, "told", headers)
        return _error(409, "closed") if request.method == "POST" and self.over else None

    def _fine(self, answer: Response) -> Response:
        if self.fresh:
            answer.headers["X-Handoff-Token"] = self.fresh
        return answer


async def _script(request: Request) -> Response:
    found = script(request.path_params["name"])
    return Response(found.content, headers=dict(found.headers))


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": code, "message": "No."}, status, headers)
