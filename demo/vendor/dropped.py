"""An answer that never comes."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Dropped(Response):
    """Closes the connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort the transport where the server shows it, else leave the answer unfinished."""
        del scope
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
            while (await receive())["type"] != "http.disconnect":
                continue
            return
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
