"""Server-sent events without a server: what stands in a stream, and how each kind of end looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from handoff.customer_chat import Stream
from handoff.errors import Closed, StoreError, TooMany
from handoff.event_stream import ALIVE, FIRST, HEARTBEAT, EventStream, written
from handoff.exchange import Json
from tests.visits import Visit, ids


def event(number: int, text: str = "Hi") -> Json:
    return {"id": number, "type": "notice", "at": "2026-03-01T12:00:00Z", "text": text}


class Script(Stream):
    """A stream that brings what the test wrote down, and is over then; an error is raised."""

    def __init__(self, *script: list[Json] | Exception) -> None:
        self.script = list(script)
        self.given = 0
        self.waits: list[float] = []
        self.is_stopped = False
        self.on_next: Callable[[], None] = lambda: None

    @property
    def is_over(self) -> bool:
        """Say whether the script is played, or was stopped."""
        return self.is_stopped or not self.script

    def stop(self) -> None:
        """Play nothing more."""
        self.is_stopped = True

    async def next(self, seconds: float) -> list[Json]:
        """Play the next line."""
        self.waits.append(seconds)
        self.on_next()
        for _ in range(3):  # so that who listens for the page's going hears of it
            await asyncio.sleep(0)
        line = self.script.pop(0)
        if isinstance(line, Exception):
            raise line
        return line


class Opened:
    """What an event stream opens; `refusal` is raised instead, `failure` when it is closed."""

    def __init__(self, stream: Stream, refusal: Exception | None = None) -> None:
        self.stream = stream
        self.refusal = refusal
        self.is_closed = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stream]:
        """Open it."""
        if self.refusal is not None:
            raise self.refusal
        try:
            yield self.stream
        finally:
            self.is_closed = True


async def sent(opened: Opened, visit: Visit | None = None, **options: float) -> Visit:
    """Let all of a stream be sent."""
    response = EventStream(opened.open(), {}, **options)
    response.headers["Access-Control-Allow-Origin"] = "https://shop.example"
    response.headers["X-Handoff-Token"] = "a fresh one"
    return await (visit or Visit("/v1/events")).answered(response)


async def test_events_come_as_they_are_ready_each_under_its_id() -> None:
    opened = Opened(Script([event(1), event(2)], [event(3)]))
    visit = await sent(opened)
    assert visit.pieces == [FIRST, written([event(1), event(2)]), written([event(3)])]
    assert visit.events == [event(1), event(2), event(3)]
    assert (visit.status, visit.is_complete, opened.is_closed) == (200, True, True)


async def test_headers_keep_proxies_from_holding_events_back() -> None:
    headers = (await sent(Opened(Script()))).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-handoff-token"] == "a fresh one"
    assert "content-length" not in headers


async def test_first_thing_says_how_soon_to_come_again() -> None:
    assert (await sent(Opened(Script()))).body == b"retry: 2000\n\n"


async def test_silence_is_filled_with_signs_of_life() -> None:
    stream = Script([], [], [event(1)], [])
    visit = await sent(Opened(stream))
    assert visit.pieces == [FIRST, ALIVE, ALIVE, written([event(1)]), ALIVE]
    assert ALIVE.startswith(b": ")
    assert set(stream.waits) == {HEARTBEAT}
    assert HEARTBEAT <= 15


@pytest.mark.parametrize(
    "text", ["line\nline", "\r\n\r\n", "\n\nid: 9\ndata: {}\n\n", "\u2028\u2029\x85", "🌷", "\0"]
)
def test_no_text_breaks_out_of_its_event(text: str) -> None:
    raw = written([event(1, text), event(2)])
    assert raw.count(b"\n") == 6
    first, second, rest = raw.decode().split("\n\n")
    assert json.loads(first.split("\n")[1].removeprefix("data: ")) == event(1, text)
    assert (second.split("\n")[0], rest) == ("id: 2", "")
    assert raw.isascii()
    assert b"\r" not in raw


async def test_what_was_sent_counts_as_given() -> None:
    stream = Script([event(1)], [], [event(2), event(3)])
    seen: list[int] = []
    stream.on_next = lambda: seen.append(stream.given)
    await sent(Opened(stream))
    assert (seen, stream.given) == ([0, 1, 1], 3)


async def test_who_is_gone_stops_the_stream_and_is_given_nothing_more() -> None:
    visit, stream = Visit("/v1/events"), Script([event(1)], [event(2)], [event(3)])
    opened = Opened(stream)
    happens = iter([lambda: None, visit.gone.set])
    stream.on_next = lambda: next(happens)()
    await sent(opened, visit)
    assert (stream.given, stream.is_stopped, opened.is_closed) == (1, True, True)
    assert stream.script == [[event(3)]]


async def test_who_listens_for_too_long_has_to_come_again() -> None:
    opened = Opened(Script([event(1)]))
    visit = await sent(opened, longest=0)
    assert (visit.pieces, visit.is_complete, opened.is_closed) == ([FIRST], True, True)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Closed("It is over."), (409, "closed")),
        (TooMany("Not so fast.", retry_after=1.2), (429, "too_many")),
        (StoreError("inside"), (503, "unavailable")),
    ],
)
async def test_refusal_is_an_answer_like_any_other(
    refusal: Exception, expected: tuple[int, str]
) -> None:
    visit = await sent(Opened(Script(), refusal))
    assert (visit.error, visit.is_complete) == (expected, True)
    assert visit.headers["access-control-allow-origin"] == "https://shop.example"
    assert visit.headers["x-handoff-token"] == "a fresh one"
    assert int(visit.headers["content-length"]) == len(visit.body)
    assert {"x-accel-buffering", "cache-control"}.isdisjoint(visit.headers)
    assert b"inside" not in visit.body


async def test_refusal_says_when_to_come_again() -> None:
    visit = await sent(Opened(Script(), TooMany("Not so fast.", retry_after=1.2)))
    assert visit.headers["retry-after"] == "2"


async def test_store_that_fails_in_the_middle_breaks_the_stream_off() -> None:
    opened = Opened(Script([event(1)], StoreError("away"), [event(2)]))
    visit = await sent(opened)
    assert visit.pieces == [FIRST, written([event(1)])]
    assert (visit.status, visit.is_complete, opened.is_closed) == (200, False, True)


async def test_nobody_listens_for_the_end_once_it_is_sent() -> None:
    await sent(Opened(Script([event(1)])))
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_request_that_comes_in_pieces_is_no_end() -> None:
    visit = Visit("/v1/events", "GET", b"a body nobody reads")
    visit._asked *= 3
    assert ids((await sent(Opened(Script([event(1)], [event(2)])), visit)).events) == [1, 2]
