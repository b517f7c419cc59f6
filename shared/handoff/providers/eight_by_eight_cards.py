"""Cards and quick replies of agents, as words with links: most channels of customers show no more.

https://adaptivecards.io/explorer/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from handoff.exchange import Json, items, obj, text
from handoff.providers.eight_by_eight_wire import json_object

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
QUICK_REPLIES = "application/8x8.quick.replies"

# A card is a few lines; what is more, or deeper, is no card that a person made.
MOST_LINES = 50
DEEPEST = 8

# Where an element keeps others: lists of them, or a single one.
LISTS = ("body", "items", "columns", "rows", "cells", "images", "actions")
SINGLES = ("selectAction", "card")

ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def words(cards: list[Any]) -> str:
    """Return what cards say, a line for each thing; empty when they say nothing."""
    lines = chain.from_iterable(_lines(obj(card)) for card in cards)
    return "\n".join(islice(lines, MOST_LINES))


def address(value: Any, *path: str) -> str:
    """Return the web address at `path` inside `value`, or nothing when the customer needs none."""
    url = text(value, *path)
    return url if ADDRESS.fullmatch(url) else ""


def _lines(card: Json) -> Iterator[str]:
    content = card.get("content")
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else b""
    known = obj(content) or json_object(raw)
    if text(card, "contentType") == QUICK_REPLIES:
        titles = (text(one, "title") for one in items(known, "options"))
        yield from (_choice(one) for one in titles if one)
    else:
        yield from _element(known, DEEPEST)


def _element(element: Json, depth: int) -> Iterator[str]:
    """Yield the lines of one element and of what is inside it, in the order they are shown."""
    facts = ((text(one, "title"), text(one, "value")) for one in items(element, "facts"))
    yield from filter(None, [_own(element), *(": ".join(filter(None, one)) for one in facts)])
    if not depth:
        return
    lists = (one for name in LISTS for one in items(element, name))
    inner = map(obj, chain(lists, (element.get(name) for name in SINGLES)))
    for inside in filter(None, inner):  # where there is nothing, nothing is inside that
        yield from _element(inside, depth - 1)


def _own(element: Json) -> str:
    """Return the line of one element: a text, a picture or something to press."""
    runs = (one if isinstance(one, str) else text(one, "text") for one in items(element, "inlines"))
    named = (text(element, name) for name in ("text", "title", "altText"))
    said = "".join(runs) or next(filter(None, named), "")
    link = address(element, "url")
    if said and not link and text(element, "type").startswith("Action."):
        return _choice(said)
    return ": ".join(filter(None, (said, link)))


def _choice(title: str) -> str:
    """Return something to press that is no link: the customer answers with its words."""
    return f"• {title}"
