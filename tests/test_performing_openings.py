"""Openings and other jobs whose customer, or whose provider, is not there any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from handoff.errors import Unavailable
from handoff.exchange import Exchange
from handoff.performing import Performer
from handoff.providers.base import Opened, Opening
from handoff.sqlite import SqliteStore
from handoff.vocabulary import HandoffId, JobKind, Reason, State
from tests.desks import Fault, ScriptedProvider
from tests.fakes import FixedClock
from tests.heart import (
    DESK,
    HANDOFF,
    RULES,
    handoff_of,
    head,
    kinds,
    queue,
    session_in,
    with_handoff,
)
from tests.work import Work, doubtful, opening


@pytest.fixture
def work(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Work]:
    store = SqliteStore(":memory:", clock=clock)
    yield Work(store, clock)
    runner.run(store.close())


ABANDONED = [{"state": State.CLOSED, "reason": Reason.CUSTOMER_LEFT}, {"id": HandoffId("ho-2")}]


@pytest.mark.parametrize("changes", ABANDONED)
async def test_doubtful_opening_for_a_customer_who_left_opens_nothing(
    work: Work, changes: dict[str, object]
) -> None:
    session = doubtful(opening(**changes))
    after = await work.does(session)
    assert (work.send.verbs, work.desk.rooms, after.outbox) == (["open"], [], ())
    assert handoff_of(after) == handoff_of(session)


@pytest.mark.parametrize("changes", ABANDONED)
async def test_opening_that_a_customer_who_left_had_is_found(
    work: Work, changes: dict[str, object]
) -> None:
    session = queue(session_in(State.REQUESTED), JobKind.OPEN, JobKind.CLOSE)
    work.desk.faults = [Fault(verb="open", error=Unavailable("slow"), after=True)]
    left = with_handoff(await work.does(session), **changes)
    after = await work.does(left)
    (room,) = work.desk.rooms
    assert (kinds(after), head(after).conversation) == ([JobKind.CLOSE], room.ref)
    assert after.contacts[DESK].thread == room.thread


async def test_opening_left_from_the_handoff_before_is_looked_up_by_its_own_id(work: Work) -> None:
    class Recording(ScriptedProvider):
        def open(self, opening: Opening) -> Exchange[Opened]:
            asked.append(opening)
            return super().open(opening)

    asked: list[Opening] = []
    await work.does(doubtful(opening(id=HandoffId("ho-2"))), work.performer(Recording()))
    assert [(one.handoff.id, one.abandoned) for one in asked] == [(HANDOFF, True)]


@pytest.mark.parametrize("uncertain", [True, False])
async def test_opening_for_a_customer_who_is_there_is_not_abandoned(
    work: Work, uncertain: bool
) -> None:
    await work.does(doubtful(opening()) if uncertain else opening())
    (room,) = work.desk.rooms
    assert (room.opening.abandoned, room.opening.uncertain) == (False, uncertain)


@pytest.mark.parametrize("kind", [JobKind.OPEN, JobKind.SEND, JobKind.CLOSE, JobKind.LOOK])
async def test_job_of_a_provider_that_is_not_configured_any_more_is_refused(
    work: Work, kind: JobKind
) -> None:
    state = State.REQUESTED if kind is JobKind.OPEN else State.ACTIVE
    session = queue(session_in(state), kind)
    performer = Performer({}, work.store, replace(RULES, providers={}), work.caller, work.clock)
    after = await work.does(session, performer)
    assert (work.send.sent, after.outbox) == ([], ())
    letters = [] if kind in {JobKind.OPEN, JobKind.LOOK} else ["Rejected"]
    assert [one.reason for one in after.undelivered] == letters
