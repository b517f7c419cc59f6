"""The customers' browsers as one process: it listens to many streams and tells what it hears.

It is told the pages by one line of JSON, and tells facts, one line each: `[what, page, at, more]`
with the time of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from http import HTTPStatus
from typing import Any

import aiohttp

from tests.streams.process import raise_open_files

RETRY = 0.1
OVER = ("closed", "failed")


class Listener:
    """Listens to one page's stream; `again` lets it come back with what it has read."""

    def __init__(self, number: int, page: dict[str, Any], *, again: bool) -> None:
        self._number = number
        self._url = f"{page['url']}/v1/events"
        self._token = page["token"]
        self._cursor = page["after"]
        self._again = again

    async def listen(self, http: aiohttp.ClientSession, room: asyncio.Semaphore) -> None:
        """Listen to the end of the chat."""
        is_over = False
        while not is_over:
            is_over = await self._is_over_after_one(http, room)
            await asyncio.sleep(0 if is_over else RETRY)

    async def _is_over_after_one(
        self, http: aiohttp.ClientSession, room: asyncio.Semaphore
    ) -> bool:
        """Listen to one stream; say whether there is no more to listen to."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        asked = {"after": str(self._cursor)}
        try:
            async with room:
                self._tell("asks")
                response = await http.get(self._url, params=asked, headers=headers)
            async with response:
                self._tell("opened", response.status)
                if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    return False
                response.raise_for_status()
                return await self._heard(response) or not self._again
        except aiohttp.ClientError as error:
            self._tell("failed", type(error).__name__)
            return not self._again

    async def _heard(self, response: aiohttp.ClientResponse) -> bool:
        over = False
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "data":
                event = json.loads(value)
                self._cursor = event["id"]
                self._tell("event", event)
                over = event["type"] == "state" and event["state"] in OVER
        self._tell("ended")
        return over

    def _tell(self, what: str, more: object = None) -> None:
        print(json.dumps([what, self._number, time.monotonic(), more]), flush=True)


async def main() -> None:
    """Listen to all pages that the first line names."""
    raise_open_files()
    order = json.loads(sys.stdin.readline())
    pages = order["pages"]
    room = asyncio.Semaphore(order["at_once"] or len(pages))
    limits, patience = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout()
    async with aiohttp.ClientSession(connector=limits, timeout=patience) as http:
        listeners = [Listener(n, page, again=order["again"]) for n, page in enumerate(pages)]
        await asyncio.gather(*(one.listen(http, room) for one in listeners))


if __name__ == "__main__":
    asyncio.run(main())
