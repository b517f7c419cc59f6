"""What is remembered of a handoff, told from what each commit changed."""

from __future__ import annotations

from dataclasses import replace

from handoff import bounds, failures, life, lifecycle, outbox, turns
from handoff.bounds import LIFE, LONGEST_WORD
from handoff.dialogflow.turn import Meaning
from handoff.errors import Rejected, Unavailable
from handoff.life import Attempt
from handoff.model import Session
from handoff.records import Happening
from handoff.vocabulary import ConversationRef, HandoffId, JobKind, State
from tests.heart import (
    HANDOFF,
    NOW,
    RULES,
    blank,
    closed,
    head,
    queue,
    replied,
    session_in,
    turn,
    with_handoff,
)

ACTIVE = session_in(State.ACTIVE)


def told(before: Session, after: Session, attempt: Attempt | None = None) -> list[str]:
    recorded = life.recorded(before, after, NOW, attempt)
    return [_line(one) for one in recorded.life[len(before.life) :]]


def _line(one: Happening) -> str:
    number = "" if one.number is None else f"#{one.number}"
    took = "" if one.milliseconds is None else f"{one.milliseconds} ms"
    return " ".join(filter(None, (one.what, one.name, number, one.outcome, took)))


def test_commit_that_changed_nothing_is_not_told() -> None:
    assert life.recorded(ACTIVE, ACTIVE, NOW) is ACTIVE


def test_session_without_handoff_has_no_life() -> None:
    after = turns.take(blank(), turn(), RULES, NOW)
    assert life.recorded(blank(), after, NOW) is after


def test_beginning_is_told_with_its_jobs() -> None:
    after = turns.take(blank(), turn("Anna please", "u1", Meaning.START), RULES, NOW)
    assert told(blank(), after) == ["turn u1", "job identify #1", "job open #2", "state requested"]


def test_message_is_told_without_its_words() -> None:
    after = turns.take(ACTIVE, turn("my card is 4111", "u2"), RULES, NOW)
    assert told(ACTIVE, after) == ["turn u2", "job send #1"]


def test_turn_that_is_told_before_is_no_news() -> None:
    after = turns.take(ACTIVE, turn("Hi", "u2"), RULES, NOW)
    assert told(after, replace(after, outbox=())) == ["lost send #1 not_needed"]


def test_turn_of_the_bot_is_not_told_but_the_one_that_hears_of_the_end() -> None:
    over = lifecycle.apply(ACTIVE, closed(), RULES, NOW)
    asked = turn("Hi", "u3")
    hears = turns.settle(turns.take(over, asked, RULES, NOW), asked, RULES, NOW)
    assert told(over, hears) == ["turn u3", "told #1"]
    later = turn("Hi", "u4")
    bots = turns.settle(turns.take(hears, later, RULES, NOW), later, RULES, NOW)
    assert told(hears, bots) == []


def test_event_is_told_with_what_it_brings() -> None:
    after = lifecycle.apply(ACTIVE, replied("secret"), RULES, NOW)
    assert told(ACTIVE, after) == ["event AgentReplied", "delivery message #1"]


def test_end_is_told_with_its_reason() -> None:
    after = lifecycle.apply(ACTIVE, closed(), RULES, NOW)
    assert told(ACTIVE, after) == [
        "event ConversationClosed",
        "delivery notice #1",
        "state closed agent_closed",
    ]


def test_attempt_is_told_with_its_outcome_and_time() -> None:
    session = queue(ACTIVE, JobKind.SEND)
    attempt = Attempt(job=head(session), outcome="Unavailable", milliseconds=12)
    after = failures.failed(session, head(session), Unavailable("down"), RULES, NOW)
    assert told(session, after, attempt) == ["attempt send #1 Unavailable 12 ms"]


def test_job_that_is_done_is_not_lost() -> None:
    session = queue(ACTIVE, JobKind.SEND)
    attempt = Attempt(job=head(session), outcome="done", milliseconds=9)
    after = outbox.done(session, head(session), None, RULES, NOW)
    assert told(session, after, attempt) == ["attempt send #1 done 9 ms"]


def test_lost_job_is_told_with_the_reason() -> None:
    session = queue(ACTIVE, JobKind.SEND)
    attempt = Attempt(job=head(session), outcome="Rejected", milliseconds=9)
    after = failures.failed(session, head(session), Rejected("no"), RULES, NOW)
    assert told(session, after, attempt) == [
        "attempt send #1 Rejected 9 ms",
        "lost send #1 Rejected",
        "delivery notice #1",
    ]


def test_words_for_nobody_are_told_as_lost() -> None:
    event = replace(replied("lost"), conversation=ConversationRef("room-9"))
    after = lifecycle.apply(ACTIVE, event, RULES, NOW)
    assert told(ACTIVE, after) == ["event AgentReplied", "lost agent's message #1 no_handoff"]


def test_next_handoff_begins_its_own_life() -> None:
    after = with_handoff(session_in(State.REQUESTED), id=HandoffId("ho-2"))
    recorded = life.recorded(session_in(State.CLOSED), after, NOW)
    assert life.of(recorded, HANDOFF) == ()
    assert [one.name for one in life.of(recorded, HandoffId("ho-2"))] == ["requested"]


def test_life_is_bounded_and_its_words_are_short() -> None:
    lines = tuple(
        Happening(at=NOW, handoff=HANDOFF, what="turn", name="u" * 900, number=number)
        for number in range(LIFE + 5)
    )
    trimmed, _ = bounds.trim(replace(ACTIVE, life=lines))
    assert [one.number for one in trimmed.life] == list(range(5, LIFE + 5))
    assert {len(one.name) for one in trimmed.life} == {LONGEST_WORD}
