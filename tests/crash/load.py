"""Many conversations at once, with trouble at the desk; and then the silence after it."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from handoff.store import DeadLetter, Store
from tests.crash.conversation import Conversation, Sides, Stuck
from tests.crash.desk import RETRIES, Desk
from tests.crash.dialogflow import Dialogflow, NeverAnswered
from tests.crash.ledger import Talk, Tally
from tests.crash.mischief import make_peace, make_trouble
from tests.crash.options import Options
from tests.crash.page import Browsers, NotTaken
from tests.crash.processes import CUSTOMER_CHAT, FULFILLMENT, WAKE, Instance, named
from tests.crash.verdict import Verdict, judge

REST = 60.0
SWEEP_EVERY = 1.0


@dataclass(slots=True, kw_only=True)
class Load:
    """One run, and what came of it."""

    options: Options
    functions: Sequence[Instance]
    desk_address: str
    headers: Mapping[str, str]
    store: Store
    hunted: threading.Event
    tally: Tally
    talks: list[Talk] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    letters: Sequence[DeadLetter] = ()
    given_up: int = 0

    async def play(self) -> None:
        """Let everybody talk, wait until all is at rest, compare."""
        limits = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=limits) as http:
            desk = Desk(http, self.desk_address)
            dialogflow = self._dialogflow(http)
            await self._warm_up(http)
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(desk.watch()),
                    group.create_task(self._sweep(http)),
                ]
                plays = await self._talk(desk, dialogflow, self._browsers(http))
                await self._come_to_rest(desk, plays)
                for one in beside:
                    one.cancel()
            await self._judge(desk)

    async def _warm_up(self, http: aiohttp.ClientSession) -> None:
        """Use the store once from every function: an emulator's first answers take seconds."""
        for number, one in enumerate(named(self.functions, FULFILLMENT)):
            warm = Dialogflow(http, [one], self.options, self.headers, Tally())
            await warm.turn(Talk(session=f"warm{number}", dialect="cx"), "", "opening hours")

    async def _talk(
        self, desk: Desk, dialogflow: Dialogflow, browsers: Browsers
    ) -> list[Conversation]:
        trouble = asyncio.create_task(make_trouble(desk, self.options, self.tally))
        self.talks = [self._new_talk(n) for n in range(self.options.conversations)]
        sides = Sides(dialogflow=dialogflow, desk=desk, store=self.store, browsers=browsers)
        plays = [Conversation(talk, sides, self.options, self.tally) for talk in self.talks]
        places = asyncio.Semaphore(self.options.at_once)
        chance = random.Random(f"starts {self.options.seed}")
        starts = [chance.uniform(0.0, 0.2 * self.options.seconds) for _ in plays]
        pairs = zip(plays, starts, strict=True)
        await asyncio.gather(*(self._played(play, start, places) for play, start in pairs))
        await asyncio.to_thread(self.hunted.wait)
        await trouble
        await make_peace(desk)
        return plays

    async def _played(self, play: Conversation, start: float, places: asyncio.Semaphore) -> None:
        await asyncio.sleep(start)
        async with places:
            try:
                await play.play()
            except* (Stuck, NeverAnswered, NotTaken) as group:
                self.tally.problems += [str(error) for error in _leaves(group)]

    async def _come_to_rest(self, desk: Desk, plays: Sequence[Conversation]) -> None:
        """Wait until no webhook and no job is left, and let everybody see their last news."""
        async with asyncio.timeout(REST):
            await desk.get("idle")
        give_up = time.monotonic() + REST
        while busy := [kind for play in plays for kind in await play.work()]:
            if time.monotonic() > give_up:
                self.tally.problems.append(f"never at rest: {', '.join(busy)} are left to do")
                break
            await asyncio.gather(*(play.poll() for play in plays))
            await asyncio.sleep(0.3)
        await desk.get("idle")
        await asyncio.gather(*(play.poll() for play in plays))
        await asyncio.gather(*(play.poll() for play in plays))

    async def _judge(self, desk: Desk) -> None:
        await desk.look()
        self.verdict = judge(self.talks, desk.rooms, in_order=self.options.in_order)
        self.verdict.other += self.tally.problems
        attempts = (await desk.get("webhooks"))["attempts"]
        self.given_up = sum(
            one["attempt"] > len(RETRIES) and one["status"] not in range(200, 300)
            for one in attempts
        )
        self.letters = await self.store.dead_letters()
        calls = (await desk.get("calls"))["calls"]
        self.tally.trace += [{"what": "call", **one} for one in calls]

    async def _sweep(self, http: aiohttp.ClientSession) -> None:
        """Call the sweep as Cloud Scheduler would."""
        for wake in named(self.functions, WAKE):
            while True:
                await asyncio.sleep(SWEEP_EVERY)
                await _sweep_once(http, wake, self.tally)

    def _dialogflow(self, http: aiohttp.ClientSession) -> Dialogflow:
        fulfillment = named(self.functions, FULFILLMENT)
        return Dialogflow(http, fulfillment, self.options, self.headers, self.tally)

    def _browsers(self, http: aiohttp.ClientSession) -> Browsers:
        functions = named(self.functions, CUSTOMER_CHAT)
        return Browsers(http, functions, self.options.seed, self.tally)

    def _new_talk(self, number: int) -> Talk:
        mixed = ("cx", "es")[number % 2]
        dialect = mixed if self.options.dialect == "both" else self.options.dialect
        name = f"s{self.options.seed}x{number:04d}"
        has_page = random.Random(f"page {name}").random() < self.options.pages
        return Talk(session=name, dialect=dialect, has_page=has_page)


async def _sweep_once(http: aiohttp.ClientSession, wake: Instance, tally: Tally) -> None:
    began = time.monotonic()
    limit = aiohttp.ClientTimeout(total=60)
    try:
        async with http.post(f"{wake.address}/", json={}, timeout=limit) as response:
            status = response.status
    except (aiohttp.ClientError, TimeoutError):
        if not wake.was_down(began, time.monotonic()):
            tally.problems.append("a sweep got no answer")
        return
    if status != 200:
        tally.problems.append(f"a sweep was answered {status}")


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for one in group.exceptions:
        found += _leaves(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found
