"""Random interleavings of a customer's page with all that happens beside it.

Each line reaches the customer's screen once, by the page or by an answer to Dialogflow, where
streams end so that it can be written how far they came. What a stream gave out of which that was
not written may come by an answer too, or by the next handoff. What was given out and did not
reach the page is there for the page to fetch, until the next handoff begins.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from handoff.bridge import Bridge
from handoff.customer_chat import LEASE, CustomerChat
from handoff.customer_tokens import Ticket
from handoff.dialogflow.turn import Meaning
from handoff.errors import Closed, StoreError
from handoff.events import AgentTyping
from handoff.exchange import Json
from handoff.records import Reply
from handoff.tokens import Deadline
from handoff.vocabulary import HandoffId
from tests.fakes import FixedClock
from tests.frail import DEADLINE, EXAMPLES
from tests.heart import READING, blank, replied, turn
from tests.tab import OVER, Ledger, Line, Tab
from tests.test_interleavings import Interleavings
from tests.visits import PageBench

# A stream gives a sign of life before its lease runs out; its events do not wait for so long.
BEAT = 30.0

# More words at once than a session keeps.
MANY = 60

# So long a poll waits in vain, and at most for news that comes.
A_MOMENT, A_WHILE = 0.002, 20.0

MOST_LINES = 3

NOBODY = READING.texts.get("not_connected", "en")
FASTER = st.sampled_from(["", "", "", "wake", "poll", "webhook", "words", "turn", "page", "again"])
NUMBERS = st.integers(0, 5)


class Pages(Interleavings):
    """One session, one desk, the customer's pages, and everything that can happen between them."""

    bench: PageBench

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.turned_over)
        self.store.written = self.ledger.written
        self.instances = [self.bench.another_chat(), self.bench.another_chat()]
        self.tabs: dict[HandoffId, Tab] = {}
        self.lines: list[Line] = []
        self.beat_in = BEAT
        self.answers: list[str] = []  # what answers to Dialogflow showed
        self.ends: set[object] = set()  # the handoffs whose end an answer told
        self.twice: Counter[str] = Counter()  # what may be on the screen once more
        self.missing: Counter[str] = Counter()  # what may not be on it
        self.said: list[tuple[Ticket, str, str, int]] = []  # by a page: message, text, place
        self.saying = ""  # what is being said just now

    def new_bench(self) -> PageBench:
        bench = PageBench(FixedClock())
        bench.rules = READING
        return bench

    # What we look at

    def tab(self, number: int = 0) -> Tab | None:
        """Return a page that still listens, the present one first: an answer told of it."""
        handoff = self.ledger.handoff
        if handoff is not None and handoff.state.is_open and handoff.id not in self.tabs:
            ticket = Ticket(session=blank().key, handoff=handoff.id, issued_at=handoff.started_at)
            self.tabs[handoff.id] = Tab(ticket)
        there = [one for one in reversed(self.tabs.values()) if not one.finished]
        return there[number % len(there)] if there else None

    def lines_of(self, handoff: object) -> list[Line]:
        return [line for line in self.lines if line.tab.ticket.handoff == handoff]

    def hear(self, reply: Reply) -> None:
        super().hear(reply)
        handoff, words = reply.parameters.get("handoff_id"), set(self.words.values())
        texts = [text for text in reply.texts if text != NOBODY]
        for text in texts:
            word = text.rpartition(": ")[2]
            self.shown_by_answer(word if word in words else text)
        assert not (texts and self.lines_of(handoff)), "an answer says what the page gets"
        if reply.parameters.get("handoff_state") in OVER:
            self.ends.add(handoff)

    def shown_by_answer(self, line: str) -> None:
        self.answers.append(line)
        for tab in self.tabs.values():
            known = next((name for name, text in tab.doubts.items() if text == line), None)
            if known is not None:
                del tab.doubts[known]
                self.twice[line] += 1

    def turned_over(self, before: HandoffId) -> None:
        """Take note of what the next handoff may bring again, and of what it may not bring."""
        tab = self.tabs.get(before)
        if tab is None:
            return
        told = self.ledger.told[before].items()
        shown = {name: one.text for name, one in told if one.kind.is_shown}
        again = dict(tab.doubts)
        for line in self.lines_of(before):
            again |= {name: text for name, text in shown.items() if name > line.noted}
        self.twice.update(again.values())
        self.missing.update(one for name, one in shown.items() if tab.cursor < name <= tab.handed)

    # What a page hears

    @rule(which=NUMBERS, where=st.integers(0, 1), faster=FASTER, at=st.integers(0, 1))
    def page_comes(self, which: int, where: int, faster: str, at: int) -> None:
        tab = self.tab(which)
        if tab is not None and len(self.lines) < MOST_LINES:
            with self.somebody(faster, at):
                self.runner.run(self.open(tab, self.instances[where]))

    @rule(quick=st.booleans())
    def stores_tell(self, quick: bool) -> None:
        self.store.tells_at_once = quick

    async def open(self, tab: Tab, chat: CustomerChat) -> None:
        try:
            line = await self.repeated(lambda: Line.of(tab, chat))
        except Closed:
            self.refused(tab)
        else:
            tab.confirmed()
            self.lines.append(line)

    def refused(self, tab: Tab) -> None:
        """Take a 409 for the end, which it has to be."""
        tab.finished, handoff = True, self.ledger.handoff
        assert handoff is not None
        if handoff.id == tab.ticket.handoff:
            assert not handoff.state.is_open, "a page was sent away"
            assert tab.cursor == handoff.last_delivery, "a page was refused what it had not read"

    @precondition(lambda self: bool(self.lines))
    @rule(which=NUMBERS, most=st.sampled_from([None, None, None, 0, 1, 2]))
    def page_reads(self, which: int, most: int | None) -> None:
        """Let what is ready come to the page, or break off on the way."""
        self.runner.run(self.read(self.lines[which % len(self.lines)], most))

    async def read(self, line: Line, most: int | None = None) -> None:
        await self.store.look()
        broken = False
        try:
            await line.read(most)
        except StoreError:
            broken = True
        if broken or line.is_done:
            await self.end(line)

    @precondition(lambda self: bool(self.lines))
    @rule(which=NUMBERS, most=st.integers(0, 3))
    def page_goes_while_something_is_sent(self, which: int, most: int) -> None:
        """Let the server learn in the middle of it that nobody is there any more."""
        line = self.lines[which % len(self.lines)]
        given = line.stream.given
        self.runner.run(self.read(line, most))
        if line in self.lines:
            line.stream.given = given
            self.runner.run(self.end(line))
            line.tab.doubt(given)

    @precondition(lambda self: bool(self.lines))
    @rule(which=NUMBERS, faster=FASTER)
    def page_goes(self, which: int, faster: str) -> None:
        line = self.lines[which % len(self.lines)]
        with self.somebody(faster, 0):
            self.runner.run(self.end(line))

    async def end(self, line: Line) -> None:
        """Let a stream end; what of it the store could not write is doubtful."""
        if line not in self.lines:
            return
        self.lines.remove(line)
        tab, lost = line.tab, self.store.lost
        await line.opened.__aexit__(None, None, None)
        tab.handed = max(tab.handed, line.stream.given)
        if self.store.lost > lost:
            tab.doubt(line.noted)

    @rule(which=st.integers(0, 1))
    def instance_dies(self, which: int) -> None:
        """Let all its streams break off, and nobody write that they did."""
        self.store.is_cut_off = True
        for line in [one for one in self.lines if one.chat is self.instances[which]]:
            self.runner.run(self.end(line))
        self.store.is_cut_off = False
        self.instances[which] = self.bench.another_chat()

    @rule(which=NUMBERS, waits=st.booleans(), arrives=st.booleans(), faster=FASTER)
    def page_polls(self, which: int, waits: bool, arrives: bool, faster: str) -> None:
        if (tab := self.tab(which)) is not None:
            with self.somebody(faster, 0):
                self.runner.run(self.poll_by_page(tab, A_MOMENT if waits else 0, arrives=arrives))

    async def poll_by_page(self, tab: Tab, seconds: float, *, arrives: bool) -> None:
        chat = self.instances[1]
        events: list[Json] = []
        try:
            events = await self.repeated(lambda: chat.poll(tab.ticket, tab.cursor, seconds))
        except Closed:
            self.refused(tab)
        if seconds or events:
            tab.confirmed()
        if events:
            tab.handed = max(tab.handed, events[-1]["id"])
        if arrives:
            tab.take(events)

    @precondition(lambda self: bool(self.open_rooms))
    @rule()
    def news_come_while_a_page_waits(self) -> None:
        if (tab := self.tab()) is not None:
            self.runner.run(self.wait_for_news(tab))

    async def wait_for_news(self, tab: Tab) -> None:
        self.store.begins.clear()
        waiting = asyncio.create_task(self.poll_by_page(tab, A_WHILE, arrives=True))
        begun = asyncio.create_task(self.store.begins.wait())
        await asyncio.wait([waiting, begun], return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        await self.words_come()
        await self.store.look()
        handoff = self.ledger.handoff
        assert handoff is not None
        is_open = handoff.id == tab.ticket.handoff and handoff.state.is_open
        if is_open and handoff.last_delivery == tab.cursor:
            waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    # What a page says

    @rule(which=NUMBERS, faster=FASTER, at=st.integers(0, 2))
    def page_says(self, which: int, faster: str, at: int) -> None:
        if (tab := self.tab(which)) is None:
            return
        self.number += 1
        message, self.saying = f"m{self.number}", f"customer {self.number}"
        self.relayed.append(self.saying)
        with self.somebody(faster, at):
            place = self.posted(tab.ticket, message, self.saying)
        if place is not None:
            before = [known for ticket, *_, known in self.said if ticket == tab.ticket]
            assert place > max(before, default=0), "a place was given twice"
            self.said.append((tab.ticket, message, self.saying, place))
        elif self.saying in self.ledger.passed_on:
            assert faster, "a word was refused and passed on"
        else:
            self.relayed.remove(self.saying)
        self.saying = ""

    def posted(self, ticket: Ticket, message: str, text: str) -> int | None:
        """Say something until it is answered; return its place, or None for a 409."""
        chat = self.instances[0]
        try:
            return self.again(lambda: chat.say(ticket, message, text, Deadline.after(DEADLINE)))
        except Closed:
            return None

    @precondition(lambda self: bool(self.said))
    @rule(back=st.integers(1, 5))
    def page_repeats(self, back: int) -> None:
        ticket, message, text, place = self.said[-min(back, len(self.said))]
        handoff = self.ledger.handoff
        current = handoff is not None and handoff.id == ticket.handoff
        assert self.posted(ticket, message, text) == (place if current else None)

    @rule()
    def page_leaves(self) -> None:
        if (tab := self.tab()) is None:
            return
        chat, ticket = self.instances[1], tab.ticket
        with suppress(Closed):
            self.again(lambda: chat.leave(ticket, Deadline.after(DEADLINE)))
        handoff = self.session().open_handoff
        assert handoff is None or handoff.id != ticket.handoff

    # What happens at the desk beside all that

    @precondition(lambda self: bool(self.open_rooms))
    @rule(typing=st.booleans())
    def agent_types(self, typing: bool) -> None:
        self.number += 1
        room, name = self.open_rooms[-1], f"typing {self.number}"
        event = AgentTyping(id=name, conversation=room.ref, author="anna", typing=typing)
        self.told.append(self.at(room, event))
        self.webhook(1)

    @precondition(lambda self: bool(self.open_rooms))
    @rule()
    def agent_says_much(self) -> None:
        self.runner.run(self.words_come(MANY))

    async def words_come(self, count: int = 1) -> None:
        """Let an agent speak, and the desk tell of it at once."""
        if not self.open_rooms:
            return
        room, events = self.open_rooms[-1], []
        for _ in range(count):
            self.number += 1
            event = self.at(room, replied(f"agent {self.number}", self.number, room.ref))
            self.words[event.id] = f"agent {self.number}"
            events.append(event)
        self.bench.desk.happened += events
        self.told.append(events[-1])
        bridge = self.bench.another()
        await self.repeated(lambda: self.bench.tell(*events, bridge=bridge, within=DEADLINE))

    # What somebody else does meanwhile, and time

    def somebody(self, faster: str, at: int) -> AbstractContextManager[None]:
        return self.meanwhile(faster, at) if faster else nullcontext()

    def others(self) -> Mapping[str, Callable[[], Awaitable[object]]]:
        known, other, number = super().others(), self.bench.another(), self.number
        return {
            **known,
            "words": self.words_come,
            "turn": lambda: self.said_by(other, number),
            "page": self.page_comes_or_goes,
            "again": lambda: self.started_again_by(other, number),
        }

    @rule(by=st.sampled_from(["words", "turn", "page", "again"]), at=st.integers(0, 2))
    def somebody_else_is_faster(self, by: str, at: int) -> None:
        with self.meanwhile(by, at):
            self.say(Meaning.OTHER)

    async def said_by(self, other: Bridge, number: int) -> None:
        """Let the customer say something to Dialogflow."""
        text, handoff = f"customer {number}", self.ledger.handoff
        if handoff is not None and handoff.state.is_open:
            later = self.relayed[-1:] if self.is_said_later() else []
            self.relayed[len(self.relayed) - len(later) :] = [text, *later]
        reply = await self.turn_of(other, f"t{number}", text, Meaning.OTHER)
        if text in self.relayed and not reply.mute and text not in self.ledger.passed_on:
            self.relayed.remove(text)

    def is_said_later(self) -> bool:
        """Say whether what is being said was not accepted yet."""
        return bool(self.relayed) and self.relayed[-1] not in self.ledger.passed_on

    async def started_again_by(self, other: Bridge, number: int) -> None:
        """Let the customer leave by Dialogflow, and ask for somebody again."""
        await self.turn_of(other, f"e{number}", "", Meaning.END)
        await self.turn_of(other, f"s{number}", "somebody", Meaning.START)

    async def turn_of(self, other: Bridge, name: str, text: str, meaning: Meaning) -> Reply:
        asked = turn(text, name, meaning, self.dialect, said_by_bot=("a bot text",))
        reply = await self.repeated(lambda: other.answer(asked, Deadline.after(DEADLINE)))
        self.hear(reply)
        return reply

    async def page_comes_or_goes(self) -> None:
        if self.lines:
            await self.end(self.lines[-1])
        elif (tab := self.tab()) is not None:
            await self.open(tab, self.instances[1])

    def advance(self, seconds: float) -> None:
        """Let time pass, in which streams bring what there is, and give signs of life."""
        while seconds > 0:
            step = min(seconds, self.beat_in)
            super().advance(step)
            for line in self.lines:
                line.grow_older(step)
            seconds, self.beat_in = seconds - step, self.beat_in - step
            if self.beat_in <= 0:
                self.beat_in = BEAT
                self.runner.run(self.live())

    async def live(self) -> None:
        for line in tuple(self.lines):
            await self.read(line)
            if line.is_deaf:
                await self.end(line)

    # What must hold

    def check_heard(self) -> None:
        words, shown = set(self.words.values()), Counter(self.heard)
        assert _is_in_order(self.heard, self.accepted)
        for tab in self.tabs.values():
            by_page = [text for text in tab.texts().values() if text in words]
            assert _is_in_order(by_page, self.accepted)
            shown.update(by_page)
        assert not shown - Counter(words) - self.twice, "a word was shown twice"

    def come_to_rest(self) -> None:
        self.store.tells_at_once = True
        self.runner.run(self.come_home())
        self.advance(LEASE.total_seconds() + BEAT)
        super().come_to_rest()
        self.runner.run(self.come_home())
        before = -1
        while len(self.answers) > before:
            before = len(self.answers)
            self.poll()

    async def come_home(self) -> None:
        """Let each page fetch what there is, and go."""
        for line in tuple(self.lines):
            await self.end(line)
        for tab in [one for one in self.tabs.values() if not one.finished]:
            await self.open(tab, self.instances[0])
            for line in tuple(self.lines):
                await self.read(line)
                await self.end(line)

    def check_all_heard(self) -> None:
        screen = Counter(self.answers)
        for tab in self.tabs.values():
            screen.update(tab.texts().values())
        assert not self.ledger.due - screen - self.missing, "something was not shown"
        assert not screen - self.ledger.due - self.twice, "something was shown twice"
        self.check_end()

    def check_end(self) -> None:
        """See that the end was told, or none where there was none."""
        handoff = self.ledger.handoff
        assert handoff is not None
        tab = self.tabs.get(handoff.id)
        told = [one["state"] for one in tab.events if one.get("state") in OVER] if tab else []
        if tab is not None:
            assert told == ([] if handoff.state.is_open else [handoff.state.value])
        assert (handoff.id in self.ends) is not handoff.state.is_open


def _is_in_order(some: Iterable[str], words: Iterable[str]) -> bool:
    """Say whether these are some of the words, each once, in the order of all."""
    rest = iter(words)
    return all(one in rest for one in some)


TestPages = Pages.TestCase
TestPages.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    print_blob=True,
)
