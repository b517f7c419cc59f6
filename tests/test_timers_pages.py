"""What time does for a customer's page: who came and went is told, and the agent hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import timers
from handoff.deliveries import Page
from handoff.events import AgentLeft
from handoff.model import Agent, Session
from handoff.vocabulary import JobKind, State
from tests.heart import (
    DESK,
    NOW,
    ROOM,
    RULES,
    after_event,
    handoff_of,
    joined,
    kinds,
    notices,
    seconds,
    session_in,
    with_handoff,
)

UNTOLD = timers.UNTOLD.total_seconds()
LEFT = AgentLeft(id="left", conversation=ROOM, agent_id="anna")
LONG_LIVED = Page(readers={"tab": NOW + seconds(90)})
SHOWING = replace(RULES, providers={DESK: replace(RULES.providers[DESK], shows_presence=True)})
GOES = RULES.texts.get("left", "en", agent="Anna")
COMES = RULES.texts.get("joined_unnamed", "en")


def listening(state: State = State.ACTIVE, page: Page | None = LONG_LIVED) -> Session:
    return with_handoff(session_in(state), page=page, connecting_told=True)


def later(session: Session, after: float) -> Session:
    return timers.passed(session, RULES, NOW + seconds(after))


def wakes(session: Session) -> float | None:
    at = timers.wake_at(session, RULES)
    return (at - NOW).total_seconds() if at else None


def test_page_is_told_that_the_agent_left_without_another_turn() -> None:
    session = after_event(listening(), LEFT)
    assert (notices(session), wakes(session)) == ([], UNTOLD)
    assert later(session, UNTOLD - 0.1) is session
    told = later(session, UNTOLD)
    assert notices(told) == [GOES]
    assert later(told, UNTOLD + 1) is told


def test_page_is_told_of_somebody_whose_name_does_not_come() -> None:
    nameless = joined(Agent(id="ben", name=None))
    session = after_event(listening(State.WAITING), nameless)
    assert notices(later(session, UNTOLD)) == [COMES]


def test_who_comes_in_time_is_all_that_is_told() -> None:
    session = after_event(listening(), LEFT, joined())
    assert handoff_of(session).untold_since is None
    assert GOES not in notices(later(session, UNTOLD))


@pytest.mark.parametrize("page", [None, Page(), Page(readers={"tab": NOW + seconds(1)})])
def test_without_a_page_it_waits_for_the_next_answer(page: Page | None) -> None:
    session = after_event(listening(page=page), LEFT)
    assert notices(later(session, UNTOLD)) == []


def test_agent_hears_once_that_the_page_has_gone() -> None:
    gone = with_handoff(session_in(State.ACTIVE), page=Page(gone_at=NOW))
    at = timers.wake_at(gone, SHOWING)
    assert at == NOW + SHOWING.page_gone
    assert timers.passed(gone, SHOWING, at - seconds(0.1)) is gone
    told = timers.passed(gone, SHOWING, at)
    assert kinds(told) == [JobKind.PRESENCE]
    assert timers.passed(told, SHOWING, at + seconds(1)) is told


def test_desk_that_cannot_show_it_is_not_told() -> None:
    gone = with_handoff(session_in(State.ACTIVE), page=Page(gone_at=NOW))
    assert kinds(timers.passed(gone, RULES, NOW + seconds(100))) == []
