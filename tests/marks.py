"""Words that must be in no log, and every form in which a log could hold them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from handoff.log import WORD

# Shorter ones are in many lines by chance; of longer ones a beginning is bad enough.
SHORTEST, BEGINNING = 8, 24


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value, wherever it stands."""
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(inner, dict | list | type({}.values())):
        for one in inner:
            yield from strings(one)


def texts(value: Any) -> set[str]:
    """Return the strings that no id and no vendor's word looks like: those may be in a log."""
    return {one for one in strings(value) if not WORD.fullmatch(one)}


def in_body(raw: bytes) -> set[str]:
    """Return what no log may have of a body: the whole, and the texts in it."""
    whole = raw.decode("utf-8", "replace")
    try:
        return {whole} | texts(json.loads(whole))
    except (ValueError, RecursionError):
        return {whole}


def found(marks: Iterable[str], printed: str) -> list[str]:
    """Return those that were printed, in whichever form."""
    long_enough = (one for one in set(marks) if len(one) >= SHORTEST)
    return sorted(one for one in long_enough if any(form in printed for form in forms(one)))


def forms(mark: str) -> set[str]:
    """Return how the beginning of a mark looks in JSON, in Python, in an address."""
    start = mark if "://" in mark else mark[:BEGINNING]
    start = start.encode("utf-8", "replace").decode()
    escaped = {json.dumps(start)[1:-1], json.dumps(start, ensure_ascii=False)[1:-1]}
    addresses = {quote(start), quote(start, safe=""), quote_plus(start)}
    return {start, repr(start)[1:-1], *escaped, *addresses, _base64(start)}


def _base64(text: str) -> str:
    """Return the digits that the text has in base64, whatever comes after it."""
    digits = base64.b64encode(text.encode()).decode().rstrip("=")
    return digits[: len(text.encode()) // 3 * 4]
