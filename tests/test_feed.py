"""What feeds the pages that listen: all of it in order, without a gap, whatever they missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from handoff import page
from handoff.errors import StoreError
from handoff.feed import Feed, Reader, unread
from handoff.model import Session
from handoff.store import Changed, Store, session_key
from handoff.vocabulary import HandoffId, SessionKey, State
from tests.fakes import CountingStore, FixedClock
from tests.heart import SESSION, Bench, closed, handoff_of, joined, replied, seconds, session_in
from tests.visits import ids, texts

KEY, OTHER = session_key(SESSION), SessionKey("another")
LONG = 20.0


class Switchboard(CountingStore):
    """A store whose watch the test plays."""

    changed: Changed
    is_closed = False

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.followed: set[SessionKey] = set()

    def watch(self, changed: Changed) -> Switchboard:
        self.changed = changed
        return self

    async def follow(self, key: SessionKey) -> None:
        self.followed.add(key)
        if self.is_closed:
            raise StoreError("closed")

    async def unfollow(self, key: SessionKey) -> None:
        self.followed.discard(key)


class Chat(Bench):
    """A chat that a page has come to, so that all of it is kept."""

    async def begun(self) -> HandoffId:
        await self.start()
        await self.tell(joined())
        held = await self.bridge.load(KEY)
        assert held is not None
        name, now = handoff_of(held.session).id, self.clock()
        until = now + seconds(90)
        await self.bridge.note(held, lambda one: page.reading(one, name, "tab", 0, until, now))
        return name

    async def says(self, *words: str) -> Session:
        """Let the agent say something; return how the session stands then."""
        for text in words:
            await self.tell(replied(text, (await self.handoff()).last_delivery))
        return await self.session()

    async def ends(self) -> Session:
        await self.tell(closed())
        return await self.session()

    async def reader(self, store: Store | None = None) -> Reader:
        """Return a page that has read all so far."""
        name = await self.begun()
        return Reader(store or self.store, KEY, name, (await self.handoff()).last_delivery)


@pytest.fixture
def chat(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Chat]:
    one = Chat(clock)
    yield one
    runner.run(one.store.close())


async def test_news_comes_as_it_is_told_and_costs_no_read(chat: Chat) -> None:
    reader = await chat.reader()
    first, second = await chat.says("one"), await chat.says("two", "three")
    chat.store.taken()
    reader.tell(first)
    assert texts(await reader.next(LONG)) == ["one"]
    reader.tell(second)
    assert texts(await reader.next(LONG)) == ["two", "three"]
    assert chat.store.taken() == (0, 0)


async def test_what_is_told_together_is_given_together(chat: Chat) -> None:
    reader = await chat.reader()
    start = reader.cursor
    reader.tell(await chat.says("one"))
    reader.tell(await chat.says("two"))
    assert ids(await reader.next(LONG)) == [start + 1, start + 2]
    assert reader.cursor == start + 2


async def test_what_is_told_again_or_late_is_given_once(chat: Chat) -> None:
    reader = await chat.reader()
    old, new = await chat.says("one"), await chat.says("two")
    for told in (new, old, new):
        reader.tell(told)
    assert texts(await reader.next(LONG)) == ["one", "two"]
    reader.tell(old)
    assert await reader.next(0) == []


async def test_who_waits_is_woken(chat: Chat) -> None:
    reader = await chat.reader()
    waiting = asyncio.create_task(reader.next(LONG))
    await asyncio.sleep(0)
    reader.tell(await chat.says("one"))
    assert texts(await waiting) == ["one"]


async def test_nothing_comes_when_nothing_happens(chat: Chat) -> None:
    reader = await chat.reader()
    reader.tell(await chat.session())
    assert (await reader.next(0), reader.is_over) == ([], False)


async def test_page_that_begins_gets_what_it_has_not_read(chat: Chat) -> None:
    name = await chat.begun()
    session = await chat.says("one", "two")
    last = handoff_of(session).last_delivery
    for cursor in range(last + 1):
        reader = Reader(chat.store, KEY, name, cursor)
        reader.tell(session)
        assert ids(await reader.next(0)) == list(range(cursor + 1, last + 1))


async def test_end_is_given_with_all_before_it_and_ends(chat: Chat) -> None:
    reader = await chat.reader()
    old = await chat.says("one")
    reader.tell(await chat.ends())
    assert not reader.is_over
    events = await reader.next(LONG)
    assert [one["type"] for one in events] == ["message", "notice", "state"]
    assert reader.is_over
    reader.tell(old)
    assert (await reader.next(0), reader.is_over) == ([], True)


async def test_end_stays_the_end_when_an_older_state_is_told_after_it(chat: Chat) -> None:
    reader = await chat.reader()
    old = await chat.says("one")
    reader.tell(await chat.ends())
    reader.tell(old)
    assert (await reader.next(LONG))[-1]["state"] == "closed"
    assert reader.is_over


@pytest.mark.parametrize("left", [0, 1, 3])
async def test_page_that_comes_after_the_end_gets_what_is_left_and_ends(
    chat: Chat, left: int
) -> None:
    name = await chat.begun()
    session = await chat.ends()
    last = handoff_of(session).last_delivery
    reader = Reader(chat.store, KEY, name, last - left)
    reader.tell(session)
    assert ids(await reader.next(LONG)) == list(range(last - left + 1, last + 1))
    assert reader.is_over


async def test_stop_lets_go_and_keeps_nothing_back(chat: Chat) -> None:
    reader = await chat.reader()
    waiting = asyncio.create_task(reader.next(LONG))
    await asyncio.sleep(0)
    reader.tell(await chat.says("one"))
    reader.stop()
    assert (texts(await waiting), reader.is_over) == (["one"], True)


@pytest.mark.parametrize(
    "told", [None, session_in(None), session_in(State.ACTIVE)], ids=["gone", "none", "another"]
)
async def test_session_that_has_this_handoff_no_more_ends_it(
    chat: Chat, told: Session | None
) -> None:
    reader = await chat.reader()
    reader.tell(told)
    assert (await reader.next(LONG), reader.is_over) == ([], True)


async def test_there_is_nothing_to_read_of_another_handoff(chat: Chat) -> None:
    await chat.begun()
    session = await chat.says("one")
    assert await unread(chat.store, session, HandoffId("ho-2"), 0) == []
    assert await unread(chat.store, None, HandoffId("ho-2"), 0) == []
    assert await unread(chat.store, session_in(None), HandoffId("ho-2"), 0) == []


async def test_each_page_of_a_session_is_told_and_the_session_followed_as_long(
    chat: Chat,
) -> None:
    name, board = await chat.begun(), Switchboard(chat.store)
    feed, last = Feed(board), (await chat.handoff()).last_delivery
    async with feed.reader(KEY, name, last) as first:
        async with feed.reader(KEY, name, last) as second, feed.reader(OTHER, name, last) as other:
            board.changed(KEY, await chat.says("one"))
            told = [texts(await one.next(0)) for one in (first, second, other)]
            assert told == [["one"], ["one"], []]
        board.changed(KEY, await chat.says("two"))
        assert [texts(await one.next(0)) for one in (first, second)] == [["two"], []]
        assert board.followed == {KEY}
    assert board.followed == set()
    board.changed(KEY, await chat.says("three"))


async def test_page_that_fails_is_followed_no_more(chat: Chat) -> None:
    name, board = await chat.begun(), Switchboard(chat.store)
    with pytest.raises(StoreError):
        async with Feed(board).reader(KEY, name, 0):
            raise StoreError("away")
    assert board.followed == set()


async def test_page_that_cannot_be_followed_leaves_nothing_behind(chat: Chat) -> None:
    name, board = await chat.begun(), Switchboard(chat.store)
    board.is_closed = True
    with pytest.raises(StoreError):
        await Feed(board).join(KEY, name, 0)
    assert board.followed == set()


async def test_what_anybody_writes_reaches_who_listens(chat: Chat) -> None:
    name, feed = await chat.begun(), Feed(chat.store)
    async with feed.reader(KEY, name, (await chat.handoff()).last_delivery) as reader:
        await chat.says("one")
        assert texts(await reader.next(LONG)) == ["one"]
        await chat.ends()
        while not reader.is_over:
            await reader.next(LONG)
    await feed.close()


async def test_page_begins_with_what_its_session_knows_by_then(chat: Chat) -> None:
    reader = await chat.reader()
    reader.begin(await chat.says("one"))
    assert texts(await reader.next(LONG)) == ["one"]


async def test_what_was_told_before_a_page_began_is_asked_for_again(chat: Chat) -> None:
    reader = await chat.reader()
    early = await chat.says("one")
    await chat.ends()
    chat.clock.advance(90)
    assert "Anna: one" in (await chat.poll("carries it")).texts
    reader.tell(early)
    chat.store.taken()
    reader.begin(await chat.session())
    events = await reader.next(LONG)
    assert (texts(events), events[-1]["state"]) == ([], "closed")
    assert chat.store.taken() == (1, 0)


async def test_page_is_told_nothing_after_the_end(chat: Chat) -> None:
    reader = await chat.reader()
    await chat.ends()
    reader.tell(await chat.says("one more thing"))
    events = await reader.next(LONG)
    assert (events[-1]["state"], texts(events), reader.is_over) == ("closed", [], True)


async def test_all_pages_let_go_when_the_process_ends_and_no_new_one_waits(chat: Chat) -> None:
    name, told = await chat.begun(), list[Callable[[], None]]()
    feed = Feed(chat.store, when_told=told.append)
    async with feed.reader(KEY, name, 0) as first, feed.reader(OTHER, name, 0) as second:
        [end] = told
        waiting = asyncio.create_task(first.next(LONG))
        end()
        await waiting
        async with feed.reader(KEY, name, 0) as late:
            await late.next(LONG)
            assert [one.is_over for one in (first, second, late)] == [True, True, True]
    await feed.close()


async def test_while_anybody_reads_the_feed_helps_others_also_after_a_fault(chat: Chat) -> None:
    name, helped = await chat.begun(), list[int]()
    happened = asyncio.Event()

    async def help_others() -> None:
        helped.append(len(helped))
        happened.set()
        raise StoreError("away")

    feed = Feed(chat.store, help_others)
    async with feed.reader(KEY, name, 0), feed.reader(KEY, name, 0):
        await happened.wait()
        assert helped == [0]
    await feed.close()
