"""A customer's pages beside all that happens between a session and a desk, and what they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from handoff.bridge import Bridge
from handoff.customer_chat import LEASE, CustomerChat
from handoff.customer_tokens import Ticket
from handoff.deliveries import Delivery
from handoff.dialogflow.turn import Meaning
from handoff.earlier import MOST_EARLIER
from handoff.errors import Closed, StoreError
from handoff.exchange import Json
from handoff.model import Session
from handoff.records import Reply
from handoff.vocabulary import HandoffId
from tests.fakes import FixedClock
from tests.frail import still
from tests.heart import DESK, READING, blank, replied, turn
from tests.tab import OVER, Ledger, Line, Tab
from tests.visits import PageBench, WatchingDesk
from tests.world import World

# A stream gives a sign of life before its lease runs out; its events do not wait for so long.
BEAT = 30.0

NOBODY = READING.texts.get("not_connected", "en")

WATCHING = replace(READING, providers={DESK: replace(READING.providers[DESK], shows_presence=True)})


class PageWorld(World):
    """One session, one desk, the customer's pages, and what must hold; no rules yet."""

    bench: PageBench

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.left_over)
        self.store.written = self.ledger.written
        self.instances = [self.bench.another_chat(), self.bench.another_chat()]
        self.tabs: dict[HandoffId, Tab] = {}
        self.lines: list[Line] = []
        self.beat_in = BEAT
        self.answers: list[str] = []  # what answers to Dialogflow showed
        self.ends: set[object] = set()  # the handoffs whose end an answer told
        self.twice: Counter[str] = Counter()  # what may be on the screen once more
        self.late: list[str] = []  # what its page left over when the next handoff had begun
        self.said: list[tuple[Ticket, str, str, int]] = []  # by a page: message, text, place
        self.posting: tuple[Ticket, str, str]  # what it says just now

    def new_bench(self) -> PageBench:
        bench = PageBench(FixedClock())
        bench.desk, bench.rules = WatchingDesk(), WATCHING
        return bench

    # What we look at

    def session(self) -> Session:
        return self.ledger.session or blank()

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
        lives = any(not line.is_ending for line in self.lines_of(handoff))
        assert not (texts and lives), "an answer says what the page gets"
        if reply.parameters.get("handoff_state") in OVER:
            self.ends.add(handoff)

    def shown_by_answer(self, line: str) -> None:
        self.answers.append(line)
        for tab in self.tabs.values():
            known = next((name for name, text in tab.doubts.items() if text == line), None)
            if known is not None:
                del tab.doubts[known]
                self.twice[line] += 1

    def left_over(self, owner: HandoffId, copied: Sequence[Delivery], begins: bool) -> None:
        """Take note of what the next handoff tells: again where nobody knew that it was shown."""
        tab = self.tabs.get(owner)
        for one in copied:
            if tab is not None and tab.doubts.pop(one.id, ""):
                self.twice[one.text] += 1
            if not begins:
                self.late.append(one.text)

    # What a page hears

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
        tab.finished, handoff = True, self.session().named(tab.ticket.handoff)
        assert handoff is None or not handoff.state.is_open, "a page was sent away"
        last = handoff.last_delivery if handoff else 0
        assert tab.cursor == last, "a page was refused what it had not read"

    async def read(self, line: Line, most: int | None = None) -> None:
        await self.store.look()
        broken = False
        try:
            await line.read(most)
        except StoreError:
            broken = True
        if broken or line.is_done:
            await self.end(line)

    async def end(self, line: Line) -> None:
        """Let a stream end; what of it the store could not write is doubtful."""
        if line.is_ending:
            return
        line.is_ending, tab, lost = True, line.tab, self.store.lost
        await line.opened.__aexit__(None, None, None)
        self.lines.remove(line)
        if self.store.lost > lost:
            tab.doubt(line.noted)

    async def poll_by_page(self, tab: Tab, seconds: float, *, arrives: bool) -> None:
        chat = self.instances[1]
        events: list[Json] = []
        try:
            events = await self.repeated(lambda: chat.poll(tab.ticket, tab.cursor, seconds))
        except Closed:
            self.refused(tab)
        if seconds or events:
            tab.confirmed()
        if arrives:
            tab.take(events)

    # What a page says

    async def posted(self, ticket: Ticket, message: str, text: str) -> int | None:
        """Say something; return its place, or None for a 409."""
        try:
            return await self.instances[0].say(ticket, message, text, still())
        except Closed:
            return None

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
            "same": lambda: self.repeated(lambda: self.posted(*self.posting)),
        }

    async def words_come(self, count: int = 1) -> None:
        """Let an agent speak, and the desk tell of it at once."""
        if not (self.open_rooms and count):
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
        await self.repeated(lambda: self.bench.tell(*events, bridge=bridge))

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
        if self.session().handoffs > MOST_EARLIER:
            return
        await self.turn_of(other, f"e{number}", "", Meaning.END)
        await self.turn_of(other, f"s{number}", "somebody", Meaning.START)

    async def turn_of(self, other: Bridge, name: str, text: str, meaning: Meaning) -> Reply:
        asked = turn(text, name, meaning, self.dialect, said_by_bot=("a bot text",))
        reply = await self.repeated(lambda: other.answer(asked, still()))
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
        assert self.is_in_order(self.heard)
        for tab in self.tabs.values():
            by_page = [text for text in tab.texts().values() if text in words]
            assert self.is_in_order(by_page)
            shown.update(by_page)
        assert not shown - Counter(words) - self.twice, "a word was shown twice"

    def is_in_order(self, shown: Sequence[str]) -> bool:
        """Say whether words come as agents said them, but what a page left to be told late."""
        in_time = [text for text in shown if text not in self.late]
        late = [text for text in shown if text in self.late]
        return _is_in_order(in_time, self.accepted) and _is_in_order(late, self.late)

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
        assert not self.ledger.due - screen, "something was not shown"
        assert not screen - self.ledger.due - self.twice, "something was shown twice"
        self.check_end()

    def check_end(self) -> None:
        """See that each end was told, by the event that is the end, and where it stands else."""
        for name, tab in self.tabs.items():
            for event in tab.events:
                if event.get("state") in OVER:
                    assert self.ledger.told[name][event["id"]].standing, "an end before the end"
        handoff = self.ledger.handoff
        assert handoff is not None
        assert (handoff.id in self.ends) is not handoff.state.is_open
        if (present := self.tabs.get(handoff.id)) is not None:
            states = [one["state"] for one in present.events if "state" in one]
            assert states[-1] == handoff.state, "the page does not know where it stands"


def _is_in_order(some: Iterable[str], words: Iterable[str]) -> bool:
    """Say whether these are some of the words, each once, in the order of all."""
    rest = iter(words)
    return all(one in rest for one in some)
