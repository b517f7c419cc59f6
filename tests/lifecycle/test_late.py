"""What agents said that no open handoff takes: told late, or to nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import jobs, lifecycle
from handoff.events import AgentReplied, Event, FileShared
from handoff.late import NO_HANDOFF
from handoff.model import Contact, Session
from handoff.vocabulary import ConversationRef, DeliveryKind, HandoffId, JobKind, State, ThreadRef
from tests.heart import (
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
    session_in,
    with_handoff,
)

OVER = session_in(State.CLOSED)
FILE = FileShared(id="f", conversation=ROOM, author="anna", url="https://f.example/1", name="a.pdf")
ELSEWHERE = ConversationRef("room-9")


def heard(session: Session, *events: Event) -> Session:
    for event in events:
        session = lifecycle.apply(session, event, RULES, NOW)
    return session


def buried(session: Session) -> list[tuple[JobKind, str, str]]:
    return [(one.job.kind, one.job.text, one.reason) for one in session.undelivered]


def test_words_that_the_end_overtook_reach_the_customer_after_it() -> None:
    session = heard(session_in(State.ACTIVE), closed(), replied("bye"))
    assert notices(session) == [RULES.texts.get("ended", "en"), "bye"]
    assert handoff_of(session).state is State.CLOSED


def test_words_after_the_end_keep_their_author() -> None:
    session = heard(session_in(State.ACTIVE), joined(), closed(), replied("bye"))
    assert handoff_of(session).deliveries[-1].agent == "Anna"
    assert session.transcript[-1].name == "Anna"


def test_author_whom_the_vendor_names_counts_more() -> None:
    event = AgentReplied(id="e", conversation=ROOM, author="b", author_name="Ben", text="bye")
    assert handoff_of(heard(OVER, event)).deliveries[-1].agent == "Ben"


def test_file_that_the_end_overtook_reaches_the_customer() -> None:
    [told] = handoff_of(heard(OVER, FILE)).deliveries
    assert (told.kind, told.url, told.name) == (DeliveryKind.FILE, FILE.url, "a.pdf")


@pytest.mark.parametrize("event", [replied("bye"), FILE])
def test_late_words_count_once(event: Event) -> None:
    once = heard(OVER, event)
    assert heard(once, event) is once


def test_words_that_were_heard_before_the_end_are_not_told_again() -> None:
    session = heard(session_in(State.ACTIVE), replied("Hi"), closed())
    assert heard(session, replied("Hi")) is session


def test_words_that_were_read_before_the_end_are_not_told_again() -> None:
    read = replace(replied("Hi", 2), at=NOW, read=True)
    session = heard(session_in(State.ACTIVE), read, closed())
    assert heard(session, replace(replied("Hi", 3), at=NOW)) is session


def test_own_words_that_come_back_after_the_end_are_no_news() -> None:
    echo = AgentReplied(id="e", conversation=ROOM, author="x", text="Hi", client_id=f"{HANDOFF}-1")
    assert heard(OVER, echo, replace(echo, client_id="", author=CONTACT.ref)) is OVER


@pytest.mark.parametrize(
    "event",
    [
        replace(replied("lost"), conversation=ELSEWHERE),
        replace(replied("lost"), thread=ThreadRef("thread-9")),
        replace(replied("lost"), handoff=HandoffId("ho-0")),
    ],
)
@pytest.mark.parametrize("state", [State.ACTIVE, State.CLOSED])
def test_words_for_another_handoff_are_a_dead_letter(state: State, event: Event) -> None:
    session = heard(session_in(state), event)
    assert buried(session) == [(JobKind.DELIVER, "lost", NO_HANDOFF)]
    assert notices(session) == []
    assert heard(session, event) is session, "a repeat is the same letter"


def test_dead_letter_says_whose_it_was() -> None:
    event = replace(replied("lost"), handoff=HandoffId("ho-0"))
    [letter] = heard(session_in(State.ACTIVE), event).undelivered
    assert (letter.job.handoff, letter.job.provider, letter.job.author) == ("ho-0", DESK, "Anna")


def test_file_for_another_handoff_is_a_dead_letter_with_its_address() -> None:
    event = replace(FILE, thread=ThreadRef("thread-9"))
    assert buried(heard(OVER, event)) == [
        (JobKind.DELIVER, "a.pdf https://f.example/1", NO_HANDOFF)
    ]


@pytest.mark.parametrize("state", [State.REQUESTED, State.FAILED])
def test_words_before_a_conversation_is_known_are_no_letter(state: State) -> None:
    session = with_handoff(session_in(state), conversation=None)
    event = replace(replied("early"), handoff=HandoffId("ho-0"))
    assert heard(session, event) is session


FORMER = replace(CONTACT, conversation=ROOM, thread=THREAD)
IN_DOUBT = jobs.add(
    session_in(State.REQUESTED),
    JobKind.OPEN,
    replace(handoff_of(session_in(State.REQUESTED)), id=HandoffId("ho-0")),
    NOW,
)


@pytest.mark.parametrize(
    ("session", "contact", "event"),
    [
        (session_in(State.REQUESTED), FORMER, replace(replied("lost"), thread=THREAD)),
        (session_in(State.FAILED), FORMER, replace(replied("lost"), thread=THREAD)),
        (session_in(State.REQUESTED), FORMER, replied("lost")),
        (session_in(State.REQUESTED), None, replied("lost")),
        (session_in(State.REQUESTED), None, replace(replied("lost"), handoff=HandoffId("ho-0"))),
        (IN_DOUBT, CONTACT, replace(replied("lost"), thread=ThreadRef("thread-9"))),
    ],
)
def test_words_of_the_handoff_before_are_a_letter_while_the_next_is_opened(
    session: Session, contact: Contact | None, event: Event
) -> None:
    opening = replace(with_handoff(session, conversation=None, thread=None), handoffs=2)
    known = replace(opening, contacts={DESK: contact} if contact else {})
    after = heard(known, event)
    assert buried(after) == [(JobKind.DELIVER, "lost", NO_HANDOFF)]
    assert heard(after, event) is after, "a repeat is the same letter"


@pytest.mark.parametrize("state", [State.REQUESTED, State.FAILED])
def test_words_of_a_conversation_that_is_being_opened_are_no_letter(state: State) -> None:
    opening = replace(with_handoff(session_in(state), conversation=None, thread=None), handoffs=2)
    known = replace(opening, contacts={DESK: FORMER})
    assert buried(heard(known, replace(replied("early"), thread=ThreadRef("thread-9")))) == []


def test_empty_words_after_the_end_are_nothing() -> None:
    assert heard(OVER, replied("")) is OVER


def test_thread_of_the_ended_handoff_is_its_own() -> None:
    event = replace(replied("bye"), thread=THREAD)
    assert notices(heard(OVER, event)) == ["bye"]
