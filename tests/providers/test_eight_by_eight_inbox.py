"""One webhook from bytes to events: nothing unproved has another way in."""

from __future__ import annotations

import json

import pytest

from handoff.errors import BadRequest, Unauthenticated
from handoff.events import AgentReplied, Event
from handoff.exchange import Inbound, Response
from tests.providers.driving import Answer, Script
from tests.providers.eight_by_eight_world import (
    ACCOUNT,
    KIRA,
    WITH_SECRET,
    desk,
    event,
    key_answer,
    signed,
    words,
)

VERIFY = {"notificationVersion": "Chat Gateway v1.0", "eventType": "WEB_HOOK_VERIFY"}
NAMED = Response(status=200, body=json.dumps([{"id": KIRA, "name": "Kira"}]).encode())


def received(request: Inbound, *answers: Answer) -> tuple[Event, ...]:
    return Script(*answers).drive(desk().receive(request))


def unsigned(body: object) -> Inbound:
    return Inbound(method="POST", path="/8x8", body=json.dumps(body).encode())


def test_events_carry_the_id_of_the_header() -> None:
    [said] = received(signed(words()), key_answer())
    assert said.id == "eV5nB2xQTiKd0aYf"


def test_names_are_looked_up_only_after_the_proof() -> None:
    script = Script(key_answer(), NAMED)
    [said] = script.drive(desk(WITH_SECRET).receive(signed(words())))
    assert isinstance(said, AgentReplied)
    assert said.author_name == "Kira"
    assert script.actions == ["public", "agents"]


@pytest.mark.parametrize("body", [event("QUEUED"), event("TRANSFER")])
def test_no_name_is_looked_up_where_none_is_needed(body: dict[str, object]) -> None:
    script = Script(key_answer())
    assert len(script.drive(desk(WITH_SECRET).receive(signed(body)))) == 1


def test_signed_trial_of_our_address_says_nothing() -> None:
    assert received(signed(VERIFY), key_answer()) == ()


def test_unsigned_trial_of_our_address_is_answered_and_says_nothing() -> None:
    assert received(unsigned(VERIFY)) == ()


@pytest.mark.parametrize(
    "body",
    [
        words(),
        {},
        [],
        None,
        {**VERIFY, "conversationId": "x"},
        {**VERIFY, "eventType": "MESSAGE"},
    ],
)
def test_anything_else_that_is_unsigned_is_refused(body: object) -> None:
    with pytest.raises(Unauthenticated):
        received(unsigned(body))


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"null"])
def test_signed_body_that_is_no_object_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        received(signed(body), key_answer())


def test_account_shows_no_secret() -> None:
    assert "eght_EXAMPLE" not in repr(ACCOUNT)
