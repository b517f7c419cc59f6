"""What was said before, as the history of the new conversation."""

from __future__ import annotations

from dataclasses import replace

from handoff.exchange import Json
from handoff.model import Card, Link, Message
from handoff.providers.eight_by_eight_history import LONGEST_TEXT, MOST_MESSAGES, history
from handoff.vocabulary import Participant
from tests.providers.eight_by_eight_world import OPENING

CUSTOMER, BOT, AGENT = Participant.CUSTOMER, Participant.BOT, Participant.AGENT
CARD = Card(
    title="Sofa",
    text="Three seats",
    image="https://i.example/1",
    links=(Link(title="Order", url="https://shop.example/1"), Link(title="Not now")),
)


def told(*lines: Message, request: str = "") -> list[Json]:
    handoff = replace(OPENING.handoff, request=request)
    return history(replace(OPENING, transcript=lines, handoff=handoff))


def line(text: str, author: Participant = CUSTOMER) -> Message:
    return Message(author=author, text=text)


def test_who_spoke_is_told_apart_and_the_request_comes_last() -> None:
    assert told(line("Hi"), line("Hello", BOT), request="A person please") == [
        {"authorType": "user", "text": "Hi"},
        {"authorType": "bot", "text": "Hello"},
        {"authorType": "user", "text": "A person please"},
    ]


def test_agent_of_an_earlier_handoff_is_named_as_no_author_of_that_kind_is_taken() -> None:
    earlier = [Message(author=AGENT, text="Hi", name="Kira"), line("Bye", AGENT)]
    assert [(one["authorType"], one["text"]) for one in told(*earlier)] == [
        ("bot", "Kira: Hi"),
        ("bot", "Agent: Bye"),
    ]


def test_long_text_comes_in_pieces_that_join_to_the_same() -> None:
    text = "ä" * LONGEST_TEXT
    entries = told(line(text))
    assert len(entries) > 1
    assert "".join(one["text"] for one in entries) == text
    assert max(len(one["text"].encode()) for one in entries) <= LONGEST_TEXT


def test_card_is_shown_as_one_beside_its_words() -> None:
    [entry] = told(Message(author=BOT, text="Sofa", card=CARD))
    [shown] = entry["cards"]
    assert (entry["text"], shown["contentType"]) == (
        "Sofa",
        "application/vnd.microsoft.card.adaptive",
    )
    assert shown["content"] == {
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [
            {"type": "TextBlock", "text": "Sofa", "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": "Three seats", "wrap": True},
            {"type": "Image", "url": "https://i.example/1"},
            {"type": "TextBlock", "text": "• Not now"},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Order", "url": "https://shop.example/1"}],
    }


def test_card_without_anything_to_press_has_no_actions() -> None:
    [entry] = told(Message(author=BOT, text="x", card=Card()))
    content = entry["cards"][0]["content"]
    assert content == {"type": "AdaptiveCard", "version": "1.3", "body": []}
    [entry] = told(
        Message(author=BOT, text="x", card=Card(links=(Link(title="", url="https://a"),)))
    )
    assert entry["cards"][0]["content"]["actions"][0]["title"] == "https://a"


def test_card_without_words_is_shown_all_the_same() -> None:
    [entry] = told(Message(author=BOT, text="", card=CARD))
    assert sorted(entry) == ["authorType", "cards"]


def test_nothing_said_is_no_history() -> None:
    assert told() == told(line("")) == []


def test_as_many_messages_as_are_taken_come_one_by_one() -> None:
    entries = told(*(line(f"{number}") for number in range(MOST_MESSAGES)))
    assert [one["text"] for one in entries] == [f"{number}" for number in range(MOST_MESSAGES)]


def test_more_messages_come_with_the_oldest_written_together_and_nothing_lost() -> None:
    lines = [line(f"no. {number}", (CUSTOMER, BOT)[number % 2]) for number in range(500)]
    entries = told(*lines, request="A person please")
    assert len(entries) <= MOST_MESSAGES
    assert entries[-1] == {"authorType": "user", "text": "A person please"}
    whole = "\n".join(one["text"] for one in entries)
    places = [whole.index(f"no. {number}") for number in (0, 7, 77, 400, 499)]
    assert places == sorted(places)
    assert entries[0]["authorType"] == "bot"
    assert entries[0]["text"].startswith("Customer: no. 0\nBot: no. 1\n")


def test_history_that_is_too_long_even_so_loses_its_oldest_part() -> None:
    lines = [line(f"{number} " + "x" * 15_000) for number in range(300)]
    entries = told(*lines)
    assert len(entries) == MOST_MESSAGES
    assert entries[-1]["text"].endswith("x")
