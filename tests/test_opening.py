"""How a handoff begins: who, where to, with which words, and what is done first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import opening
from handoff.deliveries import Delivery
from handoff.dialogflow.turn import Meaning, Turn
from handoff.model import Customer, Handoff, Message, Session
from handoff.rules import Abilities, Rules
from handoff.vocabulary import (
    DeliveryKind,
    HandoffId,
    JobKind,
    Participant,
    ProviderId,
    SessionId,
    State,
)
from tests.heart import DESK, NOW, RULES, blank, handoff_of, kinds, session_in, turn, with_handoff

OTHER = ProviderId("other")
PARAMETERS = {
    "customer_name": "Kim",
    "customer_email": "kim@example.com",
    "customer_phone": "+31 20 000 0000",
    "customer_language": "nl",
    "customer_id": "c-9",
    "handoff_skill": "bikes",
}


def asking(**parameters: str) -> Turn:
    return turn("agent", "s", Meaning.START, parameters=parameters, flow="flows/a")


def started(session: Session, asked: Turn, rules: Rules = RULES) -> Handoff:
    return handoff_of(opening.start(session, asked, rules, NOW))


def jobs(session: Session, abilities: Abilities) -> list[JobKind]:
    rules = replace(RULES, providers={DESK: abilities})
    return kinds(opening.start(session, asking(), rules, NOW))


def test_id_is_the_same_at_every_repeat() -> None:
    assert opening.handoff_id(asking()) == opening.handoff_id(replace(asking(), text="x", id="y"))


@pytest.mark.parametrize(
    "other", [replace(asking(), utterance="s2"), replace(asking(), session=SessionId("s2"))]
)
def test_id_differs_between_inputs_and_sessions(other: Turn) -> None:
    assert opening.handoff_id(asking()) != opening.handoff_id(other)


def test_id_of_a_session_that_no_encoding_knows_works() -> None:
    odd = replace(asking(), session=SessionId("\ud83d"))
    assert opening.handoff_id(odd).startswith("ho-")


def test_handoff_knows_its_beginning() -> None:
    handoff = started(blank().saying(Message(author=Participant.BOT, text="Hello")), asking())
    assert (handoff.state, handoff.started_at) == (State.REQUESTED, NOW)
    assert (handoff.request, handoff.lines_before, handoff.flow) == ("agent", 1, "flows/a")


def test_customer_is_who_the_parameters_say() -> None:
    handoff = started(blank(), asking(**PARAMETERS))
    assert handoff.skill == "bikes"
    assert handoff.customer == Customer(
        name="Kim", email="kim@example.com", phone="+31 20 000 0000", language="nl", id="c-9"
    )


def test_customer_who_names_no_language_speaks_that_of_the_turn() -> None:
    assert started(blank(), asking()).customer == Customer(language="en")


def test_mapped_parameters_become_attributes_under_their_label() -> None:
    rules = replace(RULES, attributes={"topic": "Topic", "order": "Order number"})
    handoff = started(blank(), asking(topic="bikes", colour="red"), rules)
    assert handoff.attributes == {"Topic": "bikes"}


@pytest.mark.parametrize(
    ("named", "wanted"), [("other", OTHER), ("desk", DESK), ("", DESK), ("unheard of", DESK)]
)
def test_turn_may_choose_among_the_configured_providers(named: str, wanted: ProviderId) -> None:
    rules = replace(RULES, providers={DESK: Abilities(), OTHER: Abilities()})
    assert started(blank(), asking(handoff_provider=named), rules).provider == wanted


@pytest.mark.parametrize(
    ("named", "wanted"), [("billing", "7"), ("sales", ""), ("1042", "1042"), ("", "")]
)
def test_target_is_a_name_of_ours_or_an_id_of_the_provider(named: str, wanted: str) -> None:
    rules = replace(RULES, targets={"billing": {"desk": "7"}, "sales": {"other": "3"}})
    assert started(blank(), asking(handoff_target=named), rules).target == wanted


def test_parameters_may_have_other_names() -> None:
    rules = replace(RULES, names={"customer_name": "first_name"})
    handoff = started(blank(), asking(first_name="Kim", customer_name="no"), rules)
    assert handoff.customer.name == "Kim"


def test_missing_parameter_is_empty() -> None:
    assert RULES.parameter(asking(), "handoff_target") == ""


TALKED = blank().saying(Message(author=Participant.CUSTOMER, text="Hi"))
KNOWN = session_in(None)


@pytest.mark.parametrize(
    ("session", "abilities", "wanted"),
    [
        (blank(), Abilities(), [JobKind.OPEN]),
        (blank(), Abilities(identifies=True), [JobKind.IDENTIFY, JobKind.OPEN]),
        (KNOWN, Abilities(identifies=True), [JobKind.OPEN]),
        (TALKED, Abilities(), [JobKind.OPEN]),
        (TALKED, Abilities(takes_notes=True), [JobKind.OPEN, JobKind.NOTE]),
        (blank(), Abilities(takes_notes=True), [JobKind.OPEN]),
    ],
)
def test_jobs_are_what_the_provider_needs(
    session: Session, abilities: Abilities, wanted: list[JobKind]
) -> None:
    assert jobs(session, abilities) == wanted


def test_handoffs_of_a_session_are_counted() -> None:
    first = opening.start(blank(), asking(), RULES, NOW)
    second = opening.start(first, replace(asking(), utterance="s2"), RULES, NOW)
    assert (first.handoffs, second.handoffs) == (1, 2)
    assert {job.handoff for job in second.outbox} == {
        HandoffId(handoff_of(first).id),
        HandoffId(handoff_of(second).id),
    }


def test_unread_deliveries_of_the_handoff_before_come_first() -> None:
    said = [
        Delivery(id=one, kind=DeliveryKind.MESSAGE, at=NOW, text=f"no. {one}") for one in (4, 5, 6)
    ]
    before = with_handoff(
        session_in(State.CLOSED), deliveries=tuple(said), last_delivery=6, answered=4
    )
    handoff = started(before, asking())
    assert [(one.id, one.text) for one in handoff.deliveries] == [(1, "no. 5"), (2, "no. 6")]
    assert (handoff.last_delivery, handoff.answered) == (2, 0)


def test_lines_of_the_starting_utterance_are_not_what_was_said_before() -> None:
    earlier = Message(author=Participant.CUSTOMER, text="Hi", utterance="u0")
    own = [
        Message(author=Participant.CUSTOMER, text="agent", utterance="s"),
        Message(author=Participant.BOT, text="Let me see.", utterance="s"),
    ]
    begun = opening.start(blank().saying(earlier, *own), asking(), RULES, NOW)
    assert (begun.before_handoff, handoff_of(begun).lines_before) == ((earlier,), 1)


def test_lines_before_are_counted_over_all_where_the_transcript_was_cut() -> None:
    lines = [Message(author=Participant.CUSTOMER, text=text, utterance=text) for text in "abcs"]
    cut = replace(blank().saying(*lines), transcript=tuple(lines[1:]))
    begun = opening.start(cut, asking(), RULES, NOW)
    assert (begun.before_handoff, handoff_of(begun).lines_before) == (tuple(lines[1:3]), 3)


def test_nothing_is_noted_where_only_the_starting_utterance_was_said() -> None:
    own = Message(author=Participant.CUSTOMER, text="agent", utterance="s")
    begun = opening.start(blank().saying(own), asking(), RULES, NOW)
    assert kinds(begun) == [JobKind.IDENTIFY, JobKind.OPEN]
