"""Many agents write at once: what every stream got, and how long that took."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.streams.ear import Ear, ear
from tests.streams.options import Options
from tests.streams.stage import PATIENCE, Page, Stage, browser, stage


@dataclass(slots=True)
class Talk:
    """One run: when each text was sent, answered and heard, and what was wrong."""

    sent: dict[str, tuple[float, float]] = field(default_factory=dict)
    from_sent: list[float] = field(default_factory=list)
    from_answered: list[float] = field(default_factory=list)
    answering: list[float] = field(default_factory=list)
    opening: list[float] = field(default_factory=list)
    heard: int = 0
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0


async def talk(options: Options) -> Talk:
    """Play one run."""
    with stage(options.store) as place:
        async with browser() as http:
            pages = await place.open(http, options.streams)
            async with ear(pages, at_once=options.at_once) as listening:
                return await _talked(place, http, pages, listening, options)


async def _talked(
    place: Stage,
    http: aiohttp.ClientSession,
    pages: Sequence[Page],
    listening: Ear,
    options: Options,
) -> Talk:
    run = Talk()
    if not await listening.until(PATIENCE, lambda: listening.opened == len(pages)):
        run.findings.append(f"only {listening.opened} streams were opened")
        return run
    run.opening = listening.opening
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(_write(place, http, page, options, run) for page in pages))
    run.seconds = asyncio.get_running_loop().time() - began
    await listening.until(PATIENCE, lambda: listening.ended == len(pages))
    judge(run, pages, listening, options)
    return run


async def _write(
    place: Stage, http: aiohttp.ClientSession, page: Page, options: Options, run: Talk
) -> None:
    """Let one agent write all messages, one after the other, and end the chat."""
    chance = random.Random(page.session)
    for number in range(options.messages):
        await asyncio.sleep(chance.uniform(0.0, 2.0) * options.pause)
        text = text_of(page, number)
        run.sent[text] = await place.agent_says(http, page, text)
    await asyncio.sleep(chance.uniform(0.0, 2.0) * options.pause)
    await place.agent_closes(http, page)


def text_of(page: Page, number: int) -> str:
    """Return what a page's agent writes as its message of this number."""
    return f"message {number} to {page.session}"


def judge(run: Talk, pages: Sequence[Page], listening: Ear, options: Options) -> None:
    """Find what is missing, doubled or out of order, and measure what came."""
    for one in listening.told("event"):
        sent = run.sent.get(one.more.get("text", ""))
        if sent is not None:
            run.from_sent.append(one.at - sent[0])
            run.from_answered.append(one.at - sent[1])
    run.heard = len(run.from_sent)
    run.answering = [answered - sent for sent, answered in run.sent.values()]
    ended = Counter(one.page for one in listening.told("ended"))
    for number, page in enumerate(pages):
        events = listening.events(number)
        wrong = wrong_in([one["id"] for one in events], page.after)
        texts = [one["text"] for one in events if one["type"] == "message"]
        expected = [text_of(page, one) for one in range(options.messages)]
        if texts != expected:
            wrong.append(f"heard {texts} instead of {expected}")
        if ended[number] != 1:
            wrong.append("its end was not heard")
        run.findings += [f"{page.session}: {one}" for one in wrong]


def wrong_in(ids: Sequence[int], after: int) -> list[str]:
    """Return what is wrong with the ids of a stream that begins after one of them."""
    expected = list(range(after + 1, after + 1 + len(ids)))
    return [] if ids == expected else [f"ids {ids} instead of {expected}"]
