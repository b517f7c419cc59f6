"""Which conversation a handoff takes for its own while its opening is still to come out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import jobs, lifecycle
from handoff.events import ConversationOpened, Event, Queued
from handoff.model import MOST_THREADS, Contact, Session
from handoff.vocabulary import ConversationRef, HandoffId, JobKind, State, ThreadRef
from tests.heart import (
    CONTACT,
    DESK,
    NOW,
    ROOM,
    RULES,
    THREAD,
    closed,
    handoff_of,
    joined,
    queue,
    replied,
    session_in,
    with_handoff,
)

OLD_ROOM, OLD_THREAD = ConversationRef("room-0"), ThreadRef("thread-0")
FACTS = [
    ConversationOpened(id="e", conversation=ROOM, thread=THREAD),
    Queued(id="e", conversation=ROOM, thread=THREAD, position=2),
    replace(joined(), thread=THREAD),
    replace(replied(), thread=THREAD),
]
ALL = [*FACTS, replace(closed(), thread=THREAD)]


def opening(contact: Contact | None = CONTACT) -> Session:
    """Return a session that waits for its conversation."""
    session = queue(session_in(State.REQUESTED), JobKind.OPEN)
    return replace(session, contacts={DESK: contact} if contact else {})


def behind_another() -> Session:
    """Return a session in which the opening of the handoff before has not come out yet."""
    own = session_in(State.REQUESTED)
    before = replace(handoff_of(own), id=HandoffId("ho-0"))
    return queue(jobs.add(own, JobKind.OPEN, before, NOW), JobKind.OPEN)


def known(*, thread: ThreadRef | None = OLD_THREAD, earlier: tuple[ThreadRef, ...] = ()) -> Contact:
    return replace(CONTACT, conversation=ROOM, thread=thread, earlier=earlier)


def ours(event: Event) -> Event:
    """Return the event as a vendor tells it who gives us our own id back."""
    return replace(event, handoff=handoff_of(opening()).id)


def bound(session: Session, event: Event) -> tuple[ConversationRef | None, ThreadRef | None]:
    handoff = handoff_of(lifecycle.apply(session, event, RULES, NOW))
    return handoff.conversation, handoff.thread


@pytest.mark.parametrize("event", FACTS)
@pytest.mark.parametrize("contact", [CONTACT, known(), known(thread=None)])
def test_any_fact_of_a_new_thread_binds(contact: Contact, event: Event) -> None:
    assert bound(opening(contact), event) == (ROOM, THREAD)


@pytest.mark.parametrize("event", FACTS)
@pytest.mark.parametrize("contact", [None, CONTACT])
def test_any_fact_with_our_own_id_binds(contact: Contact | None, event: Event) -> None:
    assert bound(opening(contact), ours(event)) == (ROOM, THREAD)


@pytest.mark.parametrize("event", ALL)
@pytest.mark.parametrize("contact", [None, CONTACT])
def test_fact_with_the_id_of_another_handoff_does_not_bind(
    contact: Contact | None, event: Event
) -> None:
    session = opening(contact)
    late = replace(event, handoff=HandoffId("ho-0"))
    assert lifecycle.apply(session, late, RULES, NOW) is session


@pytest.mark.parametrize("event", ALL)
def test_fact_without_our_id_does_not_bind_where_nothing_else_tells_handoffs_apart(
    event: Event,
) -> None:
    session = opening(None)
    assert lifecycle.apply(session, event, RULES, NOW) is session


@pytest.mark.parametrize("event", ALL)
def test_nothing_binds_while_the_opening_of_another_handoff_comes_first(event: Event) -> None:
    session = behind_another()
    assert lifecycle.apply(session, event, RULES, NOW) is session


@pytest.mark.parametrize("event", ALL)
def test_nothing_binds_before_the_other_opening_where_the_customer_is_unknown(event: Event) -> None:
    session = replace(behind_another(), contacts={})
    assert lifecycle.apply(session, event, RULES, NOW) is session


@pytest.mark.parametrize("event", FACTS)
def test_other_jobs_of_another_handoff_hinder_nothing(event: Event) -> None:
    own = session_in(State.REQUESTED)
    before = replace(handoff_of(own), id=HandoffId("ho-0"))
    session = jobs.add(own, JobKind.CLOSE, before, NOW)
    assert bound(queue(session, JobKind.OPEN), event) == (ROOM, THREAD)


def test_own_opening_before_that_of_another_hinders_nothing() -> None:
    own = queue(session_in(State.REQUESTED), JobKind.OPEN)
    later = replace(handoff_of(own), id=HandoffId("ho-2"))
    assert bound(jobs.add(own, JobKind.OPEN, later, NOW), FACTS[0]) == (ROOM, THREAD)


def test_conversation_that_is_known_is_heard_although_another_opening_comes_first() -> None:
    session = with_handoff(behind_another(), conversation=ROOM)
    assert handoff_of(lifecycle.apply(session, joined(), RULES, NOW)).state is State.ACTIVE


@pytest.mark.parametrize("event", ALL)
@pytest.mark.parametrize("contact", [known(), known(thread=THREAD, earlier=(OLD_THREAD,))])
def test_fact_of_an_earlier_thread_does_not_bind(contact: Contact, event: Event) -> None:
    session = opening(contact)
    late = replace(event, thread=OLD_THREAD)
    assert lifecycle.apply(session, late, RULES, NOW) is session


@pytest.mark.parametrize("event", ALL)
def test_fact_of_an_earlier_thread_does_not_bind_under_another_conversation(event: Event) -> None:
    session = opening(known())
    late = replace(event, conversation=OLD_ROOM, thread=OLD_THREAD)
    assert lifecycle.apply(session, late, RULES, NOW) is session


@pytest.mark.parametrize("event", ALL)
@pytest.mark.parametrize("contact", [known(), known(thread=None)])
def test_fact_without_thread_of_the_earlier_conversation_does_not_bind(
    contact: Contact, event: Event
) -> None:
    session = opening(contact)
    late = replace(event, thread=None)
    assert lifecycle.apply(session, late, RULES, NOW) is session


@pytest.mark.parametrize("event", FACTS)
@pytest.mark.parametrize("contact", [CONTACT, replace(known(), conversation=OLD_ROOM)])
def test_fact_without_thread_of_a_new_conversation_binds(contact: Contact, event: Event) -> None:
    assert bound(opening(contact), replace(event, thread=None)) == (ROOM, None)


def test_late_fact_of_an_earlier_thread_does_not_touch_a_conversation_without_thread() -> None:
    session = with_handoff(opening(known()), conversation=ROOM)
    assert lifecycle.apply(session, replace(closed(), thread=OLD_THREAD), RULES, NOW) is session


def test_earlier_threads_are_refused_up_to_a_number() -> None:
    contact = CONTACT
    for number in range(MOST_THREADS + 2):
        contact = contact.knowing(ROOM, ThreadRef(f"t{number}"))
    session = opening(contact)
    late = replace(joined(), thread=ThreadRef("t1"))
    assert lifecycle.apply(session, late, RULES, NOW) is session
    assert bound(session, replace(late, thread=ThreadRef("t0"))) == (ROOM, "t0")


@pytest.mark.parametrize("contact", [CONTACT, known(), known(thread=None)])
def test_end_of_a_new_thread_ends_a_handoff_that_knew_no_conversation(contact: Contact) -> None:
    after = lifecycle.apply(opening(contact), ALL[-1], RULES, NOW)
    assert handoff_of(after).state is State.CLOSED


def test_thread_whose_end_was_the_first_we_heard_of_it_is_of_the_past() -> None:
    over = lifecycle.apply(opening(), ALL[-1], RULES, NOW)
    assert over.contacts[DESK].remembers(THREAD)
