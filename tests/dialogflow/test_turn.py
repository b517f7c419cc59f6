"""What a turn asks of us, whose session it is, and how its parameters read."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.dialogflow.turn import (
    Meaning,
    meaning_of,
    parameter_text,
    parameter_texts,
    session_id,
)

CX = "projects/p/locations/l/agents/a/sessions"


@pytest.mark.parametrize(
    ("marker", "meaning"),
    [
        ("handoff.start", Meaning.START),
        ("handoff.message", Meaning.MESSAGE),
        ("handoff.poll", Meaning.POLL),
        ("handoff.end", Meaning.END),
        ("handoff.availability", Meaning.AVAILABILITY),
        ("", Meaning.OTHER),
        ("Handoff.Start", Meaning.OTHER),
        ("handoff.start ", Meaning.OTHER),
        ("input.welcome", Meaning.OTHER),
    ],
)
def test_marker_says_what_the_turn_means(marker: str, meaning: Meaning) -> None:
    assert meaning_of(marker) is meaning


@pytest.mark.parametrize(
    ("name", "session"),
    [
        (f"{CX}/s-1", f"{CX}/s-1"),
        (f"{CX}/dfMessenger-12345678:detectIntent", f"{CX}/dfMessenger-12345678"),
        (f"{CX}/a:b:c", f"{CX}/a"),
        ("projects/p:q/agent/sessions/s", "projects/p:q/agent/sessions/s"),
        (f"{CX}/sessions/s", f"{CX}/sessions/s"),
        (f"{CX}/😀 ü/?#", f"{CX}/😀 ü/?#"),
        ("bare:detectIntent", "bare"),
    ],
)
def test_session_is_all_of_its_name_but_the_method(name: str, session: str) -> None:
    assert session_id(name) == session


def test_draft_and_environment_are_different_sessions() -> None:
    draft = "projects/p/locations/l/agents/a/sessions/s"
    live = "projects/p/locations/l/agents/a/environments/e/sessions/s"
    assert session_id(draft) != session_id(live)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("billing", "billing"),
        (" two\nlines ", " two\nlines "),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (3.0, "3"),
        (990011223.0, "990011223"),
        (0.5, "0.5"),
        (-0.0, "0"),
        ([], ""),
        (["a", None, "", 2.0], "a, 2"),
        ([["a", "b"], ["c"]], "a, b, c"),
        ({"original": "tomorrow", "name": "x"}, "tomorrow"),
        ({"name": "Bo"}, "Bo"),
        ({"original": "", "name": "Bo"}, "Bo"),
        ({"amount": 3, "unit": "€"}, '{"amount": 3, "unit": "€"}'),
        ({"name": {"first": "Bo"}}, '{"name": {"first": "Bo"}}'),
        ({}, "{}"),
    ],
)
def test_parameter_reads_as_a_person_would_write_it(value: Any, text: str) -> None:
    assert parameter_text(value) == text


def test_parameters_without_a_value_are_left_out() -> None:
    given: dict[str, Any] = {"topic": "", "order": None, "list": [], "count": 0.0, "sure": False}
    assert parameter_texts(given) == {"count": "0", "sure": "false"}
