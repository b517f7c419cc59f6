"""What other pages call meanwhile, timed; and a page that asks for a stream without reading it."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

import aiohttp

from tests.crash.ledger import Json
from tests.streams.stage import Page

Call = Callable[[aiohttp.ClientSession, Page], AbstractAsyncContextManager[aiohttp.ClientResponse]]


async def timed(
    http: aiohttp.ClientSession, page: Page, count: int, seconds: float
) -> dict[str, list[float]]:
    """Make so many calls of each kind, one after the other and evenly, and time them."""
    took: dict[str, list[float]] = {name: [] for name in CALLS}
    for _ in range(count):
        for name, call in CALLS.items():
            began = time.monotonic()
            async with call(http, page) as response:
                await response.read()
            took[name].append(time.monotonic() - began)
            await asyncio.sleep(seconds / count / len(CALLS))
    return took


async def read(
    http: aiohttp.ClientSession, page: Page, *, after: int = 0, wait: int = 0
) -> list[Json]:
    """Return the events that a page has by now, or within so many seconds."""
    url = f"{page.url}/v1/events?after={after}&wait={wait}"
    async with http.get(url, headers=page.headers, raise_for_status=True) as response:
        events: list[Json] = (await response.json())["events"]
        return events


def deaf(page: Page) -> socket.socket:
    """Return a connection that has asked for a stream and reads nothing of it."""
    at = urlsplit(page.url)
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect((at.hostname, at.port))
    lines = ["GET /v1/events HTTP/1.1", f"Host: {at.netloc}", "Accept: text/event-stream"]
    lines += [f"{name}: {value}" for name, value in page.headers.items()]
    one.sendall("\r\n".join([*lines, "", ""]).encode())
    return one


def _typing(
    http: aiohttp.ClientSession, page: Page
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    return _post(http, page, "typing", {"typing": False})


def _messages(
    http: aiohttp.ClientSession, page: Page
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    return _post(http, page, "messages", {"id": uuid.uuid4().hex, "text": "one more word"})


def _events(
    http: aiohttp.ClientSession, page: Page
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    url = f"{page.url}/v1/events?after=0"
    return http.get(url, headers=page.headers, raise_for_status=True)


def _post(
    http: aiohttp.ClientSession, page: Page, name: str, body: Mapping[str, object]
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    url = f"{page.url}/v1/{name}"
    return http.post(url, json=body, headers=page.headers, raise_for_status=True)


CALLS: Mapping[str, Call] = {"typing": _typing, "events": _events, "messages": _messages}
