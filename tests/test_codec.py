"""What is kept comes back unchanged, across revisions, and never shows up in an error."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.codec import MAX_BYTES, decode, encode
from handoff.deliveries import Delivery
from handoff.errors import StoreError
from handoff.model import Agent, Card, Contact, Handoff, Job, Lease, Link, Message, Session
from handoff.records import Reply, TurnRecord
from handoff.store import DeadLetter
from handoff.vocabulary import (
    ContactRef,
    DeliveryKind,
    Dialect,
    HandoffId,
    JobKind,
    Participant,
    ProviderId,
    SessionId,
    SessionKey,
    State,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
WHERE = "sessions/abc"


def job() -> Job:
    return Job(
        id=3,
        kind=JobKind.SEND,
        handoff=HandoffId("h1"),
        provider=ProviderId("livechat"),
        created_at=NOW,
        due_at=NOW + timedelta(seconds=2),
        text="line one\nline two",
    )


def session(text: str = "hello") -> Session:
    handoff = Handoff(
        id=HandoffId("h1"),
        provider=ProviderId("livechat"),
        started_at=NOW,
        state=State.ACTIVE,
        attributes={"topic": text},
        agents=(Agent(id="a1", name="Ann"), Agent(id="a2")),
        deliveries=(Delivery(id=1, kind=DeliveryKind.MESSAGE, at=NOW, text=text),),
    )
    card = Card(title=text, text=text, image=text, links=(Link(title=text, url=text),))
    reply = Reply(texts=(text,), parameters={"handoff_position": 2, "x": None, "y": 1.5, "z": True})
    return Session(
        key=SessionKey("abc"),
        id=SessionId(text),
        dialect=Dialect.ES,
        transcript=(Message(author=Participant.BOT, text=text, card=card),),
        handoff=handoff,
        contacts={"livechat": Contact(ref=ContactRef("c1"))},
        outbox=(job(),),
        lease=Lease(owner="me", until=NOW),
        turns=(TurnRecord(id="t1", utterance="u1", reply=reply),),
        expire_at=NOW,
    )


def test_session_comes_back_equal() -> None:
    assert decode(encode(session(), WHERE), Session, WHERE) == session()


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_text_of_any_form_comes_back_equal(text: str) -> None:
    assert decode(encode(session(text), WHERE), Session, WHERE) == session(text)


@pytest.mark.parametrize(
    "text", ["\x00", "a\r\n\u2028b", "😀", "\ud800", "\udc00\ud83d", "\ud83dA"]
)
def test_awkward_text_comes_back_equal(text: str) -> None:
    assert decode(encode(session(text), WHERE), Session, WHERE) == session(text)


def test_delivery_comes_back_equal() -> None:
    delivery = Delivery(id=7, kind=DeliveryKind.FILE, at=NOW, url="https://x/y", size=12)
    assert decode(encode(delivery, WHERE), Delivery, WHERE) == delivery


def test_dead_letter_comes_back_equal() -> None:
    letter = DeadLetter(
        session=SessionKey("abc"), job=job(), reason="rejected", at=NOW, expire_at=NOW
    )
    assert decode(encode(letter, WHERE), DeadLetter, WHERE) == letter


def test_times_come_back_in_utc() -> None:
    restored = decode(encode(session(), WHERE), Session, WHERE)
    assert restored.expire_at is not None
    assert restored.expire_at.tzinfo is UTC


def test_field_of_a_later_revision_is_ignored() -> None:
    document = json.loads(encode(session(), WHERE)) | {"mood": "sunny"}
    document["handoff"]["mood"] = {"deep": [1]}
    assert decode(json.dumps(document), Session, WHERE) == session()


def test_field_that_an_earlier_revision_did_not_write_takes_its_default() -> None:
    text = '{"key": "abc", "id": "s", "dialect": "cx"}'
    expected = Session(key=SessionKey("abc"), id=SessionId("s"), dialect=Dialect.CX)
    assert decode(text, Session, WHERE) == expected


def test_line_of_an_earlier_revision_has_no_card() -> None:
    line = '{"author": "bot", "text": "Hi", "name": "", "utterance": "u"}'
    text = f'{{"key": "abc", "id": "s", "dialect": "cx", "transcript": [{line}]}}'
    [restored] = decode(text, Session, WHERE).transcript
    assert restored == Message(author=Participant.BOT, text="Hi", utterance="u")


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "My card is 4111",
        "[]",
        '{"key": "abc", "id": "My card is 4111", "dialect": "My card is 4111"}',
        '{"key": "abc", "id": "\\ud800", "dialect": "My card is 4111"}',
        '{"id": "My card is 4111"',
        "[" * 200_000,
    ],
)
def test_broken_document_is_named_and_not_quoted(text: object) -> None:
    with pytest.raises(StoreError) as caught:
        decode(text, Session, WHERE)
    assert WHERE in str(caught.value)
    assert "4111" not in "".join(traceback.format_exception(caught.value))


def test_document_over_the_limit_is_refused_by_name() -> None:
    with pytest.raises(StoreError, match=WHERE):
        encode(session("é" * (MAX_BYTES // 2)), WHERE)
