"""Forms as browsers make them, and worse, and bodies that come in pieces."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field

from handoff.exchange import Stream

BOUNDARY = "----WebKitFormBoundaryh7Qm2"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def coming(raw: bytes, piece: int = 4_096) -> AsyncGenerator[bytes, None]:
    """Yield bytes as they come from a network."""
    for one in cut(raw, piece):
        yield one


def cut(raw: bytes, piece: int) -> Iterator[bytes]:
    """Yield bytes in pieces of a size."""
    for at in range(0, len(raw), piece):
        yield raw[at : at + piece]


async def whole(stream: Stream) -> bytes:
    """Return all that a stream brings."""
    return b"".join([piece async for piece in stream.pieces])


def stream(raw: bytes, *, size: int | None = None, piece: int = 4_096) -> Stream:
    """Return bytes as a stream, of a size that is told or not."""
    return Stream(pieces=coming(raw, piece), size=size)


def field_part(name: str, value: str) -> bytes:
    """Return a field as a part, between boundaries."""
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()


def file_part(content: bytes, name: str = "a.png", kind: str = "image/png") -> bytes:
    """Return a file as a part, between boundaries."""
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += f"Content-Type: {kind}\r\n" if kind else ""
    return head.encode() + b"\r\n" + content


@dataclass(frozen=True, kw_only=True)
class Form:
    """The body of a request, part after part."""

    parts: tuple[bytes, ...] = ()
    boundary: str = BOUNDARY
    ending: bytes = b"--\r\n"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        """Return the whole body."""
        line = f"--{self.boundary}".encode()
        inner = b"".join(line + b"\r\n" + one + b"\r\n" for one in self.parts)
        return inner + line + self.ending

    @property
    def head(self) -> dict[str, str]:
        """Return the request's headers, with the length."""
        kind = f"multipart/form-data; boundary={self.boundary}"
        return {"content-type": kind, "content-length": str(len(self.raw)), **self.headers}

    @property
    def chunked(self) -> dict[str, str]:
        """Return the request's headers, where nobody knows the length."""
        return {name: value for name, value in self.head.items() if name != "content-length"}


def form(content: bytes = PNG, name: str = "a.png", kind: str = "image/png") -> Form:
    """Return the form that a page sends."""
    return Form(parts=(field_part("id", "m-1"), file_part(content, name, kind)))
