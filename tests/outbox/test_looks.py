"""What comes before a conversation is known as ours: one look, first of all, in order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import bounds, failures, outbox
from handoff.errors import Unavailable
from handoff.events import ConversationOpened, FileShared
from handoff.late import NO_HANDOFF
from handoff.model import Handoff, Session
from handoff.providers.base import Looked, Opened
from handoff.rules import Rules
from handoff.vocabulary import HandoffId, JobKind, Reason, State, ThreadRef
from tests.heart import (
    CONTACT,
    DESK,
    HANDOFF,
    NOW,
    READING,
    ROOM,
    RULES,
    THREAD,
    after_event,
    closed,
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
FILE = FileShared(id="f", conversation=ROOM, author="anna", url="https://f.example/1", name="a.pdf")
OPENING = queue(session_in(State.REQUESTED), JobKind.OPEN, JobKind.NOTE, JobKind.SEND)
LATER = NOW + seconds(3)


def opened(session: Session, rules: Rules = READING) -> Session:
    """Return the session after its first job opened the conversation."""
    return outbox.done(session, head(session), OPENED, rules, LATER)


LOOKING = opened(OPENING)


def looked(session: Session, result: Opened | None) -> Session:
    """Return the session after its look."""
    assert head(session).kind is JobKind.LOOK
    found = Looked(events=result.events) if result else None
    return outbox.done(session, head(session), found, READING, LATER)


def lost(session: Session) -> list[tuple[str, str]]:
    return [(one.job.text, one.reason) for one in session.undelivered]


def test_look_comes_first_after_an_opening() -> None:
    look = head(LOOKING)
    assert kinds(LOOKING) == [JobKind.LOOK, JobKind.NOTE, JobKind.SEND]
    assert (look.id, LOOKING.last_job, look.handoff, look.provider) == (4, 4, HANDOFF, DESK)
    assert (look.conversation, look.thread, look.text) == (ROOM, THREAD, "")
    assert (look.created_at, look.due_at) == (LATER, LATER)


@pytest.mark.parametrize("rules", [RULES, replace(READING, providers={})])
def test_nobody_looks_where_it_cannot_be_done(rules: Rules) -> None:
    assert kinds(opened(OPENING, rules)) == [JobKind.NOTE, JobKind.SEND]


@pytest.mark.parametrize(
    "changes",
    [{"state": State.CLOSED, "reason": Reason.CUSTOMER_LEFT}, {"id": HandoffId("ho-2")}],
)
def test_what_was_said_to_a_customer_who_has_left_is_looked_at_too(
    changes: dict[str, object],
) -> None:
    assert head(opened(with_handoff(OPENING, **changes))).kind is JobKind.LOOK


@pytest.mark.parametrize("uncertain", [False, True])
def test_look_is_as_doubtful_as_its_opening_and_starts_to_count_anew(uncertain: bool) -> None:
    tried = replace(head(OPENING), uncertain=uncertain, attempts=3, renewed=True)
    look = head(opened(replace(OPENING, outbox=(tried,))))
    assert (look.kind, look.uncertain, look.attempts) == (JobKind.LOOK, uncertain, 0)


def test_opening_whose_answer_was_lost_is_looked_at_when_a_webhook_told_of_it() -> None:
    bound = with_handoff(OPENING, conversation=ROOM, thread=THREAD)
    after = failures.failed(bound, head(bound), Unavailable("slow"), READING, LATER)
    assert kinds(after) == [JobKind.LOOK, JobKind.NOTE, JobKind.SEND]
    assert head(after).uncertain
    assert {job.conversation for job in after.outbox} == {ROOM}


def test_look_that_found_nothing_changes_nothing() -> None:
    assert looked(LOOKING, None) == replace(LOOKING, outbox=LOOKING.outbox[1:])


def test_what_was_missed_has_its_effect_in_order() -> None:
    missed = (joined(), replied("one", 1), replied("two", 2))
    after = looked(LOOKING, replace(OPENED, events=missed))
    assert handoff_of(after).state is State.ACTIVE
    assert notices(after) == ["Anna has joined the chat.", "one", "two"]
    assert kinds(after) == [JobKind.NOTE, JobKind.SEND]


def test_fact_that_a_webhook_told_is_not_told_again_by_the_look() -> None:
    told = after_event(LOOKING, joined(), replied("one", 1))
    after = looked(told, replace(OPENED, events=(joined(), replied("one", 1), replied("two", 2))))
    assert notices(after) == ["Anna has joined the chat.", "one", "two"]


def test_end_that_was_missed_ends_the_handoff_and_tells_of_what_waited() -> None:
    after = looked(LOOKING, replace(OPENED, events=(replied("bye"), closed())))
    handoff = handoff_of(after)
    assert (handoff.state, handoff.reason) == (State.CLOSED, Reason.AGENT_CLOSED)
    texts = [RULES.texts.get(name, "en") for name in ("ended", "undelivered_ended")]
    assert notices(after)[-3:] == ["bye", *texts]
    assert (after.outbox, lost(after)) == ((), [("text 3", "conversation_closed")])


def test_end_that_was_missed_is_remembered_by_the_contact() -> None:
    after = looked(LOOKING, replace(OPENED, events=(closed(),)))
    assert after.contacts[DESK] == replace(CONTACT, conversation=ROOM, thread=THREAD)


def test_look_after_the_customer_left_tells_what_was_said_and_moves_nothing() -> None:
    session = with_handoff(LOOKING, state=State.CLOSED, reason=Reason.CUSTOMER_LEFT)
    session = queue(session, JobKind.CLOSE)
    after = looked(session, replace(OPENED, events=(joined(), replied("late"), closed())))
    assert notices(after) == ["late"]
    assert (handoff_of(after).state, handoff_of(after).agents) == (State.CLOSED, ())
    assert handoff_of(after).reason is Reason.CUSTOMER_LEFT
    assert kinds(after) == [JobKind.NOTE, JobKind.SEND, JobKind.CLOSE]


def test_look_of_the_handoff_before_does_not_touch_the_next_and_buries_the_words() -> None:
    second = Handoff(id=HandoffId("ho-2"), provider=DESK, started_at=NOW)
    session = queue(replace(LOOKING, handoff=second), JobKind.OPEN)
    ours = replace(replied("ours", 1), client_id=f"{HANDOFF}-1")
    events = (
        joined(),
        ours,
        replied("", 2),
        replied("late", 3),
        FILE,
        replied("late", 3),
        closed(),
    )
    after = looked(session, replace(OPENED, events=events))
    assert handoff_of(after) == second
    assert [one.job.handoff for one in after.undelivered] == [HANDOFF, HANDOFF]
    assert lost(after) == [("late", NO_HANDOFF), (f"{FILE.name} {FILE.url}", NO_HANDOFF)]
    assert looked(replace(after, outbox=session.outbox), replace(OPENED, events=events)) == after
    assert [job.conversation for job in after.outbox] == [ROOM, ROOM, None]


def test_look_does_not_take_back_the_thread_that_a_webhook_told_of_meanwhile() -> None:
    again = ConversationOpened(id="again", conversation=ROOM, thread=ThreadRef("thread-2"))
    session = queue(after_event(LOOKING, again), JobKind.SEND)
    after = looked(session, replace(OPENED, events=(replied("one"),)))
    assert handoff_of(after).thread == "thread-2"
    assert after.outbox[-1].thread == "thread-2"


def test_what_was_told_so_long_ago_that_it_is_forgotten_is_not_told_again() -> None:
    told = [replied(f"words {number}", number) for number in range(bounds.EVENTS + 50)]
    heard, _ = bounds.trim(after_event(with_handoff(LOOKING, conversation=ROOM), *told))
    assert len(heard.events) == bounds.EVENTS
    again = looked(heard, replace(OPENED, events=tuple(told)))
    assert handoff_of(again).last_delivery == handoff_of(heard).last_delivery
