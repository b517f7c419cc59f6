"""Servers of our own on the loopback interface, as badly behaved as a test wants them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(behave: Behaviour) -> AsyncIterator[str]:
    """Yield the address of a server that does this with every connection, until it is done."""
    held: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        held.add(task)
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side went away, or the test is over
        finally:
            held.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(held):
            task.cancel()
        await server.wait_closed()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Return a request as it came: its head and as much body as it declares."""
    head = await reader.readuntil(b"\r\n\r\n")
    declared = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    return head + await reader.readexactly(int(declared[0].split(b":")[1]) if declared else 0)


def answering(raw: bytes) -> Behaviour:
    """Return the behaviour of a server that answers one request and closes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(raw)
        await writer.drain()

    return behave


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """Yield the port of a uvicorn that serves this application."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:  # who comes early waits in its queue
        task = asyncio.create_task(server.serve(sockets=[door]))
        try:
            yield door.getsockname()[1]
        finally:
            server.should_exit = True
            await task
