"""Random interleavings with a vendor that tells no end: nobody is called who has gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from handoff import leaving
from handoff.dialogflow.turn import Meaning
from handoff.errors import ProviderError, StoreError, TooEarly
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Event,
    Queued,
    Transferred,
    WentIdle,
)
from handoff.exchange import Exchange
from handoff.model import Agent, Session
from handoff.providers.base import Conversation, Outgoing
from handoff.rules import Abilities
from handoff.vocabulary import Dialect, JobKind
from tests.desks import Fault, LeavingProvider, Room
from tests.fakes import FixedClock
from tests.frail import EXAMPLES, FAILURES, LONGEST_STEP, MOST_FAULTS, FrailStore, moment, still
from tests.heart import ANNA, BEN, DESK, RULES, Bench, blank, joined, replied, turn

LEAVING = replace(RULES, providers={DESK: Abilities(leaving_ends=True)})
GRACE = LEAVING.leave_grace.total_seconds()

# A transfer comes before the leaving that it explains; who stays can speak after another left.
NEAR_A_LEAVING = (Transferred, AgentJoined, AgentReplied)


class ForgetfulDesk(LeavingProvider):
    """A desk where a word after the end calls a new agent; `called` are the words that did."""

    def __init__(self) -> None:
        super().__init__()
        self.over = False
        self.called: list[str] = []

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Say it, to whoever has to come for it."""
        if self.over:
            self.called.append(message.text)
            self.over = False
        return super().send(conversation, message)


