"""Every language says everything, and a deployment's own texts go first."""

from __future__ import annotations

import re

import pytest

from handoff.texts import DEFAULT_LANGUAGE, NAMES, TEXTS, Texts

LANGUAGES = sorted(TEXTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_has_every_text(language: str) -> None:
    assert set(TEXTS[language]) == NAMES


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_agree_with_english(language: str) -> None:
    def placeholders(tag: str) -> dict[str, list[str]]:
        return {name: sorted(re.findall(r"{.*?}", one)) for name, one in TEXTS[tag].items()}

    assert placeholders(language) == placeholders(DEFAULT_LANGUAGE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_whole_sentences(language: str) -> None:
    assert [one for one in TEXTS[language].values() if one != one.strip() or one[-1] != "."] == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != DEFAULT_LANGUAGE])
def test_no_text_was_left_in_english(language: str) -> None:
    english = TEXTS[DEFAULT_LANGUAGE]
    assert [name for name, one in TEXTS[language].items() if one == english[name]] == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("nl", "nl"),
        ("NL", "nl"),
        ("nl-BE", "nl"),
        ("nl_be", "nl"),
        ("en-us", "en"),
        ("xx", "en"),
        ("", "en"),
        ("-", "en"),
    ],
)
def test_language_widens_until_there_is_a_text(asked: str, found: str) -> None:
    assert Texts().get("ended", asked) == TEXTS[found]["ended"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [("pt-br", "brasil"), ("pt", "portugal"), ("pt-ao", "portugal"), ("nl", "eigen"), ("fr", "x")],
)
def test_own_text_goes_first_from_narrow_to_wide(asked: str, said: str) -> None:
    own = {
        "pt-br": {"ended": "brasil"},
        "pt": {"ended": "portugal"},
        "nl": {"ended": "eigen"},
        "fr": {"ended": "x"},
    }
    assert Texts(own=own).get("ended", asked) == said


def test_own_language_without_this_text_falls_back_to_english() -> None:
    texts = Texts(own={"pt": {"ended": "fim"}, "en": {"joined_unnamed": "Hi."}})
    assert texts.get("joined_unnamed", "pt-BR") == "Hi."


def test_empty_own_text_keeps_silent() -> None:
    assert Texts(own={"en": {"ended": ""}}).get("ended", "en") == ""


def test_agents_name_is_put_in_as_it_is() -> None:
    assert (
        Texts().get("joined", "en", agent="{agent} %s 😀") == "{agent} %s 😀 has joined the chat."
    )
