"""Files to send: a picture that a browser can show, and others."""

from __future__ import annotations

import struct
import zlib

from playwright.async_api import FilePayload

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(name: str, width: int = 24, height: int = 16) -> FilePayload:
    """Return a small PNG in the colours of a tulip."""
    row = b"\0" + bytes(value for x in range(width) for value in (210 - x, 80 + x, 95))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    data = SIGNATURE + b"".join(chunk(kind, content) for kind, content in chunks)
    return {"name": name, "mimeType": "image/png", "buffer": data}


def document(name: str) -> FilePayload:
    """Return a PDF that has hardly anything in it."""
    return {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a part of a PNG with its length and check sum."""
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check
