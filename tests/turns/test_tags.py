"""The table of tags: every meaning with no handoff, an open one and an ended one, in CX and ES."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import turns
from handoff.dialogflow.turn import Meaning, Turn
from handoff.model import Message, Session
from handoff.providers.base import Availability
from handoff.records import Reply
from handoff.vocabulary import Dialect, JobKind, Participant, Presence, State
from tests.heart import (
    NOW,
    RULES,
    handoff_of,
    kinds,
    session_in,
    turn,
    with_handoff,
)

BOTH = pytest.mark.parametrize("dialect", list(Dialect))
OPEN = pytest.mark.parametrize("state", [State.REQUESTED, State.WAITING, State.ACTIVE])
NONE = {"handoff_state": "none"}
NOT_CONNECTED = RULES.texts.get("not_connected", "en")


def answered(session: Session, asked: Turn) -> tuple[Session, Reply]:
    after = turns.settle(turns.take(session, asked, RULES, NOW), asked, RULES, NOW)
    reply = turns.answer_to(after, asked)
    assert reply is not None
    return after, reply


def over(dialect: Dialect) -> Session:
    """Return a session whose handoff ended and whose bot was told."""
    return with_handoff(session_in(State.CLOSED, dialect), end_told_in="before")


def just_over(dialect: Dialect) -> Session:
    """Return a session whose handoff ended, with its last sentence unread."""
    active = session_in(State.ACTIVE, dialect)
    asked = turn("bye agent", "leave", dialect=dialect)
    return turns.take(active, asked, RULES, NOW)


@BOTH
def test_start_with_no_handoff_starts_one(dialect: Dialect) -> None:
    asked = turn("a person please", "s", Meaning.START, dialect)
    after, reply = answered(session_in(None, dialect), asked)
    assert handoff_of(after).state is State.REQUESTED
    assert kinds(after) == [JobKind.OPEN]
    assert reply.started == handoff_of(after).id
    assert (reply.mute, reply.context, reply.provider) == (True, True, "desk")
    assert reply.parameters["handoff_state"] == "requested"
    assert reply.texts == (RULES.texts.get("connecting", "en"),)


@BOTH
def test_start_after_an_ended_handoff_starts_another(dialect: Dialect) -> None:
    asked = turn("again please", "s2", Meaning.START, dialect)
    after, reply = answered(over(dialect), asked)
    assert handoff_of(after).id != handoff_of(over(dialect)).id
    assert (after.handoffs, reply.started) == (2, handoff_of(after).id)


@BOTH
@OPEN
@pytest.mark.parametrize("meaning", [Meaning.START, Meaning.MESSAGE, Meaning.OTHER])
def test_words_are_relayed_while_a_handoff_is_open(
    meaning: Meaning, state: State, dialect: Dialect
) -> None:
    after, reply = answered(session_in(state, dialect), turn("Hi 🌷\n", "m", meaning, dialect))
    assert [(job.kind, job.text) for job in after.outbox] == [(JobKind.SEND, "Hi 🌷\n")]
    assert after.transcript[-1].text == "Hi 🌷\n"
    assert after.handoffs == 1
    assert (reply.texts, reply.mute, reply.started, reply.context) == ((), True, None, True)
    assert reply.parameters["handoff_state"] == state.value


@BOTH
@OPEN
@pytest.mark.parametrize("meaning", list(Meaning))
def test_bot_is_silent_and_nothing_is_started_while_a_handoff_is_open(
    meaning: Meaning, state: State, dialect: Dialect
) -> None:
    session = session_in(state, dialect)
    asked = turn("", "e", meaning, dialect, said_by_bot=("Our hours are 9 to 5.",))
    after, reply = answered(session, asked)
    ends = meaning is Meaning.END
    assert reply.mute is not ends
    assert (after.transcript, after.handoffs, reply.started) == ((), 1, None)
    assert kinds(after) == ([JobKind.CLOSE] if ends else [])


@BOTH
@pytest.mark.parametrize("ended", [False, True])
def test_message_with_nobody_there_is_told_so(dialect: Dialect, ended: bool) -> None:
    session = over(dialect) if ended else session_in(None, dialect)
    after, reply = answered(session, turn("Hi", "m", Meaning.MESSAGE, dialect))
    assert (reply.texts, reply.parameters, reply.mute) == ((NOT_CONNECTED,), NONE, False)
    assert after.outbox == ()


@BOTH
@pytest.mark.parametrize("meaning", [Meaning.POLL, Meaning.END, Meaning.OTHER])
def test_nothing_is_added_where_there_was_no_handoff(meaning: Meaning, dialect: Dialect) -> None:
    after, reply = answered(session_in(None, dialect), turn("Hi", "m", meaning, dialect))
    assert reply == Reply()
    assert (after.outbox, after.handoff) == ((), None)


@BOTH
@pytest.mark.parametrize("meaning", [Meaning.POLL, Meaning.END, Meaning.OTHER])
def test_turn_long_after_the_end_says_none_and_nothing_else(
    meaning: Meaning, dialect: Dialect
) -> None:
    _, reply = answered(over(dialect), turn("Hi", "m", meaning, dialect))
    assert reply == Reply(parameters=NONE, context=False)


@BOTH
@pytest.mark.parametrize(
    "meaning", [Meaning.POLL, Meaning.END, Meaning.OTHER, Meaning.MESSAGE, Meaning.AVAILABILITY]
)
def test_first_turn_after_the_end_tells_it(meaning: Meaning, dialect: Dialect) -> None:
    after, reply = answered(just_over(dialect), turn("Hi", "m", meaning, dialect))
    assert reply.parameters["handoff_state"] == "closed"
    assert reply.parameters["handoff_reason"] == "customer_left"
    assert reply.texts == (RULES.texts.get("customer_left", "en"),)
    assert (reply.mute, handoff_of(after).end_told_in) == (False, "m")


@BOTH
@OPEN
def test_poll_returns_what_waits_and_relays_nothing(state: State, dialect: Dialect) -> None:
    session = session_in(state, dialect)
    after, reply = answered(session, turn("poll", "p", Meaning.POLL, dialect))
    assert (after.outbox, after.transcript, reply.texts) == ((), (), ())


@BOTH
@OPEN
@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", Meaning.END),
        ("Bye", Meaning.END),
        (" BYE Agent\n", Meaning.OTHER),
        ("bye agent", Meaning.MESSAGE),
        ("Bye agent!!", Meaning.OTHER),
        ("¡Bye agent… ", Meaning.START),
        ("\t'\"bye agent;:,.?\"'\r", Meaning.OTHER),
    ],
)
def test_customer_leaves_by_tag_or_word(
    text: str, meaning: Meaning, state: State, dialect: Dialect
) -> None:
    after, reply = answered(session_in(state, dialect), turn(text, "b", meaning, dialect))
    assert handoff_of(after).state is State.CLOSED
    assert kinds(after) == [JobKind.CLOSE]
    assert reply.parameters["handoff_reason"] == "customer_left"
    assert (reply.mute, reply.context) == (False, False)


@pytest.mark.parametrize("text", ["bye", "bye, agent", "bye agent then", "bye agent 1", "...", "-"])
def test_words_that_only_look_like_a_leave_word_are_relayed(text: str) -> None:
    after, _ = answered(session_in(State.ACTIVE), turn(text, "b"))
    assert handoff_of(after).state is State.ACTIVE
    assert [(job.kind, job.text) for job in after.outbox] == [(JobKind.SEND, text)]


@pytest.mark.parametrize("text", ["tschüss", "TSCHÜSS!", "Tschüß"])
def test_leave_word_is_heard_in_any_letter_case(text: str) -> None:
    rules = replace(RULES, leave_words=frozenset({"tschüss"}))
    after = turns.take(session_in(State.ACTIVE), turn(text, "b"), rules, NOW)
    assert handoff_of(after).state is State.CLOSED


@BOTH
def test_leave_word_with_nobody_there_is_only_a_word(dialect: Dialect) -> None:
    after, reply = answered(session_in(None, dialect), turn("bye agent", "b", dialect=dialect))
    assert (after.handoff, reply) == (None, Reply())


@BOTH
@OPEN
def test_availability_is_answered_from_what_is_known(state: State, dialect: Dialect) -> None:
    known = with_handoff(
        session_in(state, dialect), available=Presence.NO, position=3, wait_seconds=60
    )
    after, reply = answered(known, turn("anyone?", "a", Meaning.AVAILABILITY, dialect))
    wanted = "yes" if state is State.ACTIVE else "no"
    assert reply.parameters["handoff_available"] == wanted
    assert reply.parameters["handoff_position"] == 3
    assert reply.parameters["handoff_wait_seconds"] == 60
    assert (after.outbox, after.transcript, reply.mute) == ((), (), True)


@BOTH
@pytest.mark.parametrize("presence", list(Presence))
@pytest.mark.parametrize("ended", [False, True])
def test_availability_that_was_asked_is_told_and_can_be_read(
    presence: Presence, ended: bool, dialect: Dialect
) -> None:
    session = over(dialect) if ended else session_in(None, dialect)
    asked = turn("anyone?", "a", Meaning.AVAILABILITY, dialect)
    told = Availability(presence=presence, position=2)
    taken = turns.take(session, asked, RULES, NOW)
    reply = turns.answer_to(turns.settle(taken, asked, RULES, NOW, availability=told), asked)
    assert reply is not None
    assert reply.parameters["handoff_available"] == presence.value
    assert reply.parameters["handoff_position"] == 2
    assert reply.context is None, "ES drops the parameters of a context that ends"


@BOTH
def test_availability_that_nobody_asked_for_is_unknown(dialect: Dialect) -> None:
    asked = turn("", "a", Meaning.AVAILABILITY, dialect)
    _, reply = answered(session_in(None, dialect), asked)
    assert reply.parameters == {"handoff_available": "unknown"}


@BOTH
@pytest.mark.parametrize("meaning", [Meaning.OTHER, Meaning.MESSAGE, Meaning.AVAILABILITY])
@pytest.mark.parametrize("ended", [False, True])
def test_turn_with_nobody_there_is_remembered_for_the_transcript(
    meaning: Meaning, ended: bool, dialect: Dialect
) -> None:
    session = over(dialect) if ended else session_in(None, dialect)
    after, _ = answered(session, turn("Hi", "m", meaning, dialect, said_by_bot=("Hello", "You")))
    bot = [Message(author=Participant.BOT, text=text, utterance="m") for text in ("Hello", "You")]
    words = Message(author=Participant.CUSTOMER, text="Hi", utterance="m")
    assert after.transcript == (words, *bot)


@BOTH
@pytest.mark.parametrize("meaning", [Meaning.POLL, Meaning.END])
def test_signal_of_a_page_is_not_in_the_transcript(meaning: Meaning, dialect: Dialect) -> None:
    after, _ = answered(session_in(None, dialect), turn("poll", "m", meaning, dialect))
    assert after.transcript == ()


@BOTH
def test_text_that_is_switched_off_is_not_said(dialect: Dialect) -> None:
    texts = replace(RULES.texts, own={"en": {"not_connected": ""}})
    rules = replace(RULES, texts=texts)
    asked = turn("Hi", "m", Meaning.MESSAGE, dialect)
    settled = turns.settle(session_in(None, dialect), asked, rules, NOW)
    reply = turns.answer_to(settled, asked)
    assert reply is not None
    assert (reply.texts, reply.parameters) == ((), NONE)
