"""Dialogflow as the functions know it: it repeats what was not answered, and worse on demand."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Mapping, Sequence

import aiohttp

from tests.crash.ledger import Talk, Tally
from tests.crash.options import Options
from tests.crash.processes import Instance
from tests.crash.wire import Answer, Asked, answer_of

DEADLINE = 5.0
PAUSE = 0.15
# A turn that has no answer by then never gets one.
PATIENCE = 60.0
# Of so many turns one is spoilt by each kind of fault.
SPOILT_EVERY = 12
SPOILING = ("again", "twice", "hasty")


class NeverAnswered(Exception):
    """A turn got no 200 in all that time."""


class Dialogflow:
    """Makes the turns of all sessions, each until it is answered."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        functions: Sequence[Instance],
        options: Options,
        headers: Mapping[str, str],
        tally: Tally,
    ) -> None:
        self._http = http
        self._functions = functions
        self._headers = headers
        self._tally = tally
        self._chance = random.Random(f"dialogflow {options.seed}")
        self._kinds = [kind for kind in SPOILING if kind in options.faults]
        self._spares_polls = "polls" not in options.faults

    async def turn(
        self, talk: Talk, tag: str, text: str = "", parameters: Mapping[str, str] | None = None
    ) -> Answer:
        """Make one turn with the same ids until it is answered; return the answer that counts."""
        asked = Asked(
            id=str(uuid.UUID(int=self._chance.getrandbits(128))),
            session=talk.session,
            dialect=talk.dialect,
            tag=tag,
            text=text,
            parameters=parameters or {},
        )
        kind = self._spoiling(tag)
        if kind == "hasty":
            await self._call(asked, self._chance.uniform(0.005, 0.3))
        if kind == "twice":
            both = await asyncio.gather(self._answered(asked), self._answered(asked))
            return self._same(asked, *both)
        answer = await self._answered(asked)
        return self._same(asked, answer, await self._answered(asked)) if kind == "again" else answer

    def _spoiling(self, tag: str) -> str:
        chosen = self._chance.randrange(SPOILT_EVERY)
        kind = self._kinds[chosen] if chosen < len(self._kinds) else ""
        spared = tag == "handoff.poll" and self._spares_polls and kind != "again"
        if spared or not kind:
            return ""
        self._tally.faults[kind] += 1
        return kind

    def _same(self, asked: Asked, first: Answer, second: Answer) -> Answer:
        """Return the later answer; both must show the same, unless the first was an empty poll."""
        if first.texts and first.texts != second.texts:
            shown = f"{list(first.texts)} and then {list(second.texts)}"
            self._tally.problems.append(f"{asked.session}: turn {asked.id} was answered {shown}")
        return second

    async def _answered(self, asked: Asked) -> Answer:
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            answer = await self._call(asked, DEADLINE)
            if answer is not None:
                return answer
            await asyncio.sleep(PAUSE)
        raise NeverAnswered(f"{asked.session}: turn {asked.id} ({asked.tag or 'other'})")

    async def _call(self, asked: Asked, seconds: float) -> Answer | None:
        function, began = self._chance.choice(self._functions), time.monotonic()
        name = {"session": asked.session, "id": asked.id, "port": function.port}
        self._tally.note("turn", **name, tag=asked.tag, text=asked.text)
        try:
            status, body = await self._post(function, asked, seconds)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            ended = time.monotonic()
            self._tally.note("no answer", **name, error=type(error).__name__)
            if seconds == DEADLINE:
                self._tally.unanswered[type(error).__name__] += 1
            overdue = ended - began >= DEADLINE and not function.was_down(began, ended)
            if overdue:
                self._took(began, asked, function)
            return None
        self._tally.note("answer", **name, status=status, body=body)
        self._took(began, asked, function)
        if status != 200:
            self._tally.unanswered[str(status)] += 1
            return None
        return answer_of(body, asked.dialect)

    async def _post(
        self, function: Instance, asked: Asked, seconds: float
    ) -> tuple[int, dict[str, object]]:
        limit = aiohttp.ClientTimeout(total=seconds)
        async with self._http.post(
            f"{function.address}/", json=asked.body(), headers=self._headers, timeout=limit
        ) as response:
            return response.status, await response.json()

    def _took(self, began: float, asked: Asked, function: Instance) -> None:
        seconds = time.monotonic() - began
        born = max((ended for _, ended in function.downs), default=0.0)
        age = began - born if born else -1.0
        what = f"{asked.session} {asked.tag or 'other'} id={asked.id} port={function.port}"
        self._tally.took(seconds, f"{what} age={age:.1f}s at={time.strftime('%H:%M:%S')}")
