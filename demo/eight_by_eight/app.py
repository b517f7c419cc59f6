"""One app under one address for all of the vendor's interfaces, its files and the desk."""

import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.eight_by_eight.account import Account
from demo.eight_by_eight.desk_api import TenantDesk, schedules
from demo.eight_by_eight.gate import Gate
from demo.eight_by_eight.routes import routes
from demo.eight_by_eight.simulator import Simulator
from demo.vendor.desk_api import DeskApi

LOCAL = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(account: Account | None = None) -> Starlette:
    """Return the simulator as an ASGI app; `app.state.simulator` is what runs inside."""
    simulator = Simulator(account or Account())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await simulator.courier.close()

    desk = [*DeskApi(simulator, TenantDesk(simulator)).routes(), schedules(simulator)]
    table = [*desk, *routes(Gate(simulator)), Route("/files/{file}", _signed(simulator))]
    # The demo's pages are served from another port of the same machine.
    local = Middleware(CORSMiddleware, allow_origin_regex=LOCAL, allow_methods=METHODS)
    app = Starlette(routes=table, middleware=[local], lifespan=lifespan)
    app.state.simulator = simulator
    return app


def _signed(simulator: Simulator) -> Callable[[Request], Response]:
    """Return what gives files to whoever has a signed address, without a key."""

    def endpoint(request: Request) -> Response:
        own, signature = request.path_params["file"], request.query_params.get("sig", "")
        for room in simulator.tenant.conversations.values():
            upload = room.uploads.get(own)
            if upload is not None and hmac.compare_digest(signature, upload.signature):
                headers = {"X-Content-Type-Options": "nosniff"}
                return Response(upload.data, media_type=upload.content_type, headers=headers)
        return Response(status_code=404)

    return endpoint
