"""`customer_chat` is told to end while pages listen: they go in time, and miss nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence

import aiohttp

from tests.streams.calls import read
from tests.streams.ear import Ear, ear
from tests.streams.process import Worker, is_running
from tests.streams.stage import (
    CHAT,
    LOOK_EVERY,
    PATIENCE,
    Page,
    Stage,
    browser,
    readers,
    stage,
    until,
)
from tests.streams.talk import wrong_in

PAGES = 20

# On a machine with nothing else to do a tenth of it. The platform kills after ten seconds.
LET_GO, GONE = 5.0, 9.0


async def say(place: Stage, http: aiohttp.ClientSession, pages: Sequence[Page], text: str) -> None:
    """Let every page's agent say the same."""
    await asyncio.gather(*(place.agent_says(http, page, text) for page in pages))


async def told_to_end(place: Stage) -> Callable[[], bool]:
    """Tell the function to end; return what says whether it has."""
    chat = place.functions[CHAT]
    processes = [chat.pid, Worker(chat.pid).pid]
    chat.tell_to_end()
    return lambda: not any(map(is_running, processes))


def texts(listening: Ear, page: int) -> list[str]:
    return [one["text"] for one in listening.events(page) if one["type"] == "message"]


def complaints(place: Stage) -> list[str]:
    """Return what the function's log has besides what it is to say."""
    lines = [json.loads(one) for one in place.printed(CHAT).splitlines()]
    return [one for one in lines if one["severity"] != "INFO" or one["event"] == "other"]


async def test_pages_are_let_go_in_time_and_miss_nothing() -> None:
    with stage("sqlite") as place:
        async with browser() as http:
            pages = await place.open(http, PAGES)
            async with ear(pages, again=True) as listening:
                assert await listening.until(PATIENCE, lambda: listening.opened == PAGES)
                await say(place, http, pages, "before")
                gone = await told_to_end(place)
                assert await listening.until(LET_GO, lambda: listening.ended == PAGES)
                assert await until(GONE - LET_GO, gone) is not None
                assert complaints(place) == []
                store = place.store()
                assert [await readers(store, page) for page in pages] == [0] * PAGES
                await store.close()
                await say(place, http, pages, "between")
                place.functions[CHAT].start()
                assert await listening.until(PATIENCE, lambda: listening.opened == 2 * PAGES)
                await say(place, http, pages, "after")
                await asyncio.gather(*(place.agent_closes(http, page) for page in pages))
                assert await listening.until(PATIENCE, lambda: listening.ended == 2 * PAGES)
            for number, page in enumerate(pages):
                assert texts(listening, number) == ["before", "between", "after"]
                assert not wrong_in([one["id"] for one in listening.events(number)], page.after)


async def test_page_that_waits_for_news_is_answered() -> None:
    with stage("sqlite") as place:
        async with browser() as http:
            [page] = await place.open(http, 1)
            first = await read(http, page)
            waiting = asyncio.create_task(read(http, page, after=first[-1]["id"], wait=25))
            store = place.store()
            async with asyncio.timeout(PATIENCE):
                while not await readers(store, page):  # noqa: ASYNC110 - another process is awaited
                    await asyncio.sleep(LOOK_EVERY)
            await store.close()
            gone = await told_to_end(place)
            began = time.monotonic()
            assert await waiting == []
            assert time.monotonic() - began < LET_GO
            assert await until(GONE, gone) is not None
            assert complaints(place) == []
