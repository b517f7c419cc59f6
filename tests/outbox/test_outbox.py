"""The outbox: one job at a time, in order, in one pair of hands; and what a success means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import failures, outbox
from handoff.errors import Unavailable
from handoff.exchange import Token
from handoff.model import Contact, Handoff, Lease, Session
from handoff.providers.base import Availability, Identity, Opened
from handoff.vocabulary import ContactRef, HandoffId, JobKind, Presence, Reason, State
from tests.heart import (
    CONTACT,
    DESK,
    HANDOFF,
    NOW,
    ROOM,
    RULES,
    THREAD,
    handoff_of,
    head,
    joined,
    kinds,
    notices,
    queue,
    replied,
    seconds,
    session_in,
    with_handoff,
)

OPENED = Opened(conversation=ROOM, thread=THREAD)


OPENING = queue(session_in(State.REQUESTED), JobKind.OPEN, JobKind.SEND)


def test_jobs_are_numbered_over_the_whole_session() -> None:
    first = queue(session_in(State.ACTIVE), JobKind.SEND, JobKind.SEND)
    later = queue(replace(first, outbox=()), JobKind.CLOSE)
    assert [job.id for job in (*first.outbox, *later.outbox)] == [1, 2, 3]


def test_job_knows_where_its_words_belong() -> None:
    job = head(queue(session_in(State.ACTIVE), JobKind.SEND))
    assert (job.handoff, job.provider, job.conversation, job.thread) == (
        HANDOFF,
        DESK,
        ROOM,
        THREAD,
    )
    assert (job.created_at, job.due_at, job.text) == (NOW, NOW, "text 1")


def test_only_the_first_job_can_be_next() -> None:
    first, second = OPENING.outbox
    waits = replace(OPENING, outbox=(replace(first, due_at=NOW + seconds(1)), second))
    assert outbox.next_due(OPENING, NOW) == first
    assert outbox.next_due(waits, NOW) is None
    assert outbox.next_due(waits, NOW + seconds(1)) == waits.outbox[0]


def test_empty_outbox_has_nothing_next() -> None:
    assert outbox.next_due(session_in(State.ACTIVE), NOW) is None


def test_free_lease_is_taken() -> None:
    mine = outbox.claim(OPENING, "me", NOW + seconds(6), NOW)
    assert mine == replace(OPENING, lease=Lease(owner="me", until=NOW + seconds(6)))


def test_lease_of_somebody_at_work_is_not_taken() -> None:
    theirs = replace(OPENING, lease=Lease(owner="they", until=NOW + seconds(0.001)))
    assert outbox.claim(theirs, "me", NOW + seconds(6), NOW) is None


def test_own_lease_is_prolonged_without_doubt() -> None:
    mine = replace(OPENING, lease=Lease(owner="me", until=NOW + seconds(1)))
    again = outbox.claim(mine, "me", NOW + seconds(6), NOW)
    assert again == replace(OPENING, lease=Lease(owner="me", until=NOW + seconds(6)))


def test_lease_of_the_dead_is_taken_over_and_their_job_is_uncertain() -> None:
    dead = replace(OPENING, lease=Lease(owner="they", until=NOW))
    mine = outbox.claim(dead, "me", NOW + seconds(6), NOW)
    assert mine is not None
    assert [job.uncertain for job in mine.outbox] == [True, False]
    assert outbox.holds(mine, "me")


def test_lease_of_the_dead_over_an_empty_outbox_is_just_taken() -> None:
    dead = replace(session_in(State.ACTIVE), lease=Lease(owner="they", until=NOW))
    mine = outbox.claim(dead, "me", NOW + seconds(6), NOW)
    assert mine is not None
    assert mine.lease == Lease(owner="me", until=NOW + seconds(6))


def test_lease_is_given_back_by_its_holder_only() -> None:
    mine = replace(OPENING, lease=Lease(owner="me", until=NOW))
    assert outbox.release(mine, "me").lease is None
    assert outbox.release(mine, "they") is mine
    assert not outbox.holds(OPENING, "me")


def test_job_that_is_done_leaves_the_outbox() -> None:
    session = queue(session_in(State.ACTIVE), JobKind.SEND, JobKind.SEND)
    after = outbox.done(session, head(session), None, RULES, NOW)
    assert after == replace(session, outbox=session.outbox[1:])


def test_job_that_was_settled_meanwhile_changes_nothing_when_it_is_done_again() -> None:
    rest = replace(OPENING, outbox=OPENING.outbox[1:])
    assert outbox.done(rest, head(OPENING), OPENED, RULES, NOW) is rest


def test_job_that_was_settled_meanwhile_changes_nothing_when_it_fails() -> None:
    rest = replace(OPENING, outbox=OPENING.outbox[1:])
    assert failures.failed(rest, head(OPENING), Unavailable("slow"), RULES, NOW) is rest


def test_identity_becomes_the_contact_at_that_provider() -> None:
    session = queue(session_in(State.REQUESTED), JobKind.IDENTIFY)
    before = replace(session, contacts={"other": CONTACT})
    token = ("desk:c2", Token(value="t", expires_at=NOW))
    made = Identity(ref=ContactRef("c2"), tokens=(token,))
    after = outbox.done(before, head(before), made, RULES, NOW)
    assert after.contacts == {"other": CONTACT, DESK: Contact(ref=ContactRef("c2"))}
    assert after.outbox == ()


def test_opening_binds_the_conversation_also_to_jobs_that_waited() -> None:
    after = outbox.done(OPENING, head(OPENING), OPENED, RULES, NOW)
    assert (handoff_of(after).conversation, handoff_of(after).thread) == (ROOM, THREAD)
    assert [(job.conversation, job.thread) for job in after.outbox] == [(ROOM, THREAD)]


ASKED = Availability(presence=Presence.YES, target="7")


def test_handoff_knows_what_was_asked_before_its_opening() -> None:
    handoff = handoff_of(outbox.asked(OPENING, head(OPENING), ASKED))
    assert (handoff.target, handoff.available) == ("7", Presence.YES)


@pytest.mark.parametrize(
    "session", [replace(OPENING, handoff=None), with_handoff(OPENING, id=HandoffId("ho-2"))]
)
def test_other_handoff_does_not_know_what_was_asked(session: Session) -> None:
    assert outbox.asked(session, head(session), ASKED) is session


def test_opening_without_a_thread_keeps_the_one_that_is_known() -> None:
    session = with_handoff(OPENING, thread=THREAD)
    after = outbox.done(session, head(session), Opened(conversation=ROOM), RULES, NOW)
    assert handoff_of(after).thread == THREAD


def test_found_conversation_tells_what_was_said_meanwhile() -> None:
    found = replace(OPENED, events=(joined(), replied("Hi")))
    after = outbox.done(OPENING, head(OPENING), found, RULES, NOW)
    assert handoff_of(after).state is State.ACTIVE
    assert notices(after) == ["Anna has joined the chat.", "Hi"]


def test_opening_that_comes_after_the_customer_left_is_remembered_by_the_contact() -> None:
    session = with_handoff(OPENING, state=State.CLOSED, reason=Reason.CUSTOMER_LEFT)
    after = outbox.done(session, head(session), OPENED, RULES, NOW)
    assert after.contacts[DESK] == replace(CONTACT, conversation=ROOM, thread=THREAD)
    assert handoff_of(after).state is State.CLOSED


def next_handoff(session: Session) -> Session:
    """Return the session in its next handoff, whose opening waits behind the first one's."""
    second = Handoff(id=HandoffId("ho-2"), provider=DESK, started_at=NOW)
    return queue(replace(session, handoff=second), JobKind.OPEN)


