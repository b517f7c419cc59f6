"""What the tests of the decisions share: sessions in every state, turns, events, and a bench."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from handoff import jobs, lifecycle
from handoff.bridge import Bridge
from handoff.clock import Sleep
from handoff.dialogflow.turn import Meaning, Turn
from handoff.events import AgentJoined, AgentReplied, Closer, ConversationClosed, Event
from handoff.exchange import Inbound
from handoff.model import Agent, Contact, Handoff, Job, Message, Session
from handoff.records import Reply
from handoff.rules import Abilities, Rules
from handoff.sqlite import SqliteStore
from handoff.store import Change, session_key
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import (
    ContactRef,
    ConversationRef,
    Dialect,
    HandoffId,
    JobKind,
    Participant,
    ProviderId,
    Reason,
    SessionId,
    State,
    ThreadRef,
)
from tests.desks import ScriptedProvider
from tests.fakes import CountingStore, FixedClock, ScriptedSend

NOW = FixedClock().now
DESK = ProviderId("desk")
SESSION = SessionId("projects/p/agent/sessions/s1")
ROOM, THREAD = ConversationRef("room-1"), ThreadRef("thread-1")
HANDOFF = HandoffId("ho-1")
ANNA = Agent(id="anna", name="Anna")
BEN = Agent(id="ben", name="Ben")
HERE = replace(ANNA, announced=True)
CONTACT = Contact(ref=ContactRef("customer-1"))
RULES = Rules(
    providers={DESK: Abilities(identifies=True, takes_notes=True)},
    leave_words=frozenset({"bye agent"}),
)
READING = replace(RULES, providers={DESK: Abilities(identifies=True, takes_notes=True, reads=True)})
ENDED = {State.CLOSED: Reason.AGENT_CLOSED, State.FAILED: Reason.PROVIDER_ERROR}


def seconds(number: float) -> timedelta:
    """Return so much time."""
    return timedelta(seconds=number)


def blank(dialect: Dialect = Dialect.CX) -> Session:
    """Return a session that nothing happened in."""
    return Session(key=session_key(SESSION), id=SESSION, dialect=dialect, language="en")


def handoff_in(state: State) -> Handoff:
    """Return a handoff that came to `state` in the ordinary way."""
    opened = state is not State.REQUESTED and state is not State.FAILED
    return Handoff(
        id=HANDOFF,
        provider=DESK,
        started_at=NOW,
        state=state,
        reason=ENDED.get(state),
        conversation=ROOM if opened else None,
        thread=THREAD if opened else None,
        agents=(HERE,) if state is State.ACTIVE else (),
        speaker="Anna" if state is State.ACTIVE else "",
        connecting_told=True,
    )


def session_in(state: State | None, dialect: Dialect = Dialect.CX) -> Session:
    """Return a session whose handoff is in `state`, or that had none."""
    handoff = handoff_in(state) if state else None
    return replace(blank(dialect), handoff=handoff, contacts={DESK: CONTACT}, handoffs=1)


def with_handoff(session: Session, **changes: Any) -> Session:
    """Return the session with other values in its handoff."""
    assert session.handoff is not None
    return replace(session, handoff=replace(session.handoff, **changes))


def handoff_of(session: Session) -> Handoff:
    """Return the handoff that must be there."""
    assert session.handoff is not None
    return session.handoff


def turn(
    text: str = "hello",
    utterance: str = "u1",
    meaning: Meaning = Meaning.OTHER,
    dialect: Dialect = Dialect.CX,
    said_by_bot: tuple[str, ...] = (),
    **more: Any,
) -> Turn:
    """Return a turn as its dialect's parser makes it."""
    bot = Participant.BOT
    lines = (Message(author=bot, text=one, utterance=utterance) for one in said_by_bot)
    identity = f"{utterance} {meaning}" if dialect is Dialect.CX else utterance
    asked = Turn(
        id=identity,
        utterance=utterance,
        session=SESSION,
        dialect=dialect,
        meaning=meaning,
        text=text,
        language="en",
        shown_by_bot=tuple(lines),
    )
    return replace(asked, **more)


def replied(text: str = "Hi", number: int = 1, room: ConversationRef = ROOM) -> AgentReplied:
    """Return words of Anna's in a room of the scripted desk."""
    return AgentReplied(id=f"{room}:said:{number}", conversation=room, author="anna", text=text)


