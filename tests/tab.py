"""A customer's page in the interleavings: its streams, instances that can die, its screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from handoff.customer_chat import CustomerChat, Stream
from handoff.customer_tokens import Ticket
from handoff.deliveries import Delivery
from handoff.exchange import Json
from handoff.model import Handoff, Session
from handoff.store import Change
from handoff.vocabulary import HandoffId, JobKind

OVER = {"closed", "failed"}


@dataclass(eq=False, kw_only=True)
class Line:
    """An open stream of a page.

    `noted` is what the store surely knows of what the page has, `is_deaf` that nothing reaches
    the page any more, of which the instance does not know.
    """

    tab: Tab
    chat: CustomerChat
    opened: AbstractAsyncContextManager[Stream]
    stream: Stream
    noted: int
    is_deaf: bool = False
    is_ending: bool = False

    @staticmethod
    async def of(tab: Tab, chat: CustomerChat) -> Line:
        """Return a stream that the page opens where it stands."""
        after = tab.cursor
        opened = chat.stream(tab.ticket, after)
        stream = await opened.__aenter__()
        return Line(tab=tab, chat=chat, opened=opened, stream=stream, noted=after)

    async def read(self, most: int | None = None) -> None:
        """Fetch what is ready; when it is more than `most`, only so much reaches the page."""
        events = await self.stream.next(0)
        if not events:
            return
        first = self.handed + 1
        assert [one["id"] for one in events] == list(range(first, first + len(events)))
        reached = events if most is None else events[:most]
        if not self.is_deaf:
            self.tab.take(reached)
        self.is_deaf = self.is_deaf or len(reached) < len(events)
        self.stream.given = events[-1]["id"]
        assert self.stream.is_over or events[-1].get("state") not in OVER, "there is no end"

    def grow_older(self, seconds: float) -> None:
        """Let the time of the process pass, which is not that of the test's clock."""
        self.stream._stayed -= seconds

    @property
    def handed(self) -> int:
        """Return the id of the last event that was handed out."""
        return self.stream.given

    @property
    def is_done(self) -> bool:
        """Say whether the server or the page ends it now."""
        return self.stream.is_over or self.tab.finished


class Tab:
    """The page of one handoff, as `handoff-client.js` behaves; `events` is all that it took.

    It comes back with its own cursor until it was told the end. `doubts` are texts that it shows
    and that the store may not know of, by the ids of their events.
    """

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.events: list[Json] = []
        self.finished = False
        self.doubts: dict[int, str] = {}

    @property
    def cursor(self) -> int:
        """Return the id of the last event."""
        return len(self.events)

    def texts(self, after: int = 0) -> dict[int, str]:
        """Return what the page shows of the events above `after`, by their ids."""
        return {one["id"]: one["text"] for one in self.events[after:] if "text" in one}

    def take(self, events: Sequence[Json]) -> None:
        """Take events; who has two streams gets some of them twice."""
        for event in events:
            if self.finished or event["id"] <= self.cursor:
                continue
            assert event["id"] == self.cursor + 1, "an event is missing"
            self.events.append(event)
            self.finished = event.get("state") in OVER

    def doubt(self, after: int) -> None:
        """Take note that what was shown above `after` may be unknown to the store."""
        self.doubts |= self.texts(after)

    def confirmed(self) -> None:
        """Take note that the store knows what the page has."""
        self.doubts.clear()


class Ledger:
    """All that the customer was to see, by handoff; `due` counts each line once.

    What is left over of a handoff is told in the next by copies, which count no more; `left_over`
    hears of it. `session` is what was written last, `passed_on` are the customer's words that
    were taken for the desk.
    """

    def __init__(self, left_over: Callable[[HandoffId, Sequence[Delivery], bool], None]) -> None:
        self.session: Session | None = None
        self.told: dict[HandoffId, dict[int, Delivery]] = {}
        self.due: Counter[str] = Counter()
        self.passed_on: set[str] = set()
        self._left_over = left_over

    @property
    def handoff(self) -> Handoff | None:
        """Return the present handoff, or the last."""
        return self.session.handoff if self.session else None

    def written(self, change: Change) -> None:
        """Take note of a commit."""
        before, handoff = self.handoff, change.session.handoff
        self.session = change.session
        waiting = [*change.session.outbox, *(one.job for one in change.dead_letters)]
        self.passed_on |= {job.text for job in waiting if job.kind is JobKind.SEND}
        if handoff is None:
            return
        begins = handoff.id not in self.told
        new, copies = list[Delivery](), Counter[object]()
        for owner, fresh, copied in self._news(before, change):
            new = [*new, *fresh]
            self._left_over(owner, copied, begins)
            copies.update(map(_content, copied))
        self.due.update(one.text for one in _without(new, copies) if one.kind.is_shown)

    def _news(
        self, before: Handoff | None, change: Change
    ) -> Iterator[tuple[HandoffId, list[Delivery], list[Delivery]]]:
        """Yield what is new in each handoff, and what of it another one tells from now on."""
        kept = {one.id for one in change.session.handoffs_kept}
        if before is not None and before.id not in kept:
            read, all_of_it = before.read_up_to, self.told[before.id].values()
            left = [one for one in all_of_it if one.id > read and one.kind.is_shown]
            yield before.id, [], left
        for handoff in change.session.handoffs_kept:
            told, there = self.told.setdefault(handoff.id, {}), _written(change, handoff)
            new = [one for name, one in there.items() if name not in told]
            was = {name for name, one in told.items() if one.answered}
            told.update(there)
            is_over = handoff in change.session.earlier
            left = [one for one in there.values() if is_over and one.answered and one.id not in was]
            yield handoff.id, new, left


def _without(new: Sequence[Delivery], copies: Counter[object]) -> Iterator[Delivery]:
    """Yield what is no copy; of copies an answer may have carried some, and let go."""
    for one in new:
        copies[_content(one)] -= 1
        if copies[_content(one)] < 0:
            yield one


def _content(one: Delivery) -> tuple[object, ...]:
    return one.kind, one.text, one.at


def _written(change: Change, handoff: Handoff) -> dict[int, Delivery]:
    """Return the deliveries of a handoff that a commit brings, in order."""
    there = {one.id: one for name, one in change.spilled if name == handoff.id}
    there |= {one.id: one for one in handoff.deliveries}
    return dict(sorted(there.items()))
