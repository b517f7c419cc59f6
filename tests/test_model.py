"""The values of one decision: what they tell about themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.model import Message
from handoff.vocabulary import Participant, Reason, State
from tests.heart import blank, handoff_of, session_in, with_handoff

OPEN = (State.REQUESTED, State.WAITING, State.ACTIVE)
LINES = [Message(author=Participant.CUSTOMER, text=f"line {number}") for number in range(6)]


@pytest.mark.parametrize("state", list(State))
def test_state_says_whether_the_customer_is_in_human_hands(state: State) -> None:
    assert state.is_open is (state in OPEN)
    assert (session_in(state).open_handoff is not None) is (state in OPEN)


def test_session_without_handoff_has_none_open() -> None:
    assert blank().open_handoff is None


def test_words_of_the_contract_are_the_values() -> None:
    assert [*State] == ["requested", "waiting", "active", "closed", "failed"]
    assert {*Reason} == {
        *("agent_closed", "customer_left", "not_accepted"),
        *("inactive", "unavailable", "provider_error"),
    }


def test_saying_adds_lines_and_counts_them() -> None:
    session = blank().saying(*LINES[:2]).saying(LINES[2])
    assert (session.transcript, session.lines) == (tuple(LINES[:3]), 3)


def test_all_was_said_before_where_there_is_no_handoff() -> None:
    assert blank().saying(*LINES).before_handoff == tuple(LINES)


@pytest.mark.parametrize(("cut", "wanted"), [(0, LINES[:4]), (3, LINES[3:4]), (5, [])])
def test_before_handoff_is_what_was_said_before_the_request(
    cut: int, wanted: list[Message]
) -> None:
    session = with_handoff(session_in(State.ACTIVE).saying(*LINES), lines_before=4)
    trimmed = replace(session, transcript=session.transcript[cut:])
    assert trimmed.before_handoff == tuple(wanted)
    assert handoff_of(trimmed).lines_before == 4
