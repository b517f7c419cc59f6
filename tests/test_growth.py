"""A session stops growing, and always fits in its document, whatever is sent to it and how often.

The whole bridge is at work: every session that is written is measured as it is written.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from handoff import bounds, codec
from handoff.codec import MAX_BYTES
from handoff.dialogflow.turn import Meaning
from handoff.errors import Throttled, Unavailable
from handoff.events import AgentReplied
from tests.fakes import FixedClock
from tests.floods import ANY, LETTERS, STEPS, Flood, Measuring, begins, writes
from tests.fullest import fullest
from tests.heart import Bench, replied

# A tenth of the document stays free for what a later release keeps.
MOST = MAX_BYTES * 9 // 10

# One commit of Firestore takes no more than this on some of its ways in.
MOST_DOCUMENTS = 500

# Numbers get more digits; nothing else may grow any more.
DIGITS = 2_000

# What happens again and again, after the customer asked for a person once.
ALONE = {
    "texts": ("writes",),
    "short texts": ("chats",),
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
DOWN = ("texts", "short texts")

# So often that all is full before half of it has happened.
TIMES, SMALL = 110, {"chats": 220, "polls": 240, "goes": 200}


async def flooded(flood: Flood, *names: str) -> tuple[int, int]:
    """Repeat these steps, and return the largest sizes of the first and of the second half."""
    await flood.age()
    for number in range(1, max(SMALL.get(name, TIMES) for name in names)):
        await STEPS[names[number % len(names)]](flood, number)
    half = len(flood.sizes) // 2
    return max(flood.sizes[:half]), max(flood.sizes[half:])


@pytest.mark.parametrize("name", ALONE)
async def test_flood_of_one_kind_comes_to_an_end(name: str) -> None:
    flood = Flood("\x01")
    await begins(flood, 0)
    before, after = await flooded(flood, *ALONE[name])
    assert after <= before + DIGITS
    assert after < MOST


@pytest.mark.parametrize("name", DOWN)
@pytest.mark.parametrize("letter", ["x", "\x01"])
async def test_flood_comes_to_an_end_while_the_provider_is_down(name: str, letter: str) -> None:
    flood = Flood(letter)
    flood.line.broken = Unavailable("down", certain=True)
    await begins(flood, 0)
    before, after = await flooded(flood, *ALONE[name])
    assert after <= before + DIGITS
    assert after < MOST


async def test_thousand_turns_leave_a_session_as_large_as_hundreds() -> None:
    flood = Flood()
    sizes = []
    for number in range(1_200):
        await flood.say(f"{number:04d} hello", f"{number:04d}-turn")
        sizes.append(flood.sizes[-1])
    assert max(sizes[600:]) <= max(sizes[:600]) + 10


@pytest.mark.parametrize("seed", range(3))
async def test_flood_of_all_kinds_fits(seed: int) -> None:
    chance, flood = random.Random(seed), Flood()
    await begins(flood, 0)
    await flood.age()
    for number in range(1, 120):
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


@pytest.mark.parametrize("opening", [True, False])
@pytest.mark.parametrize("letter", LETTERS)
def test_session_that_is_full_of_everything_fits(letter: str, opening: bool) -> None:
    trimmed, _ = bounds.trim(fullest(letter, opening=opening))
    written = len(codec.encode(trimmed, "session").encode())
    assert 500_000 < written < MOST


@pytest.mark.parametrize("letter", LETTERS)
def test_session_that_was_trimmed_is_not_trimmed_again(letter: str) -> None:
    trimmed, _ = bounds.trim(fullest(letter, opening=True))
    assert bounds.trim(trimmed) == (trimmed, ())


async def test_who_comes_and_goes_behind_a_message_that_waits_fills_no_outbox() -> None:
    flood = Flood()
    await flood.say("a person please", "start", Meaning.START)
    flood.line.broken = Throttled("busy", retry_after=500)
    await flood.say("hello", "waits")
    for number in range(60):
        await flood.say("bye", f"leaves-{number}")
        await flood.say("a person please", f"begins-{number}", Meaning.START)
    assert len((await flood.session()).outbox) < 10


@pytest.mark.parametrize("long", ["id", "author", "author_name", "text"])
async def test_absurd_webhook_is_no_failure_of_the_store(long: str) -> None:
    flood = Flood()
    await begins(flood, 0)
    said = AgentReplied(id="said", conversation=ANY, author="anna", text="Hi")
    changes: dict[str, Any] = {long: "x" * 990_000}
    await flood.hear(replace(said, **changes))
    assert flood.sizes[-1] < MOST


async def test_thousands_of_events_in_one_webhook_are_all_told() -> None:
    bench = Bench(FixedClock())
    measured = bench.store = Measuring(bench.inner)
    bench.bridge = bench.another()
    await bench.start()
    said = [replied(f"words {number}", number) for number in range(1_000)]
    await bench.tell(*said)
    assert (await bench.handoff()).last_delivery == 3 + len(said)  # and where it stands, twice
    assert max(measured.documents) < MOST_DOCUMENTS
