"""Agents who come, go, come back and pass the customer on, in whatever order webhooks tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import pytest

from handoff import lifecycle
from handoff.effects import caught_up
from handoff.events import (
    AgentJoined,
    AgentLeft,
    Closer,
    ConversationClosed,
    Event,
    Queued,
    Transferred,
)
from handoff.facts import RECURRENCE
from handoff.model import Agent, Session
from handoff.records import EventRecord
from handoff.vocabulary import Reason, State
from tests.heart import (
    ANNA,
    BEN,
    HERE,
    NOW,
    ROOM,
    RULES,
    after_event,
    closed,
    handoff_of,
    joined,
    notices,
    replied,
    seconds,
    session_in,
    with_handoff,
)

BEN_HERE = replace(BEN, announced=True)
BEN_JOINED = "Ben has joined the chat."
PASSED_ON = "You are being transferred to another colleague."


def came(agent: Agent = ANNA) -> AgentJoined:
    return replace(joined(agent), recurs=True)


def went(agent: str = "anna") -> AgentLeft:
    return AgentLeft(id=f"left {agent}", conversation=ROOM, agent_id=agent, recurs=True)


def passed(by: str = "anna", *to: str) -> Transferred:
    return Transferred(id=f"passed {by}", conversation=ROOM, by=by, to_agents=to, recurs=True)


# The three webhooks of one transfer: Anna passes the customer on to Ben.
PARTS: Mapping[str, Event] = {"went": went(), "passed": passed("anna", "ben"), "came": came(BEN)}
ORDERS = list(permutations(PARTS))


def settled(session: Session) -> list[str]:
    """Return what the customer has been told by the next answer."""
    told = caught_up(handoff_of(session), lifecycle.teller(session, RULES, NOW))
    return [one.text for one in told.deliveries]


def at(session: Session, moment: float, event: Event) -> Session:
    return lifecycle.apply(session, event, RULES, NOW + seconds(moment))


@pytest.mark.parametrize("order", ORDERS)
def test_transfer_ends_with_the_next_agent_in_every_order(order: tuple[str, ...]) -> None:
    after = after_event(session_in(State.ACTIVE), *(PARTS[name] for name in order))
    handoff = handoff_of(after)
    assert (handoff.state, handoff.agents, handoff.speaker) == (State.ACTIVE, (BEN_HERE,), "Ben")
    assert (handoff.gone, handoff.position) == (None, None)


@pytest.mark.parametrize("order", ORDERS)
def test_transfer_is_told_once_and_nobody_is_said_to_have_left(order: tuple[str, ...]) -> None:
    after = after_event(session_in(State.ACTIVE), *(PARTS[name] for name in order))
    told = [BEN_JOINED, PASSED_ON]
    first_came = order.index("came") < order.index("passed")
    assert settled(after) == (told if first_came else told[::-1])


@pytest.mark.parametrize("order", ORDERS)
def test_transfer_that_is_told_twice_is_one(order: tuple[str, ...]) -> None:
    parts = [PARTS[name] for name in order]
    once = after_event(session_in(State.ACTIVE), *parts)
    assert handoff_of(after_event(once, *parts)).deliveries == handoff_of(once).deliveries


@pytest.mark.parametrize("order", ORDERS)
def test_customer_is_with_somebody_as_long_as_somebody_is_there(order: tuple[str, ...]) -> None:
    session = session_in(State.ACTIVE)
    for name in order:
        session = after_event(session, PARTS[name])
        there = bool(handoff_of(session).agents)
        assert handoff_of(session).state is (State.ACTIVE if there else State.WAITING)


@pytest.mark.parametrize(("by", "state"), [("anna", State.WAITING), ("boss", State.ACTIVE)])
def test_transfer_to_a_queue_waits_when_the_last_agent_passed_it_on(by: str, state: State) -> None:
    event = replace(passed(by), position=3, wait_seconds=40)
    handoff = handoff_of(after_event(session_in(State.ACTIVE), event))
    assert (handoff.state, handoff.position, handoff.wait_seconds) == (state, 3, 40)


@pytest.mark.parametrize("away", [went(), passed("anna")])
def test_agent_who_comes_back_soon_is_there_again(away: Event) -> None:
    session = at(session_in(State.WAITING), 0, came())
    session = at(at(session, 20, away), 40, came())
    assert handoff_of(session).agents == (HERE,)
    assert handoff_of(session).state is State.ACTIVE
    assert notices(session).count("Anna has joined the chat.") == 2


@pytest.mark.parametrize("away", [went(), passed("anna")])
def test_agent_who_goes_again_soon_is_gone_again(away: Event) -> None:
    session = at(session_in(State.ACTIVE), 0, away)
    session = at(at(session, 20, came()), 40, away)
    assert (handoff_of(session).agents, handoff_of(session).state) == ((), State.WAITING)


@pytest.mark.parametrize("event", [came(BEN), went(), passed("anna")])
def test_fact_about_an_agent_counts_once_while_its_opposite_did_not_happen(event: Event) -> None:
    once = at(session_in(State.ACTIVE), 0, event)
    just_before = RECURRENCE.total_seconds() - 0.001
    assert at(once, just_before, event) is once


@pytest.mark.parametrize("other", [went("ben"), passed("ben"), came(Agent(id="cas", name="Cas"))])
def test_comings_and_goings_of_others_free_nothing(other: Event) -> None:
    session = with_handoff(session_in(State.ACTIVE), agents=(BEN_HERE,))
    session = at(at(session, 0, came()), 10, other)
    assert [record.id for record in session.events] == [came().id, other.id]


@pytest.mark.parametrize(
    ("event", "freed_by"),
    [
        (came(BEN), "left ben"),
        (went(), "joined anna"),
        (passed("anna"), "joined anna"),
        (passed(""), ""),
        (replied(), ""),
        (closed(), ""),
        (replace(closed(), recurs=True), ""),
    ],
)
def test_record_of_a_fact_says_what_makes_it_news_again(event: Event, freed_by: str) -> None:
    after = at(session_in(State.ACTIVE), 0, event)
    kind = type(event).__name__
    assert after.events == (EventRecord(id=event.id, at=NOW, kind=kind, freed_by=freed_by),)


def test_opposite_fact_takes_the_place_of_what_it_frees() -> None:
    session = at(at(session_in(State.WAITING), 0, came()), 10, went())
    assert session.events == (
        EventRecord(id=went().id, at=NOW + seconds(10), kind="AgentLeft", freed_by="joined anna"),
    )


def test_words_of_an_agent_who_was_gone_free_their_going() -> None:
    session = at(at(session_in(State.ACTIVE), 0, went()), 10, replied("back"))
    assert handoff_of(at(session, 20, went())).agents == ()


def test_place_in_the_queue_stays_seen_when_somebody_comes() -> None:
    queued = Queued(id="q", conversation=ROOM, position=4, recurs=True)
    session = at(at(session_in(State.WAITING), 0, queued), 10, came())
    assert [record.id for record in session.events] == ["q", came().id]


def test_arrival_that_is_told_of_once_is_not_news_after_the_agent_left() -> None:
    session = at(session_in(State.WAITING), 0, joined())
    alone = at(session, 10, went())
    assert at(alone, 20, joined()) is alone, "a vendor repeats what tells of a new thread"


@pytest.mark.parametrize("by", list(Closer))
@pytest.mark.parametrize("state", [State.REQUESTED, State.WAITING, State.ACTIVE])
@pytest.mark.parametrize("reason", list(Reason))
def test_reason_that_the_vendor_tells_counts_more_than_who_closed(
    reason: Reason, state: State, by: Closer
) -> None:
    event = ConversationClosed(id="e", conversation=ROOM, by=by, reason=reason)
    after = after_event(session_in(state), event)
    assert (handoff_of(after).state, handoff_of(after).reason) == (State.CLOSED, reason)
    connected = handoff_of(session_in(state)).conversation is not None
    lost = reason is Reason.PROVIDER_ERROR
    name = "connection_lost" if lost else lifecycle.ENDINGS[reason]
    assert connected or state is State.REQUESTED
    assert notices(after) == [RULES.texts.get(name, "en")]


def test_departure_that_was_not_told_yet_is_not_told_after_the_end() -> None:
    after = after_event(session_in(State.ACTIVE), went(), closed())
    assert handoff_of(after).gone is None
    assert settled(after) == [RULES.texts.get("ended", "en")]
