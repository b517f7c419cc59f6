"""What is refused leaves nothing behind; what is odd never brings a function down."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.whole.house import House, house, texts, webhook

SAMPLES = Path(__file__).parents[1] / "samples"
ANSWERS = {200, 400, 401, 404, 405, 413}

# The default fits a laptop's patience; HANDOFF_MUTANTS=10000 is the long run.
MUTANTS = int(os.environ.get("HANDOFF_MUTANTS", "1000"))
ODD: list[Any] = [None, True, -1, 1e300, 0.5, "", "\x00", "🌷" * 9, "x" * 5_000, [], {}, [[[]]]]


@pytest.mark.parametrize("secret", ["", "wrong", "EXAMPLE-hook-secret ", "ü"])
def test_webhook_with_a_wrong_secret_leaves_no_trace(quiet: House, secret: str) -> None:
    quiet.say("hello")
    before = quiet.stored()
    payload = {"chat_id": "T1", "thread_id": "T2", "user_id": "mara@example.com"}
    assert quiet.event(webhook("chat_deactivated", payload, secret=secret)) == 401
    assert quiet.stored() == before


@pytest.mark.parametrize("given", ["", "wrong", "Basic d3Jvbmc="])
def test_turn_with_a_wrong_secret_leaves_no_trace(quiet: House, given: str) -> None:
    quiet.say("hello")
    before = quiet.stored()
    headers = {"X-Handoff-Secret": given, "Authorization": given}
    answer = quiet.turn(turn_of("cx_start"), **headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "message"}
    assert quiet.stored() == before


def test_conversation_that_is_not_ours_is_no_error_and_no_trace(quiet: House) -> None:
    before = quiet.stored()
    event = {"id": "T2_1", "type": "message", "visibility": "all", "author_id": "a@b.example"}
    payload = {"chat_id": "T1", "thread_id": "T2", "event": {**event, "text": "hello"}}
    assert quiet.event(webhook("incoming_event", payload)) == 200
    assert quiet.stored() == before


def test_mutated_webhooks_cause_no_error_of_ours(quiet: House) -> None:
    samples = [json.loads(path.read_text())["body"] for path in (SAMPLES / "livechat").iterdir()]
    genuine = json.loads(webhook("x", {}))
    bodies = [{**genuine, **{k: v for k, v in one.items() if k in BODY}} for one in samples]
    statuses = {quiet.event(mutant) for mutant in mutants(bodies, "livechat")}
    assert statuses <= ANSWERS
    assert texts(quiet.say("opening hours", session="after-the-webhooks"))


def test_mutated_turns_cause_no_error_of_ours(tmp_path: Path) -> None:
    names = ["cx_start", "cx_message", "es_start", "es_message"]
    bodies = [json.loads(turn_of(name)) for name in names]
    # A quick machine sends more of them in a second than one session may.
    config = tmp_path / "handoff.toml"
    config.write_text("[limits]\nturns_per_second = 0\n", encoding="utf-8")
    with house(tmp_path, HANDOFF_CONFIG=str(config)) as one:
        statuses = {one.turn(mutant).status_code for mutant in mutants(bodies, "dialogflow")}
        assert statuses <= ANSWERS
        assert texts(one.say("opening hours"))


BODY = ("action", "payload", "additional_data")


def turn_of(name: str) -> bytes:
    [path] = (SAMPLES / "dialogflow").glob(f"{name}*.json")
    return path.read_bytes()


def mutants(bodies: list[Any], seed: str) -> list[bytes]:
    """Return bodies with some value changed, taken out or doubled, or some bytes broken."""
    chance = random.Random(seed)
    made = []
    for _ in range(MUTANTS):
        body = json.loads(json.dumps(chance.choice(bodies)))
        for _ in range(chance.randint(1, 3)):
            chance.choice(CHANGES)(body, chance)
        raw = bytearray(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        if chance.random() < 0.2:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        made.append(bytes(raw))
    return made


def _somewhere(body: Any, chance: random.Random) -> Any:
    place = body
    while isinstance(place, dict | list) and place:
        inner = list(place.values()) if isinstance(place, dict) else place
        deeper = [one for one in inner if isinstance(one, dict | list) and one]
        if not deeper or chance.random() < 0.3:
            return place
        place = chance.choice(deeper)
    return place


def _replace(body: Any, chance: random.Random) -> None:
    place = _somewhere(body, chance)
    keys = list(place) if isinstance(place, dict) else range(len(place))
    if keys:
        place[chance.choice(list(keys))] = deepcopy(chance.choice(ODD))


def _remove(body: Any, chance: random.Random) -> None:
    place = _somewhere(body, chance)
    if isinstance(place, dict) and place:
        del place[chance.choice(list(place))]


def _add(body: Any, chance: random.Random) -> None:
    place = _somewhere(body, chance)
    if isinstance(place, dict):
        place[chance.choice(["extra", "text", "event", "id", "messages"])] = deepcopy(
            chance.choice(ODD)
        )


CHANGES: list[Callable[[Any, random.Random], None]] = [_replace, _remove, _add]
