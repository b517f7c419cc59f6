"""How the Firestore store keeps telling: several streams, lost ones, and reading instead."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handoff import log
from handoff.codec import encode
from handoff.firestore_facts import Again, Complete, Fact, Lost, Seen
from handoff.firestore_stream import Pace
from handoff.firestore_watch import TARGETS_PER_STREAM, FirestoreWatch
from handoff.model import Session
from handoff.vocabulary import SessionKey
from tests.fakes import FixedClock
from tests.store_contract.hearing import Heard, Rounds, becomes
from tests.store_contract.samples import said, session

START = FixedClock()()
KEY, OTHER = session().key, session("other").key
DENIED = Lost("PermissionDenied", refused=True)
CUT = Lost("ServiceUnavailable")


def seen(one: Session, at: int) -> Seen:
    time = START + timedelta(seconds=at)
    return Seen(key=one.key, at=time, exists=True, data=encode(one, "one"))


def gone(key: SessionKey, at: int) -> Seen:
    return Seen(key=key, at=START + timedelta(seconds=at), exists=False)


def complete(*targets: int, at: int = 0) -> Complete:
    return Complete(targets=frozenset(targets), at=START + timedelta(seconds=at))


class FakeLine:
    """A stream that says what the test says, and keeps what is asked of it."""

    def __init__(self, at_once: Fact | Lost | None) -> None:
        self.added: dict[int, SessionKey] = {}
        self.removed: list[int] = []
        self.ended = self.deaf = False
        self._said: asyncio.Queue[Fact | Lost | None] = asyncio.Queue()
        if at_once is not None:
            self.say(at_once)

    def add(self, target: int, key: SessionKey) -> None:
        """Keep the target."""
        assert target > 0
        assert target not in self.added
        self.added[target] = key

    def remove(self, target: int) -> None:
        """Keep that it was removed."""
        self.removed.append(target)

    def end(self) -> None:
        """End the stream, as the other side would, unless it is deaf."""
        self.ended = True
        if not self.deaf:
            self.say(None)

    def say(self, *facts: Fact | Lost | None) -> None:
        """Say this; None ends the stream."""
        for fact in facts:
            self._said.put_nowait(fact)

    async def facts(self) -> AsyncGenerator[Fact, None]:
        """Yield what the test says."""
        while (fact := await self._said.get()) is not None:
            if isinstance(fact, Lost):
                raise fact
            yield fact


class FakeSource:
    """Gives such streams, and the documents that the test has put there."""

    def __init__(self) -> None:
        self.lines: list[FakeLine] = []
        self.documents: dict[SessionKey, Seen] = {}
        self.reads: list[list[SessionKey]] = []
        self.at_once: Fact | Lost | None = None
        self.unreadable = False

    def open(self) -> FakeLine:
        """Open another line."""
        self.lines.append(FakeLine(self.at_once))
        return self.lines[-1]

    async def read(self, keys: Iterable[SessionKey]) -> AsyncGenerator[Seen, None]:
        """Yield the documents."""
        self.reads.append(list(keys))
        if self.unreadable:
            raise CUT
        for key in self.reads[-1]:
            yield self.documents.get(key) or gone(key, at=len(self.reads))


class Scene:
    """A watch over such a source, whose pauses the test lets pass."""

    def __init__(self, **pace: Any) -> None:
        self.source, self.heard, self.rounds = FakeSource(), Heard(), Rounds()
        self.watch = FirestoreWatch(
            self.source,
            self.heard,
            clock=FixedClock(),
            targets_per_stream=2,
            pace=Pace(sleep=self.rounds, **pace),
        )

    @property
    def line(self) -> FakeLine:
        """Return the line that was opened last."""
        return self.source.lines[-1]

    async def follow(self, *sessions: Session) -> None:
        """Follow them, and wait until a line is open for each."""
        for one in sessions:
            await self.watch.follow(one.key)
        await becomes(lambda: {one.key for one in sessions} <= self.listened_to())

    def listened_to(self) -> set[SessionKey]:
        """Return what was ever asked for, on any line."""
        return {key for line in self.source.lines for key in line.added.values()}

    async def lose(self, lost: Lost | None = CUT) -> None:
        """Lose the last line, and wait for the pause after it."""
        self.line.say(lost)
        await self.rounds.rest()

    async def reopened(self) -> None:
        """Let the pause end, and wait for the next line."""
        before = len(self.source.lines)
        self.rounds.wake()
        await becomes(lambda: len(self.source.lines) > before)

    async def lose_often(self, times: int) -> None:
        """Lose one line after the other, each before it said anything."""
        for number in range(times):
            if number:
                await self.reopened()
            await self.lose()


@pytest.fixture
def make(runner: asyncio.Runner) -> Iterator[Callable[..., Scene]]:
    scenes: list[Scene] = []

    def one(**pace: Any) -> Scene:
        scenes.append(Scene(**pace))
        return scenes[-1]

    yield one
    for scene in scenes:
        runner.run(scene.watch.close())


@pytest.fixture
def scene(make: Callable[..., Scene]) -> Scene:
    return make()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    with caplog.at_level(logging.INFO, logger="handoff"):
        yield lambda: [record.__dict__["fields"] for record in caplog.records]


async def test_a_stream_takes_so_many_and_the_next_takes_the_rest(scene: Scene) -> None:
    await scene.follow(*(session(f"s{number}") for number in range(5)))
    assert [len(line.added) for line in scene.source.lines] == [2, 2, 1]


async def test_room_on_a_stream_is_used_again_and_a_number_is_not(scene: Scene) -> None:
    await scene.follow(*(session(f"s{number}") for number in range(4)))
    await scene.watch.unfollow(session("s0").key)
    await scene.follow(session("new"))
    first, second = scene.source.lines
    assert first.removed == [1]
    assert first.added[3] == session("new").key
    assert second.added.keys() == {1, 2}


async def test_stream_without_sessions_ends(scene: Scene) -> None:
    tasks = asyncio.all_tasks()
    await scene.follow(*(session(f"s{number}") for number in range(3)))
    await scene.watch.unfollow(session("s2").key)
    await becomes(lambda: len(asyncio.all_tasks() - tasks) == 1)


async def test_stream_that_is_needed_no_more_is_ended_in_all_form(
    scene: Scene, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    await scene.follow(session(), session("other"))
    await scene.watch.close()
    assert sorted(scene.line.removed) == [1, 2]
    assert scene.line.ended
    assert (len(scene.source.lines), scene.rounds.lengths, logged()) == (1, [], [])


async def test_stream_ends_though_the_other_side_does_not_end_it(scene: Scene) -> None:
    tasks = asyncio.all_tasks()
    await scene.follow(session())
    scene.line.deaf = True
    await scene.watch.unfollow(KEY)
    assert asyncio.all_tasks() <= tasks


async def test_stream_ends_though_nobody_waits_for_it(scene: Scene) -> None:
    tasks = asyncio.all_tasks()
    await scene.follow(session())
    scene.line.deaf = True
    leaving = asyncio.create_task(scene.watch.unfollow(KEY))
    await becomes(lambda: scene.line.ended)
    leaving.cancel()
    await becomes(lambda: asyncio.all_tasks() <= tasks)


def test_five_hundred_are_on_a_stream_unless_somebody_says_otherwise() -> None:
    watch = FirestoreWatch(FakeSource(), Heard(), clock=FixedClock())
    assert watch._targets_per_stream == TARGETS_PER_STREAM == 500


async def test_older_state_is_never_told_after_a_newer_one(scene: Scene) -> None:
    await scene.follow(session())
    scene.line.say(seen(said("two"), at=2), seen(said("one"), at=1), gone(KEY, at=1))
    scene.line.say(seen(said("two"), at=2), seen(said("three"), at=3))
    await scene.heard.last(KEY, said("three"))
    assert scene.heard.of(KEY) == [said("two"), said("three")]


async def test_document_that_is_not_mentioned_is_none(scene: Scene) -> None:
    await scene.follow(session(), session("other"))
    scene.line.say(seen(said("here"), at=1), complete(1, 2, at=2))
    await scene.heard.last(OTHER, None)
    assert scene.heard.told == [(KEY, said("here")), (OTHER, None)]


async def test_document_that_is_not_mentioned_again_is_none(scene: Scene) -> None:
    await scene.follow(session(), session("other"))
    scene.line.say(seen(session(), at=1), seen(session("other"), at=1), complete(at=1))
    scene.line.say(Again(targets=frozenset()), seen(session("other"), at=1), complete(at=5))
    await scene.heard.last(KEY, None)
    assert scene.heard.of(OTHER) == [session("other")]


async def test_unreadable_document_is_logged_and_hides_no_other(
    scene: Scene, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    await scene.follow(session(), session("other"))
    scene.line.say(replace(seen(session(), at=1), data="My card is 4111"))
    scene.line.say(seen(session("other"), at=1))
    await scene.heard.last(OTHER, session("other"))
    assert not scene.heard.of(KEY)
    [line] = logged()
    assert (line["outcome"], line["session"]) == ("unreadable", KEY)


async def test_listener_that_fails_silences_nobody(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    source, heard, rounds = FakeSource(), Heard(), Rounds()

    def fails_at_one(key: SessionKey, one: Session | None) -> None:
        if key == KEY:
            raise KeyError("My card is 4111")
        heard(key, one)

    watch = FirestoreWatch(source, fails_at_one, clock=FixedClock(), pace=Pace(sleep=rounds))
    source.at_once = seen(session(), at=1)
    for key in (KEY, OTHER):
        await watch.follow(key)
    await rounds.rest()
    source.at_once = seen(session("other"), at=1)
    rounds.wake()
    await heard.last(OTHER, session("other"))
    await watch.close()
    assert [line["exception"] for line in logged()] == ["KeyError"]
    assert "4111" not in str(logged())


async def test_lost_stream_is_opened_again_with_all_its_sessions(scene: Scene) -> None:
    await scene.follow(session(), session("other"))
    scene.line.say(seen(said("one"), at=1), gone(OTHER, at=1), complete(at=1))
    await scene.lose()
    await scene.reopened()
    assert set(scene.line.added.values()) == {KEY, OTHER}
    scene.line.say(seen(said("one"), at=1), seen(session("other"), at=2))
    await scene.heard.last(OTHER, session("other"))
    assert scene.heard.of(KEY) == [said("one")]


async def test_session_followed_while_the_stream_is_lost_is_on_the_next(scene: Scene) -> None:
    await scene.follow(session())
    await scene.lose()
    await scene.watch.follow(OTHER)
    await scene.watch.unfollow(KEY)
    await scene.reopened()
    assert set(scene.line.added.values()) == {OTHER}
    assert scene.line.removed == []


async def test_pauses_grow_and_differ(scene: Scene) -> None:
    await scene.follow(session())
    await scene.lose_often(3)
    first, second, third = scene.rounds.lengths
    assert 0.5 <= first <= 1 <= second <= 2 <= third <= 4
    assert len({Pace().pause(1) for _ in range(100)}) > 1
    assert 30 <= Pace().pause(10_000) <= 60


async def test_outage_is_logged_once_for_all_streams(
    scene: Scene, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    await scene.follow(*(session(f"s{number}") for number in range(4)))
    for line in list(scene.source.lines):
        line.say(CUT)
    await becomes(lambda: len(scene.rounds.lengths) == 2)
    scene.rounds.wake()
    await becomes(lambda: len(scene.source.lines) == 4)
    scene.line.say(CUT)
    await becomes(lambda: len(scene.rounds.lengths) == 3)
    assert logged() == [{"outcome": "lost", "reason": "ServiceUnavailable"}]


async def test_stream_that_dies_young_again_and_again_is_one_outage(
    scene: Scene, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    await scene.follow(session())
    for _ in range(3):
        scene.line.say(seen(session(), at=1), complete(at=1))
        await scene.lose()
        await scene.reopened()
    assert len(logged()) == 1
    assert scene.rounds.lengths[-1] >= 2


async def test_outage_after_a_sound_stream_is_another_one(
    make: Callable[..., Scene], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    scene = make(sound_after=0)
    await scene.follow(session())
    for _ in range(2):
        scene.line.say(complete(at=1))
        await scene.lose()
        await scene.reopened()
    assert len(logged()) == 2
    assert all(one <= 1 for one in scene.rounds.lengths)


async def test_stream_that_is_sound_again_hides_no_outage_of_another(
    make: Callable[..., Scene], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    scene = make(sound_after=0)
    await scene.follow(*(session(f"s{number}") for number in range(3)))
    first, second = scene.source.lines
    first.say(CUT)
    await scene.rounds.rest()
    await scene.reopened()
    scene.line.say(complete(at=1))
    await scene.heard.last(session("s0").key, None)
    second.say(CUT)
    await becomes(lambda: len(scene.rounds.lengths) == 2)
    assert len(logged()) == 2


async def test_end_of_a_sound_stream_is_no_outage(
    make: Callable[..., Scene], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    scene = make(sound_after=0)
    await scene.follow(session())
    scene.line.say(complete(at=1))
    await scene.lose(None)
    await scene.reopened()
    assert logged() == []
    await scene.lose(None)
    assert logged() == [{"outcome": "lost", "reason": "Ended"}]


async def test_line_of_the_log_is_not_of_the_request_that_came_first(
    scene: Scene, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    with log.handling({}):
        log.about(session="first")
        await scene.follow(session())
    await scene.lose()
    assert logged() == [{"outcome": "lost", "reason": "ServiceUnavailable"}]


async def test_refused_stream_is_read_instead_until_one_works(scene: Scene) -> None:
    scene.source.at_once = DENIED
    scene.source.documents[KEY] = seen(said("read"), at=1)
    await scene.follow(session(), session("other"))
    await scene.rounds.rest()
    assert scene.heard.told == [(KEY, said("read")), (OTHER, None)]
    scene.source.documents[KEY] = seen(said("read again"), at=2)
    await scene.rounds.next()
    assert scene.source.reads == [[KEY, OTHER]] * 2
    assert scene.heard.told[2:] == [(KEY, said("read again"))]
    assert len(scene.source.lines) == 1
    assert set(scene.rounds.lengths) == {Pace().read_every}
    scene.source.at_once = None
    for _ in range(28):
        await scene.rounds.next()
    await scene.reopened()
    scene.line.say(seen(said("listened"), at=3), complete(at=3))
    await scene.heard.last(KEY, said("listened"))
    assert len(scene.source.reads) == 30


async def test_session_followed_while_there_is_only_reading_is_read(scene: Scene) -> None:
    scene.source.at_once = DENIED
    await scene.follow(session())
    await scene.rounds.rest()
    await scene.watch.follow(OTHER)
    await scene.rounds.next()
    assert scene.heard.of(OTHER) == [None]


async def test_stream_lost_too_often_is_read_instead(scene: Scene) -> None:
    await scene.follow(session())
    await scene.lose_often(3)
    assert scene.source.reads == []
    await scene.reopened()
    await scene.lose()
    assert scene.source.reads == [[KEY]]
    assert scene.heard.told == [(KEY, None)]


async def test_reading_that_fails_too_is_tried_again(
    scene: Scene, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    scene.source.at_once, scene.source.unreadable = DENIED, True
    await scene.follow(session())
    await scene.rounds.rest()
    scene.source.unreadable = False
    await scene.rounds.next()
    assert scene.heard.told == [(KEY, None)]
    assert len(logged()) == 1


async def test_stream_that_says_nothing_is_read_instead(make: Callable[..., Scene]) -> None:
    scene = make(first_news=0.01)
    await scene.follow(session())
    await scene.rounds.rest()
    assert scene.heard.told == [(KEY, None)]


async def test_stream_may_be_silent_after_its_first_news(make: Callable[..., Scene]) -> None:
    scene = make(first_news=0.05)
    scene.source.at_once = complete(at=1)
    await scene.follow(session())
    await scene.heard.last(KEY, None)
    await asyncio.sleep(0.1)  # twice as long as a stream may take to say its first
    scene.line.say(seen(session(), at=2))
    await scene.heard.last(KEY, session())
    assert len(scene.source.lines) == 1
