"""Chats are given out, or wait until an agent takes them by hand: alike at every desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.demo import eight_by_eight_bench, livechat_bench


@dataclass(frozen=True, slots=True)
class Place:
    """A desk, who works there, and how a customer begins a chat; it gives the chat's id."""

    base: str
    mara: str
    begin: Callable[[], str]

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return requests.post(f"{self.base}/desk/{path}", json=body, timeout=10)

    def state(self, chat: str) -> str:
        return str(requests.get(f"{self.base}/desk/chats/{chat}", timeout=10).json()["state"])


def _livechat(stack: ExitStack) -> Place:
    bench = stack.enter_context(livechat_bench.running())
    return Place(bench.base, livechat_bench.MARA, lambda: bench.customer().start())


def _eight_by_eight(stack: ExitStack) -> Place:
    world = stack.enter_context(eight_by_eight_bench.running())

    def begin() -> str:
        room = world.open()
        world.say(room, "Hello")
        return room

    return Place(world.base, eight_by_eight_bench.MARA, begin)


@pytest.fixture(params=[_livechat, _eight_by_eight], ids=["livechat", "8x8"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with ExitStack() as stack:
        yield request.param(stack)


def test_chats_are_given_out_unless_told_otherwise(place: Place) -> None:
    assert place.state(place.begin()) == "active"


def test_chat_waits_until_it_is_taken_by_hand(place: Place) -> None:
    place.post("assignment", {"automatic": False})
    chat = place.begin()
    assert place.state(chat) == "queued"

    place.post(f"chats/{chat}/pick", {"agent": place.mara})

    assert place.state(chat) == "active"


def test_who_waits_is_given_out_as_soon_as_that_is_wanted_again(place: Place) -> None:
    place.post("assignment", {"automatic": False})
    chat = place.begin()

    place.post("assignment", {"automatic": True})

    assert place.state(chat) == "active"


def test_anything_else_is_refused(place: Place) -> None:
    assert place.post("assignment", {"automatic": "yes"}).status_code == 400
