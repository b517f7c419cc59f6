"""A session stops growing, and always fits in its document, whatever is sent to it and how often.

The whole bridge is at work: every session that is written is measured as it is written.
"""

from __future__ import annotations

import random

import pytest

from handoff.codec import MAX_BYTES
from handoff.dialogflow.turn import Meaning
from handoff.errors import Unavailable
from tests.floods import LETTERS, STEPS, Flood, begins, polls, writes

# A tenth of the document stays free for what the next release keeps.
MOST = MAX_BYTES * 9 // 10

# What happens again and again, after the customer asked for a person once.
ALONE = {
    "texts": ("writes",),
    "many turns": ("chats",),
    "unread words": ("replies",),
    "words and answers": ("replies", "polls", "writes"),
    "files": ("shares",),
    "agents": ("comes",),
    "comings and goings": ("comes", "goes"),
    "places in the queue": ("waits",),
    "handoffs": ("leaves", "begins"),
    "full handoffs": ("writes", "replies", "comes", "leaves", "shows", "begins"),
    "bot": ("leaves", "shows", "shows", "shows"),
}


def grown(sizes: tuple[int, ...]) -> float:
    """Return how much larger the session was in the second half than ever before."""
    half = len(sizes) // 2
    return max(sizes[half:]) / max(sizes[:half])


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("down", [False, True])
async def test_flood_of_one_kind_comes_to_an_end(name: str, letter: str, down: bool) -> None:
    flood = Flood(letter)
    await begins(flood, 0)
    if down:
        flood.line.broken = Unavailable("down", certain=True)
    for number in range(1, 700):
        await STEPS[ALONE[name][number % len(ALONE[name])]](flood, number)
    assert max(flood.sizes) < MOST
    assert grown(flood.sizes) < 1.02


@pytest.mark.parametrize("seed", range(8))
async def test_flood_of_all_kinds_fits(seed: int) -> None:
    chance, flood = random.Random(seed), Flood()
    for number in range(1, 300):
        flood.letter = chance.choice(LETTERS)
        await chance.choice(list(STEPS.values()))(flood, number)
    assert max(flood.sizes) < MOST


async def test_words_that_cannot_wait_any_more_are_told_and_kept_elsewhere() -> None:
    flood = Flood()
    flood.line.broken = Unavailable("down", certain=True)
    await begins(flood, 0)
    for number in range(1, 5):
        await writes(flood, number)
    letters = await flood.letters()
    assert [reason for _, reason in letters] == ["too_many_waiting"] * 3
    assert all(text == flood.text() for text, _ in letters)
    said = flood.rules.texts.get("undelivered", "en")
    assert flood.told.count(said) == 3
