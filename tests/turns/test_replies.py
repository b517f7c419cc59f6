"""What an answer carries: the batch of deliveries, the parameters, and the way back to the bot."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from handoff import failures, lifecycle, turns
from handoff.dialogflow.turn import Meaning, Turn
from handoff.effects import SAFE_PIECE
from handoff.errors import NobodyThere, Rejected
from handoff.events import AgentLeft, FileShared, Queued
from handoff.model import Agent, Session
from handoff.records import Reply
from handoff.turns import LARGEST_BATCH
from handoff.vocabulary import Dialect, Presence, Reason, State
from tests.heart import (
    NOW,
    ROOM,
    RULES,
    blank,
    closed,
    handoff_of,
    head,
    joined,
    replied,
    session_in,
    turn,
    with_handoff,
)
from tests.heart import after_event as heard

CONNECTING = RULES.texts.get("connecting", "en")


def ask(session: Session, asked: Turn) -> tuple[Session, Reply]:
    after = turns.settle(turns.take(session, asked, RULES, NOW), asked, RULES, NOW)
    reply = turns.answer_to(after, asked)
    assert reply is not None
    return after, reply


def polls(session: Session, number: int) -> list[Reply]:
    replies = []
    for one in range(number):
        session, reply = ask(session, turn("", f"p{one}", Meaning.POLL))
        replies.append(reply)
    return replies


def test_agents_words_are_shown_with_the_name() -> None:
    (reply,) = polls(heard(session_in(State.ACTIVE), replied("Hi 🌷\nline")), 1)
    assert reply.texts == ("Anna: Hi 🌷\nline",)


def test_words_of_somebody_without_name_are_shown_as_they_are() -> None:
    (reply,) = polls(heard(session_in(State.WAITING), replied("Hi")), 1)
    assert reply.texts == ("Hi",)


def test_file_is_shown_as_name_and_link() -> None:
    event = FileShared(
        id="f", conversation=ROOM, author="anna", url="https://f.example/1", name="a.pdf"
    )
    (reply,) = polls(heard(session_in(State.ACTIVE), event), 1)
    assert reply.texts == ("Anna: a.pdf https://f.example/1",)


def test_every_delivery_is_in_one_answer_only() -> None:
    session = heard(session_in(State.WAITING), joined(), replied("one"), replied("two", 2))
    first, second = polls(session, 2)
    assert first.texts == ("Anna has joined the chat.", "Anna: one", "Anna: two")
    assert second.texts == ()


def test_batch_fits_in_an_answer_and_the_rest_comes_later() -> None:
    texts = [f"{number} " + "x" * 7_000 for number in range(12)]
    session = session_in(State.WAITING)
    for number, text in enumerate(texts):
        session = heard(session, replied(text, number))
    replies = polls(session, 4)
    sizes = [sum(len(json.dumps(text)) for text in reply.texts) for reply in replies]
    assert [text for reply in replies for text in reply.texts] == texts
    assert max(sizes) <= LARGEST_BATCH
    assert [len(reply.texts) for reply in replies] == [5, 5, 2, 0]


def test_batch_of_exactly_the_limit_stays_whole() -> None:
    text = "x" * (LARGEST_BATCH // 8 - 2)
    session = session_in(State.WAITING)
    for number in range(9):
        session = heard(session, replied(text, number))
    assert [len(reply.texts) for reply in polls(session, 2)] == [8, 1]


def test_delivery_that_is_larger_than_a_batch_comes_alone() -> None:
    worst = "\x01" * SAFE_PIECE
    session = heard(session_in(State.WAITING), replied("a"), replied(worst, 2), replied("b", 3))
    assert [len(reply.texts) for reply in polls(session, 4)] == [1, 1, 1, 0]


def test_end_that_does_not_fit_is_told_once_its_turn_comes() -> None:
    session = session_in(State.WAITING)
    for number in range(7):
        session = heard(session, replied("x" * 7_000, number))
    first, second, third = polls(heard(session, closed()), 3)
    assert len(first.texts) == 5
    assert second.texts[-1] == RULES.texts.get("ended", "en")
    assert first.parameters["handoff_state"] == "closed"
    assert third == Reply(parameters={"handoff_state": "none"}, context=False)


def test_connecting_is_said_once() -> None:
    session, first = ask(blank(), turn("agent", "s", Meaning.START))
    _, second = ask(session, turn("hello?", "m"))
    assert (first.texts, second.texts) == ((CONNECTING,), ())


def test_connecting_is_not_said_when_somebody_is_there_already() -> None:
    taken = turns.take(session_in(None), turn("agent", "s", Meaning.START), RULES, NOW)
    session = heard(taken, joined())
    reply = turns.answer_to(
        ask(session, turn("agent", "s", Meaning.START))[0], turn("agent", "s", Meaning.START)
    )
    assert reply is not None
    assert reply.texts == ("Anna has joined the chat.",)


def refused(error: Rejected) -> Reply:
    asked = turn("agent", "s", Meaning.START)
    taken = turns.take(session_in(None), asked, RULES, NOW)
    return ask(failures.failed(taken, head(taken), error, RULES, NOW), asked)[1]


def test_refused_start_says_why_and_gives_the_bot_back() -> None:
    reply = refused(NobodyThere("no"))
    assert reply.parameters["handoff_state"] == "failed"
    assert reply.parameters["handoff_reason"] == "unavailable"
    assert reply.parameters["handoff_available"] == Presence.NO.value
    assert (reply.started, reply.context) == (None, False)


def test_refused_start_is_told_in_place_of_what_the_bot_promised() -> None:
    reply = refused(Rejected("no"))
    assert (reply.texts, reply.mute) == ((RULES.texts.get("provider_error", "en"),), True)
    assert "handoff_available" not in reply.parameters


def test_everything_that_is_known_is_written() -> None:
    session = heard(
        session_in(State.WAITING), Queued(id="q", conversation=ROOM, position=2, wait_seconds=60)
    )
    (reply,) = polls(session, 1)
    assert reply.parameters == {
        "handoff_state": "waiting",
        "handoff_id": "ho-1",
        "handoff_provider": "desk",
        "handoff_position": 2,
        "handoff_wait_seconds": 60,
    }


def test_name_of_the_agent_is_written() -> None:
    (reply,) = polls(session_in(State.ACTIVE), 1)
    assert reply.parameters["handoff_agent"] == "Anna"


@pytest.mark.parametrize("dialect", list(Dialect))
def test_next_handoff_clears_what_the_one_before_left_in_cx(dialect: Dialect) -> None:
    session = with_handoff(session_in(State.CLOSED, dialect), end_told_in="before")
    after, first = ask(session, turn("agent", "s", Meaning.START, dialect))
    left = {name: first.parameters.get(name, "kept") for name in turns.LEFTOVERS}
    assert set(left.values()) == ({None} if dialect is Dialect.CX else {"kept"})
    _, second = ask(after, turn("hello", "m", dialect=dialect))
    assert None not in second.parameters.values()


def test_first_handoff_has_nothing_to_clear() -> None:
    _, reply = ask(blank(), turn("agent", "s", Meaning.START))
    assert None not in reply.parameters.values()


@pytest.mark.parametrize(
    ("began", "now", "wanted"),
    [
        ("flows/a", "flows/b", "flows/a"),
        ("flows/a", "flows/a", ""),
        ("", "flows/b", ""),
        ("flows/a", "", ""),
    ],
)
def test_customer_goes_back_to_the_flow_they_came_from(began: str, now: str, wanted: str) -> None:
    session = with_handoff(session_in(State.CLOSED), flow=began)
    _, reply = ask(session, turn("Hi", "m", flow=now))
    assert reply.return_to == wanted


def test_flow_does_not_change_while_the_handoff_is_open() -> None:
    session = with_handoff(session_in(State.ACTIVE), flow="flows/a")
    assert ask(session, turn("Hi", "m", flow="flows/b"))[1].return_to == ""


def test_later_notice_about_a_lost_message_does_not_close_the_handoff_twice() -> None:
    session, first = ask(session_in(State.CLOSED), turn("Hi", "m1"))
    late = lifecycle.teller(session, RULES, NOW).notice(handoff_of(session), "undelivered_ended")
    _, second = ask(replace(session, handoff=late), turn("Hi", "m2"))
    assert (first.parameters["handoff_state"], second.parameters) == (
        "closed",
        {"handoff_state": "none"},
    )
    assert second.texts == (RULES.texts.get("undelivered_ended", "en"),)
    assert handoff_of(session).reason is Reason.AGENT_CLOSED


def test_arrival_without_a_name_is_told_with_the_next_answer() -> None:
    session = heard(session_in(State.WAITING), joined(Agent(id="anna")))
    first, second = polls(session, 2)
    assert (first.texts, second.texts) == (("A colleague has joined the chat.",), ())


def test_departure_is_told_with_the_next_answer() -> None:
    session = heard(session_in(State.ACTIVE), AgentLeft(id="l", conversation=ROOM, agent_id="anna"))
    first, second = polls(session, 2)
    assert [text.partition(".")[0] for text in first.texts] == ["Anna has left the chat"]
    assert (first.parameters["handoff_state"], second.texts) == ("waiting", ())
