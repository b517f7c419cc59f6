"""The vendor's desk: a simulator with room for everybody, and what its agents do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import aiohttp
from starlette.applications import Starlette

from demo import eight_by_eight, livechat
from tests.crash.ledger import Json

# A vendor that repeats for long enough that whoever was killed is back: what it gives up is its
# loss, not ours. Counted all the same.
RETRIES = (0.3, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0)
ROOM = 10_000
CONFIG = {"livechat": "", "8x8": "[limits]\nleave_grace = 1\n"}
LOOK_EVERY = 0.25


def _livechat(webhook_url: str) -> Starlette:
    usual = livechat.Account()
    agents = tuple(replace(one, max_chats=ROOM) for one in usual.agents)
    return livechat.create_app(
        replace(usual, webhook_url=webhook_url, agents=agents, retry_intervals=RETRIES)
    )


def _eight_by_eight(webhook_url: str) -> Starlette:
    usual = eight_by_eight.Account()
    agents = tuple(replace(one, max_chats=ROOM) for one in usual.agents)
    return eight_by_eight.create_app(
        replace(usual, webhook_url=webhook_url, agents=agents, retry_intervals=RETRIES)
    )


SIMULATORS: Mapping[str, Callable[[str], Starlette]] = {
    "livechat": _livechat,
    "8x8": _eight_by_eight,
}


class Refused(Exception):
    """The desk did not do it."""


class Desk:
    """What agents see and do, over HTTP."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http = http
        self._address = f"{address}/desk"
        self.rooms: dict[str, list[Json]] = {}
        """The conversations of each customer, the oldest first, as last seen."""

    async def get(self, path: str) -> Json:
        """Return what the desk shows."""
        async with self._http.get(f"{self._address}/{path}") as response:
            found: Json = await response.json()
            return found

    async def post(self, path: str, body: Json) -> Json:
        """Do something; raises Refused."""
        async with self._http.post(f"{self._address}/{path}", json=body) as response:
            found: Json = await response.json()
            if response.status != 200:
                raise Refused(f"{path}: {found}")
            return found

    async def look(self) -> None:
        """See everything anew."""
        rooms: dict[str, list[Json]] = {}
        for chat in (await self.get("chats"))["chats"]:
            rooms.setdefault(chat["customer"]["name"], []).append(chat)
        self.rooms = rooms

    async def watch(self) -> None:
        """Look again and again, until cancelled; a large desk less often."""
        while True:
            began = time.monotonic()
            await self.look()
            await asyncio.sleep(max(LOOK_EVERY, 3 * (time.monotonic() - began)))

    def open_room(self, session: str) -> Json | None:
        """Return the customer's conversation where an agent is, if there is one."""
        active = [one for one in self.rooms.get(session, []) if one["state"] == "active"]
        return active[-1] if active else None

    def heard(self, session: str) -> list[str]:
        """Return every text that the customer has in their conversations, in order."""
        return [text for room in self.rooms.get(session, []) for text in said_in(room)]

    async def do(self, room: Json, deed: str, **body: str) -> None:
        """Let the agent of a conversation do something; raises Refused."""
        agent = next(one["id"] for one in room["agents"] if one["visibility"] == "all")
        await self.post(f"chats/{room['id']}/{deed}", {"agent": agent, **body})


def said_in(room: Json) -> list[str]:
    """Return what the customer said in a conversation.

    What comes before an 8x8 conversation is queued is the history it was opened with.
    """
    events = room["events"]
    queued = (n for n, one in enumerate(events) if (one.get("text") or "").startswith("Queued: "))
    return [
        event["text"]
        for event in events[next(queued, 0) :]
        if (event.get("author") or {}).get("type") == "customer" and event.get("text")
    ]
