"""What each fact means for the customer: who is there, and what is said."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from handoff.deliveries import Delivery
from handoff.effects import EFFECTS, LARGEST_DELIVERY, SAFE_PIECE, Teller, deliverable
from handoff.events import (
    AgentJoined,
    AgentReplied,
    Event,
    FileShared,
    Queued,
    Transferred,
)
from handoff.model import Agent, Handoff
from handoff.texts import Texts
from handoff.vocabulary import DeliveryKind, State
from tests.heart import BEN, HERE, NOW, ROOM, handoff_in, joined, replied

TELLER = Teller(texts=Texts(), language="en", now=NOW)
SILENT = Teller(
    texts=Texts(own={"en": dict.fromkeys(("joined", "left", "transferred"), "")}),
    language="en",
    now=NOW,
)
ACTIVE = handoff_in(State.ACTIVE)
WAITING = replace(handoff_in(State.WAITING), position=2, wait_seconds=60)


def after(handoff: Handoff, *events: Event, teller: Teller = TELLER) -> Handoff:
    for event in events:
        handoff = EFFECTS[type(event)](handoff, event, teller)
    return handoff


def texts(handoff: Handoff) -> list[str]:
    return [one.text for one in handoff.deliveries]


def unnamed(agent: str, name: str | None = None) -> AgentJoined:
    return joined(Agent(id=agent, name=name))


def transferred(*to: str) -> Transferred:
    return Transferred(id="t", conversation=ROOM, to_agents=to, position=2, wait_seconds=30)


def test_deliveries_are_numbered_from_one_without_gaps() -> None:
    told = after(WAITING, joined(), replied("a"), replied("b"), transferred())
    assert [one.id for one in told.deliveries] == [1, 2, 3, 4]
    assert told.last_delivery == 4


def test_numbers_go_on_where_the_tail_was_cut() -> None:
    told = after(replace(ACTIVE, last_delivery=70), replied())
    assert [one.id for one in told.deliveries] == [71]


def test_delivery_tells_kind_time_and_agent() -> None:
    expected = Delivery(id=1, kind=DeliveryKind.MESSAGE, at=NOW, text="Hi 🌷\nline", agent="Anna")
    assert after(ACTIVE, replied("Hi 🌷\nline")).deliveries == (expected,)


def test_file_is_delivered_as_a_link_with_all_that_is_known() -> None:
    event = FileShared(
        id="f",
        conversation=ROOM,
        author="anna",
        url="https://f.example/1",
        name="a.pdf",
        content_type="application/pdf",
        size=3,
    )
    (told,) = after(ACTIVE, event).deliveries
    assert (told.kind, told.url, told.name) == (DeliveryKind.FILE, "https://f.example/1", "a.pdf")
    assert (told.content_type, told.size, told.agent) == ("application/pdf", 3, "Anna")


def test_place_in_the_queue_is_known() -> None:
    event = Queued(id="q", conversation=ROOM, position=5, wait_seconds=300)
    assert after(WAITING, event) == replace(WAITING, position=5, wait_seconds=300)


def test_arrival_is_announced_and_ends_the_waiting() -> None:
    told = after(WAITING, joined())
    assert texts(told) == ["Anna has joined the chat."]
    assert (told.agents, told.speaker) == ((HERE,), "Anna")
    assert (told.position, told.wait_seconds) == (None, None)


@pytest.mark.parametrize(
    "events",
    [
        (joined(), replace(joined(), id="again")),
        (unnamed("anna"), joined(), replace(joined(), id="again")),
        (joined(), unnamed("anna")),
        (replace(replied("Hi"), author="anna"), joined()),
    ],
)
def test_arrival_is_announced_once(events: tuple[Event, ...]) -> None:
    told = after(WAITING, *events)
    assert [one for one in texts(told) if "joined" in one] == ["Anna has joined the chat."]
    assert [(one.id, one.name, one.announced) for one in told.agents] == [("anna", "Anna", True)]


def test_arrival_waits_for_a_name_that_is_to_come() -> None:
    told = after(WAITING, unnamed("anna"))
    assert (texts(told), told.agents) == ([], (Agent(id="anna"),))


def test_arrival_of_somebody_who_has_no_name_is_announced_too() -> None:
    assert texts(after(WAITING, unnamed("x", ""))) == ["A colleague has joined the chat."]


def test_every_agent_is_announced() -> None:
    told = after(WAITING, joined(), joined(BEN))
    assert texts(told) == ["Anna has joined the chat.", "Ben has joined the chat."]
    assert told.speaker == "Ben"


def test_who_speaks_without_having_joined_is_there() -> None:
    told = after(WAITING, replied())
    assert [one.id for one in told.agents] == ["anna"]
    assert (told.position, told.wait_seconds) == (None, None)


def test_name_that_comes_with_the_words_is_shown() -> None:
    event = AgentReplied(id="r", conversation=ROOM, author="x", text="Hi", author_name="Xan")
    assert [one.agent for one in after(WAITING, event).deliveries] == ["Xan"]


def test_words_of_an_author_without_id_belong_to_the_agent_of_that_name() -> None:
    found = joined(Agent(id="", name="Anna"))
    event = AgentReplied(id="r", conversation=ROOM, author="", text="Hi", author_name="Anna")
    told = after(WAITING, found, event)
    assert told.agents == (Agent(id="", name="Anna", announced=True),)
    assert told.deliveries[-1].agent == "Anna"


def test_words_of_a_second_agent_bear_the_second_name() -> None:
    told = after(ACTIVE, joined(BEN), replied("one"), replace(replied("two", 2), author="ben"))
    assert [one.agent for one in told.deliveries[1:]] == ["Anna", "Ben"]


@pytest.mark.parametrize("event", [joined(BEN), transferred()])
def test_empty_text_is_not_said(event: Event) -> None:
    assert after(ACTIVE, event, teller=SILENT).deliveries == ()


def test_sentence_is_in_the_language_of_the_session() -> None:
    dutch = replace(TELLER, language="nl-NL")
    assert texts(after(WAITING, joined(), teller=dutch)) == ["Anna neemt nu deel aan het gesprek."]


@pytest.mark.parametrize("text", ["x" * (LARGEST_DELIVERY - 2), "€" * 13_332, "\x01" * 6_666])
def test_words_that_fit_in_an_answer_are_one_delivery(text: str) -> None:
    told = after(ACTIVE, replied(text))
    assert [one.text for one in told.deliveries] == [text]


@pytest.mark.parametrize("text", ["x" * (LARGEST_DELIVERY - 1), "€" * 13_333, "\x01" * 6_667])
def test_longer_words_become_several_deliveries_in_order(text: str) -> None:
    told = after(ACTIVE, replied(text))
    assert len(told.deliveries) > 1
    assert "".join(one.text for one in told.deliveries) == text
    assert {(one.kind, one.agent) for one in told.deliveries} == {(DeliveryKind.MESSAGE, "Anna")}


@pytest.mark.parametrize("letter", ["x", "é", "€", "🌷", '"', "\n", "\x01"])
def test_every_piece_of_a_text_fits_in_an_answer(letter: str) -> None:
    pieces = deliverable(letter * 50_000)
    written = [len(json.dumps(one, ensure_ascii=False).encode()) for one in pieces]
    assert max(written) <= LARGEST_DELIVERY
    assert max(len(one.encode()) for one in pieces) <= SAFE_PIECE


def test_file_without_an_address_is_told_of() -> None:
    event = FileShared(id="f", conversation=ROOM, author="anna", url="", name="label.pdf")
    told = after(ACTIVE, event)
    assert [(one.kind, one.text) for one in told.deliveries][-1] == (
        DeliveryKind.NOTICE,
        "Your colleague sent a file that cannot be shown here.",
    )


def test_file_without_a_name_is_still_a_file() -> None:
    event = FileShared(id="f", conversation=ROOM, author="anna", url="https://f.example/1")
    (told,) = after(ACTIVE, event).deliveries
    assert (told.kind, told.text, told.name, told.size) == (DeliveryKind.FILE, "", "", None)
