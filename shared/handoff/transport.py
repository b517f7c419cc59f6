"""The network's edge: sends a request with aiohttp and tells failures by their certainty."""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from handoff.errors import Unavailable
from handoff.exchange import Request, Response

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

        Raises Unavailable; certain when the request cannot have reached anybody.
        """
        name = request.method
        try:
            url = URL(request.url, encoded=True)  # as it is: what is escaped has its reason
            name = f"{name} {url.host}"
            async with asyncio.timeout(seconds):
                return await self._exchange(request, url, seconds)
        except NEVER_ARRIVED as error:
            raise Unavailable(f"{name}: {type(error).__name__}", certain=True) from error
        except (aiohttp.ClientError, OSError) as error:  # OSError: a timeout, a reset
            says, pending = f"{name}: {type(error).__name__}", isinstance(error, TimeoutError)
            raise Unavailable(says, certain=False, pending=pending) from error

    async def _exchange(self, request: Request, url: URL, seconds: float) -> Response:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            cookies = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=cookies)
        async with self._session.request(
            request.method,
            url,
            headers=dict(request.headers),
            data=request.body or None,
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


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body, however many pieces it comes in, up to the limit."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return bytes(body)
