"""The network's edge: sends a request with aiohttp and tells failures by their certainty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
from yarl import URL

from handoff.errors import BadRequest, Unavailable
from handoff.exchange import Request, Response, Stream

# More than any vendor answers; a larger answer is not read to its end.
LARGEST_ANSWER = 4 * 1024 * 1024
CONNECTIONS = 200

NEVER_ARRIVED = (
    aiohttp.ClientConnectorError,  # refused, no such name, no trust in the certificate
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    ValueError,  # an address or a header that cannot be sent
)


class Transport:
    """Sends over one pool of connections, opened by the first request and never at import."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request, seconds: float) -> Response:
        """Send one request within so many seconds, whatever the other side does.

        Raises Unavailable; certain when the request cannot have reached anybody. What a
        streamed body raises comes out as it is, and nobody has got that body whole.
        """
        name, body = request.method, _Body(request)
        try:
            url = URL(request.url, encoded=True)  # as it is: what is escaped has its reason
            name = f"{name} {url.host}"
            async with asyncio.timeout(seconds):
                return await self._exchange(request, body, url, seconds)
        # OSError: a timeout, a reset
        except (*NEVER_ARRIVED, aiohttp.ClientError, OSError) as error:
            if body.failure:
                raise body.failure from error
            certain = isinstance(error, NEVER_ARRIVED) or not body.is_whole
            pending = isinstance(error, TimeoutError) and not certain
            says = f"{name}: {type(error).__name__}"
            raise Unavailable(says, certain=certain, pending=pending) from error
        finally:
            await body.left_alone()

    async def _exchange(self, request: Request, sent: _Body, url: URL, seconds: float) -> Response:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            cookies = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=cookies)
        async with self._session.request(
            request.method,
            url,
            headers={**request.headers, **sent.headers},
            data=sent.data,
            allow_redirects=False,
            # What ends before there is a connection has carried nothing: the wait for a free
            # one, the name's look-up, the handshakes.
            timeout=aiohttp.ClientTimeout(total=None, connect=seconds * 0.9),
        ) as answer:
            body = await _read(answer)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(status=answer.status, headers=headers, body=body)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class _Body:
    """A request's body on its way.

    A streamed one is as long as it was announced, or breaks the connection; what it broke on is
    its `failure`. `is_whole`: the other side may have all of it, so that it may act on it.
    """

    def __init__(self, request: Request) -> None:
        self._stream = request.stream
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_whole = request.stream is None
        self.failure: Exception | None = None
        self.headers: dict[str, str] = {}
        if request.stream and request.stream.size is not None:
            self.headers["Content-Length"] = str(request.stream.size)
        self.data = self._pieces(request.stream) if request.stream else request.body or None

    async def left_alone(self) -> None:
        """Wait until nobody reads the stream any more: who is told to stop takes a moment."""
        await self._idle.wait()

    async def _pieces(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        left = stream.size
        try:
            while (piece := await self._next(stream)) is not None:
                left = None if left is None else left - len(piece)
                self.is_whole = left == 0
                if left is not None and left < 0:
                    break
                yield piece
            if left:
                raise BadRequest("The body is not as long as it was announced.")
            self.is_whole = True
        except Exception as error:
            self.failure = error
            raise

    async def _next(self, stream: Stream) -> bytes | None:
        self._idle.clear()
        try:
            return await anext(stream.pieces, None)
        finally:
            self._idle.set()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body, however many pieces it comes in, up to the limit."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return bytes(body)
