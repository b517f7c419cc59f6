"""The values of one decision: what they tell about themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.model import MOST_THREADS, Message
from handoff.vocabulary import ConversationRef, Participant, Reason, State, ThreadRef
from tests.heart import CONTACT, ROOM, THREAD, blank, handoff_of, session_in, with_handoff

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


def test_contact_knows_its_last_conversation_and_all_threads_before() -> None:
    contact = CONTACT
    for name in ("a", "b", "c"):
        contact = contact.knowing(ConversationRef(f"room {name}"), ThreadRef(name))
    assert (contact.conversation, contact.thread, contact.earlier) == ("room c", "c", ("a", "b"))
    assert contact.ref == CONTACT.ref


def test_contact_that_learns_the_same_thread_twice_knows_it_once() -> None:
    once = CONTACT.knowing(ROOM, THREAD)
    assert once.knowing(ROOM, THREAD) == once


def test_contact_keeps_the_thread_before_a_conversation_without_one() -> None:
    after = CONTACT.knowing(ROOM, THREAD).knowing(ROOM, None)
    assert (after.thread, after.earlier) == (None, (THREAD,))


def test_contact_keeps_so_many_threads_the_newest() -> None:
    contact = CONTACT
    for number in range(MOST_THREADS + 2):
        contact = contact.knowing(ROOM, ThreadRef(f"t{number}"))
    assert contact.earlier == tuple(f"t{number}" for number in range(1, MOST_THREADS + 1))
    assert contact.thread == f"t{MOST_THREADS + 1}"


@pytest.mark.parametrize(
    ("thread", "wanted"), [("a", True), ("b", True), ("c", True), ("d", False), (None, False)]
)
def test_contact_remembers_its_last_and_its_earlier_threads(
    thread: str | None, wanted: bool
) -> None:
    contact = CONTACT
    for name in ("a", "b", "c"):
        contact = contact.knowing(ROOM, ThreadRef(name))
    assert contact.remembers(ThreadRef(thread) if thread else None) is wanted


def test_contact_without_a_past_remembers_no_thread() -> None:
    assert not CONTACT.remembers(THREAD)
    assert not CONTACT.remembers(None)


@pytest.mark.parametrize("cut", [2, 3, 4, 6])
def test_nothing_was_said_before_where_the_cut_went_beyond_the_request(cut: int) -> None:
    session = with_handoff(session_in(State.ACTIVE).saying(*LINES), lines_before=2)
    assert replace(session, transcript=session.transcript[cut:]).before_handoff == ()
