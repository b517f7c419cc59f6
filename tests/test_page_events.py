"""Deliveries as events of a page: every kind, and what an answer has shown already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from handoff import page_events
from handoff.deliveries import Delivery, Standing
from handoff.vocabulary import DeliveryKind, Reason, State
from tests.heart import NOW, handoff_in

ACTIVE, CLOSED = handoff_in(State.ACTIVE), handoff_in(State.CLOSED)
HEAD = {"id": 7, "at": "2026-03-01T12:00:00Z"}


def delivery(kind: DeliveryKind, **content: Any) -> Delivery:
    return Delivery(id=7, kind=kind, at=NOW, **content)


FILE = delivery(
    DeliveryKind.FILE,
    url="https://f.example/1",
    name="a.pdf",
    content_type="application/pdf",
    size=3,
    agent="Anna",
)
WHOLE = Standing(state=State.CLOSED, reason=Reason.INACTIVE, position=1, wait_seconds=60)
EVENTS: list[tuple[Delivery, dict[str, Any]]] = [
    (
        delivery(DeliveryKind.MESSAGE, text="Hi 🌷\n<b>", agent="Anna"),
        {"type": "message", "text": "Hi 🌷\n<b>", "agent": {"name": "Anna"}},
    ),
    (
        delivery(DeliveryKind.MESSAGE, text="Hi"),
        {"type": "message", "text": "Hi", "agent": {"name": ""}},
    ),
    (
        FILE,
        {
            "type": "file",
            "url": "https://f.example/1",
            "name": "a.pdf",
            "content_type": "application/pdf",
            "size": 3,
            "agent": {"name": "Anna"},
        },
    ),
    (
        delivery(DeliveryKind.FILE, url="https://f.example/1"),
        {
            "type": "file",
            "url": "https://f.example/1",
            "name": "",
            "content_type": "",
            "size": None,
            "agent": {"name": ""},
        },
    ),
    (
        delivery(DeliveryKind.NOTICE, text="One moment"),
        {"type": "notice", "text": "One moment"},
    ),
    (
        delivery(DeliveryKind.TYPING, typing=True, agent="Anna"),
        {"type": "typing", "typing": True, "agent": {"name": "Anna"}},
    ),
    (
        delivery(DeliveryKind.TYPING),
        {"type": "typing", "typing": False, "agent": {"name": ""}},
    ),
    (
        delivery(DeliveryKind.STATE, standing=Standing(state=State.REQUESTED)),
        {"type": "state", "state": "requested"},
    ),
    (
        delivery(DeliveryKind.STATE, standing=WHOLE, agent="Anna"),
        {
            "type": "state",
            "state": "closed",
            "reason": "inactive",
            "position": 1,
            "wait_seconds": 60,
            "agent": {"name": "Anna"},
        },
    ),
]


@pytest.mark.parametrize(("told", "expected"), EVENTS, ids=lambda one: getattr(one, "kind", ""))
def test_delivery_is_an_event(told: Delivery, expected: dict[str, Any]) -> None:
    assert page_events.event(told, ACTIVE) == {**HEAD, **expected}


def test_every_kind_is_played() -> None:
    assert {told.kind for told, _ in EVENTS} == set(DeliveryKind) == set(page_events.CONTENT)


@pytest.mark.parametrize("told", [one for one, _ in EVENTS if one.kind.is_shown])
def test_what_an_answer_has_shown_tells_where_the_handoff_stands(told: Delivery) -> None:
    event = page_events.event(replace(told, answered=True), ACTIVE)
    assert event == {**HEAD, "type": "state", "state": "active", "agent": {"name": "Anna"}}


@pytest.mark.parametrize(
    ("before", "expected"),
    [([], "active"), ([State.WAITING], "waiting"), ([State.ACTIVE, State.CLOSED], "closed")],
)
def test_what_an_answer_has_shown_tells_no_end_before_the_end(
    before: list[State], expected: str
) -> None:
    kind, states = DeliveryKind.STATE, [*before, State.CLOSED]
    told = [replace(delivery(kind), standing=Standing(state=state)) for state in states]
    places = (*range(1, len(states)), 8)  # the last of them comes after what was shown
    numbered = tuple(replace(one, id=name) for name, one in zip(places, told, strict=True))
    over = replace(CLOSED, deliveries=numbered)
    event = page_events.event(replace(FILE, answered=True), over)
    assert event == {**HEAD, "type": "state", "state": expected}


@pytest.mark.parametrize(
    "told", [one for one, _ in EVENTS if not one.kind.is_shown], ids=lambda one: one.kind
)
def test_what_no_answer_can_show_stays_what_it_is(told: Delivery) -> None:
    assert page_events.event(replace(told, answered=True), CLOSED) == page_events.event(
        told, ACTIVE
    )


def test_moment_is_told_in_utc_as_far_as_it_is_known() -> None:
    told = replace(FILE, at=NOW.replace(microsecond=123_456))
    assert page_events.event(told, ACTIVE)["at"] == "2026-03-01T12:00:00.123456Z"


def test_state_of_which_nothing_was_kept_is_still_an_event() -> None:
    assert page_events.event(delivery(DeliveryKind.STATE), ACTIVE) == {**HEAD, "type": "state"}


def test_moment_of_another_zone_keeps_its_zone() -> None:
    there = timezone(timedelta(hours=2))
    told = replace(FILE, at=NOW.astimezone(there))
    assert page_events.event(told, ACTIVE)["at"] == "2026-03-01T14:00:00+02:00"


def moved(number: int, state: State) -> Delivery:
    standing = Standing(state=state)
    return Delivery(id=number, kind=DeliveryKind.STATE, at=NOW, standing=standing)


@pytest.mark.parametrize(
    ("number", "state"), [(1, "active"), (3, "waiting"), (5, "active"), (7, "closed")]
)
def test_what_an_answer_has_shown_before_the_end_is_not_the_end(number: int, state: str) -> None:
    moves = (moved(2, State.WAITING), moved(4, State.ACTIVE), moved(6, State.CLOSED))
    shown = Delivery(id=number, kind=DeliveryKind.NOTICE, at=NOW, text="Hi", answered=True)
    assert page_events.event(shown, replace(CLOSED, deliveries=moves))["state"] == state


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], 0),
        (["", "active", ""], 3),
        (["active", "closed"], 2),
        (["active", "", "closed", "", "closed"], 3),
        (["failed", "closed"], 1),
    ],
)
def test_page_hears_nothing_after_the_end(states: list[str], expected: int) -> None:
    events = [{"id": number, "state": state} for number, state in enumerate(states, 1)]
    assert page_events.up_to_end(events) == events[:expected]


def test_words_about_the_end_are_not_the_end() -> None:
    events = [{"id": 1, "text": "closed", "typing": True}, {"id": 2, "text": "failed"}]
    assert page_events.up_to_end(events) == events