def joined(agent: Agent = ANNA, room: ConversationRef = ROOM) -> AgentJoined:
    """Return somebody's arrival."""
    return AgentJoined(id=f"{room}:joined:{agent.id}", conversation=room, agent=agent)


def closed(by: Closer = Closer.AGENT, room: ConversationRef = ROOM) -> ConversationClosed:
    """Return the end of a conversation."""
    return ConversationClosed(id=f"{room}:closed", conversation=room, by=by)


def notices(session: Session) -> list[str]:
    """Return all that the customer is to see of the handoff."""
    return [one.text for one in handoff_of(session).deliveries]


def after_event(session: Session, *events: Event) -> Session:
    """Return the session after what the desk told."""
    for event in events:
        session = lifecycle.apply(session, event, RULES, NOW)
    return session


def queue(session: Session, *kinds: JobKind) -> Session:
    """Return the session with more jobs for its handoff; messages say which job they are."""
    for kind in kinds:
        text = f"text {session.last_job + 1}" if kind is JobKind.SEND else ""
        session = jobs.add(session, kind, handoff_of(session), NOW, text=text)
    return session


def head(session: Session) -> Job:
    """Return the first job."""
    return session.outbox[0]


def kinds(session: Session) -> list[JobKind]:
    """Return what waits in the outbox."""
    return [job.kind for job in session.outbox]


class Bench:
    """The real bridge over a real store, with a scripted desk and a clock that stands."""

    def __init__(
        self, clock: FixedClock, rules: Rules = RULES, desk: ScriptedProvider | None = None
    ) -> None:
        self.clock = clock
        self.inner = SqliteStore(":memory:", clock=clock)
        self.store = CountingStore(self.inner)
        self.send = ScriptedSend()
        self.desk = desk or ScriptedProvider()
        self.rules = rules
        self.answered: set[str] = set()  # the events of webhooks that were answered 200
        self.sleep: Sleep = asyncio.sleep
        self.deadline: Callable[[float], Deadline] = Deadline.after
        self.bridge = self.another()

    def another(self) -> Bridge:
        """Return the bridge of one more instance."""
        return Bridge(
            store=self.store,
            providers={DESK: self.desk},
            rules=self.rules,
            caller=Caller(self.send, self.store, self.clock),
            clock=self.clock,
            sleep=self.sleep,
        )

    async def answer(self, asked: Turn, within: float = 30.0) -> Reply:
        """Let Dialogflow ask."""
        return await self.bridge.answer(asked, self.deadline(within))

    async def say(self, text: str, utterance: str, meaning: Meaning = Meaning.OTHER) -> Reply:
        """Let the customer say something."""
        return await self.answer(turn(text, utterance, meaning))

    async def start(self, utterance: str = "start") -> Reply:
        """Let the customer ask for a person."""
        return await self.say("a person please", utterance, Meaning.START)

    async def poll(self, utterance: str) -> Reply:
        """Let the page ask whether there is anything."""
        return await self.say("", utterance, Meaning.POLL)

    async def tell(
        self, *events: Event, bridge: Bridge | None = None, within: float = 30.0
    ) -> None:
        """Let the desk tell something by one webhook."""
        body = repr(events).encode()
        self.desk.webhooks[body] = events
        request = Inbound(method="POST", path="/desk", body=body)
        await (bridge or self.bridge).receive(DESK, request, self.deadline(within))
        self.answered |= {one.id for one in events}

    async def session(self) -> Session:
        """Return the session as it is stored."""
        stored = await self.inner.load(session_key(SESSION))
        assert stored is not None
        assert stored.session is not None
        return stored.session

    async def write(self, session: Session) -> None:
        """Put a session into the store, over whatever is there."""
        stored = await self.inner.load(session.key)
        index = [(DESK, str(ROOM)), *((DESK, str(one.ref)) for one in session.contacts.values())]
        version = stored.version if stored else None
        await self.inner.commit(Change(session=session, version=version, index=index))

    async def handoff(self) -> Handoff:
        """Return the stored handoff."""
        return handoff_of(await self.session())

    async def letters(self) -> list[tuple[str, str]]:
        """Return text and reason of each dead letter."""
        return [(one.job.text, one.reason) for one in await self.inner.dead_letters()]
