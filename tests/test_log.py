"""One JSON object per line, with ids and outcomes and never a text."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handoff import log
from handoff.log import Trace

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


def line(record: logging.LogRecord) -> dict[str, Any]:
    written = log.JsonLines().format(record)
    assert "\n" not in written
    found: dict[str, Any] = json.loads(written)
    return found


def record(**fields: object) -> logging.LogRecord:
    made = logging.LogRecord("handoff", logging.INFO, "f.py", 7, "turn", None, None)
    made.fields = fields
    return made


def test_fields_stand_beside_severity_and_message() -> None:
    assert line(record(provider="livechat", attempts=2)) == {
        "severity": "INFO",
        "message": "turn",
        "event": "turn",
        "provider": "livechat",
        "attempts": 2,
    }


def others(name: str, text: str, *args: object, found: Exception | None = None) -> Any:
    info = (type(found), found, found.__traceback__) if found else None
    return logging.LogRecord(name, logging.ERROR, "/a/f.py", 7, text, args, info, "run")


def test_record_of_somebody_else_tells_its_place_alone() -> None:
    assert line(others("asyncio", "never retrieved: Anna said %s", "hello")) == {
        "severity": "ERROR",
        "message": "other",
        "event": "other",
        "logger": "asyncio",
        "place": "f.py:7 run",
    }


def test_exception_of_somebody_else_is_its_type_and_places() -> None:
    written = line(others("asyncio", "bad", found=failed("what the customer said")))
    assert written["exception"] == "KeyError"
    assert "test_log.py" in json.dumps(written["places"])
    assert "customer" not in json.dumps(written)


SERVERS: list[tuple[Any, str]] = [
    (("Started server process [%d]", 17), "Started server process [17]"),
    (('%s - "WebSocket %s" 403', "::1", "/v1?token=secret"), '? - "WebSocket ?" 403'),
    (("Shutting down",), "Shutting down"),
]


@pytest.mark.parametrize(("said", "left"), SERVERS)
def test_line_of_the_server_has_no_address(said: Any, left: str) -> None:
    record = others("uvicorn.error", *said)
    assert log.without_words(record)
    assert logging.Formatter().format(record) == left


def test_exception_in_the_server_is_its_type() -> None:
    record = others("uvicorn.error", "Exception in ASGI application\n", found=failed("secret"))
    assert log.without_words(record)
    assert logging.Formatter().format(record) == "Exception in ASGI application: KeyError"


def test_value_that_json_does_not_know_is_written_as_text() -> None:
    assert line(record(reason=ValueError("x")))["reason"] == "x"


def failed(text: str) -> KeyError:
    try:
        raise KeyError(text)
    except KeyError as error:
        return error


def test_bug_appears_by_its_type_and_place_alone(caplog: pytest.LogCaptureFixture) -> None:
    log.bug(failed("what the customer said"))
    [one] = caplog.records
    written = line(one)
    assert written["exception"] == "KeyError"
    assert "test_log.py" in json.dumps(written)
    assert "customer" not in caplog.text + json.dumps(written)


@pytest.mark.parametrize(
    ("write", "level"),
    [(log.info, logging.INFO), (log.warning, logging.WARNING), (log.error, logging.ERROR)],
)
def test_level_is_the_functions_name(
    caplog: pytest.LogCaptureFixture, write: Any, level: int
) -> None:
    with caplog.at_level(logging.INFO, logger="handoff"):
        write("event", session="k", outcome="", agent=None, count=0)
    [one] = caplog.records
    assert (one.levelno, one.message) == (level, "event")
    assert vars(one)["fields"] == {"session": "k", "count": 0}


TRACES: dict[str, tuple[dict[str, str], Trace | None]] = {
    "none": ({}, None),
    "sampled": ({"traceparent": TRACEPARENT}, Trace(id=TRACE, span=SPAN, sampled=True)),
    "not sampled": ({"traceparent": f"00-{TRACE}-{SPAN}-02"}, Trace(id=TRACE, span=SPAN)),
    "a later version": ({"traceparent": f"01-{TRACE}-{SPAN}-00-x"}, Trace(id=TRACE, span=SPAN)),
    "version 0 with more": ({"traceparent": f"{TRACEPARENT}-x"}, None),
    "no version": ({"traceparent": f"ff-{TRACE}-{SPAN}-01"}, None),
    "zeros": ({"traceparent": f"00-{'0' * 32}-{SPAN}-01"}, None),
    "no span": ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, None),
    "upper case": ({"traceparent": TRACEPARENT.upper()}, None),
    "too short": ({"traceparent": TRACEPARENT[:-1]}, None),
    "two lines": ({"traceparent": f"{TRACEPARENT}\n{TRACEPARENT}"}, None),
    "other digits": ({"traceparent": TRACEPARENT.replace("4", "٤")}, None),
    "google": (
        {"x-cloud-trace-context": f"{TRACE}/67667974448284343;o=1"},
        Trace(id=TRACE, span=SPAN, sampled=True),
    ),
    "google, alone": ({"x-cloud-trace-context": TRACE.upper()}, Trace(id=TRACE)),
    "google, span 0": ({"x-cloud-trace-context": f"{TRACE}/0;o=0"}, Trace(id=TRACE)),
    "google, span too large": ({"x-cloud-trace-context": f"{TRACE}/{2**64}"}, Trace(id=TRACE)),
    "google, zeros": ({"x-cloud-trace-context": "0" * 32}, None),
    "google, garbage": ({"x-cloud-trace-context": f"{TRACE}/x;o=1"}, None),
    "google, a name": ({"x-cloud-trace-context": "Anna Example"}, None),
    "standard first": (
        {"traceparent": TRACEPARENT, "x-cloud-trace-context": "a" * 32},
        Trace(id=TRACE, span=SPAN, sampled=True),
    ),
    "the one that is well-formed": (
        {"traceparent": "00-x", "x-cloud-trace-context": TRACE},
        Trace(id=TRACE),
    ),
}


@pytest.mark.parametrize(("headers", "trace"), TRACES.values(), ids=TRACES)
def test_trace_is_read_from_the_headers(headers: dict[str, str], trace: Trace | None) -> None:
    assert log.trace_of(headers) == trace


def traced(trace: Trace, project: str) -> dict[str, Any]:
    made = record()
    made.trace = trace
    found: dict[str, Any] = json.loads(log.JsonLines(project).format(made))
    return {name: value for name, value in found.items() if "trace" in name or "span" in name}


def test_trace_is_joined_to_the_projects_traces() -> None:
    assert traced(Trace(id=TRACE, span=SPAN, sampled=True), "acme") == {
        "logging.googleapis.com/trace": f"projects/acme/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
        "logging.googleapis.com/trace_sampled": True,
    }


def test_unknown_span_is_left_out() -> None:
    assert traced(Trace(id=TRACE), "acme") == {
        "logging.googleapis.com/trace": f"projects/acme/traces/{TRACE}",
        "logging.googleapis.com/trace_sampled": False,
    }


def test_without_a_project_the_bare_trace_stands_there() -> None:
    assert traced(Trace(id=TRACE, span=SPAN, sampled=True), "") == {"trace": TRACE}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Give what was logged, as written."""
    with caplog.at_level(logging.INFO, logger="handoff"):
        yield lambda: [line(one) for one in caplog.records]


