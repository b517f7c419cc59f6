"""A customer's file between their words: once, in its place, and its sender knows what became."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from handoff.attaching import NOT_SUPPORTED
from handoff.customer_tokens import Ticket
from handoff.deadline import Deadline
from handoff.errors import (
    Busy,
    Closed,
    ConversationGone,
    InDoubt,
    NotTaken,
    ProviderError,
    Rejected,
    RequestError,
    Throttled,
    TooLarge,
    Unavailable,
)
from handoff.exchange import Stream
from tests.desks import Fault
from tests.fakes import FixedClock
from tests.forms import stream
from tests.heart import RULES, closed, handoff_of, notices
from tests.visits import FileLine, FilingDesk, PageBench

BYTES = b"bytes of a file" * 1_000
DOWN = Unavailable("down", certain=True)


@dataclass(frozen=True)
class Picture:
    """A file that is on its way."""

    name: str = "a.png"
    content_type: str = "image/png"
    content: Stream = field(default_factory=lambda: stream(BYTES))


class FileBench(PageBench):
    """The bench with a desk that takes files."""

    desk: FilingDesk
    send: FileLine

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock, FilingDesk())
        self.send = FileLine()
        self.bridge, self.chat = self.another(), self.another_chat()

    async def admitted(self) -> Ticket:
        """Return the ticket of a page whose customer is with Anna."""
        return self.chat.admit(await self.connected())

    async def attach(
        self, ticket: Ticket, message: str = "f1", file: Picture | None = None, within: float = 30
    ) -> int:
        """Let the page send a file."""
        sent = file or Picture()
        return await self.chat.attach(ticket, message, sent, Deadline.after(within))

    async def writes(self, ticket: Ticket, message: str, text: str) -> int:
        """Let the page say something."""
        return await self.chat.say(ticket, message, text, Deadline.after(30))


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[FileBench]:
    one = FileBench(clock)
    yield one
    runner.run(one.store.close())


async def test_file_reaches_the_agent_and_is_kept_nowhere(bench: FileBench) -> None:
    ticket = await bench.admitted()
    assert await bench.attach(ticket) == 1
    assert bench.desk.files == {f"{ticket.handoff}-f1": ("a.png", "image/png")}
    assert bench.send.content == BYTES
    assert "bytes of a file" not in repr(await bench.session())


async def test_file_stands_between_the_words_around_it(bench: FileBench) -> None:
    ticket = await bench.admitted()
    places = [
        await bench.writes(ticket, "m1", "before"),
        await bench.attach(ticket),
        await bench.writes(ticket, "m2", "after"),
    ]
    assert places == [1, 2, 3]
    assert bench.send.verbs[-3:] == ["send", "attach", "send"]
    lines = [one.text for one in (await bench.session()).transcript][-3:]
    assert (lines[0], "a.png" in lines[1], lines[2]) == ("before", True, "after")


async def test_file_that_comes_again_gets_the_same_answer_and_no_effect(bench: FileBench) -> None:
    ticket = await bench.admitted()
    await bench.writes(ticket, "m1", "before")
    assert [await bench.attach(ticket), await bench.attach(ticket)] == [2, 2]
    assert bench.send.verbs.count("attach") == 1


async def test_words_wait_while_a_file_is_on_its_way(bench: FileBench) -> None:
    ticket = await bench.admitted()
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "attach"
    attaching = asyncio.create_task(bench.attach(ticket))
    await bench.send.asked("attach")
    assert await bench.writes(ticket, "m1", "meanwhile") == 1
    assert bench.desk.said == []
    bench.send.hold.set()
    assert await attaching == 2
    assert bench.desk.said == ["meanwhile"]


async def test_file_waits_for_words_that_are_not_through(bench: FileBench) -> None:
    ticket = await bench.admitted()
    bench.desk.faults.append(Fault(verb="send", error=DOWN))
    await bench.writes(ticket, "m1", "waits")
    with pytest.raises(Busy) as refused:
        await bench.attach(ticket, within=0.05)
    assert (refused.value.retry_after, bench.desk.files) == (5, {})
    bench.clock.advance(60)
    assert await bench.attach(ticket) == 2
    assert bench.send.verbs[-2:] == ["send", "attach"]


FAILURES: list[tuple[ProviderError, type[RequestError], str, str]] = [
    (Rejected("no"), NotTaken, "file_refused", "file_not_sent"),
    (Rejected("no", code=NOT_SUPPORTED), NotTaken, NOT_SUPPORTED, "file_not_sent"),
    (ConversationGone("gone"), Closed, "closed", "file_not_sent"),
    (Throttled("wait"), Busy, "busy", "file_not_sent"),
    (DOWN, Busy, "busy", "file_not_sent"),
    (Unavailable("slow"), InDoubt, "in_doubt", "file_in_doubt"),
]


@pytest.mark.parametrize(("error", "kind", "code", "text"), FAILURES, ids=lambda one: repr(one))
async def test_who_sent_a_file_that_did_not_arrive_is_told(
    bench: FileBench, error: ProviderError, kind: type[RequestError], code: str, text: str
) -> None:
    ticket = await bench.admitted()
    bench.desk.faults.append(Fault(verb="attach", error=error))
    with pytest.raises(kind) as refused:
        await bench.attach(ticket)
    assert refused.value.code == code
    session = await bench.session()
    assert notices(session)[-1] == RULES.texts.get(text, "en")
    assert (session.lease, handoff_of(session).heard) == (None, 0)
    assert await bench.writes(ticket, "m1", "and on") == 1
    assert bench.desk.said == ["and on"]


async def test_desk_says_how_long_to_wait(bench: FileBench) -> None:
    ticket = await bench.admitted()
    bench.desk.faults.append(Fault(verb="attach", error=Throttled("wait", retry_after=7)))
    with pytest.raises(Busy) as refused:
        await bench.attach(ticket)
    assert refused.value.retry_after == 7


async def test_file_that_turns_out_to_be_none_is_no_message(bench: FileBench) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"so far so good"
        raise TooLarge("It goes on and on.")

    ticket = await bench.admitted()
    with pytest.raises(TooLarge):
        await bench.attach(ticket, file=Picture(content=Stream(pieces=breaks())))
    session = await bench.session()
    assert (session.lease, handoff_of(session).heard, bench.desk.files) == (None, 0, {})
    assert await bench.attach(ticket) == 1


async def test_desk_that_takes_no_files_is_not_asked(clock: FixedClock) -> None:
    bench = PageBench(clock)
    ticket = bench.chat.admit(await bench.connected())
    with pytest.raises(NotTaken) as refused:
        await bench.chat.attach(ticket, "f1", Picture(), Deadline.after(30))
    assert refused.value.code == NOT_SUPPORTED
    await bench.store.close()


async def test_file_before_there_is_a_conversation_has_to_wait(bench: FileBench) -> None:
    bench.desk.faults.append(Fault(verb="open", error=DOWN))
    await bench.start()
    with pytest.raises(Busy):
        await bench.attach(await bench.ticket(), within=0.05)


async def test_file_after_the_end_is_refused(bench: FileBench) -> None:
    ticket = await bench.admitted()
    await bench.tell(closed())
    with pytest.raises(Closed):
        await bench.attach(ticket)
    with pytest.raises(Closed):
        await bench.chat.tell_unsent(ticket, Deadline.after(30))
    assert bench.desk.files == {}


async def test_file_that_arrives_with_the_end_was_sent(bench: FileBench) -> None:
    ticket = await bench.admitted()
    bench.send.hold, bench.send.hold_at = asyncio.Event(), "attach"
    attaching = asyncio.create_task(bench.attach(ticket))
    await bench.send.asked("attach")
    await bench.tell(closed())
    bench.send.hold.set()
    assert await attaching == 1
    assert not handoff_of(await bench.session()).state.is_open
