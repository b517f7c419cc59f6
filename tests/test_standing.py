"""Where a handoff stands is told once for each time that it moves, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handoff import standing
from handoff.deliveries import Delivery, Page, Standing
from handoff.model import Session
from handoff.vocabulary import DeliveryKind, HandoffId, Reason, State
from tests.heart import BEN, HERE, NOW, RULES, handoff_of, session_in, with_handoff

LATER = NOW.replace(hour=13)
WAITING = with_handoff(session_in(State.WAITING), position=2, wait_seconds=60)
ACTIVE = session_in(State.ACTIVE)


def told(before: Session, after: Session) -> list[Delivery]:
    known = {one.id for one in handoff_of(before).deliveries} if before.handoff else set()
    moved = handoff_of(standing.told(before, after, RULES, LATER))
    return [one for one in moved.deliveries if one.id not in known]


@pytest.mark.parametrize("state", [State.REQUESTED, State.WAITING, State.ACTIVE])
def test_new_handoff_is_told(state: State) -> None:
    [one] = told(session_in(None), session_in(state))
    assert (one.id, one.kind, one.at) == (1, DeliveryKind.STATE, LATER)
    assert one.standing == Standing(state=state)


def test_all_that_is_known_of_it_is_told() -> None:
    [one] = told(session_in(State.REQUESTED), WAITING)
    assert one.standing == Standing(state=State.WAITING, position=2, wait_seconds=60)
    assert one.agent == ""


def test_name_of_who_speaks_is_told() -> None:
    [one] = told(WAITING, ACTIVE)
    assert (one.standing, one.agent) == (Standing(state=State.ACTIVE), "Anna")


def test_end_is_told_with_its_reason_and_who_was_there() -> None:
    closed = with_handoff(ACTIVE, state=State.CLOSED, reason=Reason.AGENT_CLOSED)
    [one] = told(ACTIVE, closed)
    assert one.standing == Standing(state=State.CLOSED, reason=Reason.AGENT_CLOSED)
    assert one.agent == "Anna"


MOVES: list[tuple[Session, dict[str, Any]]] = [
    (WAITING, {"position": 1}),
    (WAITING, {"wait_seconds": 30}),
    (WAITING, {"wait_seconds": None}),
    (WAITING, {"state": State.ACTIVE}),
    (ACTIVE, {"speaker": "Ben"}),
    (ACTIVE, {"state": State.CLOSED, "reason": Reason.INACTIVE}),
    (session_in(State.CLOSED), {"reason": Reason.CUSTOMER_LEFT}),
    (ACTIVE, {"id": HandoffId("ho-2")}),
]


@pytest.mark.parametrize(("before", "move"), MOVES, ids=[str(move) for _, move in MOVES])
def test_each_move_is_told(before: Session, move: dict[str, Any]) -> None:
    [one] = told(before, with_handoff(before, **move))
    assert one.kind is DeliveryKind.STATE


STILL: list[dict[str, Any]] = [
    {},
    {"agents": (HERE, BEN)},
    {"heard": 3},
    {"answered": 3},
    {"page": Page(seen=3)},
    {"unanswered_since": LATER},
    {"connecting_told": False},
]


@pytest.mark.parametrize("change", STILL, ids=str)
def test_what_moves_nothing_is_not_told(change: dict[str, Any]) -> None:
    after = with_handoff(ACTIVE, **change)
    assert standing.told(ACTIVE, after, RULES, LATER) is after


def test_session_without_a_handoff_has_nothing_to_tell() -> None:
    session = session_in(None)
    assert standing.told(session, session, RULES, LATER) is session


def test_it_is_told_after_what_the_same_commit_says() -> None:
    said = Delivery(id=1, kind=DeliveryKind.MESSAGE, at=NOW, text="Hi", agent="Anna")
    after = with_handoff(ACTIVE, deliveries=(said,), last_delivery=1)
    kinds = [one.kind for one in told(WAITING, after)]
    assert kinds == [DeliveryKind.MESSAGE, DeliveryKind.STATE]


def test_end_that_another_handoff_follows_at_once_is_told_to_its_page_too() -> None:
    over = handoff_of(with_handoff(ACTIVE, state=State.CLOSED, reason=Reason.NOT_ACCEPTED))
    after = replace(with_handoff(ACTIVE, id=HandoffId("ho-2")), earlier=(over,))
    [known] = standing.told(ACTIVE, after, RULES, LATER).earlier
    assert known.deliveries[-1].standing == Standing(state=State.CLOSED, reason=Reason.NOT_ACCEPTED)
    assert len(told(ACTIVE, after)) == 1
