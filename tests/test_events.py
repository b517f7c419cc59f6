"""One vocabulary of facts: every kind has a meaning, or is told to have none."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass

import pytest

from handoff import events
from handoff.effects import EFFECTS
from handoff.events import Event, Unrecognized
from handoff.lifecycle import TRANSITIONS

KINDS = [
    kind
    for _, kind in inspect.getmembers(events, inspect.isclass)
    if issubclass(kind, Event) and kind is not Event
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Unrecognized])
def test_every_kind_has_an_effect_and_a_row_in_the_table(kind: type[Event]) -> None:
    assert kind in EFFECTS
    assert kind in TRANSITIONS


def test_unrecognized_has_neither() -> None:
    assert Unrecognized not in EFFECTS
    assert Unrecognized not in TRANSITIONS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is(kind: type[Event]) -> None:
    assert kind.__doc__
    assert is_dataclass(kind)
