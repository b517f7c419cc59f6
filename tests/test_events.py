"""One vocabulary of facts: every kind has a meaning, or is told to have none."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass

import pytest

from handoff import events
from handoff.effects import EFFECTS
from handoff.events import AgentTyping, Event, Unrecognized
from handoff.lifecycle import TRANSITIONS

KINDS = [
    kind
    for _, kind in inspect.getmembers(events, inspect.isclass)
    if issubclass(kind, Event) and kind is not Event
]


# These say nothing about a handoff's life.
WITHOUT_EFFECT = {AgentTyping, Unrecognized}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in WITHOUT_EFFECT])
def test_every_kind_has_an_effect_and_a_row_in_the_table(kind: type[Event]) -> None:
    assert kind in EFFECTS
    assert kind in TRANSITIONS


@pytest.mark.parametrize("kind", sorted(WITHOUT_EFFECT, key=str))
def test_kind_without_effect_has_neither(kind: type[Event]) -> None:
    assert kind not in EFFECTS
    assert kind not in TRANSITIONS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is(kind: type[Event]) -> None:
    assert kind.__doc__
    assert is_dataclass(kind)
