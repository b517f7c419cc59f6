"""Words that must be in no log, and every form in which a log could hold them."""

from __future__ import annotations

import ast
import base64
import json
import logging
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from handoff.log import WORD, JsonLines

# Shorter ones are in many lines by chance; of longer ones a beginning is bad enough.
SHORTEST, BEGINNING = 8, 24

# What customers and agents say and are called unless a test says otherwise.
USUAL = ("hello", "Anna")
SHARED = ("heart.py", "desks.py", "work.py")


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


@cache
def forms(mark: str) -> frozenset[str]:
    """Return how the beginning of a mark looks in JSON, in Python, in an address."""
    start = mark if "://" in mark else mark[:BEGINNING]
    start = start.encode("utf-8", "replace").decode()
    escaped = {json.dumps(start)[1:-1], json.dumps(start, ensure_ascii=False)[1:-1]}
    addresses = {quote(start), quote(start, safe=""), quote_plus(start)}
    return frozenset({start, repr(start)[1:-1], *escaped, *addresses, _base64(start)})


def _base64(text: str) -> str:
    """Return the digits that the text has in base64, whatever comes after it."""
    digits = base64.b64encode(text.encode()).decode().rstrip("=")
    return digits[: len(text.encode()) // 3 * 4]


@cache
def in_source(path: Path) -> frozenset[str]:
    """Return the texts that a source has as literals: what its tests say, send and are told.

    What it raises is a reason, which may be logged.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = [one for one in ast.walk(tree) if isinstance(one, ast.Raise | ast.JoinedStr)]
    left_out = {id(piece) for other in others for piece in ast.walk(other)}
    whole = (one for one in ast.walk(tree) if id(one) not in left_out)
    return frozenset(texts([one.value for one in whole if isinstance(one, ast.Constant)]))


class Ear(logging.Handler):
    """Hears all that we log, as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.heard: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.heard.add(self.format(record))

    def leaks(self, source: Path) -> list[str]:
        """Return the texts of a test's source, and of what tests share, that were logged."""
        if not self.heard:
            return []
        printed = "\n".join(self.heard)
        sources = [source, *(Path(__file__).parent / name for name in SHARED)]
        usual = [word for word in USUAL if word in printed]
        return usual + found(set().union(*(in_source(one) for one in sources)), printed)
