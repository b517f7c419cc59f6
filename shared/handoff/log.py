"""One structured line per thing handled, in the shape Cloud Logging reads; never a text.

https://docs.cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path

WORD = re.compile(r"[\w.-]{1,60}", re.ASCII)
LOGGER = logging.getLogger("handoff")

# The server has handlers of its own; with a lower level than its default it writes addresses.
SERVER = ("uvicorn.error", "uvicorn.access")

# https://www.w3.org/TR/trace-context/#traceparent-header: later versions may add parts.
TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})"
    r"-(?!0{16})(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?",
)
# https://docs.cloud.google.com/trace/docs/trace-context#legacy-http-header
CLOUD_TRACE = re.compile(
    r"(?!0{32})(?P<trace>[0-9a-fA-F]{32})(/(?P<span>[0-9]{1,20}))?(;o=(?P<sampled>[01]))?",
)
LARGEST_SPAN = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Which trace a request is part of; ids are hexadecimal."""

    id: str
    span: str = ""
    sampled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """The request that is being handled, and what has become known of it."""

    trace: Trace | None
    began: float
    about: Mapping[str, object] = field(default_factory=dict)

    @property
    def milliseconds(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


_REQUEST: ContextVar[_Request | None] = ContextVar("request", default=None)


@contextmanager
def handling(headers: Mapping[str, str]) -> Iterator[None]:
    """Let every line inside say which request it belongs to, and how long that took by then."""
    if LOGGER.disabled:
        _set_up_again()
    token = _REQUEST.set(_Request(trace=trace_of(headers), began=time.monotonic()))
    try:
        yield
    finally:
        _REQUEST.reset(token)


def about(**fields: object) -> None:
    """Let every later line of this request carry these fields, unless it has them itself.

    Called in a task of its own it speaks for that task alone: a sweep wakes many sessions.
    """
    request = _REQUEST.get()
    if request is not None:
        _REQUEST.set(replace(request, about={**request.about, **_known(fields)}))


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
    request, known = _REQUEST.get(), _known(fields)
    if request is not None:
        known = {**request.about, "milliseconds": request.milliseconds, **known}
    trace = request.trace if request else None
    LOGGER.log(level, event, extra={"fields": known, "trace": trace})


def _known(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def word(value: str) -> str:
    """Return somebody else's word for something, if it looks like one and not like a text."""
    return value if WORD.fullmatch(value) else "?"


def bug(found: Exception, **fields: object) -> None:
    """Log a fault of our own by its type and where it happened; its words may be a customer's."""
    error("bug", **_exception(found), **fields)


def _exception(found: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(found.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return {"exception": type(found).__name__, "places": places}


def trace_of(headers: Mapping[str, str]) -> Trace | None:
    """Return the trace that a request's headers name, or None; what is malformed names none."""
    standard = TRACEPARENT.fullmatch(headers.get("traceparent", "").strip())
    if standard and not (standard["version"] == "00" and standard["more"]):
        sampled = int(standard["flags"], 16) & 1
        return Trace(id=standard["trace"], span=standard["span"], sampled=bool(sampled))
    googles = CLOUD_TRACE.fullmatch(headers.get("x-cloud-trace-context", "").strip())
    if googles is None:
        return None
    span = int(googles["span"] or 0)  # decimal there, hexadecimal in a log entry
    shown = f"{span:016x}" if 0 < span <= LARGEST_SPAN else ""
    return Trace(id=googles["trace"].lower(), span=shown, sampled=googles["sampled"] == "1")


class JsonLines(logging.Formatter):
    """Writes each record as one JSON object; the trace is joined to the project's, if known."""

    def __init__(self, project: str = "") -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; `event` is our word for it, `message` is where the console looks."""
        ours = record.name == LOGGER.name
        event = record.getMessage() if ours else "other"
        line: dict[str, object] = dict(getattr(record, "fields", {})) if ours else _others(record)
        line |= self._traced(getattr(record, "trace", None))
        line |= {"severity": record.levelname, "message": event, "event": event}
        # ASCII, so that no encoding of the output can lose a line.
        return json.dumps(line, default=str)

    def _traced(self, trace: Trace | None) -> dict[str, object]:
        if trace is None:
            return {}
        if not self._project:
            return {"trace": trace.id}
        place = "logging.googleapis.com"
        fields: dict[str, object] = {
            f"{place}/trace": f"projects/{self._project}/traces/{trace.id}",
            f"{place}/trace_sampled": trace.sampled,
        }
        return {**fields, f"{place}/spanId": trace.span} if trace.span else fields


def _others(record: logging.LogRecord) -> dict[str, object]:
    """Return where somebody else's record was made; what it says may be a customer's words."""
    place = f"{record.filename}:{record.lineno} {record.funcName}"
    found = record.exc_info[1] if record.exc_info else None
    return {"logger": record.name, "place": place, **(_exception(found) if found else {})}


def without_words(record: logging.LogRecord) -> bool:
    """Keep the sentence of a server's record and its numbers, without addresses and exceptions."""
    if isinstance(record.args, tuple):
        record.args = tuple(one if isinstance(one, int) else "?" for one in record.args)
    if record.exc_info and record.exc_info[0]:
        record.msg = f"{str(record.msg).strip()}: {record.exc_info[0].__name__}"
        record.exc_info = None
    return True


def to_nowhere() -> None:
    """Say nothing: a command tells a person what happened in its own words."""
    if not LOGGER.handlers:
        LOGGER.addHandler(logging.NullHandler())


def to_stdout(project: str = "") -> None:
    """Send our lines to standard output, where the platform collects them.

    What libraries log goes there too, as a line that tells where it comes from and not what it
    says.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(project))
    LOGGER.handlers = [handler]
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO)
    logging.getLogger().handlers = [handler]
    for name in SERVER:
        logging.getLogger(name).addFilter(without_words)


def _set_up_again() -> None:
    """Undo that somebody else configured logging, which switches off every logger it does not name.

    With LOG_EXECUTION_ID the framework does so after it has loaded the function.
    """
    LOGGER.disabled = False
    if not LOGGER.propagate:  # `to_stdout` has been called
        logging.getLogger().handlers = list(LOGGER.handlers)
