"""One input of the customer counts once, however often and by however many calls it comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import turns
from handoff.dialogflow.turn import Meaning, Turn
from handoff.model import Card, Message, Session
from handoff.providers.base import Availability
from handoff.records import Reply
from handoff.vocabulary import Dialect, Participant, Presence, State
from tests.heart import NOW, RULES, blank, handoff_of, queue, replied, session_in, turn
from tests.heart import after_event as heard

SOFA = Message(author=Participant.BOT, text="Sofa", utterance="same", card=Card(title="Sofa"))


def settled(session: Session, asked: Turn) -> Session:
    return turns.settle(turns.take(session, asked, RULES, NOW), asked, RULES, NOW)


def said(session: Session) -> list[str]:
    return [one.text for one in session.transcript]


def relayed(session: Session) -> list[str]:
    return [job.text for job in session.outbox if job.text]


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("meaning", list(Meaning))
@pytest.mark.parametrize("state", [None, *State])
def test_repeated_call_returns_the_very_same_object(
    state: State | None, meaning: Meaning, dialect: Dialect
) -> None:
    asked = turn("Hi", "m", meaning, dialect)
    once = settled(session_in(state, dialect), asked)
    assert turns.take(once, asked, RULES, NOW) is once
    assert turns.settle(once, asked, RULES, NOW) is once


def test_repeated_call_gets_the_answer_of_the_first() -> None:
    asked = turn("Hi", "m")
    once = settled(session_in(State.ACTIVE), asked)
    later = heard(once, replied("news"))
    assert turns.answer_to(turns.settle(later, asked, RULES, NOW), asked) == turns.answer_to(
        once, asked
    )


def test_call_that_was_taken_and_not_answered_is_answered_when_it_comes_again() -> None:
    asked = turn("Hi", "m")
    taken = turns.take(session_in(State.ACTIVE), asked, RULES, NOW)
    assert turns.answer_to(taken, asked) is None
    assert len(settled(taken, asked).turns) == 1


def test_poll_that_is_repeated_gets_the_same_batch() -> None:
    first, second = turn("", "p1", Meaning.POLL), turn("", "p2", Meaning.POLL)
    once = settled(heard(session_in(State.ACTIVE), replied("one")), first)
    later = settled(heard(once, replied("two", 2)), second)
    answers = [turns.answer_to(later, asked) for asked in (first, second)]
    assert [answer and answer.texts for answer in answers] == [("Anna: one",), ("Anna: two",)]


@pytest.mark.parametrize("first", [Meaning.START, Meaning.MESSAGE, Meaning.OTHER])
@pytest.mark.parametrize("second", [Meaning.MESSAGE, Meaning.OTHER, Meaning.START])
def test_words_behind_several_calls_are_relayed_once(first: Meaning, second: Meaning) -> None:
    session = session_in(State.ACTIVE)
    for meaning in (first, second):
        session = settled(session, turn("Hi", "same", meaning, id=f"same {meaning} {first}"))
    assert (relayed(session), said(session)) == (["Hi"], ["Hi"])


@pytest.mark.parametrize("first", [Meaning.POLL, Meaning.AVAILABILITY])
def test_words_behind_a_question_and_a_message_are_relayed_once(first: Meaning) -> None:
    session = session_in(State.ACTIVE)
    for meaning in (first, Meaning.MESSAGE):
        session = settled(session, turn("Hi", "same", meaning))
    assert relayed(session) == ["Hi"]


def test_words_that_started_a_handoff_are_not_relayed_as_a_message_too() -> None:
    started = settled(blank(), turn("a person", "same", Meaning.START))
    after = settled(started, turn("a person", "same", Meaning.MESSAGE))
    assert (relayed(after), after.handoffs, said(after)) == ([], 1, ["a person"])


@pytest.mark.parametrize("first", [Meaning.AVAILABILITY, Meaning.OTHER])
def test_words_that_start_are_not_also_in_what_was_said_before(first: Meaning) -> None:
    asked = settled(blank(), turn("a person", "same", first))
    after = settled(asked, turn("a person", "same", Meaning.START))
    assert handoff_of(after).request == "a person"
    assert [one.text for one in after.before_handoff] == []


def test_bot_texts_behind_several_calls_are_remembered_once() -> None:
    session = settled(blank(), turn("Hi", "same", said_by_bot=("one",)))
    more = turn("Hi", "same", id="same tag", said_by_bot=("one", "two"))
    assert said(settled(session, more)) == ["Hi", "one", "two"]


def test_card_behind_several_calls_is_remembered_once_as_one() -> None:
    session = settled(blank(), turn("Hi", "same", shown_by_bot=(SOFA,)))
    more = turn("Hi", "same", id="same tag", shown_by_bot=(SOFA, replace(SOFA, text="Chair")))
    session = settled(session, more)
    assert (session.transcript[1], said(session)) == (SOFA, ["Hi", "Sofa", "Chair"])


def test_same_words_in_two_turns_count_twice() -> None:
    session = settled(session_in(State.ACTIVE), turn("Hi", "m1"))
    assert relayed(settled(session, turn("Hi", "m2"))) == ["Hi", "Hi"]


def test_turn_tells_language_and_dialect() -> None:
    after = settled(blank(), turn(dialect=Dialect.ES, language="nl"))
    assert (after.language, after.dialect) == ("nl", Dialect.ES)
    assert settled(after, turn("x", "u2", language="")).language == "nl"


def idle(session: Session, asked: Turn) -> bool:
    return turns.unless_idle(session, settled(session, asked), asked) is session


@pytest.mark.parametrize("state", [None, State.REQUESTED, State.WAITING, State.ACTIVE])
def test_empty_poll_is_not_worth_a_write(state: State | None) -> None:
    assert idle(session_in(state), turn("", "p", Meaning.POLL))


def test_turn_of_the_bot_without_words_is_not_worth_a_write() -> None:
    assert idle(blank(), turn("", "e", language="nl"))


@pytest.mark.parametrize(
    "asked",
    [
        *(turn("Hi"), turn("", "s", Meaning.START)),
        *(turn("", said_by_bot=("Hello",)), turn("", "same", shown_by_bot=(SOFA,))),
    ],
)
def test_turn_with_words_or_effect_is_worth_a_write(asked: Turn) -> None:
    assert not idle(blank(), asked)


def test_poll_that_brings_something_is_worth_a_write() -> None:
    session = heard(session_in(State.ACTIVE), replied())
    assert not idle(session, turn("", "p", Meaning.POLL))


def test_poll_that_tells_the_end_is_worth_a_write() -> None:
    assert not idle(session_in(State.CLOSED), turn("", "p", Meaning.POLL))


def test_poll_that_says_something_of_its_own_is_worth_a_write() -> None:
    session = session_in(None)
    asked = turn("", "m", Meaning.MESSAGE)
    assert not idle(session, asked)


def test_first_answer_stays_when_availability_is_known_later() -> None:
    asked = turn("", "a", Meaning.AVAILABILITY)
    told = Availability(presence=Presence.YES)
    once = turns.settle(turns.take(blank(), asked, RULES, NOW), asked, RULES, NOW)
    assert turns.settle(once, asked, RULES, NOW, availability=told) is once


def test_answer_to_an_unknown_turn_is_none() -> None:
    assert turns.answer_to(queue(session_in(State.ACTIVE)), turn()) is None


def test_transcript_knows_which_input_a_line_belongs_to() -> None:
    after = settled(session_in(State.ACTIVE), turn("Hi", "m"))
    expected = Message(author=Participant.CUSTOMER, text="Hi", utterance="m")
    assert after.transcript == (expected,)
    assert turns.answer_to(after, replace(turn("Hi", "m"))) != Reply()
