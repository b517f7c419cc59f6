"""Server-sent events over ASGI, as lean as a thousand of them at once need it.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from time import monotonic

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from handoff import log, web
from handoff.customer_chat import Stream
from handoff.errors import RequestError, StoreError
from handoff.exchange import Json

# A sign of life: proxies end what is silent for half a minute or so.
HEARTBEAT = 10.0

# Below the hour that the platform lets a request take; the page comes again, with what it has read.
# https://docs.cloud.google.com/run/docs/configuring/request-timeout
LONGEST = 55 * 60.0

SHORT = json.JSONEncoder(separators=(",", ":"))
FIRST = b"retry: 2000\n\n"
ALIVE = b": heartbeat\n\n"


class EventStream(Response):
    """Sends what a stream brings until it is over, or nobody listens any more.

    `asked` are the headers of the request, `opened` is entered when the answer begins.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        opened: AbstractAsyncContextManager[Stream],
        asked: Mapping[str, str],
        *,
        longest: float = LONGEST,
    ) -> None:
        # `no-transform` and the last one keep proxies from holding events back.
        lasting = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
        super().__init__(headers=lasting)
        del self.headers["content-length"]
        self._opened = opened
        self._asked = asked
        self._longest = longest
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; what is refused is refused before the stream begins."""
        with log.handling(self._asked):
            refused = await self._served(receive, send)
            if refused is not None:
                own = {"cache-control", "x-accel-buffering", "content-type"}
                shared = {name: one for name, one in self.headers.items() if name not in own}
                refused.headers.update(shared)
                await refused(scope, receive, send)

    async def _served(self, receive: Receive, send: Send) -> Response | None:
        """Stream; return what to answer instead when it cannot begin."""
        try:
            async with self._opened as stream:
                await self._send_all(stream, receive, send)
        except RequestError as error:
            return web.refusal(error)
        except StoreError as error:
            log.error("store", status=503, outcome="unavailable", reason=str(error))
            return None if self._begun else web.unavailable()
        return None

    async def _send_all(self, stream: Stream, receive: Receive, send: Send) -> None:
        listening = asyncio.create_task(_until_gone(stream, receive))
        try:
            self._begun = True
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send(send, FIRST)
            ends = monotonic() + self._longest
            while not stream.is_over and monotonic() < ends:
                events = await stream.next(HEARTBEAT)
                await _send(send, written(events) if events else ALIVE)
                await asyncio.sleep(0)  # so that it is heard of who has gone by now
                if events and not listening.done():
                    stream.given = events[-1]["id"]
            await _send(send, b"", more=False)
        finally:
            listening.cancel()


def written(events: Sequence[Json]) -> bytes:
    """Return events as they stand in a stream; JSON has no line break of its own."""
    lines = (
        f"id: {one['id']}\ndata: {json.dumps(one, separators=(',', ':'))}\n\n" for one in events
    )
    return "".join(lines).encode()


async def _until_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.stop()


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
