"""The agent is told that the customer's page has gone, and that it is back; each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handoff import page, timers
from handoff.deliveries import Page
from handoff.model import Session
from handoff.page import BACK, GONE
from handoff.rules import Abilities, Rules
from handoff.vocabulary import JobKind, State
from tests.heart import DESK, HANDOFF, NOW, handoff_of, seconds, session_in, with_handoff

SHOWS = Rules(
    providers={DESK: Abilities(shows_presence=True)}, page_gone=seconds(30), accept=timedelta()
)
HIDES = replace(SHOWS, providers={DESK: Abilities()})
OFF = replace(SHOWS, page_gone=timedelta())
ACTIVE = session_in(State.ACTIVE)
THERE = Page(readers={"a": NOW + seconds(90), "b": NOW + seconds(60)})
LEFT = Page(gone_at=NOW)


def missing_at(session: Session, known: Page | None, rules: Rules = SHOWS) -> datetime | None:
    return page.missing_at(handoff_of(with_handoff(session, page=known)), rules)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (LEFT, NOW + seconds(30)),
        (THERE, NOW + seconds(120)),
        (replace(THERE, gone_at=NOW), NOW + seconds(120)),
        (None, None),
        (Page(seen=4), None),
        (replace(LEFT, missed=True), None),
    ],
    ids=str,
)
def test_page_is_missed_some_time_after_its_last_reader(
    known: Page | None, expected: datetime | None
) -> None:
    assert missing_at(ACTIVE, known) == expected


@pytest.mark.parametrize("rules", [HIDES, OFF, Rules()], ids=["desk", "switched off", "unknown"])
def test_page_is_missed_by_nobody_who_cannot_be_told(rules: Rules) -> None:
    assert missing_at(ACTIVE, LEFT, rules) is None


def test_page_is_not_missed_before_there_is_a_conversation() -> None:
    assert missing_at(session_in(State.REQUESTED), LEFT) is None


def jobs_of(session: Session) -> list[tuple[JobKind, str]]:
    return [(job.kind, job.text) for job in session.outbox]


def passed(session: Session, later: float) -> Session:
    return timers.passed(session, SHOWS, NOW + seconds(later))


def test_agent_is_told_once_that_the_page_has_gone() -> None:
    left = with_handoff(ACTIVE, page=LEFT)
    assert timers.wake_at(left, SHOWS) == NOW + seconds(30)
    assert passed(left, 29.9) is left
    told = passed(left, 30)
    assert jobs_of(told) == [(JobKind.PRESENCE, GONE)]
    assert handoff_of(told).page == replace(LEFT, missed=True)
    assert passed(told, 99) is told


def back(session: Session, stays: float = 90) -> Session:
    return page.reading(session, HANDOFF, "a", 0, NOW + seconds(stays), NOW)


def test_agent_who_heard_it_go_is_told_that_it_is_back() -> None:
    gone = page.missed(ACTIVE, handoff_of(ACTIVE), NOW)
    after = back(gone)
    assert jobs_of(after) == [(JobKind.PRESENCE, GONE), (JobKind.PRESENCE, BACK)]
    known = handoff_of(after).page
    assert known is not None
    assert (known.missed, known.gone_at) == (False, None)
    assert jobs_of(back(after)) == jobs_of(after)


def test_agent_who_did_not_hear_it_go_is_told_nothing() -> None:
    assert jobs_of(back(with_handoff(ACTIVE, page=LEFT))) == []


def test_page_that_only_looks_in_is_not_back() -> None:
    gone = with_handoff(ACTIVE, page=replace(LEFT, missed=True))
    after = back(gone, stays=0)
    known = handoff_of(after).page
    assert known is not None
    assert (jobs_of(after), known.missed) == ([], True)


@pytest.mark.parametrize("state", [State.CLOSED, State.FAILED])
def test_after_the_end_nobody_is_told(state: State) -> None:
    gone = with_handoff(session_in(state), page=replace(LEFT, missed=True))
    assert jobs_of(back(gone)) == []
    left = with_handoff(session_in(state), page=LEFT)
    assert passed(left, 99) is left


def test_reader_that_leaves_does_not_make_it_be_missed_again() -> None:
    gone = with_handoff(ACTIVE, page=replace(LEFT, missed=True))
    after = page.read(gone, HANDOFF, "a", 0, NOW + seconds(9))
    assert (jobs_of(after), handoff_of(after).page) == ([], replace(LEFT, missed=True))
