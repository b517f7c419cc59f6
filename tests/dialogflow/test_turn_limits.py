"""What is larger than Dialogflow can mean is refused or cut before anything keeps it."""

from __future__ import annotations

import pytest

from handoff.dialogflow import wire
from handoff.dialogflow.turn import (
    LARGEST_CARD,
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_TAG,
    LONGEST_TEXT,
    LONGEST_VALUE,
    MOST_LINES,
    Turn,
)
from handoff.errors import BadRequest, TooLarge
from handoff.exchange import Json

SESSION = "projects/p/locations/l/agents/a/sessions/s"


def parse(response: str = "r", session: str = SESSION, **more: object) -> Turn:
    info: Json = {"session": session, "parameters": more.pop("parameters", {})}
    return wire.parse({"detectIntentResponseId": response, "sessionInfo": info, **more}, ())


def test_longest_names_are_taken() -> None:
    session = SESSION + "s" * (LONGEST_NAME - len(SESSION))
    assert parse("r" * (LONGEST_NAME - 1), session).session == session


@pytest.mark.parametrize(
    "names", [("r" * LONGEST_NAME, SESSION), ("r", SESSION + "s" * LONGEST_NAME)]
)
def test_longer_name_is_refused(names: tuple[str, str]) -> None:
    with pytest.raises(BadRequest):
        parse(*names)


def test_longest_text_is_taken_whole() -> None:
    text = "ü" * (LONGEST_TEXT // 2)
    assert parse(text=text).text == text


@pytest.mark.parametrize("text", ["x" * (LONGEST_TEXT + 1), "ü" * (LONGEST_TEXT // 2 + 1)])
def test_longer_text_is_refused_rather_than_cut(text: str) -> None:
    with pytest.raises(TooLarge):
        parse(text=text)


def test_what_only_informs_is_cut() -> None:
    line = {"text": {"text": ["x" * (LONGEST_LINE + 1)]}}
    parameters = {"topic": "v" * (LONGEST_VALUE + 1)}
    turn = parse(parameters=parameters, messages=[line] * (MOST_LINES + 1), languageCode="l" * 99)
    assert [len(one) for one in turn.said_by_bot] == [LONGEST_LINE] * MOST_LINES
    assert len(turn.parameters["topic"]) == LONGEST_VALUE
    assert len(turn.language) == LONGEST_TAG


@pytest.mark.parametrize(("length", "kept"), [(LONGEST_NAME, LONGEST_NAME), (LONGEST_NAME + 1, 0)])
def test_flow_is_whole_or_nothing(length: int, kept: int) -> None:
    page = {"currentPage": "f" * length + "/pages/p"}
    assert len(parse(pageInfo=page).flow) == kept


@pytest.mark.parametrize(("length", "kept"), [(LARGEST_CARD // 2, True), (LARGEST_CARD, False)])
def test_card_is_whole_or_only_its_words(length: int, kept: bool) -> None:
    card = {"type": "info", "title": "x" * length}
    [line] = parse(messages=[{"payload": {"richContent": [[card]]}}]).shown_by_bot
    assert (line.text, line.card is not None) == ("x" * length, kept)


@pytest.mark.parametrize("letter", ["x", "ü", "🌷", '"', "\n"])
def test_text_of_ordinary_letters_is_measured_as_it_is(letter: str) -> None:
    text = letter * (LONGEST_TEXT // len(letter.encode()))
    assert parse(text=text).text == text


@pytest.mark.parametrize(("length", "taken"), [(21_333, True), (21_334, False), (64_000, False)])
def test_control_characters_count_as_the_six_bytes_they_take(length: int, taken: bool) -> None:
    text = "\x01" * length
    if taken:
        assert parse(text=text).text == text
    else:
        with pytest.raises(TooLarge):
            parse(text=text)


def test_thousands_of_lines_and_parameters_are_cut_to_what_is_kept() -> None:
    line = {"text": {"text": ["Hi"]}}
    parameters = {f"name-{number}": ["v" * LONGEST_VALUE] * 2 for number in range(200)}
    turn = parse(messages=[line] * 20_000, parameters=parameters)
    assert len(turn.shown_by_bot) == MOST_LINES
    assert {len(one) for one in turn.parameters.values()} == {LONGEST_VALUE}
