"""Random interleavings of a customer's page with all that happens beside it.

Each line reaches the customer's screen once, by the page or by an answer to Dialogflow, where
streams end so that it can be written how far they came. What a stream gave out of which that was
not written may come by an answer too, or by the next handoff, when its page does not come back.
What was given out and did not reach the page is there for the page to fetch, also when the next
handoff has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from handoff.dialogflow.turn import Meaning
from handoff.earlier import MOST_EARLIER
from handoff.errors import Closed, ProviderError
from handoff.events import AgentTyping
from handoff.timers import UNTOLD
from handoff.vocabulary import Dialect
from tests.frail import EXAMPLES, FAILURES, LONGEST_STEP, MOST_FAULTS, still
from tests.heart import ANNA, BEN
from tests.page_world import PageWorld
from tests.world import LONG_SILENCE

# More words at once than a session keeps.
MANY = 60

# So long a poll waits in vain.
A_MOMENT = 0.002

MOST_LINES = 2

TURNS = st.sampled_from(["poll", "poll", "poll", "say", "say", "repeat", "leave", "start"])
HAPPENINGS = st.sampled_from(["says", "told", "told", "comes", "goes", "closes", "types", "much"])
SECONDS = st.sampled_from([0.5, LONGEST_STEP, 5.0, 40.0, 100.0, LONG_SILENCE])
OTHERS = ["wake", "webhook", "words", "page", "again", "poll", "poll", "turn"]
FASTER, AT = st.sampled_from(["", "", *OTHERS]), st.integers(0, 1)
NEWS, WHICH = st.sampled_from([0, 1, 1, 2, MANY]), st.sampled_from([0, 0, 0, 1, 2])
CUT = st.sampled_from([None, None, None, 0, 1, 2])

has_lines = precondition(lambda self: bool(self.lines))


class Pages(PageWorld):
    """Everything that can happen with pages."""

    @initialize(
        dialect=st.sampled_from(Dialect),
        verb=st.sampled_from(["", "", "", "identify", "open", "note"]),
        failure=st.sampled_from(FAILURES),
        quick=st.booleans(),
    )
    def begins(
        self, dialect: Dialect, verb: str, failure: tuple[ProviderError, bool], quick: bool
    ) -> None:
        self.store.tells_at_once = quick
        self.begin(dialect, verb, failure)

    # What happens beside the pages

    @rule(what=TURNS, faster=FASTER, at=AT)
    def dialogflow_asks(self, what: str, faster: str, at: int) -> None:
        asks: Mapping[str, Callable[[], object]] = {
            "poll": self.poll,
            "say": lambda: self.say(Meaning.OTHER),
            "repeat": lambda: self.repeat_turn(1),
            "leave": self.leave,
            "start": self.start_again,
        }
        with self.somebody(faster, at):
            asks[what]()

    def start_again(self) -> None:
        if self.session().handoffs <= MOST_EARLIER:
            self.start()

    @rule(what=HAPPENINGS, back=st.integers(1, 5))
    def desk_tells(self, what: str, back: int) -> None:
        tells: Mapping[str, Callable[[], object]] = {
            "says": lambda: self.agent_says(0),
            "comes": lambda: self.agent_comes_or_goes(ANNA if back % 2 else BEN, False),
            "goes": lambda: self.agent_comes_or_goes(ANNA if back % 2 else BEN, True),
            "closes": self.agent_closes,
            "types": lambda: self.agent_types(back % 2 == 0),
            "much": lambda: self.runner.run(self.words_come(MANY)),
        }
        if self.open_rooms and what in tells:
            tells[what]()
        if self.told:
            self.webhook(back if what == "told" else 1)

    def agent_types(self, typing: bool) -> None:
        self.number += 1
        room, name = self.open_rooms[-1], f"typing {self.number}"
        event = AgentTyping(id=name, conversation=room.ref, author="anna", typing=typing)
        self.told.append(self.at(room, event))

    @rule(
        what=st.sampled_from(["store", "call", "desk"]),
        after=st.integers(0, 2),
        loses_answer=st.booleans(),
        failure=st.sampled_from(FAILURES),
    )
    def something_will_fail(
        self, what: str, after: int, loses_answer: bool, failure: tuple[ProviderError, bool]
    ) -> None:
        if what == "store":
            self.process_will_die(after, loses_answer)
        elif what == "call":
            self.process_will_die_in_a_call(after)
        elif len(self.bench.desk.faults) < MOST_FAULTS:
            self.desk_will_fail("send", *failure)

    @rule(seconds=SECONDS, wakes=st.booleans())
    def time_goes_by(self, seconds: float, wakes: bool) -> None:
        self.advance(seconds)
        if not wakes:
            return
        self.wake()
        handoff = self.session().open_handoff
        if handoff is not None and seconds >= UNTOLD.total_seconds() and self.lines_of(handoff.id):
            assert handoff.untold_since is None, "a page was not told who came"

    # What a page hears

    @rule(which=WHICH, where=st.integers(0, 1), news=NEWS, faster=FASTER, reads=st.booleans())
    def page_comes(self, which: int, where: int, news: int, faster: str, reads: bool) -> None:
        self.runner.run(self.words_come(news))
        tab = self.tab(which)
        if tab is None or len(self.lines) == MOST_LINES:
            return
        with self.somebody(faster, 0):
            self.runner.run(self.open(tab, self.instances[where]))
        if self.lines and reads:
            self.runner.run(self.read(self.lines[-1]))

    @has_lines
    @rule(which=WHICH, news=NEWS, most=CUT)
    def page_reads(self, which: int, news: int, most: int | None) -> None:
        """Let what is ready come to the page, or break off on the way."""
        self.runner.run(self.words_come(news))
        self.runner.run(self.read(self.lines[which % len(self.lines)], most))

    @has_lines
    @rule(which=WHICH, news=NEWS, most=st.integers(0, 3))
    def page_goes_while_something_is_sent(self, which: int, news: int, most: int) -> None:
        """Let the server learn in the middle of it that nobody is there any more."""
        self.runner.run(self.words_come(news))
        line = self.lines[which % len(self.lines)]
        given = line.stream.given
        self.runner.run(self.read(line, most))
        if line in self.lines:
            line.stream.given = given
            self.runner.run(self.end(line))
            line.tab.doubt(given)

    @has_lines
    @rule(which=WHICH, news=NEWS, more=NEWS, reads=st.booleans())
    def customer_asks_again_beside_a_page(
        self, which: int, news: int, more: int, reads: bool
    ) -> None:
        """Let the customer leave and ask again by Dialogflow while a stream has yet to bring it."""
        self.runner.run(self.words_come(news))
        if reads:
            self.runner.run(self.read(self.lines[which % len(self.lines)]))
        self.runner.run(self.words_come(more))
        self.leave()
        self.start_again()

    @has_lines
    @rule(which=WHICH, news=NEWS, faster=FASTER)
    def page_goes(self, which: int, news: int, faster: str) -> None:
        self.runner.run(self.words_come(news))
        line = self.lines[which % len(self.lines)]
        with self.somebody(faster, 0):
            self.runner.run(self.end(line))

    @rule(which=st.integers(0, 1))
    def instance_dies(self, which: int) -> None:
        """Let all its streams break off, and nobody write that they did."""
        self.store.is_cut_off = True
        for line in [one for one in self.lines if one.chat is self.instances[which]]:
            self.runner.run(self.end(line))
        self.store.is_cut_off = False
        self.instances[which] = self.bench.another_chat()

    @rule(which=WHICH, news=NEWS, waits=st.booleans(), arrives=st.booleans(), faster=FASTER)
    def page_polls(self, which: int, news: int, waits: bool, arrives: bool, faster: str) -> None:
        self.runner.run(self.words_come(news))
        if (tab := self.tab(which)) is not None:
            with self.somebody(faster, 0):
                self.runner.run(self.poll_by_page(tab, A_MOMENT if waits else 0, arrives=arrives))

    @rule(arrives=st.booleans())
    def news_come_while_a_page_waits(self, arrives: bool) -> None:
        if (tab := self.tab()) is None:
            return

        async def speaks() -> None:
            await self.words_come()
            await self.store.look()

        self.store.afterwards = speaks
        self.runner.run(self.poll_by_page(tab, A_MOMENT, arrives=arrives))
        self.store.afterwards = None

    # What a page says

    @rule(which=WHICH, faster=FASTER, at=st.integers(0, 2), twice=st.booleans())
    def page_says(self, which: int, faster: str, at: int, twice: bool) -> None:
        if (tab := self.tab(which)) is None:
            return
        self.number += 1
        message, text = f"m{self.number}", f"customer {self.number}"
        self.relayed.append(text)
        self.posting = tab.ticket, message, text
        with self.somebody("same" if twice else faster, at):
            place = self.again(lambda: self.posted(*self.posting))
        if place is not None:
            before = [known for ticket, *_, known in self.said if ticket == tab.ticket]
            assert place > max(before, default=0), "a place was given twice"
            self.said.append((tab.ticket, message, text, place))
        elif text in self.ledger.passed_on:
            assert faster or twice, "a word was refused and passed on"
        else:
            self.relayed.remove(text)

    @precondition(lambda self: bool(self.said))
    @rule(back=st.integers(1, 5))
    def page_repeats(self, back: int) -> None:
        ticket, message, text, place = self.said[-min(back, len(self.said))]
        assert self.again(lambda: self.posted(ticket, message, text)) == place

    @rule()
    def page_leaves(self) -> None:
        if (tab := self.tab()) is None:
            return
        with suppress(Closed):
            self.again(lambda: self.instances[1].leave(tab.ticket, still()))
        handoff = self.session().open_handoff
        assert handoff is None or handoff.id != tab.ticket.handoff


TestPages = Pages.TestCase
TestPages.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    print_blob=True,
)
