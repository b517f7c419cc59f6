"""A customer's page in the interleavings: its streams, instances that can die, its screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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

    It comes back with its own cursor until it was told the end. `handed` is the last event that
    any stream or poll gave out for it; `doubts` are texts that it shows and that the store may
    not know of, by the ids of their events.
    """

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.events: list[Json] = []
        self.finished = False
        self.handed = 0
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

    A handoff begins with what is unread of the one before; those lines are copies. `session` is
    what was written last, `passed_on` are the customer's words that were taken for the desk.
    """

    def __init__(self, turned_over: Callable[[HandoffId], None]) -> None:
        self.session: Session | None = None
        self.told: dict[HandoffId, dict[int, Delivery]] = {}
        self.due: Counter[str] = Counter()
        self.passed_on: set[str] = set()
        self._turned_over = turned_over

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
        known = self.told.setdefault(handoff.id, {})
        spilled = [one for name, one in change.spilled if name == handoff.id]
        there = {one.id: one for one in (*spilled, *handoff.deliveries)}
        fresh = [there[name] for name in sorted(there) if name not in known]
        known.update(there)
        if before is not None and before.id != handoff.id:
            fresh = fresh[_copies(before, self.told[before.id], fresh) :]
            self._turned_over(before.id)
        self.due.update(one.text for one in fresh if one.kind.is_shown)


def _copies(before: Handoff, told: Mapping[int, Delivery], fresh: Sequence[Delivery]) -> int:
    """Count how many deliveries a handoff begins with that are those of the one before."""
    unread = [one for name, one in sorted(told.items()) if name > before.read_up_to]
    rest = iter([(one.kind, one.text, one.at) for one in unread])
    for number, one in enumerate(fresh):
        if (one.kind, one.text, one.at) not in rest:
            return number
    return len(fresh)
