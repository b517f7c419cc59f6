"""Texts that are too long for where they go."""

from __future__ import annotations


def parts(text: str, longest: int) -> list[str]:
    """Cut a text into pieces of at most `longest` bytes of UTF-8 that join to the same text."""
    raw = text.encode("utf-8", "replace")
    pieces, begin = [], 0
    while len(raw) - begin > longest:
        piece = raw[begin : begin + longest].decode("utf-8", "ignore")
        pieces.append(piece)
        begin += len(piece.encode())
    return [*pieces, raw[begin:].decode()]
