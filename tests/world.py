"""A session, a desk, and what can happen between them, for property tests to choose from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from handoff.bridge import Bridge
from handoff.dialogflow.turn import Meaning, Turn
from handoff.errors import ProviderError, Rejected, StoreError
from handoff.events import AgentLeft, Closer, Event
from handoff.model import Session
from handoff.records import Reply
from handoff.vocabulary import ConversationRef, Dialect, JobKind
from handoff.waking import Waker
from tests.desks import Fault, ReadingProvider, Room
from tests.fakes import FixedClock
from tests.frail import (
    LONGEST_STEP,
    FrailSend,
    FrailStore,
    Killed,
    moment,
    still,
)
from tests.heart import ANNA, BEN, READING, Bench, blank, closed, joined, replied, turn

T = TypeVar("T")

# Longer than a customer waits for somebody, and than one may be silent.
LONG_SILENCE = 700

# One of the store and one of a call.
MOST_DEATHS = 2


class World(RuleBasedStateMachine):
    """One session, one desk, what can happen between them, and what must hold; no rules yet."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.bench = self.new_bench()
        self.store = FrailStore(self.bench.inner)
        self.bench.store = self.store
        self.bench.send = self.send = FrailSend()
        self.bench.sleep = moment
        self.bench.deadline = lambda _: still()
        self.bench.bridge = self.bench.another()
        self.dialect = Dialect.CX
        self.number = 0
        self.turns: list[tuple[Turn, Reply]] = []
        self.relayed: list[str] = []  # what the customer said to a person, as we accepted it
        self.heard: list[str] = []  # what answers to Dialogflow carried, of what agents said
        self.words: dict[str, str] = {}  # what agents said, by the id of its event
        self.accepted: list[str] = []  # the same, as we accepted it
        self.told: list[Event] = []
        self.early: list[Event] = []  # what came before its conversation was known as ours

    def new_bench(self) -> Bench:
        return Bench(FixedClock(), READING, ReadingProvider())

    # What we look at

    def session(self) -> Session:
        key = blank().key
        stored = self.runner.run(self.bench.inner.load(key))
        return stored.session if stored and stored.session else blank()

    @property
    def open_rooms(self) -> list[Room]:
        return [room for room in self.bench.desk.rooms if not room.closed]

    def known_rooms(self) -> list[Room]:
        """Return the open rooms, but those of which somebody was alarmed that they may be open."""
        letters = self.runner.run(self.store.dead_letters())
        opened = {one.job.handoff for one in letters if one.job.kind is JobKind.OPEN}
        unclosed = {one.job.conversation for one in letters if one.job.kind is JobKind.CLOSE}
        return [
            room
            for room in self.open_rooms
            if room.opening.handoff.id not in opened and room.ref not in unclosed
        ]

    def dead(self) -> list[str]:
        return [text for text, _ in self.runner.run(self.bench.letters())]

    # What happens on Dialogflow's side

    def begin(self, dialect: Dialect, verb: str, failure: tuple[ProviderError, bool]) -> None:
        self.dialect = dialect
        self.say(Meaning.OTHER)
        if verb:
            self.desk_will_fail(verb, *failure)
        self.start()

    def say(self, meaning: Meaning) -> None:
        self.number += 1
        text = f"customer {self.number}"
        if self.session().open_handoff is not None:
            self.relayed.append(text)
        reply = self.ask(text, meaning)
        known = text in self.known()
        if text in self.relayed and not known and (reply.started or not reply.mute):
            self.relayed.remove(text)  # the end came first: it was the bot's, or began anew
        elif text not in self.relayed and known:
            self.relayed.append(text)  # a handoff began just before

    def start(self) -> None:
        self.say(Meaning.START)

    def poll(self) -> None:
        self.ask("", Meaning.POLL)

    def leave(self) -> None:
        self.ask("", Meaning.END)

    def start_over(self) -> None:
        self.leave()
        self.start()

    def known(self) -> set[str]:
        """Return the customer's words that reached the desk, wait, or were given up."""
        waiting = [job.text for job in self.session().outbox if job.text]
        return {*self.bench.desk.said, *waiting, *self.dead()}

    def ask(self, text: str, meaning: Meaning) -> Reply:
        self.number += 1
        asked = turn(text, f"u{self.number}", meaning, self.dialect, said_by_bot=("a bot text",))
        reply = self.answered(asked)
        self.turns.append((asked, reply))
        self.hear(reply)
        assert reply.mute or self.session().open_handoff is None, "the bot spoke in a handoff"
        return reply

    def hear(self, reply: Reply) -> None:
        known = set(self.words.values())
        self.heard += [word for one in reply.texts if (word := one.rpartition(": ")[2]) in known]

    def answered(self, asked: Turn) -> Reply:
        """Ask as Dialogflow does: again when there was no answer."""
        return self.again(lambda: self.bench.answer(asked))

    def again(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again when the process died over it."""
        return self.runner.run(self.repeated(ask))

    async def repeated(self, ask: Callable[[], Awaitable[T]]) -> T:
        for _ in range(MOST_DEATHS):
            try:
                return await ask()
            except (StoreError, Killed):
                continue
        return await ask()

    def repeat_turn(self, back: int) -> None:
        asked, reply = self.turns[-min(back, len(self.turns))]
        if asked.meaning is Meaning.POLL and not reply.texts:
            return  # an empty poll leaves no trace: its repeat may bring what came meanwhile
        assert self.answered(asked) == reply

    # What happens at the desk

    def agent_says(self, times: int) -> None:
        self.number += 1
        room = self.open_rooms[-1]
        event = self.at(room, replied(f"agent {self.number}", self.number, room.ref))
        self.words[event.id] = f"agent {self.number}"
        self.bench.desk.happened.append(event)
        self.told.append(event)
        for _ in range(times):
            self.webhook(1)

    def agent_comes_or_goes(self, agent: object, leaves: bool) -> None:
        self.number += 1
        room, who = self.open_rooms[-1], ANNA if agent == ANNA else BEN
        left = AgentLeft(id=f"left {self.number}", conversation=room.ref, agent_id=who.id)
        came = replace(joined(who, room.ref), id=f"joined {self.number}")
        self.told.append(self.at(room, left if leaves else came))

    def agent_closes(self) -> None:
        room = self.open_rooms[-1]
        room.closed = True
        self.told.append(self.at(room, closed(Closer.AGENT, room.ref)))

    def agent_is_faster_than_the_opening(self) -> None:
        """Let words come by a conversation that is not known yet, and by no other name."""
        self.leave()
        rooms, desk = len(self.bench.desk.rooms), self.bench.desk
        self.number += 1
        text, number = f"agent {self.number}", self.number

        async def speaks() -> None:
            if len(desk.rooms) > rooms:
                self.store.meanwhile = None
                room = desk.rooms[-1]
                event = replace(replied(text, number, room.ref), thread=room.thread)
                self.words[event.id] = text
                desk.happened.append(event)
                self.early.append(event)
                await self.bench.tell(event, bridge=self.bench.another())

        self.store.meanwhile = speaks
        self.start()
        self.store.meanwhile = None

    def desk_tells_of_a_close(self) -> None:
        room = next(room for room in reversed(self.bench.desk.rooms) if room.closed)
        self.told.append(self.at(room, closed(Closer.CUSTOMER, room.ref)))

    def at(self, room: Room, event: Event) -> Event:
        assert room.opening.contact is not None
        return replace(event, thread=room.thread, contact=room.opening.contact.ref)

    def webhook(self, back: int) -> None:
        """Let the desk tell something: late, out of order, or again."""
        event = self.told[-min(back, len(self.told))]
        before = self.session().open_handoff
        self.again(lambda: self.bench.tell(event))
        ours = before is not None and before.conversation == event.conversation
        if ours and event.id in self.words:
            assert event.id in [one.id for one in self.session().events], "an event was lost"

    # What nobody asks for

    def wake(self) -> None:
        self.again(lambda: self.bench.another().wake(blank().key, still()))

    def sweep(self) -> None:
        waker = Waker(self.bench.another(), self.store)
        self.again(lambda: waker.wake({}, still()))

    def long_silence(self) -> None:
        """Let timers pass, and whoever looks first find that they did."""
        self.time_passes(LONG_SILENCE)
        self.wake()

    # What goes wrong

    def somebody_is_faster(self, by: str, at: int) -> None:
        """Let another instance do something whole between a decision and its commit."""
        with self.meanwhile(by, at):
            self.say(Meaning.OTHER)

    @contextmanager
    def meanwhile(self, by: str, at: int) -> Iterator[None]:
        """Let another instance do something whole before one of the next commits."""
        waits, others = at, self.others()

        async def comes() -> None:
            nonlocal waits
            waits -= 1
            if waits < 0:
                self.store.meanwhile = None
                await others[by]()

        self.store.meanwhile = comes
        yield
        self.store.meanwhile = None

    def others(self) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return what another instance can do, by name."""
        self.number += 1
        other, number = self.bench.another(), self.number
        return {
            "wake": lambda: other.wake(blank().key, still()),
            "poll": lambda: self.polled_by(other, number),
            "webhook": lambda: self.told_by(other),
        }

    async def polled_by(self, other: Bridge, number: int) -> None:
        asked = turn("", f"o{number}", Meaning.POLL, self.dialect)
        self.hear(await self.repeated(lambda: other.answer(asked, still())))

    async def told_by(self, other: Bridge) -> None:
        if self.told:
            await self.bench.tell(self.told[-1], bridge=other)

    def desk_fails(self, verb: str, failure: tuple[ProviderError, bool]) -> None:
        self.desk_will_fail(verb, *failure)
        {"send": self.start, "close": self.leave}.get(verb, self.start_over)()
        self.time_passes(LONGEST_STEP)

    def desk_will_fail(self, verb: str, error: ProviderError, after: bool) -> None:
        self.bench.desk.faults.append(Fault(verb=verb, error=error, after=after))

    def desk_will_refuse_a_message(self) -> None:
        self.bench.desk.faults.append(Fault(verb="send", error=Rejected("no")))

    def process_will_die(self, after: int, loses_answer: bool) -> None:
        self.store.dies_after, self.store.loses_answer = after, loses_answer

    def process_will_die_in_a_call(self, after: int) -> None:
        self.send.dies_after = after

    def process_dies_at_work(self, loses_answer: bool) -> None:
        """Let the desk do what was asked, and nobody write it down."""
        self.process_will_die(1, loses_answer)
        self.say(Meaning.OTHER)
        self.time_passes(LONGEST_STEP)

    def time_passes(self, step: float) -> None:
        self.advance(step)

    def advance(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)

    @invariant()
    def at_most_one_conversation_is_open(self) -> None:
        assert len(self.known_rooms()) <= 1, self.bench.desk.rooms

    @invariant()
    def customers_words_arrive_once_and_in_order(self) -> None:
        said = self.bench.desk.said
        assert said == [text for text in self.relayed if text in set(said)]
        assert set(self.relayed) <= self.known(), "a message was lost"

    @invariant()
    def agents_words_arrive_once_and_in_order(self) -> None:
        for record in self.session().events:
            text = self.words.get(record.id)
            if text and text not in {*self.accepted, *self.dead()}:
                self.accepted.append(text)
        self.check_heard()

    def check_heard(self) -> None:
        """Compare what the customer was shown so far with what we accepted."""
        assert self.heard == self.accepted[: len(self.heard)]

    @invariant()
    def what_came_too_early_is_not_lost(self) -> None:
        session = self.session()
        handoff, known = session.open_handoff, {one.id for one in session.events}
        looks = {JobKind.OPEN, JobKind.LOOK}  # an opening in doubt is followed by a look
        if handoff is None or any(job.kind in looks for job in session.outbox):
            return
        ours = [one for one in self.early if one.conversation == handoff.conversation]
        assert {one.id for one in ours} <= known, "words that came too early were lost"

    @invariant()
    def deliveries_have_no_gaps(self) -> None:
        handoff = self.session().handoff
        if handoff is not None:
            first = handoff.last_delivery - len(handoff.deliveries) + 1
            wanted = list(range(first, handoff.last_delivery + 1))
            assert [one.id for one in handoff.deliveries] == wanted

    def teardown(self) -> None:
        """Let the world be well again: then nothing waits, and nothing was lost."""
        try:
            self.store.dies_after = self.send.dies_after = None
            self.bench.desk.faults.clear()
            self.come_to_rest()
            self.poll()
            self.agents_words_arrive_once_and_in_order()
            assert self.session().outbox == ()
            assert set(self.relayed) <= {*self.bench.desk.said, *self.dead()}
            answered = {text for name, text in self.words.items() if name in self.bench.answered}
            assert answered <= {*self.accepted, *self.dead()}, "a webhook was forgotten"
            self.check_all_heard()
            still = self.session().open_handoff
            rooms: list[ConversationRef] = [room.ref for room in self.known_rooms()]
            assert rooms == [] or (still is not None and rooms == [still.conversation])
        finally:
            self.runner.run(self.bench.inner.close())
            self.runner.close()

    def come_to_rest(self) -> None:
        """Let time pass until nothing waits."""
        for _ in range(60):
            self.advance(LONGEST_STEP)
            self.sweep()
            if not self.session().outbox and not self.runner.run(self.store.due(10)):
                return
        raise AssertionError("a session does not come to rest")

    def check_all_heard(self) -> None:
        """Compare what the customer was shown in the end with what we accepted."""
        assert self.heard == self.accepted
