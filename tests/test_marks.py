"""The search for marked words finds them in every form, and nothing else."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

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
