"""Tokens for bodies that are streamed: there before the body is touched, which goes once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.errors import BadRequest, Rejected, Unavailable
from handoff.exchange import Exchange, Request, Response
from handoff.sqlite import SqliteStore
from handoff.tokens import Caller, Deadline
from tests.fakes import FixedClock
from tests.forms import stream, whole
from tests.tokens.office import Office


@pytest.fixture
def office(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Office]:
    store = SqliteStore(":memory:", clock=clock)
    yield Office(store, clock)
    runner.run(store.close())


class Door:
    """Passes what is for the office on, and reads what is streamed to it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.read: list[bytes] = []
        self.broken: Exception | None = None

    async def __call__(self, request: Request, within: float) -> Response:
        if request.stream is not None:
            assert "Authorization" in request.headers
            self.read.append(await whole(request.stream))
        if self.broken is not None:
            raise self.broken
        return await self.office.send(request, within)

    async def upload(self, deadline: float = 5.0) -> int:
        caller = Caller(self, self.office.store, self.office.clock)
        return await caller.run(self.upload_with(self.office), Deadline.after(deadline))

    @staticmethod
    def upload_with(office: Office) -> Exchange[int]:
        body = stream(b"whole", size=5)
        response = yield Request(method="POST", url="/door", token=office.source, stream=body)
        return response.status


async def test_token_is_there_before_the_body_is_touched(office: Office) -> None:
    door = Door(office)
    assert await door.upload() == 200
    assert (office.minted, office.shown, door.read) == (1, ["token-1"], [b"whole"])


async def test_token_that_cannot_be_had_leaves_the_body_alone(office: Office) -> None:
    door = Door(office)
    office.failures = [Rejected("no")]
    with pytest.raises(Rejected):
        await door.upload()
    assert (office.shown, door.read) == ([], [])


async def test_refused_token_is_renewed_for_the_next_and_this_body_is_gone(office: Office) -> None:
    door = Door(office)
    office.refused = {"token-1"}
    with pytest.raises(Unavailable) as caught:
        await door.upload()
    assert caught.value.certain
    assert (office.shown, door.read) == (["token-1"], [b"whole"])
    assert (await office.stored()).value == "token-2"
    assert await door.upload() == 200
    assert office.shown == ["token-1", "token-2"]


async def test_what_the_body_raises_passes_through(office: Office) -> None:
    door = Door(office)
    door.broken = BadRequest("The form is broken.")
    with pytest.raises(BadRequest):
        await door.upload()
