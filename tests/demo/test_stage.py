"""How a story is played: steps in order, an end at the first that did not happen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.launch import Demo, Options, launched
from demo.rest import CallFailed, call
from demo.sides import Customer, Desk, Line
from demo.stage import Stage, StepFailed, play, require
from demo.story import STORY


@pytest.fixture(scope="module")
def shared() -> Iterator[Demo]:
    """Give a demo to tests that leave it as it was."""
    with launched(Options(), lambda _: None) as running:
        yield running


@pytest.fixture
def stage(shared: Demo) -> Stage:
    return at(shared)


@pytest.fixture
def demo() -> Iterator[Demo]:
    """Give a demo of its own to a test that spoils it."""
    with launched(Options(), lambda _: None) as running:
        yield running


def at(demo: Demo) -> Stage:
    return Stage(Customer(demo.bot, "test"), Desk(demo.desk), patience=1.0)


def test_story_stops_at_the_step_that_did_not_happen_and_names_it(stage: Stage) -> None:
    told: list[str] = []
    played: list[str] = []

    def fail(_: Stage) -> None:
        require(False, "there was no tea")

    steps = [
        ("The first", lambda _: played.append("first")),
        ("The second", fail),
        ("The third", lambda _: played.append("third")),
    ]

    status = play(steps, stage, told.append)

    assert status == 1
    assert played == ["first"]
    assert "✗ 2. The second" in told[-2]
    assert told[-1] == "\nStep 2 of 3 failed: there was no tea."


def test_desk_that_stays_silent_makes_the_story_fail(demo: Demo) -> None:
    told: list[str] = []
    call("POST", f"{demo.desk}/desk/faults", {"lose": {"times": 1000}})

    status = play(STORY, at(demo), told.append)

    assert status == 1
    assert "no 'Mara has joined the chat.' on the customer's screen" in told[-1]


def test_function_that_is_gone_makes_the_step_fail(demo: Demo) -> None:
    for function in demo.functions:
        function.tell_to_end()
    for function in demo.functions:
        function.end()

    assert play(STORY[:1], at(demo), lambda _: None) == 1


def test_waiting_ends_with_what_was_waited_for(stage: Stage) -> None:
    stage.patience = 0.1

    with pytest.raises(StepFailed, match="no spring"):
        stage.until("spring", lambda: None)


def test_both_sides_are_printed_side_by_side(stage: Stage) -> None:
    told: list[str] = []
    stage.customer.lines.append(Line("Customer", "one 🌷\ntwo", "own"))

    play([("Nothing", lambda _: None)], stage, told.append)

    rows = [row for row in told if "│" in row]
    assert "• Customer: one 🌷" in rows[1]
    assert rows[2].startswith("    two")


def test_call_that_is_not_answered_says_which(stage: Stage) -> None:
    with pytest.raises(CallFailed, match="POST /desk/chats/none/say was answered with 404"):
        call("POST", f"{stage.desk.address}/desk/chats/none/say", {"agent": "a", "text": "b"})
