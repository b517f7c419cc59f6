"""One customer who floods, and bodies that are no requests: refused, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests

from tests.whole.house import House, house, webhook

# The burst of a session is what ten seconds allow.
PER_SECOND, BURST = 2, 20


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a house where a session may make few turns a second."""
    with limited(tmp_path_factory.mktemp("narrow"), PER_SECOND) as one:
        yield one


def limited(folder: Path, per_second: float) -> AbstractContextManager[House]:
    """Return a house with this limit."""
    config = folder / "handoff.toml"
    config.write_text(f"[limits]\nturns_per_second = {per_second}\n", encoding="utf-8")
    return house(folder, HANDOFF_CONFIG=str(config))


def turn(number: int, session: str, text: str = "hello") -> bytes:
    """Return a turn as CX sends it."""
    info = {"session": f"projects/p/locations/l/agents/a/sessions/{session}"}
    body = {"detectIntentResponseId": f"{session}-{number}", "sessionInfo": info, "text": text}
    return json.dumps(body).encode()


def flood(one: House, session: str) -> requests.Response:
    """Make turns of one session until one is refused, and return the refusal."""
    answers = (one.turn(turn(number, session)) for number in range(10 * BURST))
    return next(answer for answer in answers if answer.status_code != 200)


def test_session_that_floods_is_told_when_to_come_again(narrow: House) -> None:
    refused = flood(narrow, "loud")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["error"] == "too_many"


def test_other_session_is_served_while_one_floods(narrow: House) -> None:
    assert flood(narrow, "louder").status_code == 429
    assert narrow.turn(turn(1, "quiet")).status_code == 200


def test_turn_that_is_refused_leaves_no_trace(narrow: House) -> None:
    flood(narrow, "loudest")
    words = "what was refused"
    refused = [narrow.turn(turn(number, "loudest", words)) for number in (1001, 1002)]
    assert 429 in {one.status_code for one in refused}
    taken = sum(one.status_code == 200 for one in refused)
    assert narrow.stored().count(words) == taken


def test_webhooks_are_never_refused_for_their_number(narrow: House) -> None:
    """A vendor may not tell again what was refused: an agent's words would be lost."""
    payload = {"chat_id": "T1", "thread_id": "T2", "user_id": "mara@example.com"}
    told = webhook("chat_deactivated", payload)
    assert {narrow.event(told) for _ in range(3 * BURST)} == {200}


def test_zero_switches_the_limit_off(tmp_path: Path) -> None:
    with limited(tmp_path, 0) as one:
        statuses = {one.turn(turn(number, "loud")).status_code for number in range(60)}
    assert statuses == {200}


def test_body_over_the_limit_is_refused_and_leaves_no_trace(narrow: House) -> None:
    before = narrow.stored()
    answer = narrow.turn(turn(1, "large", "x" * 1_048_577))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert narrow.event(webhook("x", {"text": "x" * 1_048_577})) == 413
    assert narrow.stored() == before


def test_body_in_pieces_is_refused_once_it_is_too_large(narrow: House) -> None:
    url = f"{narrow.plans['agent_events'].address}/{narrow.provider}"
    pieces = (b" " * 65_536 for _ in range(20))
    assert requests.post(url, data=pieces, timeout=30).status_code == 413


def test_text_over_the_limit_is_refused_and_leaves_no_trace(narrow: House) -> None:
    before = narrow.stored()
    assert narrow.turn(turn(1, "long", "x" * 64_001)).status_code == 413
    assert narrow.stored() == before


@pytest.mark.parametrize("depth", [33, 100_000])
def test_body_that_nests_too_deep_is_refused(narrow: House, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    body = turn(1, "deep").replace(b'"hello"', nested)
    answer = narrow.turn(body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert narrow.event(webhook("x", {}).replace(b'"payload": {}', b'"payload": ' + nested)) == 400
