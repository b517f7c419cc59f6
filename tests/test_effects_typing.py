"""That an agent types is told to a page that is there, whenever it is news, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from handoff import lifecycle
from handoff.deliveries import Delivery, Page
from handoff.effects import Teller, typed
from handoff.events import AgentTyping
from handoff.model import Handoff, Session
from handoff.texts import Texts
from handoff.vocabulary import ConversationRef, DeliveryKind, State
from tests.heart import (
    BEN,
    HERE,
    NOW,
    ROOM,
    RULES,
    closed,
    handoff_in,
    handoff_of,
    replied,
    seconds,
    session_in,
    with_handoff,
)

TELLER = Teller(texts=Texts(), language="en", now=NOW)
PAGE = Page(readers={"tab": NOW + seconds(1)})
READ = replace(handoff_in(State.ACTIVE), agents=(HERE, BEN), page=PAGE)


def event(typing: bool, author: str = "anna") -> AgentTyping:
    return AgentTyping(id="t", conversation=ROOM, author=author, typing=typing)


def told(handoff: Handoff, *typing: bool) -> list[bool]:
    """Return what a page is told of this."""
    for one in typing:
        handoff = typed(handoff, event(one), TELLER)
    return [one.typing for one in handoff.deliveries if one.kind is DeliveryKind.TYPING]


def saying(handoff: Handoff, kind: DeliveryKind) -> Handoff:
    return TELLER.deliver(handoff, kind, text="Hi")


def test_page_that_is_there_is_told() -> None:
    [one] = typed(READ, event(True), TELLER).deliveries
    expected = Delivery(id=1, kind=DeliveryKind.TYPING, at=NOW, typing=True, agent="Anna")
    assert one == expected


@pytest.mark.parametrize(
    ("typing", "expected"),
    [
        ((True, True), [True]),
        ((True, False), [True, False]),
        ((True, False, False, True), [True, False, True]),
        ((False,), []),
        ((False, True), [True]),
    ],
)
def test_only_news_is_told(typing: tuple[bool, ...], expected: list[bool]) -> None:
    assert told(READ, *typing) == expected


@pytest.mark.parametrize("kind", [DeliveryKind.MESSAGE, DeliveryKind.FILE])
def test_words_and_files_end_the_typing(kind: DeliveryKind) -> None:
    after = saying(typed(READ, event(True), TELLER), kind)
    assert told(after, False) == [True]
    assert told(after, True) == [True, True]


@pytest.mark.parametrize("kind", [DeliveryKind.NOTICE, DeliveryKind.STATE])
def test_what_is_no_agents_does_not_end_the_typing(kind: DeliveryKind) -> None:
    after = saying(typed(READ, event(True), TELLER), kind)
    assert told(after, True) == [True]
    assert told(after, False) == [True, False]


@pytest.mark.parametrize(
    "page", [None, Page(), Page(readers={"tab": NOW}), Page(gone_at=NOW, seen=4)], ids=str
)
@pytest.mark.parametrize("typing", [True, False])
def test_without_a_page_nothing_is_told(page: Page | None, typing: bool) -> None:
    handoff = replace(READ, page=page)
    assert typed(handoff, event(typing), TELLER) is handoff


@pytest.mark.parametrize(
    ("author", "name"), [("anna", "Anna"), ("ben", "Ben"), ("stranger", "Anna"), ("", "Anna")]
)
def test_name_is_that_of_who_types_else_of_who_speaks(author: str, name: str) -> None:
    [one] = typed(READ, event(True, author), TELLER).deliveries
    assert one.agent == name


def test_who_has_no_name_has_none() -> None:
    unnamed = replace(READ, agents=(replace(HERE, name=None),), speaker="")
    assert typed(unnamed, event(True), TELLER).deliveries[0].agent == ""


def applied(session: Session, typing: AgentTyping, now: datetime = NOW) -> Session:
    return lifecycle.apply(session, typing, RULES, now)


ACTIVE = with_handoff(session_in(State.ACTIVE), page=PAGE)


def test_typing_changes_nothing_else() -> None:
    after = applied(ACTIVE, event(True))
    kept = with_handoff(after, deliveries=(), last_delivery=0)
    assert (len(handoff_of(after).deliveries), kept) == (1, ACTIVE)


def test_same_event_twice_is_news_again_after_words() -> None:
    once = applied(ACTIVE, event(True))
    assert applied(once, event(True)) == once
    answered = lifecycle.apply(once, replied(), RULES, NOW)
    kinds = [one.kind for one in handoff_of(applied(answered, event(True))).deliveries]
    assert kinds == [DeliveryKind.TYPING, DeliveryKind.MESSAGE, DeliveryKind.TYPING]


def test_typing_elsewhere_or_after_the_end_is_told_to_nobody() -> None:
    elsewhere = replace(event(True), conversation=ConversationRef("another room"))
    assert applied(ACTIVE, elsewhere) == ACTIVE
    over = lifecycle.apply(ACTIVE, closed(), RULES, NOW)
    assert applied(over, event(True)) == over


def test_typing_is_told_while_the_page_is_there() -> None:
    assert applied(ACTIVE, event(True), NOW + seconds(1)) == ACTIVE
    assert applied(ACTIVE, event(True), NOW + seconds(0.9)) != ACTIVE
