"""What a customer's page can do: say, show, leave; once, in order, and only while it may."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from handoff.customer_chat import CustomerChat
from handoff.customer_tokens import LASTS, Ticket, verified
from handoff.deadline import Deadline
from handoff.dialogflow.turn import Meaning
from handoff.errors import Closed, Rejected, TooMany, Unauthenticated, Unavailable
from handoff.rates import Rates
from handoff.vocabulary import Reason, State
from tests.desks import Fault
from tests.fakes import FixedClock
from tests.heart import blank, closed, seconds
from tests.visits import KEY, PageBench, foreign


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


async def admitted(bench: PageBench) -> Ticket:
    """Return the ticket of a page whose customer is with Anna."""
    return bench.chat.admit(await bench.connected())


async def say(
    bench: PageBench, ticket: Ticket, message: str, text: str = "Hi", by: CustomerChat | None = None
) -> int:
    return await (by or bench.chat).say(ticket, message, text, Deadline.after(30))


async def leave(bench: PageBench, ticket: Ticket) -> None:
    await bench.chat.leave(ticket, Deadline.after(30))


async def show_typing(bench: PageBench, ticket: Ticket, typing: bool = True) -> None:
    await bench.chat.show_typing(ticket, typing=typing, deadline=Deadline.after(30))


async def test_token_lets_its_page_in(bench: PageBench) -> None:
    token = await bench.connected()
    ticket = bench.chat.admit(token)
    assert (ticket.session, ticket.handoff) == (blank().key, (await bench.handoff()).id)


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
async def test_anything_else_is_kept_out(bench: PageBench, token: str) -> None:
    with pytest.raises(Unauthenticated):
        bench.chat.admit(token)


async def test_page_that_calls_too_often_is_told_when_to_come_again(bench: PageBench) -> None:
    bench.rates = Rates(2, burst=3, clock=lambda: 100.0)
    chat, token = bench.another_chat(), await bench.connected()
    for _ in range(3):
        chat.admit(token)
    with pytest.raises(TooMany) as refused:
        chat.admit(token)
    assert refused.value.retry_after == 0.5
    chat.admit(foreign())


@pytest.mark.parametrize("part", [0, 0.5])
async def test_young_token_stays(bench: PageBench, part: float) -> None:
    ticket = await admitted(bench)
    bench.clock.now += LASTS * part
    assert bench.chat.renewed(ticket) == ""


async def test_old_token_is_followed_by_a_fresh_one(bench: PageBench) -> None:
    ticket = await admitted(bench)
    bench.clock.now += LASTS / 2 + seconds(1)
    fresh = verified(bench.chat.renewed(ticket), KEY, bench.clock())
    assert (fresh.session, fresh.handoff) == (ticket.session, ticket.handoff)
    assert fresh.issued_at == bench.clock()


async def test_words_reach_the_desk_before_the_answer(bench: PageBench) -> None:
    ticket = await admitted(bench)
    assert await say(bench, ticket, "m1", "Hi 🌷\n<b>line</b>") == 1
    assert await say(bench, ticket, "m2", "and more") == 2
    assert bench.desk.said == ["Hi 🌷\n<b>line</b>", "and more"]


async def test_words_by_page_and_by_dialogflow_are_counted_together(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await bench.say("by the bot", "u1")
    assert await say(bench, ticket, "m1", "by the page") == 2
    assert bench.desk.said == ["by the bot", "by the page"]


async def test_message_that_comes_again_gets_the_same_answer_and_no_effect(
    bench: PageBench,
) -> None:
    ticket = await admitted(bench)
    first = [await say(bench, ticket, name) for name in ("m1", "m2")]
    bench.store.taken()
    assert [await say(bench, ticket, name) for name in ("m1", "m2")] == first == [1, 2]
    assert (len(bench.desk.said), bench.store.taken()) == (2, (2, 0))


async def test_message_that_comes_by_two_instances_at_once_is_said_once(bench: PageBench) -> None:
    ticket, other = await admitted(bench), bench.another_chat()
    said = [say(bench, ticket, "m1", by=one) for one in (bench.chat, other, bench.chat, other)]
    assert await asyncio.gather(*said) == [1, 1, 1, 1]
    assert bench.desk.said == ["Hi"]


async def test_messages_at_once_arrive_in_the_order_of_their_places(bench: PageBench) -> None:
    ticket, other = await admitted(bench), bench.another_chat()
    names = [f"m{number}" for number in range(8)]
    said = [say(bench, ticket, one, one, (bench.chat, other)[n % 2]) for n, one in enumerate(names)]
    places = await asyncio.gather(*said)
    assert sorted(places) == list(range(1, 9))
    await bench.poll("do the rest")
    in_order = sorted(zip(places, names, strict=True))
    assert bench.desk.said == [name for _, name in in_order]


async def test_message_to_a_desk_that_is_down_is_accepted_and_said_later(
    bench: PageBench,
) -> None:
    ticket = await admitted(bench)
    bench.desk.faults.append(Fault(verb="send", error=Unavailable("down", certain=True)))
    assert await say(bench, ticket, "m1") == 1
    assert bench.desk.said == []
    bench.clock.advance(60)
    await bench.bridge.wake(ticket.session, Deadline.after(30))
    assert bench.desk.said == ["Hi"]


async def test_word_that_leaves_is_accepted_and_ends_it(bench: PageBench) -> None:
    ticket = await admitted(bench)
    assert await say(bench, ticket, "m1", "Bye agent!") == 1
    assert (await bench.handoff()).reason is Reason.CUSTOMER_LEFT
    assert await say(bench, ticket, "m1", "Bye agent!") == 1
    assert bench.desk.rooms[0].closed


async def test_customer_leaves_by_the_page(bench: PageBench) -> None:
    ticket = await admitted(bench)
    await leave(bench, ticket)
    assert (await bench.handoff()).reason is Reason.CUSTOMER_LEFT
    assert bench.desk.rooms[0].closed
    with pytest.raises(Closed):
        await leave(bench, ticket)


async def test_typing_is_shown_and_nothing_of_it_is_kept(bench: PageBench) -> None:
    ticket = await admitted(bench)
    bench.store.taken()
    await show_typing(bench, ticket)
    assert (bench.desk.typed, bench.store.taken()) == (1, (1, 0))


async def test_typing_is_shown_once_for_as_long_as_desks_show_it(bench: PageBench) -> None:
    ticket = await admitted(bench)
    for _ in range(3):
        await show_typing(bench, ticket)
    assert bench.desk.typed == 1


async def test_end_of_typing_is_told_to_nobody(bench: PageBench) -> None:
    await show_typing(bench, await admitted(bench), typing=False)
    assert bench.desk.typed == 0


async def test_typing_that_cannot_be_shown_is_no_error(bench: PageBench) -> None:
    ticket = await admitted(bench)
    bench.desk.faults.append(Fault(verb="typing", error=Rejected("no")))
    await show_typing(bench, ticket)
    assert bench.desk.typed == 0


async def test_typing_before_there_is_a_conversation_is_shown_to_nobody(bench: PageBench) -> None:
    bench.desk.faults.append(Fault(verb="open", error=Unavailable("down", certain=True)))
    await bench.start()
    await show_typing(bench, await bench.ticket())
    assert bench.desk.typed == 0


Deed = Callable[[PageBench, Ticket], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "say": lambda bench, ticket: say(bench, ticket, "m9"),
    "leave": leave,
    "type": show_typing,
    "stop typing": lambda bench, ticket: show_typing(bench, ticket, typing=False),
    "poll": lambda bench, ticket: bench.chat.poll(ticket, 10**6, 0),
    "long poll": lambda bench, ticket: bench.chat.poll(ticket, 10**6, 20),
    "stream": lambda bench, ticket: streamed(bench, ticket),
}


async def streamed(bench: PageBench, ticket: Ticket) -> None:
    async with bench.chat.stream(ticket, 10**6):
        pass


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
async def test_after_the_end_everything_is_refused(bench: PageBench, deed: Deed) -> None:
    ticket = await admitted(bench)
    await bench.tell(closed())
    with pytest.raises(Closed):
        await deed(bench, ticket)
    assert bench.desk.said == []


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
async def test_page_of_the_handoff_before_is_refused(bench: PageBench, deed: Deed) -> None:
    ticket = await admitted(bench)
    await bench.tell(closed())
    await bench.start("once more")
    assert (await bench.handoff()).state is not State.CLOSED
    with pytest.raises(Closed):
        await deed(bench, ticket)
    assert [room.said for room in bench.desk.rooms] == [{}, {}]
    assert not bench.desk.rooms[1].closed


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize("hours", [0, 100], ids=["never was", "forgotten"])
async def test_page_of_a_session_that_is_not_there_is_refused(
    bench: PageBench, deed: Deed, hours: int
) -> None:
    ticket = bench.chat.admit(foreign())
    if hours:
        ticket = await admitted(bench)
        bench.clock.advance(3600 * hours)
    with pytest.raises(Closed):
        await deed(bench, ticket)


async def test_bot_alone_has_no_page(bench: PageBench) -> None:
    await bench.say("hello", "u1", Meaning.OTHER)
    with pytest.raises(Closed):
        await say(bench, bench.chat.admit(foreign()), "m1")


async def test_customer_who_waited_too_long_is_told_before_their_words_are_taken(
    bench: PageBench,
) -> None:
    await bench.start()
    ticket = await bench.ticket()
    bench.clock.now += bench.rules.accept
    with pytest.raises(Closed):
        await say(bench, ticket, "m1")
    assert (await bench.handoff()).reason is Reason.NOT_ACCEPTED
