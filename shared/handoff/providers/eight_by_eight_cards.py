"""Cards and quick replies of agents, as words with links: most channels of customers show no more.

https://adaptivecards.io/explorer/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handoff.exchange import Json, items, obj, text
from handoff.providers.eight_by_eight_wire import json_object

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
QUICK_REPLIES = "application/8x8.quick.replies"

# A card is a few lines; what is more, or deeper, is no card that a person made.
MOST_LINES = 50
DEEPEST = 8

# Where an element keeps others.
INSIDE = ("body", "items", "columns", "inlines", "facts", "images", "actions")


def words(cards: list[Any]) -> str:
    """Return what cards say, one line each; empty when they say nothing."""
    lines = [line for card in cards for line in _lines(obj(card))]
    return "\n".join(lines[:MOST_LINES])


def _lines(card: Json) -> Iterator[str]:
    content = card.get("content")
    known = json_object(content.encode()) if isinstance(content, str) else obj(content)
    if text(card, "contentType") == QUICK_REPLIES:
        yield from filter(None, (text(one, "title") for one in items(known, "options")))
    else:
        yield from _element(known, DEEPEST)


def _element(element: Json, depth: int) -> Iterator[str]:
    """Yield the lines of one element and of what is inside it, in the order they are shown."""
    if own := _own(element):
        yield own
    for name in INSIDE if depth else ():
        for one in items(element, name)[:MOST_LINES]:
            yield from _element(obj(one), depth - 1)
    action = obj(element, "selectAction")
    if depth and action:
        yield from _element(action, depth - 1)


def _own(element: Json) -> str:
    """Return the line of one element: a text, a fact, a picture or something to press."""
    url = text(element, "url")
    said = text(element, "text") or text(element, "title") or text(element, "altText")
    value = text(element, "value")
    link = url if url.startswith(("https://", "http://")) else ""
    return ": ".join(filter(None, (said, value, link)))
