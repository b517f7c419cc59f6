"""What the tests of the performer share: a desk to work at, and sessions with one job."""

from __future__ import annotations

from dataclasses import replace

from handoff.model import Session
from handoff.performing import Performer
from handoff.providers.base import Provider
from handoff.rules import Rules
from handoff.sqlite import SqliteStore
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import JobKind, State
from tests.desks import ScriptedProvider
from tests.fakes import FixedClock, ScriptedSend
from tests.heart import (
    DESK,
    RULES,
    head,
    queue,
    session_in,
    with_handoff,
)


class Work:
    """A performer with one desk, and what it made of sessions."""

    def __init__(self, store: SqliteStore, clock: FixedClock) -> None:
        self.store = store
        self.clock = clock
        self.send = ScriptedSend()
        self.caller = Caller(self.send, store, clock)
        self.desk = ScriptedProvider()

    def performer(self, desk: Provider | None = None, rules: Rules = RULES) -> Performer:
        return Performer({DESK: desk or self.desk}, self.store, rules, self.caller, self.clock)

    async def does(self, session: Session, performer: Performer | None = None) -> Session:
        one = performer or self.performer()
        outcome = await one.do(session, head(session), Deadline.after(5))
        return outcome.decision(session)


def opening(**changes: object) -> Session:
    session = queue(session_in(State.REQUESTED), JobKind.OPEN)
    return with_handoff(session, **changes)


def doubtful(session: Session) -> Session:
    return replace(session, outbox=(replace(head(session), uncertain=True),))
