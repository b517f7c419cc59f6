"""How often the same words went to a desk just before, where it keeps no id of ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import jobs, outbox, turns
from handoff.dialogflow.turn import Meaning
from handoff.model import Job, Session, Undelivered
from handoff.vocabulary import HandoffId, JobKind, Participant, State
from tests.heart import NOW, RULES, after_event, closed, replied, session_in, turn, with_handoff

ACTIVE = session_in(State.ACTIVE)


def said(session: Session, *texts: str) -> Session:
    for text in texts:
        asked = turn(text, f"u{session.lines + 1}", Meaning.OTHER)
        session = turns.settle(turns.take(session, asked, RULES, NOW), asked, RULES, NOW)
    return session


def job_of(session: Session, place: int = -1) -> Job:
    return [one for one in session.outbox if one.kind is JobKind.SEND][place]


@pytest.mark.parametrize(
    ("texts", "repeats"),
    [
        (("a",), 0),
        (("a", "b"), 0),
        (("a", "a"), 1),
        (("a", "b", "a"), 0),
        (("b", "a", "a", "a"), 2),
    ],
)
def test_equal_messages_just_before_count(texts: tuple[str, ...], repeats: int) -> None:
    session = said(ACTIVE, *texts)
    assert outbox.repeats(session, job_of(session)) == repeats


def test_what_is_said_to_the_bot_afterwards_changes_nothing() -> None:
    talk = said(ACTIVE, "hello", "hello")
    job = job_of(talk)
    over = turns.take(talk, turn("", "end", Meaning.END), RULES, NOW)
    for lines in range(1, 4):
        assert outbox.repeats(said(over, *["hello"] * lines), job) == 1


def test_what_the_agent_says_in_between_changes_nothing() -> None:
    session = said(after_event(said(ACTIVE, "yes"), replied("really?")), "yes")
    assert outbox.repeats(session, job_of(session)) == 1


def test_message_that_was_given_up_was_never_there() -> None:
    session = said(ACTIVE, "yes")
    letter = Undelivered(job=job_of(session), reason="Rejected", at=NOW)
    marked = jobs.with_marked_losses(replace(session, outbox=(), undelivered=(letter,)))
    assert [line.lost for line in marked.transcript] == [True]
    again = said(replace(marked, undelivered=()), "yes")
    assert outbox.repeats(again, job_of(again)) == 0


def test_loss_of_one_line_marks_no_other() -> None:
    session = said(ACTIVE, "one", "two")
    letter = Undelivered(job=job_of(session, 0), reason="Rejected", at=NOW)
    marked = jobs.with_marked_losses(replace(session, undelivered=(letter,)))
    assert [(line.text, line.lost) for line in marked.transcript] == [("one", True), ("two", False)]
    assert jobs.with_marked_losses(session) is session


def test_job_of_an_earlier_handoff_is_found_among_all_lines() -> None:
    talk = said(ACTIVE, "hello", "hello")
    job = job_of(talk)
    over = after_event(talk, closed())
    later = with_handoff(over, id=HandoffId("ho-2"), lines_before=over.lines)
    assert outbox.repeats(said(later, "hello"), job) == 1


def test_job_whose_line_is_forgotten_repeats_nothing() -> None:
    session = said(ACTIVE, "hello", "hello")
    forgotten = replace(session, transcript=())
    assert outbox.repeats(forgotten, job_of(session)) == 0
    assert all(one.author is Participant.CUSTOMER for one in session.transcript)
