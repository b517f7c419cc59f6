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
