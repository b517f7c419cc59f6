"""A customer who leaves and asks again while their page still reads the handoff before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import bounds, earlier, page, timers
from handoff.dialogflow.turn import Meaning
from handoff.earlier import MOST_EARLIER, MOST_SAID
from handoff.model import Handoff, Session
from handoff.vocabulary import DeliveryKind, HandoffId, State
from tests.heart import (
    HANDOFF,
    NOW,
    RULES,
    closed,
    handoff_of,
    seconds,
    session_in,
    turn,
    with_handoff,
)
from tests.heart import after_event as heard
from tests.turns.test_page_and_turns import comes, goes, said, settle, take

ACTIVE = session_in(State.ACTIVE)
ENDED = RULES.texts.get("ended", "en")
LEASE = seconds(90)


def again(session: Session, name: str = "u1") -> Session:
    return take(session, turn("a person", name, Meaning.START))


def before(session: Session, handoff: HandoffId = HANDOFF) -> Handoff:
    found = session.named(handoff)
    assert found is not None
    return found


def words(handoff: Handoff) -> list[str]:
    return [one.text for one in handoff.deliveries if one.kind.is_shown]


def read_by_page(given: int | None = None) -> Session:
    """Return a session that began anew; its page still reads, or left having been given so far."""
    over = heard(comes(said(ACTIVE, "one", "two")), closed())
    return again(over if given is None else goes(over, given))


def test_page_that_reads_keeps_the_handoff_before_to_itself() -> None:
    begun = read_by_page()
    assert words(before(begun)) == ["one", "two", ENDED]
    assert words(handoff_of(begun)) == []
    assert settle(begun, turn("a person", "u1", Meaning.START))[1].texts == (
        RULES.texts.get("connecting", "en"),
    )


@pytest.mark.parametrize("given", [0, 1, 2, 3])
def test_what_a_page_that_left_was_not_given_is_told_in_the_next(given: int) -> None:
    begun = read_by_page(given)
    there = ["one", "two", ENDED]
    assert words(handoff_of(begun)) == there[given:]
    assert [one.id for one in handoff_of(begun).deliveries] == list(range(1, 4 - given))
    assert [one.answered for one in before(begun).deliveries] == [
        number >= given for number in range(3)
    ]
    assert not any(one.answered for one in handoff_of(begun).deliveries)


def test_page_that_comes_back_shows_only_what_was_not_told_in_the_next() -> None:
    begun = comes(read_by_page(1), 0)
    assert [one.id for one in before(begun).deliveries if not one.answered] == [1]
    assert page.cursor(begun, HANDOFF, 9) == 3
    gone = goes(begun, 1)
    assert words(handoff_of(gone)) == ["two", ENDED]


@pytest.mark.parametrize(("given", "told"), [(0, ["one", "two", ENDED]), (2, [ENDED]), (3, [])])
def test_what_a_page_leaves_of_it_is_told_when_it_goes(given: int, told: list[str]) -> None:
    after = goes(read_by_page(), given)
    assert words(handoff_of(after)) == told
    assert handoff_of(after).last_delivery == len(told)
    assert goes(after, given) == after


def test_page_whose_time_ran_out_leaves_it_to_the_next() -> None:
    begun = read_by_page()
    assert earlier.left_over_at(begun) == NOW + LEASE
    assert earlier.left_over(begun, NOW + LEASE - seconds(1)) is begun
    after = timers.passed(begun, RULES, NOW + LEASE)
    assert words(handoff_of(after)) == ["one", "two", ENDED]
    assert earlier.left_over_at(after) is None


def test_somebody_looks_when_the_time_of_a_page_is_up() -> None:
    begun = replace(read_by_page(), outbox=())
    assert timers.wake_at(begun, RULES) == NOW + LEASE < NOW + RULES.accept
    assert timers.wake_at(goes(begun, 3), RULES) == NOW + RULES.accept


def test_what_is_told_later_comes_after_what_was_told_in_the_meantime() -> None:
    begun = read_by_page()
    begun = with_handoff(begun, deliveries=(), last_delivery=5)
    after = goes(begun, 2)
    assert [(one.id, one.text) for one in handoff_of(after).deliveries] == [(6, ENDED)]
    assert handoff_of(after).last_delivery == 6


def test_what_moved_out_waits_for_whoever_has_it_all() -> None:
    begun = read_by_page()
    tail = replace(before(begun), deliveries=before(begun).deliveries[2:])
    part = begun.knowing(tail)
    assert earlier.left_over(part, NOW + LEASE) is part
    assert earlier.left_over_at(part) is None
    assert words(handoff_of(earlier.left_over(begun, NOW + LEASE))) == ["one", "two", ENDED]


def test_other_pages_of_it_keep_it_to_themselves() -> None:
    begun = comes(read_by_page(), 0, "other tab")
    after = goes(begun, 1)
    assert words(handoff_of(after)) == []
    assert words(handoff_of(goes(after, 2, "other tab"))) == [ENDED]


def test_handoff_that_no_page_ever_read_is_not_kept() -> None:
    begun = again(heard(said(ACTIVE, "one"), closed()))
    assert (begun.earlier, words(handoff_of(begun))) == ((), ["one", ENDED])
    assert begun.named(HANDOFF) is None
    assert comes(begun) is begun


def test_nothing_but_what_a_page_reads_is_kept() -> None:
    talked = with_handoff(comes(ACTIVE), request="a person", attributes={"Plan": "gold"})
    for number in range(MOST_SAID + 2):
        talked = page.said(talked, HANDOFF, f"m{number}", "Hi", RULES, NOW)
    over = before(again(heard(talked, closed())))
    assert (over.request, over.attributes, over.agents) == ("", {}, ())
    assert len(over.said) == MOST_SAID
    assert over.said[-1].sequence == over.heard == MOST_SAID + 2


def test_message_that_a_page_repeats_too_late_is_known() -> None:
    over = heard(page.said(comes(ACTIVE), HANDOFF, "m1", "Hi", RULES, NOW), closed())
    begun = again(over)
    assert page.sequence_of(begun, HANDOFF, "m1") == 1
    assert page.sequence_of(begun, HANDOFF, "m2") is None
    assert page.sequence_of(begun, handoff_of(begun).id, "m1") is None
    assert page.said(begun, HANDOFF, "m2", "Hi", RULES, NOW) is begun


def test_so_many_are_kept_and_no_more() -> None:
    session, names = ACTIVE, list[HandoffId]()
    for number in range(MOST_EARLIER + 2):
        name = handoff_of(session).id
        names.append(name)
        read = page.reading(session, name, "tab", 0, NOW + LEASE, NOW)
        over = replace(handoff_of(read), state=State.CLOSED)
        session = again(replace(read, handoff=over, outbox=()), f"u{number}")
    assert [one.id for one in session.earlier] == names[2:]


def test_room_is_shared_and_what_has_none_moves_out() -> None:
    text = "x" * (bounds.EARLIER_BYTES // 3)
    over = heard(comes(said(ACTIVE, *[text] * 6)), closed())
    trimmed, moved = bounds.trim(again(over))
    there = before(trimmed).deliveries
    assert [one.id for one in there] == [5, 6, 7]
    assert [(name, one.id) for name, one in moved] == [(HANDOFF, one) for one in range(1, 5)]
    assert bounds.with_moved(trimmed, moved) == again(over)
    large = heard(comes(said(ACTIVE, "x" * bounds.EARLIER_BYTES)), closed())
    large = with_handoff(large, deliveries=handoff_of(large).deliveries[:1], last_delivery=1)
    trimmed, moved = bounds.trim(again(large))
    assert (before(trimmed).deliveries, len(moved)) == ((), 1)


def test_where_it_stood_is_told_to_its_page_only() -> None:
    begun = goes(read_by_page(), 0)
    kinds = {one.kind for one in handoff_of(begun).deliveries}
    assert DeliveryKind.STATE not in kinds
    assert handoff_of(begun).page is None
