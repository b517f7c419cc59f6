"""Several webhook calls of one input: each REPLACE drops what we said, so it is said again."""

from __future__ import annotations

import json

import pytest

from handoff import turns
from handoff.dialogflow.turn import Meaning, Turn, within_limits
from handoff.model import Message, Session
from handoff.records import Reply
from handoff.vocabulary import Participant, State
from tests.heart import (
    NOW,
    RULES,
    blank,
    closed,
    handoff_of,
    joined,
    replied,
    session_in,
    turn,
    with_handoff,
)
from tests.heart import after_event as heard

CONNECTING = RULES.texts.get("connecting", "en")
NOT_CONNECTED = RULES.texts.get("not_connected", "en")
ENDED = RULES.texts.get("ended", "en")
# https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook
LARGEST_ANSWER = 64 * 1024


def call(number: int, *said: str, meaning: Meaning = Meaning.OTHER, text: str = "Hi") -> Turn:
    """Return one of the webhook calls behind the input "u1"; `said` is queued so far."""
    return turn(text, "u1", meaning, id=f"u1 {meaning} {number}", said_by_bot=said)


def ask(session: Session, asked: Turn) -> tuple[Session, Reply]:
    after = turns.settle(turns.take(session, asked, RULES, NOW), asked, RULES, NOW)
    reply = turns.answer_to(after, asked)
    assert reply is not None
    return after, reply


def calls(session: Session, *asked: Turn) -> list[Reply]:
    replies = []
    for one in asked:
        session, reply = ask(session, one)
        replies.append(reply)
    return replies


