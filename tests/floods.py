"""Floods: the largest that anybody may send to one session, and what it grows to at each commit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from handoff import codec
from handoff.bounds import EVENTS, LIFE, LONGEST_ID
from handoff.bridge import Bridge
from handoff.dialogflow.turn import (
    LARGEST_CARD,
    LONGEST_NAME,
    LONGEST_TEXT,
    LONGEST_VALUE,
    Meaning,
    Turn,
    within_limits,
)
from handoff.errors import Throttled, Unavailable
from handoff.events import AgentJoined, AgentLeft, AgentReplied, Event, FileShared, Queued
from handoff.exchange import Inbound, Request, Response
from handoff.model import Agent, Card, Link, Message
from handoff.records import EventRecord, Happening, Reply
from handoff.rules import Abilities, Rules
from handoff.store import Change, Version
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import ConversationRef, Participant, ProviderId
from tests.desks import ReadingProvider
from tests.fakes import CountingStore, FixedClock, ScriptedSend
from tests.heart import DESK, HANDOFF, Bench, turn

# Plain, four bytes for one character, two for one in JSON, six for one in JSON.
LETTERS = ("x", "🌷", '"', "\x01")

ANY = ConversationRef("any")
DESKS = (DESK, *map(ProviderId, ("second", "third", "fourth")))
ATTRIBUTES = {f"topic_{number}": f"Topic {number}" for number in range(100)}
DATA = ("customer_name", "customer_email", "customer_phone", "customer_id", "handoff_skill")
RULES = Rules(
    providers=dict.fromkeys(DESKS, Abilities(identifies=True, takes_notes=True, reads=True)),
    attributes=ATTRIBUTES,
    leave_words=frozenset({"bye"}),
)


class Desk(ReadingProvider):
    """A desk that keeps its own name, so that several can be there."""

    def __init__(self, name: ProviderId) -> None:
        super().__init__()
        self.id = name


class Line(ScriptedSend):
    """A network that a test can break; it keeps nothing of what was sent."""

    broken: Exception | None = None

    async def __call__(self, request: Request, within: float) -> Response:
        """Answer, or not."""
        if self.broken is not None:
            raise self.broken
        return Response(status=200)


class Measuring(CountingStore):
    """A store that measures each session it is given, as the codec does."""

    sizes: tuple[int, ...] = ()
    documents: tuple[int, ...] = ()

    async def commit(self, change: Change) -> Version:
        """Measure, then commit."""
        written = codec.encode(change.session, "session").encode()
        self.sizes = (*self.sizes, len(written))
        beside = (change.index, change.spilled, change.dead_letters)
        self.documents = (*self.documents, 1 + sum(map(len, beside)))
        return await super().commit(change)


class Flood(Bench):
    """The real bridge with four desks; whatever comes is as large as the limits allow.

    `letter` is what everything is made of.
    """

    def __init__(self, letter: str = "x") -> None:
        self.letter = letter
        self.desks = {name: Desk(name) for name in DESKS}
        self.line = Line()
        self.told: list[str] = []
        super().__init__(FixedClock(), RULES, self.desks[DESK])
        self.measured = Measuring(self.inner)
        self.store = self.measured
        self.bridge = self.another()

    def another(self) -> Bridge:
        """Return the bridge of one more instance."""
        return Bridge(
            store=self.store,
            providers=self.desks,
            rules=self.rules,
            caller=Caller(self.line, self.store, self.clock),
            clock=self.clock,
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return what the session was as JSON, commit by commit."""
        return self.measured.sizes

    def long(self, number: int, length: int = LONGEST_NAME) -> str:
        """Return a name of this length that no other number has."""
        return (f"{number}-" + self.letter * length)[:length]

    def text(self, size: int = LONGEST_TEXT) -> str:
        """Return the longest text that takes so many bytes, and twice as many as JSON."""
        written = len(json.dumps(self.letter, ensure_ascii=False).encode()) - 2
        return self.letter * min(size // len(self.letter.encode()), 2 * size // written)

    async def age(self) -> None:
        """Fill what fills slowly, as if all of that had happened before."""
        session = await self.session()
        old = (vendors(number, "old") for number in range(EVENTS))
        records = tuple(EventRecord(id=one, at=self.clock.now, kind="Queued") for one in old)
        line = Happening(at=self.clock.now, handoff=HANDOFF, what="turn", name="i" * 36)
        await self.write(replace(session, events=records, life=(line,) * LIFE))

    async def ask(
        self, number: int, text: str, meaning: Meaning = Meaning.OTHER, **more: Any
    ) -> Reply:
        """Make one turn, of names and parameters as long as they may be."""
        utterance = self.long(number, LONGEST_NAME - len(" handoff.availability"))
        names = ("handoff_target", *DATA, *ATTRIBUTES)
        parameters = dict.fromkeys(names, self.letter * LONGEST_VALUE)
        parameters["handoff_provider"] = DESKS[number % len(DESKS)]
        asked: Turn = turn(
            text,
            utterance,
            meaning,
            parameters=parameters,
            flow=self.letter * LONGEST_NAME,
            **more,
        )
        reply = await self.answer(within_limits(asked))
        self.told += reply.texts
        return reply

    async def hear(self, event: Event) -> None:
        """Let the desk of the open handoff tell something, in its room."""
        handoff = (await self.session()).handoff
        if handoff is None or handoff.conversation is None:
            return
        desk, room = self.desks[handoff.provider], handoff.conversation
        known = replace(event, conversation=room, thread=handoff.thread)
        body = event.id.encode()
        desk.webhooks = {body: (known,)}
        request = Inbound(method="POST", path=f"/{desk.id}", body=body)
        await self.bridge.receive(desk.id, request, Deadline.after(30))


async def begins(flood: Flood, number: int) -> None:
    """The customer asks for a person in as many words as there can be."""
    await flood.ask(number, flood.text(), Meaning.START)


async def leaves(flood: Flood, number: int) -> None:
    """The customer leaves."""
    await flood.ask(number, "bye")


async def writes(flood: Flood, number: int) -> None:
    """The customer writes the longest text."""
    await flood.ask(number, flood.text())


async def chats(flood: Flood, number: int) -> None:
    """The customer writes little."""
    await flood.ask(number, f"words {number}")


async def polls(flood: Flood, number: int) -> None:
    """The customer fetches what fits in an answer."""
    await flood.ask(number, "", Meaning.POLL)


async def shows(flood: Flood, number: int) -> None:
    """The bot shows a card, in the largest turn it can have."""
    size = LARGEST_CARD // 12  # as ASCII a character takes six, one that takes four bytes twelve
    card = Card(title="Card", text=flood.letter * size, links=(Link(title="more"),) * 3)
    bot, utterance = Participant.BOT, flood.long(number)
    line = Message(author=bot, text=flood.text(), utterance=utterance, card=card)
    await flood.ask(number, flood.text(), shown_by_bot=(line,) * 20)


async def replies(flood: Flood, number: int) -> None:
    """An agent writes a text that fills an answer, and it is fetched when somebody asks."""
    name, own = flood.letter * 200, vendors(number, "said")
    text = flood.text(20_000)
    await flood.hear(
        AgentReplied(id=own, conversation=ANY, author="anna", text=text, author_name=name)
    )


async def shares(flood: Flood, number: int) -> None:
    """An agent shares a file whose address is long."""
    url = f"https://files.example/{number}/".ljust(8_000, "x")
    name = flood.letter * 500
    await flood.hear(
        FileShared(id=vendors(number, "file"), conversation=ANY, author="ben", url=url, name=name)
    )


async def comes(flood: Flood, number: int) -> None:
    """One more agent comes, whom nobody has seen before."""
    agent = Agent(id=vendors(number, "agent"), name=flood.letter * 200)
    at = flood.clock.now
    await flood.hear(
        AgentJoined(id=vendors(number, "joined"), conversation=ANY, agent=agent, at=at)
    )


async def goes(flood: Flood, number: int) -> None:
    """An agent goes, whose name is as long as an id can be."""
    at, who = flood.clock.now, vendors(number - 1, "agent")
    await flood.hear(AgentLeft(id=vendors(number, "left"), conversation=ANY, agent_id=who, at=at))


async def waits(flood: Flood, number: int) -> None:
    """The customer's place in the queue changes."""
    await flood.hear(
        Queued(id=vendors(number, "queued"), conversation=ANY, position=number, wait_seconds=number)
    )


async def breaks(flood: Flood, number: int) -> None:
    """The provider is down, busy for minutes, or back again."""
    down = Unavailable("down", certain=True)
    flood.line.broken = (None, down, Throttled("busy", retry_after=90))[number % 3]


async def passes(flood: Flood, number: int) -> None:
    """Time passes."""
    flood.clock.advance(number % 90)


def vendors(number: int, what: str) -> str:
    """Return a vendor's id, as long as one can be."""
    return f"{what}-{number}-".ljust(LONGEST_ID - 10, "i")


Step = Callable[[Flood, int], Awaitable[None]]
STEPS: Mapping[str, Step] = {
    one.__name__: one
    for one in (
        *(begins, leaves, writes, chats, polls, shows),
        *(replies, shares, comes, goes, waits, breaks, passes),
    )
}
