"""One app under one address for all of the vendor's hosts, its CDN and the desk."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from demo.livechat import cdn
from demo.livechat.account import Account
from demo.livechat.desk_api import LiveChatDesk
from demo.livechat.gate import Gate
from demo.livechat.simulator import Simulator
from demo.vendor.desk_api import DeskApi
from demo.vendor.gate import heard_out

LOCAL = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def create_app(
    account: Account | None = None, *, clock: Callable[[], datetime] = utc_now
) -> Starlette:
    """Return the simulator as an ASGI app; `app.state.simulator` is what runs inside."""
    simulator = Simulator(account or Account(), clock)
    gate = Gate(simulator)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await simulator.courier.close()

    routes = [
        *DeskApi(simulator, LiveChatDesk(simulator)).routes(),
        Route("/v2/{rest:path}", heard_out(gate.accounts), methods=METHODS),
        Route("/cdn/{key}/{name}", cdn.endpoint(simulator), methods=["GET"]),
        Route("/v{version}/{api}/action/{action}", heard_out(gate.api), methods=METHODS),
        Route("/{api}/action/{action}", heard_out(gate.api), methods=METHODS),
    ]
    # The demo's pages are served from another port of the same machine.
    local = Middleware(CORSMiddleware, allow_origin_regex=LOCAL, allow_methods=METHODS)
    app = Starlette(routes=routes, middleware=[local], lifespan=lifespan)
    app.state.simulator = simulator
    return app
