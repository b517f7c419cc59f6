"""Serves the simulators and the page from a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

END_SECONDS = 5.0


@contextmanager
def hosted(apps: Sequence[tuple[Starlette, socket.socket]]) -> Iterator[None]:
    """Serve each app on its listening socket, all on one event loop, until the block is left."""
    servers = [uvicorn.Server(_config(app)) for app, _ in apps]

    async def serve() -> None:
        pairs = zip(servers, apps, strict=True)
        await asyncio.gather(*(server.serve(sockets=[at]) for server, (_, at) in pairs))

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(END_SECONDS)


def _config(app: Starlette) -> uvicorn.Config:
    # A page that waits for changes must not hold up the end, nor be reported when it is cut off.
    return uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
