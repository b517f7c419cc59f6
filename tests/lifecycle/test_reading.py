"""What was read in a conversation and is told by a webhook later counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handoff import lifecycle
from handoff.events import AgentReplied, Event, FileShared
from handoff.model import Session
from handoff.reading import APART, MOST_READ
from handoff.vocabulary import State
from tests.heart import NOW, ROOM, RULES, handoff_of, notices, session_in

ACTIVE = session_in(State.ACTIVE)
READ = AgentReplied(id="r", conversation=ROOM, author="anna", text="Hi", at=NOW, read=True)
TOLD = replace(READ, id="t", read=False)
FILE = FileShared(id="rf", conversation=ROOM, author="anna", url="", at=NOW, read=True)


def heard(session: Session, *events: Event) -> Session:
    for event in events:
        session = lifecycle.apply(session, event, RULES, NOW)
    return session


def test_what_was_read_reaches_the_customer() -> None:
    assert notices(heard(ACTIVE, READ)) == ["Hi"]


@pytest.mark.parametrize("later", [timedelta(), -APART, APART])
def test_webhook_that_tells_the_same_has_no_effect(later: timedelta) -> None:
    session = heard(ACTIVE, READ)
    assert heard(session, replace(TOLD, at=NOW + later)) is session


@pytest.mark.parametrize(
    "event",
    [
        replace(TOLD, at=NOW + APART + timedelta(milliseconds=1)),
        replace(TOLD, at=None),
        replace(TOLD, text="Ho"),
        replace(TOLD, author="ben"),
        replace(FILE, id="f", read=False, url="https://f.example/1"),
    ],
)
def test_webhook_that_tells_something_else_has_its_effect(event: Event) -> None:
    assert len(handoff_of(heard(ACTIVE, READ, event)).deliveries) > 1


def test_file_that_was_read_is_told_once() -> None:
    told = replace(FILE, id="f", read=False, url="https://f.example/1")
    session = heard(ACTIVE, FILE)
    assert heard(session, told) is session


def test_what_was_read_without_a_time_hinders_nothing() -> None:
    session = heard(ACTIVE, replace(READ, at=None), TOLD)
    assert notices(session) == ["Hi", "Hi"]


def test_so_many_digests_are_kept() -> None:
    many = [replace(READ, id=f"r{n}", text=f"no. {n}") for n in range(MOST_READ + 5)]
    assert len(handoff_of(heard(ACTIVE, *many)).read) == MOST_READ
