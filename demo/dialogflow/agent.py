"""The bot "Tulip Store": its intents, its words, and the matching of a text to an intent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LONGEST_MATCHED_TEXT = 256
"""Longer texts are matched to no intent (CX) or refused (ES)."""

TOPICS: Mapping[str, tuple[str, ...]] = {
    "billing": ("invoice", "bill", "payment", "charged"),
    "delivery": ("delivery", "parcel", "package", "order"),
    "returns": ("return", "returning", "refund"),
}

WELCOME = "Welcome to Tulip Store. Ask about opening hours or returns, or say agent for a person."
HOURS = "We are open Monday to Saturday, 9:00 to 18:00."
RETURNS = "You can return anything within 30 days; the return label is in the box."
FALLBACK = "Sorry, I did not understand. Ask about opening hours or returns, or say agent."
SILENCE = "Are you still there?"
ONE_MOMENT = "One moment, please."
UNREACHABLE = "We could not reach a colleague just now."
NOT_DELIVERED = "That did not reach our colleague. Please send it again."
ASSISTANT_AGAIN = "You are talking to the assistant again. What can I do for you?"
SOMEBODY_THERE = "Yes, a colleague is there. Say agent to talk to a person."
NOBODY_THERE = "No, all colleagues are away just now."
PERHAPS_THERE = "I cannot see whether a colleague is there. Say agent and I will try."


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What customers say for one purpose, and whether a topic is looked for in it."""

    name: str
    id: str
    phrases: tuple[str, ...]
    has_topic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An intent that was recognised, how surely, and the values found: name → (said, meant)."""

    intent: Intent
    confidence: float
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def resolved(self) -> dict[str, Any]:
        """Give the meant values by name."""
        return {name: meant for name, (_, meant) in self.values.items()}


WELCOME_INTENT = Intent(
    name="Default Welcome Intent",
    id="00000000-0000-0000-0000-000000000000",
    phrases=("hi", "hello", "good morning", "good afternoon"),
)
HOURS_INTENT = Intent(
    name="opening-hours",
    id="1a6f3c20-0001-4d52-9b7e-c0ffee000001",
    phrases=("opening hours", "when are you open", "what time do you open", "hours"),
)
RETURNS_INTENT = Intent(
    name="returns",
    id="1a6f3c20-0002-4d52-9b7e-c0ffee000002",
    phrases=("returns", "return policy", "how do i return", "send it back"),
)
AVAILABILITY_INTENT = Intent(
    name="availability",
    id="1a6f3c20-0003-4d52-9b7e-c0ffee000003",
    phrases=("is anyone there", "is anybody there", "is anyone available"),
)
AGENT_INTENT = Intent(
    name="agent",
    id="1a6f3c20-0004-4d52-9b7e-c0ffee000004",
    phrases=(
        "agent",
        "human",
        "talk to a person",
        "talk to someone",
        "talk to an agent",
        "speak to a human",
        "i want a human",
    ),
    has_topic=True,
)
INTENTS = (WELCOME_INTENT, HOURS_INTENT, RETURNS_INTENT, AVAILABILITY_INTENT, AGENT_INTENT)


def match(text: str, intents: Iterable[Intent]) -> Match | None:
    """Recognise an intent: the longest phrase that occurs in the text wins.

    A phrase of one word counts only when nothing else is said.
    """
    said = _words(text)
    hits = [(len(phrase), intent) for intent in intents for phrase in _hits(said, intent)]
    if not hits:
        return None
    length, intent = max(hits, key=lambda hit: hit[0])
    confidence = round(0.6 + 0.4 * length / len(said), 2)
    values = _topic(said) if intent.has_topic else {}
    return Match(intent=intent, confidence=confidence, values=values)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


def _hits(said: Sequence[str], intent: Intent) -> Iterable[list[str]]:
    for phrase in map(_words, intent.phrases):
        if said == phrase or (len(phrase) > 1 and _occurs(phrase, said)):
            yield phrase


def _occurs(phrase: list[str], said: Sequence[str]) -> bool:
    starts = range(len(said) - len(phrase) + 1)
    return any(list(said[start : start + len(phrase)]) == phrase for start in starts)


def _topic(said: Sequence[str]) -> dict[str, tuple[str, str]]:
    meant = {word: topic for topic, words in TOPICS.items() for word in words}
    found = next((word for word in said if word in meant), None)
    return {} if found is None else {"topic": (found, meant[found])}
