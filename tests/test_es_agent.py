"""The archive for Dialogflow ES: its intents are those of docs and simulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from demo.dialogflow.es_agent import INTENTS as SIMULATED
from handoff.dialogflow.turn import Meaning, meaning_of
from handoff.texts import TEXTS

ROOT = Path(__file__).parents[1]
WEBHOOK = "https://handoff.example/"
DOCUMENTED = (ROOT / "docs" / "dialogflow-es.md").read_text(encoding="utf-8")


def built(path: Path, *more: str, **variables: str) -> bytes:
    script = ROOT / "terraform" / "es_agent.py"
    command = [sys.executable, str(script), "--webhook", WEBHOOK, "--out", str(path), *more]
    environ = {**os.environ, **variables}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    return path.read_bytes()


def content(path: Path, *more: str) -> dict[str, Any]:
    built(path, *more)
    with zipfile.ZipFile(path) as found:
        return {name: json.loads(found.read(name)) for name in found.namelist()}


@pytest.fixture
def archive(tmp_path: Path) -> dict[str, Any]:
    return content(tmp_path / "agent.zip")


def intents(archive: dict[str, Any]) -> dict[str, dict[str, Any]]:
    names = [one for one in archive if one.startswith("intents/") and "_usersays_" not in one]
    return {archive[one]["name"]: archive[one] for one in names}


def actions(archive: dict[str, Any]) -> dict[str, str]:
    return {name: one["responses"][0]["action"] for name, one in intents(archive).items()}


def test_same_words_make_the_same_bytes(tmp_path: Path) -> None:
    elsewhere = {"LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7"}
    one = built(tmp_path / "one.zip", "--new-agent", "--language", "de")
    assert one == built(tmp_path / "two.zip", "--new-agent", "--language", "de", **elsewhere)


def test_every_intent_asks_the_webhook(tmp_path: Path) -> None:
    archive = content(tmp_path / "agent.zip", "--new-agent")
    assert all(one["webhookUsed"] for one in intents(archive).values())
    assert archive["agent.json"]["webhook"]["url"] == WEBHOOK
    assert archive["agent.json"]["webhook"]["available"] is True
    assert archive["package.json"] == {"version": "1.0.0"}


def test_actions_are_ours_and_those_of_the_simulated_agent(archive: dict[str, Any]) -> None:
    ours = {one for one in actions(archive).values() if meaning_of(one) is not Meaning.OTHER}
    simulated = {one.action for one in SIMULATED if meaning_of(one.action) is not Meaning.OTHER}
    assert ours == simulated - {"handoff.availability"}


def test_intents_are_those_of_the_documentation(archive: dict[str, Any]) -> None:
    for name, action in actions(archive).items():
        if meaning_of(action) is not Meaning.OTHER:
            assert f"`{name}`" in DOCUMENTED
            assert f"`{action}`" in DOCUMENTED


def test_what_relays_is_a_fallback_within_a_handoff_and_says_nothing(
    archive: dict[str, Any],
) -> None:
    relay = intents(archive)["live-agent-relay"]
    assert relay["fallbackIntent"]
    assert relay["contexts"] == ["handoff"]
    assert relay["responses"][0]["messages"] == []


def test_asking_for_a_person_is_learnt_from_many_phrases(archive: dict[str, Any]) -> None:
    phrases = archive["intents/agent_usersays_en.json"]
    assert len({one["data"][0]["text"] for one in phrases}) >= 5
    assert len({one["id"] for one in phrases}) == len(phrases)


def test_what_every_agent_has_is_replaced_in_a_new_one_alone(
    archive: dict[str, Any], tmp_path: Path
) -> None:
    of_every_agent = {"Default Welcome Intent", "Default Fallback Intent"}
    assert set(intents(archive)) & of_every_agent == set()
    new = content(tmp_path / "new.zip", "--new-agent")
    assert set(intents(new)) == set(intents(archive)) | of_every_agent
    assert intents(new)["Default Fallback Intent"]["fallbackIntent"]
    assert intents(new)["Default Welcome Intent"]["events"] == [{"name": "WELCOME"}]


@pytest.mark.parametrize("language", TEXTS)
def test_agent_is_in_one_of_the_languages_of_our_texts(language: str, tmp_path: Path) -> None:
    archive = content(tmp_path / "agent.zip", "--new-agent", "--language", language)
    assert archive["agent.json"]["language"] == language
    phrases = archive[f"intents/agent_usersays_{language}.json"]
    assert {one["lang"] for one in phrases} == {language}
    assert len({one["data"][0]["text"].lower() for one in phrases}) == len(phrases) >= 5
    said = [one["responses"][0]["messages"] for one in intents(archive).values()]
    assert {message["lang"] for messages in said for message in messages} == {language}
    assert all(message["speech"][0] for messages in said for message in messages)


def test_word_that_the_bot_names_is_one_that_it_knows(tmp_path: Path) -> None:
    for language in TEXTS:
        archive = content(tmp_path / f"{language}.zip", "--new-agent", "--language", language)
        word = archive[f"intents/agent_usersays_{language}.json"][0]["data"][0]["text"]
        for name in ("Default Welcome Intent", "Default Fallback Intent"):
            [said] = intents(archive)[name]["responses"][0]["messages"][0]["speech"]
            assert re.search(rf"\b{word}\b", said)


def test_no_secret_is_in_the_archive(archive: dict[str, Any]) -> None:
    assert archive["agent.json"]["webhook"]["headers"] == {}
