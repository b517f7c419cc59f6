"""One customer's story: the bot, a person, lines both ways, the end; perhaps a second person."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from handoff.store import Store, session_key
from handoff.vocabulary import SessionId
from tests.crash.desk import Desk, Refused
from tests.crash.dialogflow import Dialogflow
from tests.crash.ledger import Json, Line, Talk, Tally
from tests.crash.options import Options
from tests.crash.page import Browsers, Page
from tests.crash.wire import OPEN, Answer, session_name

POLL_EVERY = 0.5
# What does not happen within this time is a finding. An opening whose answer was lost is looked for
# over half a minute before it is made again.
PATIENCE = 120.0
DECORATIONS = ("", "", "", " 🌷", " Grüße, café", "\nand a second line", " 👩‍👩‍👧 <b>&amp;</b>")
ENDS = ("agent", "agent", "tag", "word")
SECOND_PERSON = 0.3
BY_PAGE, RELOADED = 0.6, 0.3
BURST = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Who a conversation has to do with."""

    dialogflow: Dialogflow
    desk: Desk
    store: Store
    browsers: Browsers


class Stuck(Exception):
    """Something did not happen in all that time."""


class Conversation:
    """Plays one session from the first word to the end."""

    def __init__(self, talk: Talk, sides: Sides, options: Options, tally: Tally) -> None:
        self._talk = talk
        self._dialogflow = sides.dialogflow
        self._desk = sides.desk
        self._store = sides.store
        self._browsers = sides.browsers
        self._page: Page | None = None
        self._tally = tally
        self._messages = options.messages
        self._chance = random.Random(f"{talk.session} {options.seed}")
        self._pause = options.talk_seconds / options.messages

    async def play(self) -> None:
        """Talk until it is over."""
        await self._say("", "opening hours")
        rounds = 2 if self._chance.random() < SECOND_PERSON else 1
        for _ in range(rounds):
            await self._with_a_person()

    async def poll(self) -> Answer:
        """Ask for news."""
        return await self._say("handoff.poll")

    async def _with_a_person(self) -> None:
        answer = await self._say("handoff.start", "I want to talk to somebody")
        self._talk.handoffs += 1
        if self._talk.has_page:
            await self._open_page(answer)
        await self._until(self._is_joined, "an agent")
        # An agent may write while the customer reads and writes, as people do.
        async with asyncio.TaskGroup() as both:
            both.create_task(self._customer_talks())
            both.create_task(self._agent_talks())
        await self._until(self._is_quiet, "the last lines")
        await self._end()
        await self._until(self._is_over, "the end")

    async def _open_page(self, answer: Answer) -> None:
        """Follow the handoff from now on, until it is over."""
        if answer.page is None:
            raise Stuck(f"{self._talk.session}: no page was told of the handoff")
        self._page = self._browsers.page(answer.page, self._take)
        await self._page.come()

    def _take(self, event: Json) -> None:
        if event["type"] == "message":
            self._talk.see([event["text"]], self._talk.step())

    async def _customer_talks(self) -> None:
        left = self._messages
        while left:
            await self._wait()
            burst = min(left, 3) if self._chance.random() < BURST else 1
            await self._customer_says(burst)
            left -= burst
            await self.poll()
            if self._page and self._chance.random() < RELOADED:
                await self._page.go()
                await self.poll()
                await self._page.come()

    async def _customer_says(self, count: int) -> None:
        """Say some lines, all at once."""
        place = self._talk.step()
        lines = [self._line("c", self._talk.said, place) for _ in range(count)]
        answers = list(filter(None, await asyncio.gather(*map(self._relay, lines))))
        self._talk.see([text for one in answers for text in one.texts], place)
        self._talk.state = answers[-1].state if answers else self._talk.state

    async def _relay(self, line: Line) -> Answer | None:
        if self._page and self._chance.random() < BY_PAGE:
            await self._page.say(line.text)
            line.accepted = True
            return None
        tag = self._chance.choice(("handoff.message", "handoff.message", "other"))
        answer = await self._dialogflow.turn(self._talk, tag, line.text)
        line.accepted = True
        return answer

    async def _agent_talks(self) -> None:
        for _ in range(self._messages):
            await self._wait()
            room = self._desk.open_room(self._talk.session)
            line = self._line("a", self._talk.written, len(self._talk.written))
            if room is None:
                raise Stuck(f"{self._talk.session}: the conversation ended while they talked")
            try:
                self._tally.note("agent", session=self._talk.session, text=line.text)
                await self._desk.do(room, "say", text=line.text)
            except Refused as error:
                raise Stuck(f"{self._talk.session}: {error}") from error
            line.accepted = True

    async def _end(self) -> None:
        kind = self._chance.choice(ENDS)
        if kind == "tag" and self._page and self._chance.random() < BY_PAGE:
            await self._page.leave()
        elif kind == "tag":
            await self._say("handoff.end")
        elif kind == "word":
            await self._say("handoff.message", "Bye agent")
        elif room := self._desk.open_room(self._talk.session):
            await self._desk.do(room, "close")

    async def _say(self, tag: str, text: str = "") -> Answer:
        """Make a turn alone and show its answer."""
        who = {"customer_name": self._talk.session}
        answer = await self._dialogflow.turn(self._talk, tag, text, who)
        self._talk.see(answer.texts, self._talk.step())
        self._talk.state = answer.state
        if reason := answer.parameters.get("handoff_reason"):
            self._talk.reasons.append(str(reason))
        return answer

    async def work(self) -> list[str]:
        """Return what is still to be done for this session, by the kinds of jobs."""
        name = session_name(self._talk.session, self._talk.dialect)
        stored = await self._store.load(session_key(SessionId(name)))
        return [job.kind for job in stored.session.outbox] if stored and stored.session else []

    async def _until(self, look: Callable[[], Awaitable[bool]], what: str) -> None:
        """Poll as a customer's page does until there is something."""
        give_up = time.monotonic() + PATIENCE
        while not await look():
            if time.monotonic() > give_up:
                raise Stuck(f"{self._talk.session}: waited in vain for {what}")
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * POLL_EVERY)
            await self.poll()

    async def _is_joined(self) -> bool:
        return self._desk.open_room(self._talk.session) is not None

    async def _is_over(self) -> bool:
        """Say whether all sides know that it is over."""
        if self._page and not self._page.is_over:
            return False
        return self._talk.state not in OPEN and not self._desk.open_room(self._talk.session)

    async def _is_quiet(self) -> bool:
        """Say whether everything that was said has arrived, and we know it.

        Who ends a conversation in which a message is doubtful gets a dead letter, and rightly.
        """
        heard = set(self._desk.heard(self._talk.session))
        seen = {spoken(text) for _, text in self._talk.shown}
        said = {line.text for line in self._talk.said}
        arrived = said <= heard and {line.text for line in self._talk.written} <= seen
        return arrived and not await self.work()

    def _line(self, side: str, lines: list[Line], place: int) -> Line:
        decoration = self._chance.choice(DECORATIONS)
        line = Line(f"{side}-{self._talk.session}-{len(lines)}{decoration}", place)
        lines.append(line)
        return line

    async def _wait(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.0, 2.0) * self._pause)


def spoken(shown: str) -> str:
    """Return an agent's words without the name before them."""
    name, separator, words = shown.partition(": ")
    return words if separator and "\n" not in name and not name.startswith(("a-", "c-")) else shown
