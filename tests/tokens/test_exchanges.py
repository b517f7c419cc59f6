"""Running an exchange: every request is sent in turn, and failures are raised inside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.errors import ProviderError, Rejected, Unavailable
from handoff.exchange import Exchange, Request, Response
from handoff.sqlite import SqliteStore
from handoff.tokens import Caller, Deadline
from tests.fakes import FixedClock, ScriptedSend


@pytest.fixture
def store(clock: FixedClock, runner: asyncio.Runner) -> Iterator[SqliteStore]:
    one = SqliteStore(":memory:", clock=clock)
    yield one
    runner.run(one.close())


def asking(*urls: str) -> Exchange[list[int]]:
    """Ask one after the other, and go on where an answer is missing."""
    found = []
    for url in urls:
        try:
            response = yield Request(method="GET", url=url)
        except ProviderError:
            found.append(0)
        else:
            found.append(response.status)
    return found


def nothing() -> Exchange[str]:
    return "nothing to ask"
    yield


def caller(send: ScriptedSend, store: SqliteStore, clock: FixedClock) -> Caller:
    return Caller(send, store, clock)


async def test_requests_are_sent_in_turn(store: SqliteStore, clock: FixedClock) -> None:
    send = ScriptedSend(Response(status=201), Response(status=404))
    found = await caller(send, store, clock).run(asking("/a", "/b", "/c"), Deadline.after(5))
    assert (found, send.verbs) == ([201, 404, 200], ["a", "b", "c"])


async def test_failure_is_raised_inside_the_exchange(store: SqliteStore, clock: FixedClock) -> None:
    send = ScriptedSend(Unavailable("down"), Response(status=200), Rejected("no"))
    found = await caller(send, store, clock).run(asking("/a", "/b", "/c"), Deadline.after(5))
    assert found == [0, 200, 0]


async def test_failure_that_the_exchange_lets_pass_is_the_callers(
    store: SqliteStore, clock: FixedClock
) -> None:
    def trusting() -> Exchange[int]:
        response = yield Request(method="GET", url="/a")
        return response.status

    with pytest.raises(Unavailable, match="down"):
        await caller(ScriptedSend(Unavailable("down")), store, clock).run(
            trusting(), Deadline.after(5)
        )


async def test_exchange_that_asks_nothing_has_its_result(
    store: SqliteStore, clock: FixedClock
) -> None:
    send = ScriptedSend()
    assert await caller(send, store, clock).run(nothing(), Deadline.after(0)) == "nothing to ask"
    assert send.sent == []


async def test_exchange_learns_that_time_is_up(store: SqliteStore, clock: FixedClock) -> None:
    send = ScriptedSend()
    found = await caller(send, store, clock).run(asking("/a", "/b"), Deadline.after(0))
    assert (found, send.sent) == ([0, 0], [])


async def test_request_without_token_bears_none(store: SqliteStore, clock: FixedClock) -> None:
    send = ScriptedSend()
    await caller(send, store, clock).run(asking("/a"), Deadline.after(5))
    assert "Authorization" not in send.sent[0].headers
