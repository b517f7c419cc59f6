"""Which facts concern a handoff: not the repeated, not those of others, not our own echo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import lifecycle
from handoff.events import (
    AgentLeft,
    AgentReplied,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
)
from handoff.facts import RECURRENCE
from handoff.lifecycle import CustomerLeft
from handoff.model import Agent, Contact, Message
from handoff.vocabulary import ContactRef, ConversationRef, Participant, Reason, State, ThreadRef
from tests.heart import (
    ANNA,
    BEN,
    CONTACT,
    DESK,
    HANDOFF,
    NOW,
    ROOM,
    RULES,
    THREAD,
    closed,
    handoff_of,
    joined,
    notices,
    replied,
    seconds,
    session_in,
    with_handoff,
)

OLD_ROOM, OLD_THREAD = ConversationRef("room-0"), ThreadRef("thread-0")


def queued(position: int | None = 1, **more: object) -> Queued:
    told = Queued(id="q", conversation=ROOM, position=position)
    return replace(told, recurs=bool(more.get("recurs")))


def test_fact_told_twice_has_the_effect_of_one() -> None:
    once = lifecycle.apply(session_in(State.ACTIVE), replied(), RULES, NOW)
    assert lifecycle.apply(once, replied(), RULES, NOW + seconds(3600)) is once


def test_fact_that_recurs_counts_as_repeated_for_a_while() -> None:
    first = lifecycle.apply(session_in(State.WAITING), queued(1, recurs=True), RULES, NOW)
    just_before = NOW + RECURRENCE - seconds(0.001)
    assert lifecycle.apply(first, queued(9, recurs=True), RULES, just_before) is first


def test_fact_that_recurs_is_news_again_later() -> None:
    first = lifecycle.apply(session_in(State.WAITING), queued(1, recurs=True), RULES, NOW)
    later = lifecycle.apply(first, queued(9, recurs=True), RULES, NOW + RECURRENCE)
    assert handoff_of(later).position == 9


def test_reply_without_words_has_no_effect() -> None:
    session = session_in(State.WAITING)
    assert lifecycle.apply(session, replied(""), RULES, NOW) is session


def test_fact_that_changes_nothing_is_not_remembered() -> None:
    session = session_in(State.WAITING)
    assert lifecycle.apply(session, queued(None), RULES, NOW) is session


def test_fact_of_another_conversation_has_no_effect() -> None:
    session = session_in(State.ACTIVE)
    assert lifecycle.apply(session, joined(BEN, room=OLD_ROOM), RULES, NOW) is session


@pytest.mark.parametrize("thread", [OLD_THREAD, ThreadRef("thread-9")])
def test_fact_of_another_thread_has_no_effect(thread: ThreadRef) -> None:
    session = session_in(State.ACTIVE)
    event = replace(joined(BEN), thread=thread)
    assert lifecycle.apply(session, event, RULES, NOW) is session


def test_fact_of_the_current_thread_counts_although_the_contact_knows_it_too() -> None:
    contact = replace(CONTACT, conversation=ROOM, thread=THREAD)
    session = replace(session_in(State.ACTIVE), contacts={DESK: contact})
    event = replace(replied("Hi"), thread=THREAD)
    assert notices(lifecycle.apply(session, event, RULES, NOW)) == ["Hi"]


def test_thread_of_the_handoff_before_is_refused_while_the_new_one_opens() -> None:
    contact = replace(CONTACT, conversation=ROOM, thread=OLD_THREAD)
    session = replace(session_in(State.REQUESTED), contacts={DESK: contact})
    event = replace(closed(), thread=OLD_THREAD)
    assert lifecycle.apply(session, event, RULES, NOW) is session


def test_threads_of_all_handoffs_before_are_refused_while_a_new_one_opens() -> None:
    session = session_in(State.ACTIVE)
    for number in (1, 2):
        place = {"conversation": ROOM, "thread": ThreadRef(f"thread-{number}")}
        session = with_handoff(session, state=State.ACTIVE, **place)
        session = lifecycle.end(session, CustomerLeft, Reason.CUSTOMER_LEFT, RULES, NOW)
    third = replace(session, handoff=session_in(State.REQUESTED).handoff)
    late = replace(closed(), thread=ThreadRef("thread-1"))
    assert lifecycle.apply(third, late, RULES, NOW) is third


def test_conversation_before_is_refused_while_a_new_one_opens_where_there_are_no_threads() -> None:
    contact = replace(CONTACT, conversation=OLD_ROOM)
    session = replace(session_in(State.REQUESTED), contacts={DESK: contact})
    assert lifecycle.apply(session, closed(room=OLD_ROOM), RULES, NOW) is session


def test_opened_thread_takes_the_place_of_the_one_before() -> None:
    event = ConversationOpened(id="e", conversation=ROOM, thread=ThreadRef("thread-2"))
    after = lifecycle.apply(session_in(State.WAITING), event, RULES, NOW)
    assert handoff_of(after).thread == "thread-2"


def test_first_fact_binds_conversation_and_thread() -> None:
    event = replace(replied(), thread=THREAD)
    after = lifecycle.apply(session_in(State.REQUESTED), event, RULES, NOW)
    assert (handoff_of(after).conversation, handoff_of(after).thread) == (ROOM, THREAD)


def test_fact_without_a_thread_keeps_the_known_one() -> None:
    after = lifecycle.apply(session_in(State.WAITING), replied(), RULES, NOW)
    assert handoff_of(after).thread == THREAD


@pytest.mark.parametrize(
    "event",
    [
        replace(replied(), client_id=f"{HANDOFF}-7"),
        replace(replied(), author=CONTACT.ref),
        FileShared(id="e", conversation=ROOM, author=CONTACT.ref, url="https://f.example/1"),
        FileShared(
            id="e", conversation=ROOM, author="x", url="https://f.example/1", client_id=HANDOFF
        ),
    ],
)
def test_own_words_that_come_back_have_no_effect(event: Event) -> None:
    session = session_in(State.ACTIVE)
    assert lifecycle.apply(session, event, RULES, NOW) is session


def test_words_are_taken_where_the_customer_has_no_contact() -> None:
    session = replace(session_in(State.ACTIVE), contacts={})
    assert notices(lifecycle.apply(session, replied("Hi"), RULES, NOW)) == ["Hi"]


def test_agents_words_join_the_transcript_with_their_name() -> None:
    after = lifecycle.apply(session_in(State.ACTIVE), replied("Hi"), RULES, NOW)
    assert after.transcript == (Message(author=Participant.AGENT, text="Hi", name="Anna"),)
    assert after.lines == 1


def test_end_clears_agents_and_everything_about_waiting() -> None:
    session = with_handoff(session_in(State.WAITING), position=4, wait_seconds=90, agents=(ANNA,))
    session = with_handoff(session, gone="Ben")
    over = handoff_of(lifecycle.end(session, CustomerLeft, Reason.CUSTOMER_LEFT, RULES, NOW))
    assert (over.agents, over.gone, over.position, over.wait_seconds) == ((), None, None, None)


def test_contact_remembers_where_the_handoff_was() -> None:
    after = lifecycle.apply(session_in(State.ACTIVE), closed(), RULES, NOW)
    assert after.contacts[DESK] == replace(CONTACT, conversation=ROOM, thread=THREAD)


@pytest.mark.parametrize("contacts", [{}, {"other": Contact(ref=ContactRef("c"))}])
def test_end_without_a_contact_of_that_provider_remembers_nothing(
    contacts: dict[str, Contact],
) -> None:
    session = replace(session_in(State.ACTIVE), contacts=contacts)
    assert lifecycle.apply(session, closed(), RULES, NOW).contacts == contacts


def test_end_before_anything_opened_keeps_the_conversation_of_the_handoff_before() -> None:
    contact = replace(CONTACT, conversation=OLD_ROOM, thread=OLD_THREAD)
    session = replace(session_in(State.REQUESTED), contacts={DESK: contact})
    after = lifecycle.end(session, CustomerLeft, Reason.CUSTOMER_LEFT, RULES, NOW)
    assert after.contacts == {DESK: contact}


def test_session_without_any_handoff_has_nothing_to_remember() -> None:
    session = session_in(None)
    assert lifecycle.remembering(session) is session


def test_agent_found_by_look_up_leaves_under_the_id_of_the_webhooks() -> None:
    found = joined(Agent(id="", name="Anna"))
    told = replace(joined(ANNA), id="told")
    session = session_in(State.WAITING)
    for event in (found, told, AgentLeft(id="left", conversation=ROOM, agent_id="anna")):
        session = lifecycle.apply(session, event, RULES, NOW)
    assert handoff_of(session).state is State.WAITING


def test_agent_found_by_look_up_keeps_their_name_when_they_speak() -> None:
    session = lifecycle.apply(
        session_in(State.WAITING), joined(Agent(id="", name="Anna")), RULES, NOW
    )
    told = lifecycle.apply(session, replace(joined(ANNA), id="told"), RULES, NOW)
    event = AgentReplied(id="r", conversation=ROOM, author="anna", text="Hi")
    after = lifecycle.apply(told, event, RULES, NOW)
    assert handoff_of(after).deliveries[-1].agent == "Anna"
