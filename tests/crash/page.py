"""A customer's page as a browser keeps it: one stream, again and again, and its own words."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus

import aiohttp

from tests.crash.ledger import Json, Tally
from tests.crash.processes import Instance

PAUSE = 0.15
# What is not accepted by then never is; a stream that is silent for so long is not one any more.
PATIENCE, SILENCE, DEADLINE = 60.0, 15.0, 6.0
# Of so many messages one is sent again after its answer.
AGAIN_EVERY = 8
OVER = ("closed", "failed")


class NotTaken(Exception):
    """Nobody took a call of the page in all that time."""


class Browsers:
    """Makes the pages of all customers; each call goes to any of the instances."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        functions: Sequence[Instance],
        seed: int,
        tally: Tally,
    ) -> None:
        self._http = http
        self._functions = functions
        self._chance = random.Random(f"pages {seed}")
        self._tally = tally

    def page(self, payload: Mapping[str, str], take: Callable[[Json], None]) -> Page:
        """Return the page of the handoff that an answer told of."""
        return Page(payload["token"], take, self._tally, self._call)

    def _call(self, path: str, token: str, body: Json | None = None, **asked: str) -> Request:
        address = f"{self._chance.choice(self._functions).address}/v1/{path}"
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            limit = aiohttp.ClientTimeout(total=DEADLINE)
            return self._http.post(address, json=body, headers=headers, timeout=limit)
        headers["Accept"] = "text/event-stream"
        lasting = aiohttp.ClientTimeout(total=None, sock_connect=DEADLINE, sock_read=SILENCE)
        return self._http.get(address, params=asked, headers=headers, timeout=lasting)


Request = aiohttp.client._RequestContextManager
Call = Callable[..., Request]


class Page:
    """The page of one handoff; `take` gets each event once, in order."""

    def __init__(self, token: str, take: Callable[[Json], None], tally: Tally, call: Call) -> None:
        self._token = token
        self._take = take
        self._tally = tally
        self._call = call
        self._cursor = 0
        self._opened = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self.is_over = False

    async def come(self) -> None:
        """Open a stream where the page stands, and return when it is there."""
        self._opened.clear()
        self._listening = asyncio.create_task(self._listen())
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._opened.wait()
                return
        raise NotTaken("no stream began")

    async def go(self) -> None:
        """Close the stream."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def say(self, text: str) -> None:
        """Say something until it is accepted, now and then once more."""
        body = {"id": str(uuid.uuid4()), "text": text}
        places = [await self._posted("messages", body)]
        if int(body["id"][:4], 16) % AGAIN_EVERY == 0:
            self._tally.faults["page again"] += 1
            places.append(await self._posted("messages", body))
        if len(set(places)) > 1:
            self._tally.problems.append(f"{text!r} was the messages {places} of its page")

    async def leave(self) -> None:
        """Let the customer leave."""
        await self._posted("end", {})

    async def _posted(self, path: str, body: Json) -> object:
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._call(path, self._token, body) as response:
                    if response.status == HTTPStatus.ACCEPTED:
                        return (await response.json())["sequence"]
                    if response.status == HTTPStatus.NO_CONTENT:
                        return None
                    if path == "end" and response.status == HTTPStatus.CONFLICT:
                        return None  # it was answered before, and the answer was lost
            await asyncio.sleep(PAUSE)
        raise NotTaken(f"nobody took {path}")

    async def _listen(self) -> None:
        while not self.is_over:
            with suppress(aiohttp.ClientError, TimeoutError):
                after = str(self._cursor)
                async with self._call("events", self._token, after=after) as response:
                    await self._hear(response)
            await asyncio.sleep(PAUSE)

    async def _hear(self, response: aiohttp.ClientResponse) -> None:
        if response.status not in {HTTPStatus.OK, HTTPStatus.CONFLICT}:
            return
        self.is_over = response.status == HTTPStatus.CONFLICT
        self._opened.set()
        self._tally.streams += not self.is_over
        async for line in response.content:
            if line.startswith(b"data: "):
                self._note(json.loads(line.removeprefix(b"data: ")))

    def _note(self, event: Json) -> None:
        if event["id"] != self._cursor + 1:
            self._tally.problems.append(f"a page got event {event['id']} after {self._cursor}")
        self._cursor = event["id"]
        self._take(event)
        self.is_over = self.is_over or event.get("state") in OVER
