"""Doing one job through its provider, and what is made of its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from handoff.errors import Throttled, Unavailable
from handoff.exchange import Exchange, Token
from handoff.model import Contact, Customer
from handoff.providers.base import Availability, Identity, Opened, Opening
from handoff.sqlite import SqliteStore
from handoff.tokens import Deadline
from handoff.vocabulary import ContactRef, JobKind, Presence, ProviderId, State
from tests.desks import Fault, PlainProvider, ReadingProvider, ScriptedProvider
from tests.fakes import FixedClock
from tests.heart import (
    CONTACT,
    DESK,
    NOW,
    RULES,
    handoff_of,
    head,
    kinds,
    queue,
    session_in,
)
from tests.work import Work, doubtful, opening

UNKNOWN = Availability(presence=Presence.UNKNOWN, target="7")


@pytest.fixture
def work(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Work]:
    store = SqliteStore(":memory:", clock=clock)
    yield Work(store, clock)
    runner.run(store.close())


async def test_identity_and_its_tokens_are_kept(work: Work) -> None:
    class Issuing(ScriptedProvider):
        def identify(self, customer: Customer) -> Exchange[Identity]:
            yield from super().identify(customer)
            token = Token(value="secret", expires_at=NOW)
            return Identity(ref=ContactRef("c"), tokens=(("desk:c", token),))

    session = queue(session_in(State.REQUESTED), JobKind.IDENTIFY)
    after = await work.does(session, work.performer(Issuing()))
    stored = await work.store.token("desk:c")
    assert after.contacts[DESK] == Contact(ref=ContactRef("c"))
    assert stored is not None
    assert stored.value == "secret"


async def test_opening_asks_for_somebody_then_opens_where_they_are(work: Work) -> None:
    work.desk.availabilities = Availability(presence=Presence.YES, target="default")
    after = await work.does(opening(target="unheard of"))
    assert work.send.verbs == ["availability", "open"]
    assert work.desk.rooms[0].opening.handoff.target == "default"
    assert handoff_of(after).target == "default"
    assert handoff_of(after).available is Presence.YES


async def test_refusal_on_the_way_that_did_not_matter_is_logged(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    class Remarking(ScriptedProvider):
        def open(self, opening: Opening) -> Exchange[Opened]:
            opened = yield from super().open(opening)
            return replace(opened, remarks=("no name",))

    after = await work.does(opening(), work.performer(Remarking()))
    assert after.outbox == ()
    assert [one.levelname for one in caplog.records if one.message == "opening"] == ["WARNING"]


async def test_opening_brings_contact_and_transcript(work: Work) -> None:
    await work.does(opening())
    (room,) = work.desk.rooms
    assert (room.opening.contact, room.opening.uncertain) == (CONTACT, False)


async def test_doubtful_opening_is_looked_up_without_asking_for_somebody(work: Work) -> None:
    await work.does(doubtful(opening()))
    assert work.send.verbs == ["open"]
    assert work.desk.rooms[0].opening.uncertain


@pytest.mark.parametrize(
    ("presence", "unknown_is_open", "state"),
    [
        (Presence.YES, False, State.REQUESTED),
        (Presence.NO, True, State.FAILED),
        (Presence.UNKNOWN, True, State.REQUESTED),
        (Presence.UNKNOWN, False, State.FAILED),
    ],
)
async def test_handoff_is_opened_only_where_somebody_is(
    work: Work, presence: Presence, unknown_is_open: bool, state: State
) -> None:
    work.desk.availabilities = Availability(presence=presence)
    rules = replace(RULES, unknown_is_open=unknown_is_open)
    after = await work.does(opening(), work.performer(rules=rules))
    assert handoff_of(after).state is state
    assert len(work.desk.rooms) == (1 if state is State.REQUESTED else 0)


@pytest.mark.parametrize("unknown_is_open", [True, False])
async def test_provider_that_cannot_be_asked_counts_as_unknown(
    work: Work, unknown_is_open: bool
) -> None:
    rules = replace(RULES, unknown_is_open=unknown_is_open)
    plain = PlainProvider()
    await work.does(opening(), work.performer(plain, rules))
    assert len(plain.rooms) == (1 if unknown_is_open else 0)


async def test_conversation_that_a_webhook_told_of_is_not_opened_again(work: Work) -> None:
    after = await work.does(opening(conversation="room-1"))
    assert (work.send.sent, after.outbox) == ([], ())


async def test_moot_opening_calls_nobody(work: Work) -> None:
    after = await work.does(opening(state=State.CLOSED))
    assert (work.send.sent, after.outbox) == ([], ())


async def test_message_has_an_id_of_ours_that_stays_the_same(work: Work) -> None:
    await work.does(opening())
    session = queue(session_in(State.ACTIVE), JobKind.SEND)
    await work.does(session)
    assert work.desk.rooms[0].said == {"ho-1-1": "text 1"}


async def test_doubtful_message_that_arrived_is_not_said_again(work: Work) -> None:
    await work.does(opening())
    session = queue(session_in(State.ACTIVE), JobKind.SEND)
    work.desk.faults = [Fault(verb="send", error=Unavailable("slow"), after=True)]
    tried = await work.does(session)
    after = await work.does(tried)
    assert (head(tried).uncertain, after.outbox, work.desk.said) == (True, (), ["text 1"])


async def test_farewell_closes_the_conversation(work: Work) -> None:
    await work.does(opening())
    after = await work.does(queue(session_in(State.CLOSED), JobKind.CLOSE))
    assert (work.desk.rooms[0].closed, after.outbox) == (True, ())


async def test_note_is_left_where_notes_can_be(work: Work) -> None:
    await work.does(opening())
    after = await work.does(queue(session_in(State.ACTIVE), JobKind.NOTE))
    assert (len(work.desk.rooms[0].notes), after.outbox) == (1, ())


async def test_note_is_dropped_where_none_can_be(work: Work) -> None:
    after = await work.does(
        queue(session_in(State.ACTIVE), JobKind.NOTE), work.performer(PlainProvider())
    )
    assert (work.send.sent, after.outbox, after.undelivered) == ([], (), ())


@pytest.mark.parametrize("kind", [JobKind.SEND, JobKind.CLOSE, JobKind.NOTE])
async def test_words_without_a_conversation_are_lost(work: Work, kind: JobKind) -> None:
    after = await work.does(queue(session_in(State.REQUESTED), kind))
    assert (work.send.sent, kinds(after)) == ([], [])
    assert [one.reason for one in after.undelivered] == ["ConversationGone"]


async def test_identifying_where_it_cannot_be_done_fails_the_handoff(work: Work) -> None:
    session = queue(session_in(State.REQUESTED), JobKind.IDENTIFY, JobKind.OPEN)
    after = await work.does(session, work.performer(PlainProvider()))
    assert (handoff_of(after).state, after.outbox) == (State.FAILED, ())


@pytest.mark.parametrize("kind", [JobKind.IDENTIFY, JobKind.OPEN])
async def test_doubtful_opening_in_a_session_without_handoff_is_dropped(
    work: Work, kind: JobKind
) -> None:
    session = queue(session_in(State.REQUESTED), kind)
    job = replace(head(session), uncertain=True)
    after = await work.does(replace(session, handoff=None, outbox=(job,)))
    assert (work.send.sent, after.outbox) == ([], ())


@pytest.mark.parametrize("state", [State.ACTIVE, State.REQUESTED])
async def test_look_where_nothing_can_be_read_asks_nobody(work: Work, state: State) -> None:
    desk = ScriptedProvider() if state is State.ACTIVE else ReadingProvider()
    session = doubtful(queue(session_in(state), JobKind.LOOK))
    after = await work.does(session, work.performer(desk))
    assert (work.send.sent, after) == ([], replace(session, outbox=()))


async def test_failure_is_what_the_outbox_makes_of_it(work: Work) -> None:
    work.desk.faults = [Fault(verb="open", error=Throttled("wait", retry_after=9))]
    after = await work.does(opening())
    assert (head(after).attempts, (head(after).due_at - NOW).total_seconds()) == (1, 9.0)


async def test_outcome_is_decided_on_the_session_as_it_is_by_then(work: Work) -> None:
    session = queue(session_in(State.ACTIVE), JobKind.NOTE)
    outcome = await work.performer(PlainProvider()).do(session, head(session), Deadline.after(5))
    later = queue(session, JobKind.SEND)
    assert kinds(outcome.decision(later)) == [JobKind.SEND]


async def test_customer_is_introduced_where_that_is_needed(work: Work) -> None:
    contact = await work.performer().introduce(DESK, Customer(), Deadline.after(5))
    assert contact == Contact(ref=ContactRef("customer-1"))


async def test_customer_is_not_introduced_where_it_need_not_be(work: Work) -> None:
    performer = work.performer(PlainProvider())
    assert await performer.introduce(DESK, Customer(), Deadline.after(5)) is None


async def test_introduction_that_fails_is_nobody(work: Work) -> None:
    work.desk.faults = [Fault(verb="identify", error=Unavailable("down"))]
    assert await work.performer().introduce(DESK, Customer(), Deadline.after(5)) is None


async def test_availability_is_what_the_provider_says(work: Work) -> None:
    told = await work.performer().availability(DESK, "7", CONTACT, Deadline.after(5))
    assert told == Availability(presence=Presence.YES, target="7")


@pytest.mark.parametrize("left", [5.0, 0.0])
async def test_question_that_got_no_answer_leaves_it_unknown(work: Work, left: float) -> None:
    work.desk.faults = [Fault(verb="availability", error=Unavailable("down"))]
    told = await work.performer().availability(DESK, "7", None, Deadline.after(left))
    assert told == UNKNOWN


async def test_provider_that_tells_no_availability_leaves_it_unknown(work: Work) -> None:
    performer = work.performer(PlainProvider())
    told = await performer.availability(DESK, "7", None, Deadline.after(5))
    assert (told, PlainProvider.id) == (UNKNOWN, ProviderId("plain"))
