"""Texts that are too long for where they go: cut into parts that join to the same text."""

from __future__ import annotations

import json

import pytest

from handoff.effects import SAFE_PIECE
from handoff.words import parts

LONGEST = 8_000


@pytest.mark.parametrize("text", ["", "short", "é" * LONGEST, "🌷" * 5000, "a🌷" * 4001])
def test_parts_join_to_the_same_text(text: str) -> None:
    assert "".join(parts(text, LONGEST)) == text


@pytest.mark.parametrize("text", ["x" * 20_001, "🌷" * 5001, "a🌷" * 4001])
def test_no_part_is_empty_or_longer_than_the_limit(text: str) -> None:
    pieces = parts(text, LONGEST)
    assert max(len(part.encode()) for part in pieces) <= LONGEST
    assert "" not in pieces


def test_text_of_exactly_the_limit_stays_whole() -> None:
    assert len(parts("x" * LONGEST, LONGEST)) == 1


def test_half_of_an_emoji_becomes_something_that_can_be_written() -> None:
    assert parts("a\ud83d", LONGEST) == ["a?"]


def test_worst_delivery_fits_in_an_answer() -> None:
    (part,) = parts("\x01" * SAFE_PIECE, SAFE_PIECE)
    assert len(json.dumps(part)) < 64 * 1024
