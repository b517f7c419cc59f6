"""Everything at once: repeats have the effect of one, and order is kept."""

from __future__ import annotations

import asyncio

from handoff.dialogflow.turn import Meaning
from handoff.errors import Unavailable
from handoff.records import Reply
from handoff.tokens import Deadline
from tests.desks import Fault
from tests.heart import Bench, closed, joined, replied, turn

WORDS = [f"word {number}" for number in range(20)]


async def test_turn_repeated_twenty_times_at_once_starts_one_handoff(bench: Bench) -> None:
    asked = turn("a person please", "s", Meaning.START)
    replies = await asyncio.gather(*(bench.answer(asked) for _ in range(20)))
    assert len(bench.desk.rooms) == 1
    assert all(reply == replies[0] for reply in replies)
    assert (await bench.session()).handoffs == 1


async def test_message_repeated_twenty_times_at_once_is_relayed_once(bench: Bench) -> None:
    await bench.start()
    asked = turn("Hi", "m")
    replies = await asyncio.gather(*(bench.answer(asked) for _ in range(20)))
    assert bench.desk.said == ["Hi"]
    assert all(reply == replies[0] for reply in replies)


async def test_repeat_in_twenty_instances_starts_one_handoff(bench: Bench) -> None:
    asked = turn("a person please", "s", Meaning.START)
    instances = [bench.another() for _ in range(20)]
    await asyncio.gather(*(one.answer(asked, Deadline.after(30)) for one in instances))
    assert len(bench.desk.rooms) == 1


async def test_twenty_turns_at_once_are_relayed_in_the_order_of_acceptance(bench: Bench) -> None:
    await bench.start()
    await asyncio.gather(*(bench.say(text, text) for text in WORDS))
    session = await bench.session()
    accepted = [one.text for one in session.transcript if one.text in WORDS]
    assert bench.desk.said == accepted
    assert sorted(accepted) == sorted(WORDS)
    assert (session.outbox, session.lease) == ((), None)


async def test_turns_at_once_while_it_opens_wait_for_the_conversation(bench: Bench) -> None:
    opening = asyncio.create_task(bench.start())
    await asyncio.gather(*(bench.say(text, text) for text in WORDS), opening)
    session = await bench.session()
    accepted = [one.text for one in session.transcript if one.text in WORDS]
    relayed = [text for text in accepted if text in bench.desk.said]
    assert bench.desk.said == relayed
    assert len(bench.desk.rooms) == 1


async def test_event_told_fifty_times_at_once_has_the_effect_of_one(bench: Bench) -> None:
    await bench.start()
    await asyncio.gather(*(bench.tell(replied("Hi")) for _ in range(50)))
    assert [one.text for one in (await bench.handoff()).deliveries if one.text == "Hi"] == ["Hi"]


async def test_event_told_to_fifty_instances_at_once_has_the_effect_of_one(bench: Bench) -> None:
    await bench.start()
    instances = [bench.another() for _ in range(50)]
    await asyncio.gather(*(bench.tell(replied("Hi"), bridge=one) for one in instances))
    assert [one.text for one in (await bench.handoff()).deliveries if one.text == "Hi"] == ["Hi"]


async def test_fifty_different_events_at_once_are_all_delivered_without_gaps(bench: Bench) -> None:
    await bench.start()
    await asyncio.gather(*(bench.tell(replied(f"no. {one}", one)) for one in range(50)))
    texts: list[str] = []
    ids = [one.id for one in (await bench.handoff()).deliveries]
    for number in range(3):
        texts += (await bench.poll(f"p{number}")).texts
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert sorted(texts) == sorted(f"no. {one}" for one in range(50))


async def test_bot_is_silent_in_every_turn_that_meets_an_open_handoff(bench: Bench) -> None:
    await bench.start()
    asked = [turn(text, text, said_by_bot=("a bot text",)) for text in WORDS]
    replies: list[Reply] = await asyncio.gather(*(bench.answer(one) for one in asked))
    assert all(reply.mute for reply in replies)


async def test_message_and_end_at_once_leave_nothing_behind(bench: Bench) -> None:
    await bench.start()
    await asyncio.gather(*(bench.say(text, text) for text in WORDS[:5]), bench.tell(closed()))
    session = await bench.session()
    letters = [text for text, _ in await bench.letters()]
    observed = [one.text for one in session.transcript if one.text in WORDS]
    assert session.outbox == ()
    assert len({*bench.desk.said, *letters}) == len(bench.desk.said) + len(letters)
    assert {*bench.desk.said, *letters} <= {*observed}


async def test_repeat_of_an_answer_with_news_gets_the_same(bench: Bench) -> None:
    await bench.start()
    await bench.tell(joined(), replied("Hi"))
    first = await bench.poll("p1")
    assert "Anna: Hi" in first.texts
    assert await bench.poll("p1") == first


async def test_repeat_of_an_empty_poll_stays_empty_and_takes_nothing(bench: Bench) -> None:
    """Dialogflow may count either answer of a call that it repeated."""
    await bench.start()
    empty = await bench.poll("p1")
    assert empty.texts == ()
    await bench.tell(joined(), replied("Hi"))
    assert (await bench.poll("p1")).texts == ()
    assert "Anna: Hi" in (await bench.poll("p2")).texts


async def test_poll_that_is_repeated_meanwhile_is_answered_once(bench: Bench) -> None:
    """The answer that is given first counts, also for the call that works on the jobs."""
    await bench.start()
    await bench.tell(joined())
    bench.desk.faults = [Fault(verb="send", error=Unavailable("down", certain=True))]
    await bench.say("Hello?", "m1")
    bench.clock.advance(2)
    bench.send.hold = asyncio.Event()
    first = asyncio.ensure_future(bench.poll("p1"))
    await bench.send.asked("send")
    second = await bench.answer(turn("", "p1", Meaning.POLL), within=0.5)
    await bench.tell(replied("Hi"))
    bench.send.hold.set()
    assert (await first).texts == second.texts == ()
    assert "Anna: Hi" in (await bench.poll("p2")).texts


async def test_poll_that_is_repeated_at_another_instance_is_answered_once(bench: Bench) -> None:
    await bench.start()
    await bench.tell(joined())
    bench.desk.faults = [Fault(verb="send", error=Unavailable("down", certain=True))]
    await bench.say("Hello?", "m1")
    bench.clock.advance(2)
    bench.send.hold = asyncio.Event()
    asked = turn("", "p1", Meaning.POLL)
    first = asyncio.ensure_future(bench.answer(asked))
    await bench.send.asked("send")
    second = await bench.another().answer(asked, Deadline.after(0.5))
    await bench.tell(replied("Hi"))
    bench.send.hold.set()
    assert await first == second
    assert second.texts == ()
    assert "Anna: Hi" in (await bench.poll("p2")).texts
