"""Who is there: comings and goings, and when the customer is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.effects import EFFECTS, Teller, caught_up
from handoff.events import AgentJoined, AgentLeft, AgentReplied, Event, FileShared, Transferred
from handoff.model import Agent, Handoff
from handoff.texts import Texts
from handoff.vocabulary import State
from tests.heart import ANNA, BEN, HERE, NOW, ROOM, handoff_in, joined, replied

TELLER = Teller(texts=Texts(), language="en", now=NOW)
SILENT = replace(TELLER, texts=Texts(own={"en": {"joined_unnamed": "", "left": ""}}))
ACTIVE = handoff_in(State.ACTIVE)
WAITING = replace(handoff_in(State.WAITING), position=2, wait_seconds=60)
BEN_HERE = replace(BEN, announced=True)
FOUND = Agent(id="", name="Anna")
ANNA_JOINED, BEN_JOINED = "Anna has joined the chat.", "Ben has joined the chat."
SOMEBODY_JOINED = "A colleague has joined the chat."
ANNA_LEFT = "Anna has left the chat. Please stay, we are looking for another colleague."
SOMEBODY_LEFT = "Your colleague has left the chat. Please stay, we are looking for another."
PASSED_ON = "You are being transferred to another colleague."


def after(handoff: Handoff, *events: Event) -> Handoff:
    for event in events:
        handoff = EFFECTS[type(event)](handoff, event, TELLER)
    return handoff


def told(handoff: Handoff, *events: Event) -> list[str]:
    """Return what the customer has been told by the next answer."""
    return texts(caught_up(after(handoff, *events), TELLER))


def texts(handoff: Handoff) -> list[str]:
    return [one.text for one in handoff.deliveries]


def left(agent: str = "anna") -> AgentLeft:
    return AgentLeft(id=f"left {agent}", conversation=ROOM, agent_id=agent)


def unnamed(agent: str = "anna") -> AgentJoined:
    return joined(Agent(id=agent))


def by_ben(text: str = "Hi") -> AgentReplied:
    return replace(replied(text), author="ben")


def passed(by: str = "", *to: str) -> Transferred:
    return Transferred(id="t", conversation=ROOM, by=by, to_agents=to, position=2, wait_seconds=30)


def test_arrival_without_a_name_is_told_with_the_next_answer() -> None:
    here = after(WAITING, unnamed())
    answered = caught_up(here, TELLER)
    assert (texts(here), texts(answered)) == ([], [SOMEBODY_JOINED])
    assert answered.agents == (Agent(id="anna", announced=True),)


def test_arrival_is_told_in_one_answer_only() -> None:
    answered = caught_up(after(WAITING, unnamed()), TELLER)
    assert caught_up(answered, TELLER) is answered


def test_arrival_whose_name_came_before_the_next_answer_is_told_by_name() -> None:
    assert told(WAITING, unnamed(), joined()) == [ANNA_JOINED]


def test_name_that_comes_after_the_arrival_was_told_is_not_told_again() -> None:
    answered = caught_up(after(WAITING, unnamed()), TELLER)
    named = after(answered, joined())
    assert (texts(named), named.agents, named.speaker) == ([SOMEBODY_JOINED], (HERE,), "Anna")


def test_every_arrival_is_told_with_the_next_answer() -> None:
    assert told(WAITING, unnamed(), unnamed("ben")) == [SOMEBODY_JOINED] * 2


def test_arrival_that_is_kept_silent_counts_as_told() -> None:
    answered = caught_up(after(WAITING, unnamed()), SILENT)
    assert (texts(answered), answered.agents) == ([], (Agent(id="anna", announced=True),))


def test_arrival_is_told_right_before_the_first_words() -> None:
    assert told(WAITING, unnamed(), replied("Hi")) == [SOMEBODY_JOINED, "Hi"]


def test_arrival_is_told_right_before_the_first_file() -> None:
    event = FileShared(id="f", conversation=ROOM, author="anna", url="https://f.example/1")
    here = after(WAITING, unnamed(), event)
    assert [(one.text, one.url) for one in here.deliveries] == [
        (SOMEBODY_JOINED, ""),
        ("", "https://f.example/1"),
    ]


@pytest.mark.parametrize(
    "event",
    [replied("Hi"), FileShared(id="f", conversation=ROOM, author="anna", url="https://f.example")],
)
def test_who_speaks_without_having_joined_is_not_told_to_have_come(event: Event) -> None:
    here = after(WAITING, event)
    assert here.agents == (Agent(id="anna", heard=True),)
    assert caught_up(here, TELLER) is here


def test_name_of_who_spoke_first_is_told_once_it_comes() -> None:
    assert told(WAITING, replied("Hi"), joined()) == ["Hi", ANNA_JOINED]


def test_arrival_without_a_name_of_who_spoke_first_waits_for_the_name() -> None:
    assert told(WAITING, replied("Hi"), unnamed()) == ["Hi"]
    assert told(WAITING, replied("Hi"), unnamed(), joined()) == ["Hi", ANNA_JOINED]


def test_words_of_who_was_named_meanwhile_bear_the_name() -> None:
    here = after(WAITING, replied("one"), joined(), replied("two", 2))
    assert [(one.text, one.agent) for one in here.deliveries] == [
        ("one", ""),
        (ANNA_JOINED, ""),
        ("two", "Anna"),
    ]


@pytest.mark.parametrize(("name", "sentence"), [("Anna", ANNA_LEFT), (None, SOMEBODY_LEFT)])
def test_departure_of_the_last_agent_is_told_with_the_next_answer(
    name: str | None, sentence: str
) -> None:
    here = replace(ACTIVE, agents=(Agent(id="anna", name=name, announced=True),))
    alone = after(here, left())
    assert (alone.agents, alone.speaker, alone.gone) == ((), "", name or "")
    answered = caught_up(alone, TELLER)
    assert (texts(alone), texts(answered), answered.gone) == ([], [sentence], None)


def test_departure_is_told_in_one_answer_only() -> None:
    answered = caught_up(after(ACTIVE, left()), TELLER)
    assert caught_up(answered, TELLER) is answered


def test_departure_that_is_kept_silent_counts_as_told() -> None:
    answered = caught_up(after(ACTIVE, left()), SILENT)
    assert (texts(answered), answered.gone) == ([], None)


def test_departure_of_one_of_two_is_not_told() -> None:
    here = after(replace(ACTIVE, agents=(HERE, BEN_HERE)), left())
    assert (here.agents, here.speaker, here.gone) == ((BEN_HERE,), "Ben", None)
    assert caught_up(here, TELLER) is here


def test_agent_who_is_gone_is_not_named_any_more() -> None:
    here = after(replace(ACTIVE, agents=(BEN_HERE, HERE), speaker="Anna"), left())
    assert here.speaker == "Ben"


@pytest.mark.parametrize(("name", "speaker"), [("Ben", "Ben"), (None, "")])
def test_who_stays_is_the_one_who_speaks(name: str | None, speaker: str) -> None:
    others = (Agent(id="ben", name=name, announced=True), HERE)
    assert after(replace(ACTIVE, agents=others, speaker="Anna"), left()).speaker == speaker


def test_departure_of_a_stranger_changes_nothing() -> None:
    assert after(ACTIVE, left("ben")) is ACTIVE


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (passed("anna"), [PASSED_ON]),
        (joined(BEN), [BEN_JOINED]),
        (joined(ANNA), [ANNA_JOINED]),
        (unnamed("ben"), [SOMEBODY_JOINED]),
        (by_ben(), ["Hi"]),
    ],
)
def test_departure_is_not_told_when_somebody_else_is_there_by_the_next_answer(
    event: Event, wanted: list[str]
) -> None:
    here = after(ACTIVE, left(), event)
    assert here.gone is None
    assert texts(caught_up(here, TELLER)) == wanted


def test_file_of_somebody_else_takes_the_place_of_a_departure() -> None:
    event = FileShared(id="f", conversation=ROOM, author="ben", url="https://f.example/1")
    here = after(ACTIVE, left(), event)
    assert (here.gone, [one.url for one in here.deliveries]) == (None, ["https://f.example/1"])


def test_transfer_is_told_with_the_place_in_the_new_queue() -> None:
    here = after(ACTIVE, passed())
    assert texts(here) == [PASSED_ON]
    assert (here.agents, here.speaker, here.position, here.wait_seconds) == ((), "", 2, 30)


@pytest.mark.parametrize(("name", "speaker"), [("Anna", "Anna"), (None, "")])
def test_agent_who_is_already_there_takes_the_transfer(name: str | None, speaker: str) -> None:
    anna = Agent(id="anna", name=name, announced=True)
    here = after(replace(ACTIVE, agents=(anna, BEN_HERE)), passed("", "anna"))
    assert (here.agents, here.speaker) == ((anna,), speaker)


@pytest.mark.parametrize("to", [(), ("anna",), ("ben",), ("cas",)])
def test_only_the_one_who_passes_the_customer_on_goes(to: tuple[str, ...]) -> None:
    both = replace(ACTIVE, agents=(HERE, BEN_HERE), speaker="Anna")
    here = after(both, passed("anna", *to))
    assert (here.agents, here.speaker, here.gone) == ((BEN_HERE,), "Ben", None)


def test_nobody_goes_when_somebody_from_outside_passes_the_customer_on() -> None:
    here = after(ACTIVE, passed("boss", "ben"))
    assert (here.agents, here.speaker, texts(here)) == ((HERE,), "Anna", [PASSED_ON])


def test_agent_found_by_look_up_goes_when_somebody_passes_the_customer_on() -> None:
    found = after(WAITING, joined(FOUND))
    assert after(found, passed("anna")).agents == ()


def test_agent_found_by_look_up_stays_when_another_leaves() -> None:
    both = after(WAITING, joined(FOUND), joined(BEN))
    here = after(both, left("ben"))
    assert [one.name for one in here.agents] == ["Anna"]


def test_agent_found_by_look_up_stays_when_another_passes_the_customer_on() -> None:
    both = after(WAITING, joined(FOUND), joined(BEN))
    here = after(both, passed("ben"))
    assert [one.name for one in here.agents] == ["Anna"]


def test_agent_found_by_look_up_is_one_with_whom_the_webhooks_tell_of() -> None:
    here = after(WAITING, joined(FOUND), unnamed(), joined())
    assert [one.id for one in here.agents] == ["anna"]
    assert after(here, left()).agents == ()


def test_agent_found_by_look_up_keeps_id_and_announcement_of_the_webhooks() -> None:
    here = after(WAITING, joined(), joined(FOUND))
    assert (here.agents, texts(here)) == ((HERE,), [ANNA_JOINED])


def test_name_that_is_known_stays() -> None:
    words = replace(replied("Hi"), author_name="anna@example.com")
    here = after(ACTIVE, joined(Agent(id="anna", name="A. Smith")), words)
    assert here.agents == (HERE,)
    assert here.deliveries[-1].agent == "Anna"


def test_who_speaks_stays_the_one_until_the_name_of_the_next_is_known() -> None:
    here = after(ACTIVE, unnamed("ben"))
    assert (here.speaker, after(here, joined(BEN)).speaker) == ("Anna", "Ben")