class Leavings(RuleBasedStateMachine):
    """One session, one desk that tells no end, and everything that can happen between them."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.desk = ForgetfulDesk()
        self.bench = Bench(FixedClock(), LEAVING, self.desk)
        self.store = FrailStore(self.bench.inner)
        self.bench.store = self.store
        self.bench.sleep = moment
        self.bench.deadline = lambda _: still()
        self.bench.bridge = self.bench.another()
        self.number = 0
        self.there: set[str] = set()  # who is in the room, as the desk sees it
        self.relayed: list[str] = []
        self.late: set[str] = set()  # said while it was open whether it is the end
        self.released: set[str] = set()  # of these, what somebody who came could take
        self.idle_at = self.left_at = self.bench.clock.now
        self.told: list[Event] = []

    def session(self) -> Session:
        stored = self.runner.run(self.bench.inner.load(blank().key))
        return stored.session if stored and stored.session else blank()

    @property
    def room(self) -> Room | None:
        rooms = [one for one in self.desk.rooms if not one.closed]
        return rooms[-1] if rooms else None

    def next(self) -> int:
        """Return a new number; the vendor's clock moves with it."""
        self.number += 1
        return self.number

    # What happens on Dialogflow's side

    @initialize()
    def begin(self) -> None:
        self.ask("a person", Meaning.START)

    @rule()
    def start(self) -> None:
        if self.session().open_handoff is None:
            self.there.clear()
            self.desk.over = False
            self.told.clear()
        self.say(Meaning.START)

    @rule(meaning=st.sampled_from([Meaning.OTHER, Meaning.MESSAGE]))
    def say(self, meaning: Meaning) -> None:
        text, before = f"customer {self.next()}", self.session()
        if before.open_handoff is not None:
            self.relayed.append(text)
            if leaving.question(before) is not None:
                self.late.add(text)
        self.ask(text, meaning)

    @rule()
    def poll(self) -> None:
        self.ask("", Meaning.POLL)

    @rule()
    def leave(self) -> None:
        self.ask("", Meaning.END)

    def ask(self, text: str, meaning: Meaning) -> None:
        asked = turn(text, f"u{self.next()}", meaning, Dialect.CX, said_by_bot=("a bot text",))
        try:
            reply = self.runner.run(self.bench.answer(asked))
        except StoreError:
            reply = self.runner.run(self.bench.answer(asked))
        assert reply.mute or self.session().open_handoff is None, "the bot spoke in a handoff"

    # What happens at the desk

    def tell(self, event: Event, *, now: bool) -> None:
        at = self.bench.clock.now + timedelta(milliseconds=self.next())
        self.told.append(replace(event, id=f"{type(event).__name__} {self.number}", at=at))
        if now:
            self.webhook(1)

    @precondition(lambda self: self.room is not None)
    @rule(agent=st.sampled_from([ANNA, BEN]), now=st.booleans())
    def comes(self, agent: Agent, now: bool) -> None:
        assert self.room is not None
        self.there.add(agent.id)
        self.desk.over = False
        self.tell(joined(agent, self.room.ref), now=now)

    @precondition(lambda self: self.room is not None and self.there)
    @rule(now=st.booleans())
    def agent_says(self, now: bool) -> None:
        assert self.room is not None
        said = replied(f"agent {self.number}", self.number, self.room.ref)
        self.tell(replace(said, author=min(self.there)), now=now)

    @precondition(lambda self: self.room is not None and self.there)
    @rule(now=st.booleans(), way=st.sampled_from(["ends", "transfers", "queues"]))
    def goes(self, now: bool, way: str) -> None:
        assert self.room is not None
        ref, who = self.room.ref, min(self.there)
        if way == "transfers":
            self.tell(Transferred(id="", conversation=ref), now=now)
            self.there.clear()
        self.there.discard(who)
        self.tell(AgentLeft(id="", conversation=ref, agent_id=who), now=now)
        if way == "ends" and not self.there:
            self.desk.over = True
            self.tell(WentIdle(id="", conversation=ref), now=now)
        elif not self.there:
            self.tell(Queued(id="", conversation=ref), now=now)

    @precondition(lambda self: bool(self.told))
    @rule(back=st.integers(1, 6))
    def webhook(self, back: int) -> None:
        """Let the desk tell something: late, out of order, or again."""
        event = self.told[-min(back, len(self.told))]
        for _ in range(2):
            try:
                self.runner.run(self.bench.tell(event))
            except StoreError:
                continue
            except TooEarly:
                return  # the desk will tell it again
            break
        self.heard_of(event)

    def heard_of(self, event: Event) -> None:
        """Whoever was there or looked for after all that we heard of leaving takes what waits."""
        assert event.at is not None
        if isinstance(event, WentIdle | AgentLeft):
            rests = isinstance(event, WentIdle)
            self.idle_at = max(self.idle_at, event.at) if rests else self.idle_at
            self.left_at = max(self.left_at, event.at)
        elif event.at > (self.idle_at if isinstance(event, NEAR_A_LEAVING) else self.left_at):
            self.released |= self.late

    # What goes wrong, and time

    @precondition(lambda self: len(self.desk.faults) < MOST_FAULTS)
    @rule(verb=st.sampled_from(["send", "confirm_end", "close"]), failure=st.sampled_from(FAILURES))
    def desk_fails(self, verb: str, failure: tuple[ProviderError, bool]) -> None:
        self.desk.faults.append(Fault(verb=verb, error=failure[0], after=failure[1]))

    @rule(after=st.integers(0, 3), loses_answer=st.booleans())
    def process_will_die(self, after: int, loses_answer: bool) -> None:
        self.store.dies_after, self.store.loses_answer = after, loses_answer

    @rule(step=st.sampled_from([0.5, LONGEST_STEP, GRACE / 2, GRACE]))
    def time_passes(self, step: float) -> None:
        self.bench.clock.advance(step)

    # What must hold

    @invariant()
    def nobody_is_called_by_a_word_that_came_late(self) -> None:
        assert not (self.late - self.released) & set(self.desk.called)

    @invariant()
    def customers_words_arrive_once_and_in_order(self) -> None:
        said = self.desk.said
        assert said == [text for text in self.relayed if text in set(said)]
        letters = {text for text, _ in self.runner.run(self.bench.letters())}
        waiting = {job.text for job in self.session().outbox if job.kind is JobKind.SEND}
        assert set(self.relayed) <= {*said, *waiting, *letters, *self.late}, "a message was lost"

    @invariant()
    def deliveries_have_no_gaps(self) -> None:
        handoff = self.session().handoff
        if handoff is not None:
            first = handoff.last_delivery - len(handoff.deliveries) + 1
            wanted = list(range(first, handoff.last_delivery + 1))
            assert [one.id for one in handoff.deliveries] == wanted

    @invariant()
    def there_is_one_question_at_most(self) -> None:
        kinds = [job.kind for job in self.session().outbox]
        assert kinds.count(JobKind.CONFIRM) <= 1

    def teardown(self) -> None:
        """Let the world be well and all be told: then nothing waits."""
        try:
            self.store.dies_after = None
            self.desk.faults.clear()
            for back in range(len(self.told), 0, -1):
                self.webhook(back)
            for _ in range(60):
                self.bench.clock.advance(GRACE)
                self.poll()
                if not self.session().outbox:
                    break
            assert self.session().outbox == ()
            self.nobody_is_called_by_a_word_that_came_late()
            still = self.session().open_handoff
            if self.room is None or self.desk.over:
                assert still is None, "the end was missed"
        finally:
            self.runner.run(self.bench.inner.close())
            self.runner.close()


TestLeavings = Leavings.TestCase
TestLeavings.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    print_blob=True,
)
