"""A customer's file as a form for a vendor: made around bytes that have not come yet.

https://datatracker.ietf.org/doc/html/rfc7578
"""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator, Mapping

from handoff.errors import Unavailable
from handoff.exchange import Exchange, Json, Request, Stream
from handoff.providers.base import OutgoingFile

CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)

# What no name shows, and what would make a path of it.
UNNAMEABLE = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\\/]")

# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})

LINE_BREAK = b"\r\n"


def file_request(
    url: str, part: str, file: OutgoingFile, *, key: str, fields: Mapping[str, str] | None = None
) -> Request:
    """Return the request that sends a file as the form's last part, after these fields.

    `key` is a secret of ours. What the file holds cannot be searched for the boundary before it
    is sent, so nobody may foresee the boundary: their file could bring parts of its own.
    """
    boundary = hmac.new(key.encode(), b"boundary:" + file.client_id.encode(), "sha256").hexdigest()
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (fields or {}).items()
    )
    head += (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{part}"; filename="{_quoted(file.name)}"\r\n'
        f"Content-Type: {_kind(file.content_type)}\r\n\r\n"
    )
    return Request(
        method="POST",
        url=url,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        stream=_around(head.encode(), file.content, f"\r\n--{boundary}--".encode()),
    )


def uploading(sent: Exchange[Json]) -> Exchange[Json]:
    """Return the answer to a file's bytes alone, of which nobody sees anything yet: a failure
    leaves no doubt.
    """
    try:
        return (yield from sent)
    except Unavailable as error:
        raise Unavailable(str(error), code=error.code, certain=True) from error


def _around(head: bytes, content: Stream, closing: bytes) -> Stream:
    """Return the whole form. A file may bring the two bytes more that a line break takes."""
    size = None
    if content.size is not None:
        size = len(head) + content.size + len(closing + LINE_BREAK)

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        taken = 0
        async for piece in content.pieces:
            taken += len(piece)
            yield piece
        exceeds = content.size is not None and taken == content.size + len(LINE_BREAK)
        yield closing if exceeds else closing + LINE_BREAK

    return Stream(pieces=pieces(), size=size)


def _quoted(name: str) -> str:
    shown = UNNAMEABLE.sub("_", name).translate(ESCAPES)
    return shown.encode("utf-8", "replace").decode() or "file"


def _kind(content_type: str) -> str:
    known = CONTENT_TYPE.fullmatch(content_type)
    return content_type if known else "application/octet-stream"
