"""Cards of agents as words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handoff.providers.eight_by_eight_cards import ADAPTIVE, MOST_LINES, QUICK_REPLIES, words


def card(*body: Any, **more: Any) -> dict[str, Any]:
    content = {"type": "AdaptiveCard", "version": "1.3", "body": list(body), **more}
    return {"contentType": ADAPTIVE, "content": content}


def block(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text}


DEEP: dict[str, Any] = block("bottom")
for _ in range(20):
    DEEP = {"type": "Container", "items": [DEEP]}

LINK = {"type": "Action.OpenUrl", "title": "Order", "url": "https://shop.example/1"}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([], ""),
        ([None, 7, {}], ""),
        ([card(block("One"), block("Two"))], "One\nTwo"),
        ([card(block("One")), card(block("Two"))], "One\nTwo"),
        ([card({"type": "RichTextBlock", "inlines": [block("Is it "), "you", 7]})], "Is it you"),
        ([card({"type": "FactSet", "facts": [{"title": "Order", "value": "7"}]})], "Order: 7"),
        ([card({"type": "Container", "items": [block("in")]})], "in"),
        ([card({"type": "ColumnSet", "columns": [{"items": [block("a")]}]})], "a"),
        ([card({"type": "Image", "url": "https://i.example/1"})], "https://i.example/1"),
        (
            [card({"type": "Image", "altText": "A leg", "url": "https://i.example/1"})],
            "A leg: https://i.example/1",
        ),
        ([card(block("Hi"), actions=[LINK])], "Hi\nOrder: https://shop.example/1"),
        ([card(actions=[{**LINK, "url": "javascript:x"}])], "• Order"),
        ([card(actions=[{"type": "Action.Submit", "title": "Yes"}])], "• Yes"),
        ([card(actions=[{"type": "Action.Submit"}])], ""),
        ([card(actions=[{"type": "Action.ShowCard", "card": card(block("in"))["content"]}])], "in"),
        ([card({"type": "Table", "rows": [{"cells": [{"items": [block("a")]}]}]})], "a"),
        ([card({"type": "Image", "url": "https://i.example/a b"})], ""),
        ([card({"type": "ActionSet", "actions": [LINK]})], "Order: https://shop.example/1"),
        (
            [card({"type": "Container", "selectAction": LINK, "items": [block("in")]})],
            "in\nOrder: https://shop.example/1",
        ),
        ([card(DEEP)], ""),
        ([{**card(), "content": json.dumps(card(block("text"))["content"])}], "text"),
        ([{**card(), "content": "no JSON"}], ""),
        ([{**card(), "content": "\ud800"}], ""),
        ([{"contentType": QUICK_REPLIES, "content": {"options": [{"title": "Yes"}, {}]}}], "• Yes"),
        ([{"contentType": "Location", "content": {"title": "Here"}}], "Here"),
    ],
)
def test_card_is_said_in_words(shown: list[Any], said: str) -> None:
    assert words(shown) == said


def test_card_says_so_many_lines_and_no_more() -> None:
    many = [card(*(block(f"{number}") for number in range(MOST_LINES))), card(block("more"))]
    assert words(many).splitlines() == [f"{number}" for number in range(MOST_LINES)]
