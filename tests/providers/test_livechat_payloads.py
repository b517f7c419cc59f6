"""What is put into LiveChat: texts in pieces, session fields, the transcript."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.model import Card, Customer, Link, Message
from handoff.providers.livechat_payloads import (
    LONGEST_TEXT,
    message_events,
    session_fields,
    transcript_events,
    transcript_line,
)
from handoff.providers.livechat_wire import is_group
from handoff.vocabulary import Participant
from tests.providers.livechat_world import HANDED, HANDOFF, TALK, opening

VENDORS_LIMIT = 16 * 1024  # reference §7.3: bytes of UTF-8


@pytest.mark.parametrize("before", range(5))
def test_emoji_on_the_boundary_is_not_cut(before: int) -> None:
    text = "a" * (LONGEST_TEXT - before) + "😀" * 10 + "z"
    pieces = [event["text"] for event in message_events(text, "c")]
    assert "".join(pieces) == text
    assert len(pieces) == 2


@given(st.text(alphabet="aé€😀\n", min_size=1, max_size=9), st.integers(1, 12_000))
def test_pieces_join_to_the_same_text_and_fit(phrase: str, times: int) -> None:
    events = message_events(phrase * times, "c")
    assert "".join(event["text"] for event in events) == phrase * times
    assert all(len(event["text"].encode()) <= VENDORS_LIMIT for event in events)
    assert len({event["custom_id"] for event in events}) == len(events)


def test_short_message_is_one_event_with_our_id() -> None:
    assert message_events("Hi\n👋", "c") == [
        {"type": "message", "text": "Hi\n👋", "custom_id": "c"}
    ]


def test_half_a_surrogate_pair_can_be_sent() -> None:
    [event] = message_events("a\ud800b", "c")
    assert event["text"].encode()


def test_session_fields_are_pairs_in_order_without_the_empty_ones() -> None:
    customer = Customer(phone="+31612345678", language="nl")
    handoff = replace(
        HANDED, customer=customer, skill="returns", attributes={"topic": "", "b": "2"}
    )
    assert session_fields(handoff) == [
        {"handoff_id": HANDOFF},
        {"phone": "+31612345678"},
        {"language": "nl"},
        {"skill": "returns"},
        {"b": "2"},
    ]


def test_session_fields_are_a_hundred_at_most_and_the_id_stays() -> None:
    handoff = replace(HANDED, attributes={f"a{number}": "x" for number in range(300)})
    fields = session_fields(handoff)
    assert len(fields) == 100
    assert fields[0] == {"handoff_id": HANDOFF}


def test_attribute_does_not_take_the_place_of_our_id() -> None:
    handoff = replace(HANDED, attributes={"handoff_id": "mine"})
    assert {"handoff_id": HANDOFF} in session_fields(handoff)


@pytest.mark.parametrize(
    ("target", "group"),
    [("7", True), ("0", True), ("", False), ("-1", False), ("7.0", False), ("٧", False)],
)
def test_only_a_number_is_a_group(target: str, group: bool) -> None:
    assert is_group(target) is group


def test_number_too_long_for_a_group_is_none() -> None:
    assert not is_group("1" * 10)


@pytest.mark.parametrize(
    ("author", "name", "line"),
    [
        (Participant.CUSTOMER, "", "Customer: Hi"),
        (Participant.BOT, "", "Bot: Hi"),
        (Participant.AGENT, "", "Agent: Hi"),
        (Participant.AGENT, "Mara", "Mara: Hi"),
    ],
)
def test_speakers_are_told_apart(author: Participant, name: str, line: str) -> None:
    assert transcript_line(Message(author=author, text="Hi", name=name)) == line


def test_card_of_the_bot_is_told_in_its_words() -> None:
    links = (Link(title="Order", url="https://shop.example/1"),)
    words = "Sofa\nOrder: https://shop.example/1"
    card = Message(author=Participant.BOT, text=words, card=Card(title="Sofa", links=links))
    [event] = transcript_events(opening(talk=[card]))
    assert event["text"].endswith(f"Bot: {words}")


def test_transcript_names_the_handoff_and_keeps_the_order() -> None:
    [event] = transcript_events(opening(talk=TALK))
    assert event["custom_id"] == f"{HANDOFF}-t"
    lines = event["text"].split("\n")
    assert HANDOFF in lines[0]
    assert lines[1:] == [transcript_line(one) for one in TALK]


def test_empty_transcript_is_no_event() -> None:
    assert transcript_events(opening()) == []


def test_long_transcript_is_split_where_the_vendor_limits_it() -> None:
    talk = [Message(author=Participant.BOT, text="é" * 999)] * 20
    events = transcript_events(opening(talk=talk))
    assert [event["custom_id"] for event in events] == [
        f"{HANDOFF}-t",
        f"{HANDOFF}-t.1",
        f"{HANDOFF}-t.2",
    ]
    assert "".join(event["text"] for event in events).count("é") == 20 * 999