Lines = Callable[[], list[dict[str, Any]]]


def test_lines_of_a_request_carry_its_trace_and_time(lines: Lines) -> None:
    with log.handling({"traceparent": TRACEPARENT}):
        log.info("turn")
    log.info("later")
    inside, outside = lines()
    assert (inside["trace"], type(inside["milliseconds"])) == (TRACE, int)
    assert 0 <= inside["milliseconds"] < 1000
    assert set(outside) == {"severity", "message", "event"}


def test_milliseconds_count_from_the_requests_start(lines: Lines) -> None:
    began = time.monotonic()
    with log.handling({}):
        while time.monotonic() < began + 0.05:
            pass
        log.info("turn")
    [one] = lines()
    assert 40 <= one["milliseconds"] <= (time.monotonic() - began) * 1000 + 1


def test_time_that_a_line_has_of_its_own_stays(lines: Lines) -> None:
    with log.handling({}):
        log.info("job.send", milliseconds=1234)
    assert [one["milliseconds"] for one in lines()] == [1234]


def test_what_is_known_of_a_request_is_in_its_later_lines(lines: Lines) -> None:
    with log.handling({}):
        log.info("first")
        log.about(provider="livechat", handoff="", session="k1")
        log.info("second", session="k2")
    log.about(provider="nobody's")
    log.info("third")
    known = [(one.get("provider"), one.get("session"), one.get("handoff")) for one in lines()]
    assert known == [(None, None, None), ("livechat", "k2", None), (None, None, None)]


