"""What stands before a function on Cloud Run: who may not call, and paths that never arrive.

https://docs.cloud.google.com/run/docs/known-issues (reserved paths),
https://docs.cloud.google.com/run/docs/securing/ingress and
https://docs.cloud.google.com/run/docs/troubleshooting (what is answered in the function's place)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from demo.hosting import hosted
from handoff.cli.processes import listen

METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
RESERVED = "/healthz"
INTERNAL, PRIVATE, PUBLIC = "internal", "private", "public"
USUAL: Mapping[str, str] = {"dialogflow_fulfillment": PRIVATE, "wake": INTERNAL}


def token(audience: str) -> str:
    """Return the identity token of somebody who may call."""
    return f"who may call {audience}"


@contextmanager
def fronts(
    functions: Mapping[str, str], kinds: Mapping[str, str] = USUAL
) -> Iterator[dict[str, str]]:
    """Stand before these functions, of which each is public unless it is named; yield addresses."""
    with ExitStack() as stack:
        doors = {name: stack.enter_context(listen("127.0.0.1", 0)) for name in functions}
        urls = {name: f"http://127.0.0.1:{one.getsockname()[1]}" for name, one in doors.items()}
        apps = [
            (_front(functions[name], urls[name], kinds.get(name, PUBLIC)), door)
            for name, door in doors.items()
        ]
        stack.enter_context(hosted(apps))
        yield urls


def _front(function: str, own: str, kind: str) -> Starlette:
    async def answer(request: Request) -> Response:
        if kind == INTERNAL or request.url.path == RESERVED:
            return HTMLResponse("<title>Error 404 (Page not found)!!1</title>", 404)
        if kind == PRIVATE and request.headers.get("authorization") != f"Bearer {token(own)}":
            return HTMLResponse("<title>403 Forbidden</title>", 403)
        return await _passed_on(request, function)

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


async def _passed_on(request: Request, function: str) -> Response:
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    call = aiohttp.request(
        request.method,
        f"{function}{request.url.path}",
        headers=headers,
        data=await request.body(),
        allow_redirects=False,
    )
    async with call as found:
        kept = ("content-type", "location")
        told = {name: found.headers[name] for name in kept if name in found.headers}
        return Response(await found.read(), found.status, told)
