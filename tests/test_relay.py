"""The customer's words on their way to the desk: relayed, taken as leaving, or given up at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import relay
from handoff.bounds import WAITING, WAITING_BYTES
from handoff.model import Message, Session
from handoff.rules import Abilities
from handoff.vocabulary import JobKind, Participant, Reason, State
from tests.heart import (
    DESK,
    NOW,
    RULES,
    handoff_of,
    kinds,
    notices,
    queue,
    session_in,
    with_handoff,
)

OPEN = [State.REQUESTED, State.WAITING, State.ACTIVE]
NOBODY = [None, State.CLOSED, State.FAILED]
NO_END = replace(RULES, providers={DESK: Abilities(leaving_ends=True)})


def passed_on(session: Session, text: str, utterance: str = "u1") -> Session:
    return relay.passed_on(session, text, utterance, RULES, NOW)


def line(text: str, utterance: str = "u1") -> Message:
    return Message(author=Participant.CUSTOMER, text=text, utterance=utterance)


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("text", ["Hi", " Hi 🌷\n<b>line</b> ", "x" * 64_000])
def test_words_are_relayed_as_they_are(state: State, text: str) -> None:
    after = passed_on(session_in(state), text)
    [job] = after.outbox
    assert (job.kind, job.text, job.utterance) == (JobKind.SEND, text, "u1")
    assert (after.transcript, handoff_of(after).heard) == ((line(text),), 1)


def test_words_stand_behind_those_that_wait() -> None:
    after = passed_on(passed_on(session_in(State.ACTIVE), "one"), "two", "u2")
    assert [job.text for job in after.outbox] == ["one", "two"]
    assert (after.transcript, after.lines) == ((line("one"), line("two", "u2")), 2)


@pytest.mark.parametrize("state", NOBODY)
def test_words_for_nobody_are_not_relayed(state: State | None) -> None:
    session = session_in(state)
    assert passed_on(session, "Hi") is session
    assert passed_on(session, "bye agent") is session


def test_customer_who_writes_is_not_silent_any_more() -> None:
    silent = with_handoff(session_in(State.ACTIVE), unanswered_since=NOW, warned=True)
    known = handoff_of(passed_on(silent, "Hi"))
    assert (known.unanswered_since, known.warned) == (None, False)


@pytest.mark.parametrize(
    "word", ["bye agent", "BYE AGENT", "Bye agent!", '"bye agent"', "  ¡bye agent…\r\n"]
)
def test_word_that_leaves_is_no_message(word: str) -> None:
    after = passed_on(session_in(State.ACTIVE), word)
    assert (handoff_of(after).reason, handoff_of(after).heard) == (Reason.CUSTOMER_LEFT, 1)
    assert (kinds(after), after.transcript) == ([JobKind.CLOSE], ())


@pytest.mark.parametrize("text", ["bye agents", "bye-agent", "bye agent, thanks", "bye  agent"])
def test_word_inside_other_words_does_not_leave(text: str) -> None:
    assert kinds(passed_on(session_in(State.ACTIVE), text)) == [JobKind.SEND]


def test_customer_leaves_once() -> None:
    after = relay.left(session_in(State.ACTIVE), RULES, NOW)
    assert (handoff_of(after).state, kinds(after)) == (State.CLOSED, [JobKind.CLOSE])
    assert relay.left(after, RULES, NOW) is after


@pytest.mark.parametrize("state", NOBODY)
def test_who_is_in_no_handoff_cannot_leave_one(state: State | None) -> None:
    session = session_in(state)
    assert relay.left(session, RULES, NOW) is session


def test_words_wait_for_the_question_whether_it_is_the_end() -> None:
    alone = with_handoff(session_in(State.WAITING), departed={"anna": NOW})
    after = relay.passed_on(alone, "Hi", "u1", NO_END, NOW)
    assert kinds(after) == [JobKind.CONFIRM, JobKind.SEND]


def overflowing() -> Session:
    session = session_in(State.ACTIVE)
    return passed_on(queue(session, *[JobKind.SEND] * WAITING), "one more", "u9")


def test_message_too_many_is_given_up_at_once_and_told_of() -> None:
    after = overflowing()
    [letter] = after.undelivered
    assert (letter.job.text, letter.job.utterance) == ("one more", "u9")
    assert (letter.job.id, letter.reason, letter.at) == (WAITING + 1, "too_many_waiting", NOW)
    assert notices(after) == [RULES.texts.get("undelivered", "en")]
    assert (after.transcript, handoff_of(after).heard) == ((line("one more", "u9"),), 1)


def test_message_too_many_does_not_wait_and_takes_its_number() -> None:
    after = overflowing()
    assert (len(after.outbox), after.last_job) == (WAITING, WAITING + 1)
    assert all(job.text != "one more" for job in after.outbox)


def test_customer_whose_message_was_given_up_is_still_silent_for_the_agent() -> None:
    quiet = with_handoff(session_in(State.ACTIVE), unanswered_since=NOW)
    full = queue(quiet, *[JobKind.SEND] * WAITING)
    assert handoff_of(passed_on(full, "one more")).unanswered_since == NOW


def test_earlier_letters_stay() -> None:
    full = overflowing()
    after = passed_on(full, "and more", "u10")
    assert [one.job.text for one in after.undelivered] == ["one more", "and more"]


def test_long_message_alone_always_has_room() -> None:
    long = "x" * (2 * WAITING_BYTES)
    after = passed_on(session_in(State.ACTIVE), long)
    assert kinds(after) == [JobKind.SEND]
    assert [one.job.text for one in passed_on(after, long, "u2").undelivered] == [long]


def test_word_that_leaves_needs_no_room() -> None:
    full = queue(session_in(State.ACTIVE), *[JobKind.SEND] * WAITING)
    after = passed_on(full, "bye agent")
    assert handoff_of(after).reason is Reason.CUSTOMER_LEFT
    assert kinds(after)[-1] is JobKind.CLOSE


def test_nothing_said_is_no_line_of_the_transcript() -> None:
    session = session_in(State.ACTIVE)
    assert relay.said(session, "", "u1") is session
    assert relay.said(session, "Hi", "u1").transcript == (line("Hi"),)
