"""One JSON object per line, with ids and outcomes and never a text."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from handoff import log


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


def test_record_of_somebody_else_has_no_fields() -> None:
    other = logging.LogRecord("x", logging.ERROR, "f.py", 7, "a %s", ("b",), None)
    assert line(other) == {"severity": "ERROR", "message": "a b", "event": "a b"}


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


def test_lines_go_to_standard_output_once() -> None:
    code = (
        "from handoff import log\n"
        "log.to_stdout(); log.to_stdout()\n"
        "log.info('turn', text='ü 😀'); log.LOGGER.debug('not me')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    [written] = done.stdout.splitlines()
    assert json.loads(written)["text"] == "ü 😀"
    assert done.stderr == ""


@pytest.mark.parametrize("vendors", ["incoming_chat", "routing.idle", "a-b", "x" * 60])
def test_word_of_somebody_else_is_written(vendors: str) -> None:
    assert log.word(vendors) == vendors


@pytest.mark.parametrize("text", ["", "my card is 4111", "x" * 61, "a\nb", "größe", "a@b.example"])
def test_text_of_somebody_else_is_not_written(text: str) -> None:
    assert log.word(text) == "?"