def speaking(*texts: str) -> Session:
    session = session_in(State.ACTIVE)
    for number, text in enumerate(texts):
        session = heard(session, replied(text, number))
    return session


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (("Anna: one", "Anna: two"), ("Anna: one", "Anna: two")),
        (("Our hours.", "Anna: two", "Bye."), ("Anna: two",)),
        (("Anna: two", "Anna: one"), ("Anna: one", "Anna: two")),
        (("Our hours.",), ()),
        ((), ()),
    ],
)
def test_second_call_repeats_those_of_our_words_that_are_still_there(
    said: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    _, reply = calls(speaking("one", "two"), call(1), call(2, *said))
    assert (reply.texts, reply.mute) == (wanted, True)


def test_what_came_between_two_calls_follows_what_was_said() -> None:
    session, first = ask(speaking("one"), call(1))
    _, second = ask(heard(session, replied("two", 9)), call(2, *first.texts))
    assert second.texts == ("Anna: one", "Anna: two")


def test_third_call_repeats_the_words_of_both_calls_before() -> None:
    session, first = ask(speaking("one"), call(1))
    session, second = ask(heard(session, replied("two", 9)), call(2, *first.texts))
    _, third = ask(session, call(3, *second.texts))
    assert third.texts == ("Anna: one", "Anna: two")


def test_words_of_another_input_are_not_repeated() -> None:
    session, first = ask(speaking("one"), call(1))
    _, reply = ask(session, turn("next", "u2", said_by_bot=first.texts))
    assert reply.texts == ()


def test_call_that_is_repeated_does_not_repeat_its_own_words_twice() -> None:
    session, first = ask(speaking("one"), call(1, "Anna: one"))
    assert ask(session, call(1, "Anna: one"))[1] == first
    assert first.texts == ("Anna: one",)


def test_call_that_was_taken_and_not_answered_says_nothing_to_repeat() -> None:
    taken = turns.take(session_in(State.ACTIVE), call(1), RULES, NOW)
    assert ask(taken, call(2, "Our hours."))[1].texts == ()


def test_first_call_does_not_repeat_what_only_looks_like_our_words() -> None:
    assert ask(session_in(State.ACTIVE), call(1, CONNECTING))[1].texts == ()


def test_long_words_are_repeated_although_a_request_is_cut() -> None:
    session, first = ask(speaking("x" * 12_000), call(1))
    _, reply = ask(session, within_limits(call(2, *first.texts)))
    assert reply.texts == first.texts


def test_many_words_are_repeated_although_a_request_is_cut() -> None:
    session, first = ask(speaking(*map(str, range(60))), call(1))
    _, reply = ask(session, within_limits(call(2, *first.texts)))
    assert reply.texts == first.texts


def test_what_is_repeated_and_what_is_new_fit_in_one_answer() -> None:
    session, first = ask(speaking(*["x" * 7_000] * 12), call(1))
    _, reply = ask(session, call(2, *first.texts))
    assert sum(len(json.dumps(text)) for text in reply.texts) < LARGEST_ANSWER


@pytest.mark.parametrize("second", [Meaning.OTHER, Meaning.MESSAGE, Meaning.START, Meaning.POLL])
def test_every_call_of_the_starting_input_says_that_it_starts(second: Meaning) -> None:
    first, again = calls(
        blank(), call(1, meaning=Meaning.START), call(2, CONNECTING, meaning=second)
    )
    assert first.started == again.started is not None
    assert (first.texts, again.texts) == ((CONNECTING,), (CONNECTING,))


def test_call_before_the_start_does_not_say_that_it_starts() -> None:
    before, start = calls(blank(), call(1), call(2, meaning=Meaning.START))
    assert (before.started, start.started is None) == (None, False)


def test_later_input_does_not_say_that_it_starts() -> None:
    session, _ = ask(blank(), call(1, meaning=Meaning.START))
    assert ask(session, turn("Hi", "u2"))[1].started is None


def test_start_that_ended_meanwhile_does_not_say_that_it_starts() -> None:
    session, _ = ask(session_in(None), call(1, meaning=Meaning.START))
    _, reply = ask(heard(session, joined(), closed()), call(2, CONNECTING))
    assert (reply.started, reply.mute, reply.parameters["handoff_state"]) == (None, True, "closed")
    assert reply.texts == ("Anna has joined the chat.", ENDED)


@pytest.mark.parametrize("second", [one for one in Meaning if one is not Meaning.START])
def test_every_call_of_the_input_that_was_told_of_the_end_tells_it(second: Meaning) -> None:
    session = heard(session_in(State.ACTIVE), closed())
    session, first = ask(session, call(1))
    session, again = ask(session, call(2, ENDED, meaning=second))
    assert first.context is False, "the ES context is over"
    for reply in (first, again):
        assert reply.parameters["handoff_state"] == "closed"
        assert reply.parameters["handoff_reason"] == "agent_closed"
    assert (first.texts, again.texts, handoff_of(session).end_told_in) == ((ENDED,), (), "u1")


def test_call_of_a_later_input_tells_none() -> None:
    session, _ = ask(heard(session_in(State.ACTIVE), closed()), call(1))
    _, reply = ask(session, turn("Hi", "u2"))
    assert reply == Reply(parameters={"handoff_state": "none"}, context=False)


def test_availability_that_is_the_first_to_tell_the_end_can_be_read() -> None:
    session = heard(session_in(State.ACTIVE), closed())
    _, reply = ask(session, call(1, meaning=Meaning.AVAILABILITY))
    assert reply.parameters["handoff_available"] == "unknown"
    assert reply.context is not False, "ES drops the parameters of a context that ends"


def test_texts_that_come_late_are_shown_where_the_end_was_told() -> None:
    over = with_handoff(speaking("late"), state=State.CLOSED, end_told_in="before")
    _, reply = ask(over, call(1))
    assert reply.texts == ("Anna: late",)
    assert (reply.parameters, reply.mute) == ({"handoff_state": "none"}, False)


def test_texts_that_come_late_precede_that_nobody_is_connected() -> None:
    over = with_handoff(speaking("late"), state=State.CLOSED, end_told_in="before")
    _, reply = ask(over, call(1, meaning=Meaning.MESSAGE))
    assert reply.texts == ("Anna: late", NOT_CONNECTED)


def test_our_words_are_not_taken_for_the_bots() -> None:
    session, first = ask(session_in(None), call(1, meaning=Meaning.MESSAGE))
    session, _ = ask(session, call(2, *first.texts, "Our hours."))
    assert [one.text for one in session.transcript] == ["Hi", "Our hours."]


def test_bots_words_behind_three_calls_are_remembered_once_beside_ours() -> None:
    session, first = ask(session_in(None), call(1, meaning=Meaning.MESSAGE))
    session, _ = ask(session, call(2, *first.texts, "one"))
    session, _ = ask(session, call(3, *first.texts, "one", "two"))
    assert [one.text for one in session.transcript] == ["Hi", "one", "two"]


@pytest.mark.parametrize("author", [Participant.BOT, Participant.AGENT])
def test_input_of_which_only_others_lines_are_known_is_still_relayed(author: Participant) -> None:
    line = Message(author=author, text="Hello", utterance="u1")
    after, _ = ask(session_in(State.ACTIVE).saying(line), call(1))
    assert [job.text for job in after.outbox] == ["Hi"]


def test_input_that_became_known_by_its_own_line_is_not_relayed_again() -> None:
    line = Message(author=Participant.CUSTOMER, text="Hi", utterance="u1")
    after, _ = ask(session_in(State.ACTIVE).saying(line), call(1))
    assert after.outbox == ()


def test_every_call_of_a_later_input_tells_none() -> None:
    session, _ = ask(heard(session_in(State.ACTIVE), closed()), turn("Hi", "u0"))
    for reply in calls(session, call(1), call(2)):
        assert reply == Reply(parameters={"handoff_state": "none"}, context=False)