def test_opening_of_the_handoff_before_does_not_touch_the_next() -> None:
    session = next_handoff(queue(OPENING, JobKind.CLOSE))
    after = outbox.done(session, head(session), OPENED, RULES, NOW)
    assert handoff_of(after) == handoff_of(session)
    assert [job.conversation for job in after.outbox] == [ROOM, ROOM, None]


def test_contact_knows_the_thread_of_an_opening_that_comes_after_the_next_handoff_began() -> None:
    session = next_handoff(queue(OPENING, JobKind.CLOSE))
    after = outbox.done(session, head(session), OPENED, RULES, NOW)
    assert after.contacts[DESK] == replace(CONTACT, conversation=ROOM, thread=THREAD)


def test_customer_whom_nobody_knows_any_more_has_no_contact_to_remember_it() -> None:
    session = replace(next_handoff(queue(OPENING, JobKind.CLOSE)), contacts={})
    after = outbox.done(session, head(session), OPENED, RULES, NOW)
    assert (after.contacts, [job.conversation for job in after.outbox][:2]) == ({}, [ROOM, ROOM])


def test_opening_in_a_session_without_handoff_has_nothing_to_bind() -> None:
    session = replace(OPENING, handoff=None)
    assert outbox.done(session, head(session), OPENED, RULES, NOW).handoff is None


def test_conversation_that_a_webhook_told_of_is_as_good_as_opened() -> None:
    session = with_handoff(OPENING, conversation=ROOM, thread=THREAD)
    assert outbox.already_opened(session, head(session)) == OPENED


@pytest.mark.parametrize(
    "session",
    [
        OPENING,
        with_handoff(OPENING, conversation=ROOM, state=State.CLOSED),
        with_handoff(OPENING, conversation=ROOM, id=HandoffId("ho-9")),
        replace(OPENING, handoff=None),
    ],
)
def test_opening_is_not_done_yet(session: Session) -> None:
    assert outbox.already_opened(session, head(session)) is None


def test_only_an_opening_can_be_done_by_a_webhook() -> None:
    session = queue(session_in(State.ACTIVE), JobKind.SEND)
    assert outbox.already_opened(session, head(session)) is None


def test_opening_that_failed_is_done_when_a_webhook_told_of_the_conversation() -> None:
    session = with_handoff(OPENING, conversation=ROOM, thread=THREAD)
    after = failures.failed(session, head(session), Unavailable("slow"), RULES, NOW)
    assert kinds(after) == [JobKind.SEND]
    assert head(after).conversation == ROOM
