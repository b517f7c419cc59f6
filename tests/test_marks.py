"""The search for marked words finds them in every form, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from handoff import log
from tests import marks

TEXT = 'grüße, "Anna" & Ben\n🌷'
FORMS = {
    "bare": TEXT,
    "json": json.dumps({"text": TEXT}),
    "json in json": json.dumps(TEXT, ensure_ascii=False),
    "python": f"KeyError({TEXT!r})",
    "address": f"/x?text={quote(TEXT)}",
    "form": f"text={quote_plus(TEXT)}",
    "base64": base64.b64encode(TEXT.encode()).decode(),
    "its beginning": f"{(TEXT + 'x' * 99)[:30]}...",
}


@pytest.mark.parametrize("form", FORMS)
def test_mark_is_found_in_every_form(form: str) -> None:
    mark = TEXT + "x" * 99 if form == "its beginning" else TEXT
    assert marks.found([mark], f"before {FORMS[form]} after") == [mark]


def test_other_words_are_not_found() -> None:
    assert marks.found([TEXT, "short"], "before grüße, Anna and Ben, short after") == []


def test_texts_of_a_value_are_those_that_no_id_looks_like() -> None:
    value = {
        "id": "T1_2",
        "kind": "incoming_event",
        "of": [{"text": "two words"}, 7, "a@b.example"],
    }
    assert marks.texts(value) == {"two words", "a@b.example"}


def test_body_that_is_no_json_is_private_as_a_whole() -> None:
    assert marks.in_body(b'{"text": "cut o') == {'{"text": "cut o'}
    assert marks.in_body(b'["two words"]') == {'["two words"]', "two words"}


@pytest.fixture
def ear() -> Iterator[marks.Ear]:
    """Give an ear in place of the one that would fail the test."""
    one = marks.Ear()
    log.LOGGER.addHandler(one)
    log.LOGGER.setLevel("INFO")
    yield one
    log.LOGGER.removeHandler(one)
    log.LOGGER.setLevel("NOTSET")


def test_text_of_a_test_that_is_logged_is_heard(ear: marks.Ear) -> None:
    log.info("turn", reason=f"{'said by Ben in a test'} and more", session="k")
    assert ear.leaks(Path(__file__)) == ["said by Ben in a test"]


@pytest.mark.parametrize("word", ["hello", "a person please"])
def test_usual_text_that_is_logged_is_heard(ear: marks.Ear, word: str) -> None:
    log.info("turn", reason=f"somebody said: {word}")
    assert word in ear.leaks(Path(__file__))


def test_ids_and_outcomes_are_no_leak(ear: marks.Ear) -> None:
    log.info("turn", session="k1", outcome="active", reason="livechat refused send: 422")
    assert ear.leaks(Path(marks.__file__)) == []