async def test_requests_side_by_side_keep_their_own(lines: Lines) -> None:
    together = asyncio.Barrier(2)

    async def handle(trace: str) -> None:
        with log.handling({"x-cloud-trace-context": trace}):
            log.about(session=trace)
            await together.wait()
            await asyncio.create_task(tell())

    async def tell() -> None:
        log.info("turn")

    await asyncio.gather(handle("a" * 32), handle("b" * 32))
    assert sorted((one["trace"], one["session"]) for one in lines()) == [
        ("a" * 32, "a" * 32),
        ("b" * 32, "b" * 32),
    ]


async def test_tasks_of_one_request_do_not_mix_what_they_know(lines: Lines) -> None:
    together = asyncio.Barrier(2)

    async def wake(session: str) -> None:
        log.about(session=session)
        await together.wait()
        log.info("woken")

    with log.handling({}):
        log.about(provider="livechat")
        await asyncio.gather(wake("k1"), wake("k2"))
        log.info("sweep")
    known = {(one["event"], one["provider"], one.get("session")) for one in lines()}
    assert known == {
        ("woken", "livechat", "k1"),
        ("woken", "livechat", "k2"),
        ("sweep", "livechat", None),
    }


def test_logging_that_was_switched_off_works_again_inside_a_request(lines: Lines) -> None:
    log.LOGGER.disabled = True
    with log.handling({}):
        log.info("turn")
    assert [one["event"] for one in lines()] == ["turn"]


def test_framework_that_configures_logging_loses_no_line_and_shows_no_word() -> None:
    code = (
        "import logging, logging.config\n"
        "from handoff import log\n"
        "log.to_stdout()\n"
        "logging.config.dictConfig({'version': 1, 'handlers': {'h': {'class':"
        " 'logging.StreamHandler'}}, 'root': {'handlers': ['h']}})\n"
        "with log.handling({}):\n"
        "    log.info('turn')\n"
        "    logging.getLogger('asyncio.x').error('Anna said %s', 'secret')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [json.loads(one)["event"] for one in done.stdout.splitlines()] == ["turn", "other"]
    assert (done.stderr, "secret" in done.stdout, "Anna" in done.stdout) == ("", False, False)


def test_lines_go_to_standard_output_once() -> None:
    code = (
        "from handoff import log\n"
        "log.to_stdout('acme'); log.to_stdout('acme')\n"
        f"with log.handling({{'traceparent': '{TRACEPARENT}'}}):\n"
        "    log.info('turn', agent='ü 😀 \\ud83d'); log.LOGGER.debug('not me')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        encoding="ascii",
        check=True,
    )
    [written] = done.stdout.splitlines()
    found = json.loads(written)
    assert found["agent"] == "ü 😀 \ud83d"
    assert found["logging.googleapis.com/trace"] == f"projects/acme/traces/{TRACE}"
    assert done.stderr == ""


@pytest.mark.parametrize("vendors", ["incoming_chat", "routing.idle", "a-b", "x" * 60])
def test_word_of_somebody_else_is_written(vendors: str) -> None:
    assert log.word(vendors) == vendors


@pytest.mark.parametrize("text", ["", "my card is 4111", "x" * 61, "a\nb", "größe", "a@b.example"])
def test_text_of_somebody_else_is_not_written(text: str) -> None:
    assert log.word(text) == "?"
