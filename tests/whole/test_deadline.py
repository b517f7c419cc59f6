"""Whatever the provider or the store does, Dialogflow has its answer in time.

Each time is taken from outside, over a real process: first byte written to last byte read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.whole.deadlines import (
    CALLS,
    FULFILLMENT,
    MESSAGE,
    POLL,
    START,
    Table,
    Timed,
    cold_start,
    environ_of,
    function,
    measure,
    timed,
)
from tests.whole.hanging import KINDS, Server, hanging, silent, station
from tests.whole.house import house, until

# Ours to keep is the budget, `[limits] turn` = 4.0; Dialogflow waits for five seconds.
LIMIT = 4.5

# The other provider has the same edge; those are the kinds that take the whole budget.
WANTED = {
    "livechat": KINDS,
    "8x8": ("accepts and never answers", "drips a body", "hangs in the TLS handshake"),
}
HANG = {
    "accepts and never answers",
    "drips headers",
    "drips a body",
    "never accepts",
    "has a name whose look-up hangs",
    "hangs in the TLS handshake",
}
OPENINGS = ("first opening", "later opening")
MESSAGES = ("message", "message, token ended")

# An answer by which a provider refuses for good: with it nothing can have been opened.
REFUSES = "redirects for ever"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Measure all of it at once."""
    return measure(tmp_path_factory.mktemp("hanging"), WANTED)


@pytest.mark.parametrize(
    ("provider", "kind"), [(name, kind) for name, kinds in WANTED.items() for kind in kinds]
)
def test_every_turn_is_answered_in_time(table: Table, provider: str, kind: str) -> None:
    made = {call: table[provider, kind, call] for call in CALLS}
    assert {one.status for turns in made.values() for one in turns} == {200}
    assert [one.parameters for turns in made.values() for one in turns]  # Dialogflow takes them
    slowest = {call: max(one.seconds for one in turns) for call, turns in made.items()}
    assert {call: took for call, took in slowest.items() if took >= LIMIT} == {}
    assert max(slowest.values()) > 3 or kind not in HANG  # else nothing hung


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_told_of_a_failure_that_is_not_certain(table: Table, kind: str) -> None:
    for call in OPENINGS:
        states = _states(table, kind, call)
        assert states == {"requested"} or (kind == REFUSES and states <= {"failed", "none"})
    for call in MESSAGES:
        assert _states(table, kind, call) == {"active"}
    asked = table["livechat", kind, "availability"][0].parameters
    assert asked["handoff_available"] == "unknown"


def _states(table: Table, kind: str, call: str) -> set[str]:
    return {one.parameters["handoff_state"] for one in table["livechat", kind, call]}


def test_provider_that_falls_silent_in_mid_chat_is_not_waited_for(tmp_path: Path) -> None:
    with station(to=0) as way:
        url = way.address
        with house(tmp_path, LIVECHAT_API_URL=url, LIVECHAT_ACCOUNTS_URL=url) as one:
            way.to = int(one.desk.rpartition(":")[2])
            port = one.plans[FULFILLMENT].port
            timed(port, "s", START)
            until(lambda: _state(timed(port, "s", POLL)) == "active")
            way.stop_answering()
            turns = [timed(port, "s", meaning) for meaning in (MESSAGE, MESSAGE, POLL)]
    assert [_state(turn) for turn in turns] == ["active"] * 3
    assert turns[0].seconds > 1  # it was waited for, as long as a process just started may
    assert max(turn.seconds for turn in turns) < LIMIT


def _state(turn: Timed) -> str:
    return str(turn.parameters.get("handoff_state"))


def test_cold_start_is_taken_off_the_budget(tmp_path: Path) -> None:
    with hanging("accepts and never answers", tmp_path) as bad:
        environ = environ_of("8x8", bad.url, tmp_path / "handoff.db")
        cold = cold_start(tmp_path, environ)
    assert _state(cold.turn) == "requested"
    # A machine that needs longer to start still has the time to say what is true.
    assert cold.answered < max(LIMIT, cold.accepted + 2.0)


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Keep the store's file from everybody."""
    with closing(sqlite3.connect(store, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("BEGIN EXCLUSIVE")
        yield


def test_store_that_hangs_from_the_start_is_told_in_time(tmp_path: Path) -> None:
    with locked(tmp_path / "handoff.db"), function(tmp_path, "http://127.0.0.1:9") as one:
        turns = _at_once(one.plan.port, 5)
    assert [turn.status for turn in turns] == [503] * 5
    assert max(turn.seconds for turn in turns) < LIMIT


def test_firestore_that_never_answers_is_told_in_time(tmp_path: Path) -> None:
    server = Server(silent)
    more = {
        "HANDOFF_STORE": "firestore",
        "GOOGLE_CLOUD_PROJECT": "hanging",
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{server.port}",
    }
    with function(tmp_path, "http://127.0.0.1:9", **more) as one:
        turns = _at_once(one.plan.port, 5)
    server.close()
    assert server.met
    assert [turn.status for turn in turns] == [503] * 5
    assert max(turn.seconds for turn in turns) < LIMIT


def _at_once(port: int, number: int) -> list[Timed]:
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda n: timed(port, f"s{n}", START), range(number)))


def test_store_that_hangs_after_a_provider_that_hung_is_told_in_time(tmp_path: Path) -> None:
    server = Server(silent)
    with (
        function(tmp_path, f"http://127.0.0.1:{server.port}") as one,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(timed, one.plan.port, "s", START)
        until(lambda: server.met)
        with locked(tmp_path / "handoff.db"):
            turn = asked.result()
        later = timed(one.plan.port, "s", POLL)
    server.close()
    assert turn.status == 503
    assert turn.seconds < LIMIT
    assert _state(later) == "requested"
