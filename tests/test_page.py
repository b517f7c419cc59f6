"""What a page says, what it was given, and who of several tabs is still there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from handoff import page
from handoff.bounds import WAITING
from handoff.deliveries import Page
from handoff.model import Message, Session
from handoff.page import MOST_READERS, MOST_SAID
from handoff.vocabulary import HandoffId, JobKind, Participant, Reason, State
from tests.heart import (
    HANDOFF,
    NOW,
    RULES,
    blank,
    handoff_of,
    kinds,
    notices,
    seconds,
    session_in,
    with_handoff,
)

ACTIVE = session_in(State.ACTIVE)
OTHER = HandoffId("ho-of-before")
SOON, LATER = NOW + seconds(60), NOW + seconds(90)
CLOSED = [State.CLOSED, State.FAILED]
NOT_THEIRS = [None, *CLOSED]


def said(session: Session, message: str, text: str = "Hi") -> Session:
    return page.said(session, HANDOFF, message, text, RULES, NOW)


def reading(session: Session, reader: str, after: int, since: float = 0) -> Session:
    now = NOW + seconds(since)
    return page.reading(session, HANDOFF, reader, after, now + seconds(90), now)


def read(session: Session, reader: str, seen: int, since: float = 0) -> Session:
    return page.read(session, HANDOFF, reader, seen, NOW + seconds(since))


def page_of(session: Session) -> Page:
    found = handoff_of(session).page
    assert found is not None
    return found


def test_message_is_relayed_and_stands_in_the_transcript() -> None:
    after = said(ACTIVE, "m1", "Hi 🌷\nline")
    [job] = after.outbox
    own = page.utterance_of("m1")
    assert (job.kind, job.text, job.utterance) == (JobKind.SEND, "Hi 🌷\nline", own)
    line = Message(author=Participant.CUSTOMER, text="Hi 🌷\nline", utterance=own)
    assert after.transcript == (line,)


@pytest.mark.parametrize("message", ["m" * 9_000, "mark 🌷", "\0", "half \ud800"])
def test_what_is_kept_of_an_id_is_short_whatever_it_looks_like(message: str) -> None:
    after = said(ACTIVE, message)
    [known] = handoff_of(after).said
    assert re.fullmatch(r"[0-9a-f]{24}", known.id)
    assert re.fullmatch(r"page [0-9a-f]{24}", after.outbox[0].utterance)
    assert page.sequence_of(after, HANDOFF, message) == 1


def test_messages_are_counted_in_the_order_in_which_they_came() -> None:
    after = said(said(said(ACTIVE, "b"), "a"), "c")
    places = {name: page.sequence_of(after, HANDOFF, name) for name in "abcd"}
    assert places == {"a": 2, "b": 1, "c": 3, "d": None}


def test_messages_that_came_by_dialogflow_count_too() -> None:
    after = said(with_handoff(ACTIVE, heard=4), "m1")
    assert page.sequence_of(after, HANDOFF, "m1") == 5


@pytest.mark.parametrize("text", ["Hi", "something else", "bye agent"])
def test_message_that_comes_again_has_no_effect(text: str) -> None:
    once = said(said(ACTIVE, "m1"), "m2")
    assert said(once, "m1", text) is once
    assert said(once, "m2", text) is once


def test_message_that_comes_again_after_the_end_is_still_known() -> None:
    over = said(said(ACTIVE, "m1"), "m2", "bye agent")
    assert said(over, "m2", "bye agent") is over
    assert [page.sequence_of(over, HANDOFF, name) for name in ("m1", "m2")] == [1, 2]


def test_newest_messages_are_remembered() -> None:
    session = ACTIVE
    for number in range(1, MOST_SAID + 2):
        session = page.with_said(with_handoff(session, heard=number), f"m{number}")
    places = [page.sequence_of(session, HANDOFF, f"m{one}") for one in (1, 2, MOST_SAID + 1)]
    assert places == [None, 2, MOST_SAID + 1]
    assert len(handoff_of(session).said) == MOST_SAID


@pytest.mark.parametrize("word", ["bye agent", "Bye Agent!", " …BYE AGENT \n"])
def test_word_that_leaves_ends_the_handoff(word: str) -> None:
    after = said(ACTIVE, "m1", word)
    assert (handoff_of(after).state, handoff_of(after).reason) == (
        State.CLOSED,
        Reason.CUSTOMER_LEFT,
    )
    assert (kinds(after), page.sequence_of(after, HANDOFF, "m1")) == ([JobKind.CLOSE], 1)


def test_message_too_many_is_told_of_and_known_when_it_comes_again() -> None:
    full = ACTIVE
    for number in range(WAITING):
        full = said(full, f"m{number}")
    after = said(full, "too many", "one more")
    assert [(one.job.text, one.reason) for one in after.undelivered] == [
        ("one more", "too_many_waiting")
    ]
    assert notices(after) == [RULES.texts.get("undelivered", "en")]
    assert said(after, "too many", "one more") is after
    assert page.sequence_of(after, HANDOFF, "too many") == WAITING + 1


@pytest.mark.parametrize("state", NOT_THEIRS)
def test_message_without_an_open_handoff_changes_nothing(state: State | None) -> None:
    session = session_in(state)
    assert said(session, "m1") is session
    assert page.open_handoff(session, HANDOFF) is None


Change = Callable[[Session], Session]
CHANGES: dict[str, Change] = {
    "said": lambda one: page.said(one, OTHER, "m1", "Hi", RULES, NOW),
    "filed": lambda one: page.filed(one, OTHER, "f1", "a.pdf"),
    "left": lambda one: page.left(one, OTHER, RULES, NOW),
    "reading": lambda one: page.reading(one, OTHER, "a", 0, LATER, NOW),
    "read": lambda one: page.read(one, OTHER, "a", 0, NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("session", [ACTIVE, blank()], ids=["another handoff", "none"])
def test_page_of_another_handoff_changes_nothing(session: Session, change: Change) -> None:
    assert change(session) is session
    assert page.sequence_of(session, OTHER, "m1") is None
    assert page.open_handoff(session, OTHER) is None


def test_known_message_of_no_handoff_is_none() -> None:
    assert page.with_said(blank(), "m1") is not None
    assert page.with_said(blank(), "m1") == blank()


def test_customer_leaves_by_the_page() -> None:
    after = page.left(ACTIVE, HANDOFF, RULES, NOW)
    assert (handoff_of(after).reason, kinds(after)) == (Reason.CUSTOMER_LEFT, [JobKind.CLOSE])
    assert page.left(after, HANDOFF, RULES, NOW) is after


FILE = "[file] a.pdf"


def filed(session: Session, message: str) -> Session:
    return page.filed(session, HANDOFF, message, FILE)


@pytest.mark.parametrize("state", [State.REQUESTED, State.ACTIVE, State.CLOSED])
def test_file_is_counted_among_the_messages_and_known_when_it_comes_again(state: State) -> None:
    after = filed(with_handoff(session_in(state), heard=1), "f1")
    line = Message(author=Participant.CUSTOMER, text=FILE, utterance=page.utterance_of("f1"))
    assert (after.transcript, kinds(after)) == ((line,), [])
    assert page.sequence_of(after, HANDOFF, "f1") == 2


def test_customer_who_sends_a_file_is_not_silent_any_more() -> None:
    silent = with_handoff(ACTIVE, unanswered_since=NOW, warned=True)
    known = handoff_of(filed(silent, "f1"))
    assert (known.unanswered_since, known.warned) == (None, False)


@pytest.mark.parametrize(
    ("after", "last", "expected"), [(0, 7, 0), (5, 7, 5), (7, 7, 7), (8, 7, 7), (99, 0, 0)]
)
def test_page_stands_nowhere_beyond_what_there_is(after: int, last: int, expected: int) -> None:
    assert page.cursor(with_handoff(ACTIVE, last_delivery=last), HANDOFF, after) == expected


def test_page_stands_at_the_beginning_where_there_is_no_handoff() -> None:
    assert page.cursor(blank(), HANDOFF, 7) == 0


def test_reader_is_there_for_as_long_as_it_says() -> None:
    after = reading(ACTIVE, "a", 3)
    assert page_of(after) == Page(seen=3, readers={"a": LATER})
    there = [page_of(after).is_there(NOW + seconds(wait)) for wait in (0, 89.9, 90, 91)]
    assert there == [True, True, False, False]


def test_reader_that_comes_again_says_itself_how_far_it_is() -> None:
    seen = [page_of(reading(reading(ACTIVE, "a", 7), "a", one)).seen for one in (9, 7, 2, 0)]
    assert seen == [9, 7, 2, 0]


def test_reader_that_comes_again_stays_longer() -> None:
    after = reading(reading(ACTIVE, "a", 0), "a", 0, since=60)
    assert page_of(after).readers == {"a": NOW + seconds(150)}


@pytest.mark.parametrize(("second", "expected"), [(9, 9), (7, 7), (0, 7)])
def test_second_tab_takes_nothing_back_that_the_first_was_given(second: int, expected: int) -> None:
    after = reading(reading(ACTIVE, "a", 7), "b", second)
    assert (page_of(after).seen, set(page_of(after).readers)) == (expected, {"a", "b"})


def test_reader_whose_time_is_up_counts_no_more() -> None:
    after = reading(reading(ACTIVE, "a", 7), "b", 2, since=90)
    assert page_of(after) == Page(seen=2, readers={"b": NOW + seconds(180)})


def test_one_of_two_tabs_goes_and_the_page_is_still_there() -> None:
    both = reading(reading(ACTIVE, "a", 0), "b", 0)
    after = read(both, "a", 5)
    assert page_of(after) == Page(seen=5, readers={"b": LATER})
    gone = read(after, "b", 4, since=1)
    assert page_of(gone) == Page(seen=5, gone_at=NOW + seconds(1))
    assert not page_of(gone).is_there(NOW)


def test_reader_goes_after_the_time_of_the_others_is_up() -> None:
    both = reading(reading(ACTIVE, "a", 0), "b", 0, since=60)
    assert page_of(read(both, "b", 1, since=100)).readers == {}


def test_reader_that_was_forgotten_meanwhile_still_tells_what_it_was_given() -> None:
    assert page_of(read(ACTIVE, "a", 5)) == Page(seen=5, gone_at=NOW)


def test_time_of_going_is_that_of_the_last_who_went() -> None:
    gone = read(reading(ACTIVE, "a", 0), "a", 1)
    assert page_of(read(gone, "a", 1, since=9)).gone_at == NOW
    back = reading(gone, "a", 1, since=10)
    assert page_of(back).gone_at is None
    assert page_of(page.reading(gone, HANDOFF, "a", 1, NOW, NOW)).gone_at == NOW
    assert page_of(read(back, "a", 1, since=20)).gone_at == NOW + seconds(20)


@pytest.mark.parametrize("state", CLOSED)
def test_page_reads_on_after_the_end(state: State) -> None:
    after = read(reading(session_in(state), "a", 0), "a", 4)
    assert (page_of(after).seen, handoff_of(after).state) == (4, state)


def test_newest_readers_count() -> None:
    session = ACTIVE
    for number in range(MOST_READERS + 2):
        session = reading(session, f"r{number}", 0)
    session = reading(session, "r3", 0)
    session = reading(session, "new", 0)
    assert list(page_of(session).readers) == [*(f"r{n}" for n in (4, 5, 6, 7, 8, 9, 3)), "new"]


def test_what_was_answered_and_what_the_page_was_given_count_together() -> None:
    session = with_handoff(ACTIVE, answered=4)
    reads = [handoff_of(reading(session, "a", seen)).read_up_to for seen in (0, 4, 6)]
    assert (handoff_of(session).read_up_to, reads) == (4, [4, 4, 6])
