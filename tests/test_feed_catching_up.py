"""How a page that has missed more than is at hand catches up, while news goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.bounds import TAIL_DELIVERIES
from handoff.errors import StoreError
from handoff.feed import MOST_READY, Reader
from handoff.store import Store, Stored
from handoff.vocabulary import SessionKey
from tests.fakes import CountingStore, FixedClock
from tests.heart import handoff_of
from tests.test_feed import KEY, LONG, Chat
from tests.visits import ids, texts

MANY = TAIL_DELIVERIES + 20


class Gate(CountingStore):
    """A store whose `load` waits for the test, or fails."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.asked, self.open = asyncio.Event(), asyncio.Event()
        self.fails = False

    async def load(self, key: SessionKey) -> Stored | None:
        found = await super().load(key)
        self.asked.set()
        await self.open.wait()
        if self.fails:
            raise StoreError("away")
        return found


@pytest.fixture
def chat(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Chat]:
    one = Chat(clock)
    yield one
    runner.run(one.store.close())


async def test_what_moved_out_of_the_session_comes_from_the_store(chat: Chat) -> None:
    name = await chat.begun()
    session = await chat.says(*(f"word {number}" for number in range(MANY)))
    reader = Reader(chat.store, KEY, name, 0)
    chat.store.taken()
    reader.tell(session)
    events = await reader.next(LONG)
    assert ids(events) == list(range(1, handoff_of(session).last_delivery + 1))
    assert texts(events) == [f"word {number}" for number in range(MANY)]
    moved = handoff_of(session).last_delivery - TAIL_DELIVERIES
    assert chat.store.taken() == (1 + moved, 0)
    reader.tell(await chat.says("and on"))
    assert texts(await reader.next(LONG)) == ["and on"]


async def test_page_that_fetches_nothing_is_given_it_from_the_store_later(chat: Chat) -> None:
    reader = await chat.reader()
    words = [f"word {number}" for number in range(MOST_READY + 5)]
    for word in words:
        reader.tell(await chat.says(word))
    chat.store.taken()
    assert texts(await reader.next(LONG)) == words
    assert chat.store.taken()[0] > 1
    reader.tell(await chat.says("and on"))
    assert texts(await reader.next(LONG)) == ["and on"]


async def test_as_much_as_may_be_ready_needs_no_store(chat: Chat) -> None:
    reader = await chat.reader()
    words = [f"word {number}" for number in range(MOST_READY)]
    for word in words:
        reader.tell(await chat.says(word))
    chat.store.taken()
    assert (texts(await reader.next(LONG)), chat.store.taken()) == (words, (0, 0))


async def slow(chat: Chat, gate: Gate) -> tuple[Reader, list[str]]:
    """Return a reader that has to catch up, and what with."""
    name = await chat.begun()
    words = [f"word {number}" for number in range(MANY)]
    reader = Reader(gate, KEY, name, 0)
    reader.tell(await chat.says(*words))
    return reader, words


async def test_news_that_comes_while_a_page_catches_up_is_given_after_it(chat: Chat) -> None:
    gate = Gate(chat.store)
    reader, words = await slow(chat, gate)
    catching = asyncio.create_task(reader.next(LONG))
    await gate.asked.wait()
    reader.tell(await chat.says("meanwhile"))
    gate.open.set()
    events = await catching
    assert texts(events) == words
    more = await reader.next(LONG)
    assert texts(more) == ["meanwhile"]
    assert ids(events + more) == list(range(1, ids(more)[-1] + 1))
    reader.tell(await chat.says("after"))
    assert texts(await reader.next(LONG)) == ["after"]


async def test_end_that_comes_while_a_page_catches_up_waits_for_the_rest(chat: Chat) -> None:
    gate = Gate(chat.store)
    reader, words = await slow(chat, gate)
    catching = asyncio.create_task(reader.next(LONG))
    await gate.asked.wait()
    reader.tell(await chat.ends())
    gate.open.set()
    assert (texts(await catching), reader.is_over) == (words, False)
    assert (await reader.next(LONG))[-1]["state"] == "closed"
    assert reader.is_over


async def test_store_that_fails_while_a_page_catches_up_is_an_error(chat: Chat) -> None:
    gate = Gate(chat.store)
    reader, _ = await slow(chat, gate)
    gate.fails = True
    gate.open.set()
    with pytest.raises(StoreError):
        await reader.next(LONG)


async def test_session_that_is_forgotten_meanwhile_has_nothing_to_catch_up_with(
    chat: Chat,
) -> None:
    gate = Gate(chat.store)
    gate.open.set()
    reader, _ = await slow(chat, gate)
    chat.clock.advance(100 * 3600)
    assert await reader.next(LONG) == []
    assert await reader.next(0) == []
