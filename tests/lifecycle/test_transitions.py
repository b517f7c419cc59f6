"""The whole transition table: every fact in every state, and nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from handoff import lifecycle
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Closer,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    Unrecognized,
    WentIdle,
)
from handoff.lifecycle import CustomerLeft, GivenUp, OpeningRefused
from handoff.vocabulary import Reason, State
from tests.heart import ANNA, BEN, NOW, ROOM, RULES, handoff_of, notices, session_in

R, W, A, C, F = State.REQUESTED, State.WAITING, State.ACTIVE, State.CLOSED, State.FAILED

EVENTS: Mapping[str, Event] = {
    "opened": ConversationOpened(id="e", conversation=ROOM),
    "queued": Queued(id="e", conversation=ROOM, position=3),
    "joined": AgentJoined(id="e", conversation=ROOM, agent=BEN),
    "replied": AgentReplied(id="e", conversation=ROOM, author="ben", text="Hi"),
    "shared": FileShared(id="e", conversation=ROOM, author="ben", url="https://f.example/1"),
    "left": AgentLeft(id="e", conversation=ROOM, agent_id="anna"),
    "transferred": Transferred(id="e", conversation=ROOM, position=2),
    "idle": WentIdle(id="e", conversation=ROOM),
    "closed": ConversationClosed(id="e", conversation=ROOM, by=Closer.AGENT),
    "unrecognized": Unrecognized(id="e", conversation=ROOM, kind="news"),
}

# What moves, or at least changes something, as DESIGN's table has it.
MOVES: Mapping[tuple[str, State], State] = {
    ("opened", R): R,
    ("queued", R): W,
    ("queued", W): W,
    ("joined", R): A,
    ("joined", W): A,
    ("joined", A): A,
    ("replied", R): A,
    ("replied", W): A,
    ("replied", A): A,
    ("shared", R): A,
    ("shared", W): A,
    ("shared", A): A,
    ("left", A): W,
    ("transferred", W): W,
    ("transferred", A): W,
    ("idle", R): R,
    ("closed", R): C,
    ("closed", W): C,
    ("closed", A): C,
}

# What moves nothing, and is the customer's all the same.
LATE = {("replied", C), ("shared", C)}

ENDINGS: Mapping[tuple[type, State], State] = {
    (CustomerLeft, R): C,
    (CustomerLeft, W): C,
    (CustomerLeft, A): C,
    (OpeningRefused, R): F,
    (GivenUp, R): C,
    (GivenUp, W): C,
    (GivenUp, A): C,
}

EVERY = [(name, state) for name in EVENTS for state in (None, *State)]
EVERY_ENDING = [
    (cause, state) for cause in (CustomerLeft, OpeningRefused, GivenUp) for state in (None, *State)
]


@pytest.mark.parametrize(("name", "state"), MOVES)
def test_fact_moves_the_handoff_as_the_table_says(name: str, state: State) -> None:
    after = lifecycle.apply(session_in(state), EVENTS[name], RULES, NOW)
    assert handoff_of(after).state is MOVES[name, state]
    assert after != session_in(state)


@pytest.mark.parametrize(("name", "state"), [one for one in EVERY if one not in {*MOVES, *LATE}])
def test_fact_that_is_not_in_the_table_returns_the_very_same_object(
    name: str, state: State | None
) -> None:
    session = session_in(state)
    assert lifecycle.apply(session, EVENTS[name], RULES, NOW) is session


@pytest.mark.parametrize(("name", "state"), sorted(LATE))
def test_words_after_the_end_are_delivered_and_move_nothing(name: str, state: State) -> None:
    after = lifecycle.apply(session_in(state), EVENTS[name], RULES, NOW)
    assert handoff_of(after).state is state
    assert handoff_of(after).last_delivery == 1


@pytest.mark.parametrize(("cause", "state"), ENDINGS)
def test_cause_ends_the_handoff_as_the_table_says(cause: type, state: State) -> None:
    after = lifecycle.end(session_in(state), cause, Reason.INACTIVE, RULES, NOW)
    assert handoff_of(after).state is ENDINGS[cause, state]
    assert handoff_of(after).reason is Reason.INACTIVE


@pytest.mark.parametrize(("cause", "state"), [one for one in EVERY_ENDING if one not in ENDINGS])
def test_cause_that_is_not_in_the_table_returns_the_very_same_object(
    cause: type, state: State | None
) -> None:
    session = session_in(state)
    assert lifecycle.end(session, cause, Reason.INACTIVE, RULES, NOW) is session


def test_table_has_no_row_that_is_not_tested_here() -> None:
    names = {type(event): name for name, event in EVENTS.items()}
    known = {
        (names[kind], state) for kind in names for state in lifecycle.TRANSITIONS.get(kind, ())
    }
    causes = {(kind, state) for kind, _ in ENDINGS for state in lifecycle.TRANSITIONS[kind]}
    assert known == set(MOVES) | {
        *(("opened", W), ("opened", A), ("left", W)),
        *(("idle", W), ("idle", A)),
    }
    assert causes == set(ENDINGS)
    assert {kind for kind, _ in ENDINGS} | set(names) - {Unrecognized} == set(lifecycle.TRANSITIONS)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_own_sentence(reason: Reason) -> None:
    after = lifecycle.end(session_in(W), CustomerLeft, reason, RULES, NOW)
    lost = reason is Reason.PROVIDER_ERROR
    name = "connection_lost" if lost else lifecycle.ENDINGS[reason]
    assert notices(after) == [RULES.texts.get(name, "en")]
    assert len(set(lifecycle.ENDINGS.values())) == len(Reason)


@pytest.mark.parametrize(
    ("by", "state", "reason"),
    [
        (Closer.AGENT, W, Reason.AGENT_CLOSED),
        (Closer.AGENT, A, Reason.AGENT_CLOSED),
        (Closer.CUSTOMER, R, Reason.CUSTOMER_LEFT),
        (Closer.CUSTOMER, A, Reason.CUSTOMER_LEFT),
        (Closer.SYSTEM, R, Reason.NOT_ACCEPTED),
        (Closer.SYSTEM, W, Reason.NOT_ACCEPTED),
        (Closer.SYSTEM, A, Reason.INACTIVE),
        (Closer.NOBODY, R, Reason.NOT_ACCEPTED),
        (Closer.NOBODY, W, Reason.NOT_ACCEPTED),
        (Closer.NOBODY, A, Reason.AGENT_CLOSED),
    ],
)
def test_who_closed_it_tells_why_it_ended(by: Closer, state: State, reason: Reason) -> None:
    event = ConversationClosed(id="e", conversation=ROOM, by=by)
    after = lifecycle.apply(session_in(state), event, RULES, NOW)
    assert handoff_of(after).reason is reason


@pytest.mark.parametrize("name", ["left", "transferred"])
def test_handoff_stays_active_while_another_agent_is_there(name: str) -> None:
    both = lifecycle.apply(session_in(A), EVENTS["joined"], RULES, NOW)
    facts: Mapping[str, Event] = {
        "left": AgentLeft(id="e2", conversation=ROOM, agent_id=ANNA.id),
        "transferred": Transferred(id="e2", conversation=ROOM, to_agents=("ben",)),
    }
    after = lifecycle.apply(both, facts[name], RULES, NOW)
    assert handoff_of(after).state is A
    assert handoff_of(after).agents == (replace(BEN, announced=True),)
    assert handoff_of(after).gone is None
