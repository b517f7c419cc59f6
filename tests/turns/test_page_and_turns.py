"""What a turn's answer carries beside a page: never what that was given, and nothing is lost."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from handoff import bounds, page, standing, turns
from handoff.deliveries import Delivery
from handoff.dialogflow.turn import Meaning, Turn
from handoff.model import Session
from handoff.records import Reply
from handoff.turns import MOST_IN_A_BATCH
from handoff.vocabulary import DeliveryKind, JobKind, State
from tests.heart import (
    HANDOFF,
    NOW,
    RULES,
    closed,
    handoff_of,
    kinds,
    replied,
    seconds,
    session_in,
    turn,
    with_handoff,
)
from tests.heart import after_event as heard

ACTIVE = session_in(State.ACTIVE)
LEASE = seconds(90)


def said(session: Session, *words: str) -> Session:
    """Return the session after these words of an agent."""
    number = handoff_of(session).last_delivery
    for text in words:
        number += 1
        session = heard(session, replied(text, number))
    return session


def comes(session: Session, after: int = 0, reader: str = "tab") -> Session:
    return page.reading(session, HANDOFF, reader, after, NOW + LEASE, NOW)


def goes(session: Session, given: int, reader: str = "tab") -> Session:
    return page.read(session, HANDOFF, reader, given, NOW)


def take(session: Session, asked: Turn) -> Session:
    return turns.take(session, asked, RULES, NOW)


def settle(session: Session, asked: Turn, later: float = 0) -> tuple[Session, Reply]:
    after = turns.settle(session, asked, RULES, NOW + seconds(later))
    reply = turns.answer_to(after, asked)
    assert reply is not None
    return after, reply


def ask(session: Session, name: str = "u1", later: float = 0) -> tuple[Session, tuple[str, ...]]:
    asked = turn("", name, Meaning.POLL)
    after, reply = settle(take(session, asked), asked, later)
    return after, reply.texts


def test_while_a_page_is_there_answers_carry_nothing() -> None:
    session = comes(said(ACTIVE, "one", "two"))
    after, texts = ask(session)
    assert texts == ()
    assert handoff_of(after).answered == 0
    assert all(not one.answered for one in handoff_of(after).deliveries)


@pytest.mark.parametrize("given", [0, 1, 2, 3])
def test_after_a_page_answers_carry_exactly_what_it_was_not_given(given: int) -> None:
    words = ("one", "two", "three")
    after, texts = ask(goes(comes(said(ACTIVE, *words)), given))
    assert texts == tuple(f"Anna: {one}" for one in words[given:])
    assert ask(after, "u2")[1] == ()


def test_page_that_is_not_heard_of_any_more_counts_as_gone() -> None:
    session = comes(said(ACTIVE, "one", "two"), after=1)
    assert ask(session, later=89.9)[1] == ()
    assert ask(session, later=90)[1] == ("Anna: two",)


def test_one_of_two_tabs_is_enough() -> None:
    both = comes(comes(said(ACTIVE, "one")), reader="another tab")
    one = goes(both, 1)
    assert ask(said(one, "two"))[1] == ()
    assert ask(said(goes(one, 2, "another tab"), "two", "three"))[1] == ("Anna: three",)


def test_page_does_not_take_back_what_was_answered() -> None:
    answered, _ = ask(said(ACTIVE, "one", "two"))
    assert ask(goes(comes(answered), 0), "u2")[1] == ()
    assert ask(goes(comes(said(answered, "three")), 0), "u2")[1] == ("Anna: three",)


def test_what_answers_carried_is_marked_and_nothing_else() -> None:
    session = goes(comes(said(ACTIVE, "one", "two", "three")), 1)
    after, _ = ask(said(session, "four"))
    marks = {one.text: one.answered for one in handoff_of(after).deliveries}
    assert marks == {"one": False, "two": True, "three": True, "four": True}
    assert handoff_of(after).answered == 4


def test_what_only_a_page_can_show_is_in_no_answer() -> None:
    state = Delivery(id=1, kind=DeliveryKind.STATE, at=NOW)
    typing = replace(state, id=2, kind=DeliveryKind.TYPING, typing=True)
    silent = with_handoff(ACTIVE, deliveries=(state, typing), last_delivery=2)
    after, texts = ask(said(silent, "one"))
    assert texts == ("Anna: one",)
    assert [one.answered for one in handoff_of(after).deliveries] == [False, False, True]


def test_state_alone_is_no_answer_and_costs_no_write() -> None:
    state = Delivery(id=1, kind=DeliveryKind.STATE, at=NOW)
    session = with_handoff(ACTIVE, deliveries=(state,), last_delivery=1)
    asked = turn("", "u1", Meaning.POLL)
    after, _ = settle(take(session, asked), asked)
    assert handoff_of(after).answered == 0
    assert turns.unless_idle(session, after, asked) is session


def test_poll_beside_a_page_costs_no_write() -> None:
    session = comes(said(ACTIVE, "one"))
    asked = turn("", "u1", Meaning.POLL)
    assert turns.unless_idle(session, settle(take(session, asked), asked)[0], asked) is session


# What happens between a turn that comes in and its answer.
ORDERS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "said, comes": (["said", "comes"], ()),
    "comes, said": (["comes", "said"], ()),
    "said, comes, goes without it": (["said", "comes", "goes 0"], ("Anna: one",)),
    "said, comes, goes with it": (["said", "comes", "goes 1"], ()),
    "comes, goes, said": (["comes", "goes 0", "said"], ("Anna: one",)),
    "comes, said, goes without it": (["comes", "said", "goes 0"], ("Anna: one",)),
    "comes, said, goes with it": (["comes", "said", "goes 1"], ()),
    "comes, goes, said, comes": (["comes", "goes 0", "said", "comes"], ()),
    "comes, said, goes with it, said": (["comes", "said", "goes 1", "said"], ("Anna: one",)),
}


def happens(session: Session, step: str) -> Session:
    verb, _, number = step.partition(" ")
    if verb == "goes":
        return goes(session, int(number))
    return comes(session) if verb == "comes" else said(session, "one")


@pytest.mark.parametrize(("steps", "expected"), ORDERS.values(), ids=ORDERS)
def test_answer_is_decided_when_it_is_given(steps: list[str], expected: tuple[str, ...]) -> None:
    asked = turn("Hi", "u1")
    for before in range(len(steps) + 1):
        session = ACTIVE
        for step in steps[:before]:
            session = happens(session, step)
        session = take(session, asked)
        for step in steps[before:]:
            session = happens(session, step)
        after, reply = settle(session, asked)
        assert (reply.texts, kinds(after)) == (expected, [JobKind.SEND])


def test_first_answer_stays_whatever_the_page_does_after_it() -> None:
    asked = turn("Hi", "u1")
    once, first = settle(take(said(ACTIVE, "one"), asked), asked)
    again = take(comes(once), asked)
    assert settle(again, asked) == (again, first)
    silent, nothing = settle(take(comes(said(ACTIVE, "one")), asked), asked)
    assert (settle(goes(silent, 0), asked)[1], nothing.texts) == (nothing, ())


@pytest.mark.parametrize("given", [False, True])
def test_end_is_told_once(given: bool) -> None:
    over = heard(comes(said(ACTIVE, "one")), closed())
    last = handoff_of(over).last_delivery if given else 0
    first = turn("Hi", "u1")
    after, reply = settle(take(goes(over, last), first), first)
    ended = RULES.texts.get("ended", "en")
    assert reply.texts == (() if given else ("Anna: one", ended))
    assert reply.parameters["handoff_state"] == "closed"
    again, texts = ask(after, "u2")
    assert texts == ()
    later = turns.answer_to(again, turn("", "u2", Meaning.POLL))
    assert later is not None
    assert later.parameters == {"handoff_state": "none"}


def test_words_that_a_page_missed_at_the_end_come_with_a_later_answer() -> None:
    over = heard(comes(said(ACTIVE, "one")), closed())
    told, texts = ask(over)
    assert texts == ()
    assert ask(goes(told, 0), "u2")[1] == ("Anna: one", RULES.texts.get("ended", "en"))


def test_end_beside_a_page_gives_the_bot_back_at_once() -> None:
    asked = turn("opening hours", "u1", said_by_bot=("From nine.",))
    _, reply = settle(take(heard(comes(ACTIVE), closed()), asked), asked)
    assert (reply.mute, reply.texts) == (False, ())


def test_answer_has_room_for_so_many_words_and_the_rest_comes_later() -> None:
    many = [f"w{number}" for number in range(MOST_IN_A_BATCH + 3)]
    after, texts = ask(said(ACTIVE, *many))
    assert len(texts) == MOST_IN_A_BATCH
    assert ask(after, "u2")[1] == tuple(f"Anna: {one}" for one in many[MOST_IN_A_BATCH:])


def test_next_handoff_brings_what_the_page_was_not_given() -> None:
    over = heard(goes(comes(said(ACTIVE, "one", "two")), 1), closed())
    asked = turn("a person", "u1", Meaning.START)
    begun = take(over, asked)
    words = [one.text for one in handoff_of(begun).deliveries]
    assert words == ["two", RULES.texts.get("ended", "en")]
    assert [one.id for one in handoff_of(begun).deliveries] == [1, 2]
    assert (handoff_of(begun).page, handoff_of(begun).said, handoff_of(begun).heard) == (
        None,
        (),
        0,
    )
    assert settle(begun, asked)[1].texts[:2] == ("Anna: two", RULES.texts.get("ended", "en"))


def test_page_of_the_handoff_before_silences_nothing_of_the_next() -> None:
    over = heard(comes(said(ACTIVE, "one")), closed())
    asked = turn("a person", "u1", Meaning.START)
    begun, reply = settle(take(over, asked), asked)
    assert reply.texts == (RULES.texts.get("connecting", "en"),)
    assert handoff_of(begun).page is None


def ended(session: Session) -> Session:
    """Return the session after the agent closed, with the event that says so."""
    return standing.told(session, heard(session, closed()), RULES, NOW)


def test_page_that_was_given_the_end_is_gone_whatever_died_with_another_stream() -> None:
    session = ended(comes(said(ACTIVE, "one"), 0, "dead"))
    after = goes(comes(session, 0, "tab"), 2, "tab")
    assert ask(said(after, "late"))[1] == (), "the dead one may be alive"
    last = handoff_of(after).last_delivery
    after = goes(comes(session, 0, "tab"), last, "tab")
    page_now = handoff_of(after).page
    assert page_now is not None
    assert (dict(page_now.readers), page_now.gone_at) == ({}, NOW)
    assert ask(said(after, "late"))[1] == ("Anna: late",)
    assert ask(said(comes(after, last, "again"), "late"))[1] == ()


@pytest.mark.parametrize("seed", range(20))
def test_each_word_is_shown_once_whoever_comes_and_goes(seed: int) -> None:
    chance = random.Random(seed)
    session, shown, words = ACTIVE, list[str](), list[str]()
    for step in range(60):
        known = handoff_of(session).page
        cursor = known.seen if known else 0
        match chance.choice(["says", "says", "comes", "goes", "asks"]):
            case "says":
                words.append(f"w{step}")
                session = said(session, words[-1])
            case "comes" if not (known and known.readers):
                session = comes(session, cursor)
            case "goes" if known and known.readers:
                given = chance.randint(cursor, handoff_of(session).last_delivery)
                shown += _by_page(session, cursor, given)
                session = goes(session, given)
            case "asks":
                session, texts = ask(session, f"u{step}")
                shown += [one.removeprefix("Anna: ") for one in texts]
    last = handoff_of(session).page
    shown += _by_page(session, last.seen if last else 0, 10**6) if last and last.readers else []
    shown += [one.removeprefix("Anna: ") for one in ask(session, "last")[1]]
    assert sorted(shown) == sorted(words)


def _by_page(session: Session, after: int, given: int) -> list[str]:
    """Return what a page draws of the events above its cursor."""
    there = handoff_of(session).deliveries
    return [one.text for one in there if after < one.id <= given and not one.answered]


def test_all_that_a_page_could_come_back_for_is_kept() -> None:
    plain, spilled = bounds.trim(ask(said(ACTIVE, *"abc" * 20))[0])
    assert (len(handoff_of(plain).deliveries), list(spilled)) == (bounds.TAIL_DELIVERIES, [])
    _, spilled = bounds.trim(goes(comes(said(ACTIVE, *"abc" * 20)), 60))
    assert [one.id for _, one in spilled] == list(range(1, 11))
