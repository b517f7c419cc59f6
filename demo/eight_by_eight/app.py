"""One app under one address for all of the vendor's interfaces, its files and the desk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.eight_by_eight.account import Account
from demo.eight_by_eight.desk_api import DeskApi
from demo.eight_by_eight.gate import Gate
from demo.eight_by_eight.routes import routes
from demo.eight_by_eight.simulator import Simulator

LOCAL = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(account: Account | None = None) -> Starlette:
    """Return the simulator as an ASGI app; `app.state.simulator` is what runs inside."""
    simulator = Simulator(account or Account())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await simulator.courier.close()

    async def file(request: Request) -> Response:
        for room in simulator.tenant.conversations.values():
            upload = room.uploads.get(request.path_params["file"])
            if upload is not None:
                return Response(upload.data, media_type=upload.content_type)
        return Response(status_code=404)

    table = [*DeskApi(simulator).routes(), *routes(Gate(simulator)), Route("/files/{file}", file)]
    # The demo's pages are served from another port of the same machine.
    local = Middleware(CORSMiddleware, allow_origin_regex=LOCAL, allow_methods=METHODS)
    app = Starlette(routes=table, middleware=[local], lifespan=lifespan)
    app.state.simulator = simulator
    return app
