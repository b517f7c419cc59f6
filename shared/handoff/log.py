"""One structured line per thing handled, in the shape Cloud Logging reads; never a text.

https://docs.cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from pathlib import Path

WORD = re.compile(r"[\w.-]{1,60}", re.ASCII)
LOGGER = logging.getLogger("handoff")


def info(event: str, **fields: object) -> None:
    """Log that something was handled; fields are ids, kinds, outcomes and numbers."""
    _log(logging.INFO, event, fields)


def warning(event: str, **fields: object) -> None:
    """Log what somebody should look at."""
    _log(logging.WARNING, event, fields)


def error(event: str, **fields: object) -> None:
    """Log a fault of ours or of the store."""
    _log(logging.ERROR, event, fields)


def _log(level: int, event: str, fields: dict[str, object]) -> None:
    known = {name: value for name, value in fields.items() if value not in (None, "")}
    LOGGER.log(level, event, extra={"fields": known})


def word(value: str) -> str:
    """Return somebody else's word for something, if it looks like one and not like a text."""
    return value if WORD.fullmatch(value) else "?"


def bug(found: Exception) -> None:
    """Log a fault of our own by its type and where it happened; its words may be a customer's."""
    frames = traceback.extract_tb(found.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    error("bug", exception=type(found).__name__, places=places)


class JsonLines(logging.Formatter):
    """Writes each record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; `event` is our word for it, `message` is where the console looks."""
        event = record.getMessage()
        line: dict[str, object] = dict(getattr(record, "fields", {}))
        line |= {"severity": record.levelname, "message": event, "event": event}
        return json.dumps(line, ensure_ascii=False, default=str)


def to_stdout() -> None:
    """Send our lines to standard output, where the platform collects them."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    LOGGER.handlers = [handler]
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO)
