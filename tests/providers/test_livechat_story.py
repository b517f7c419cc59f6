"""The worked example of reference §10 through the lifecycle: what the customer sees of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import lifecycle, outbox
from handoff.exchange import Json
from handoff.model import Contact, Job, Session
from handoff.providers.livechat_wire import ID
from handoff.rules import Rules
from handoff.vocabulary import ConversationRef, JobKind, Reason, State, ThreadRef
from tests.fakes import FixedClock
from tests.providers.driving import Script, ok, refused
from tests.providers.livechat_world import (
    CHAT,
    CONTACT,
    HANDED,
    KNOWN,
    inbound,
    livechat,
    opening,
    sample,
    session,
)

NOW = FixedClock().now
RULES = Rules()


def told(state: Session, *names: str) -> Session:
    """Return the session after these webhooks."""
    for name in names:
        state = heard(state, sample(name))
    return state


def heard(state: Session, body: Json) -> Session:
    for event in Script().drive(livechat(bot=True).receive(inbound(body))):
        state = lifecycle.apply(state, event, RULES, NOW)
    return state


def seen(state: Session) -> list[str]:
    """Return what the customer sees, in order."""
    handoff = state.handoff
    assert handoff is not None
    return [one.url or one.text for one in handoff.deliveries]


def standing(state: Session) -> State:
    assert state.handoff is not None
    return state.handoff.state


def test_queued_customer_waits_in_place_two() -> None:
    state = told(session(State.REQUESTED), "incoming_chat_queued")
    assert state.handoff is not None
    assert (state.handoff.state, state.handoff.position) == (State.WAITING, 2)
    assert state.handoff.wait_seconds == 140


def test_what_our_bot_does_is_not_seen() -> None:
    before = session(State.WAITING)
    assert told(before, "user_added_our_bot", "note_by_our_bot", "whisper") is before


@pytest.mark.parametrize(
    "order",
    [
        ("user_added_mara", "chat_transferred_assigned"),
        ("chat_transferred_assigned", "user_added_mara"),
        ("chat_transferred_assigned", "user_added_mara", "user_added_mara"),
    ],
)
def test_agent_is_announced_once_whichever_webhook_comes_first(order: tuple[str, ...]) -> None:
    state = told(session(State.WAITING), *order)
    assert standing(state) is State.ACTIVE
    assert len([one for one in seen(state) if "Mara" in one]) == len(seen(state)) == 1


def test_words_and_file_arrive_once_and_our_own_do_not() -> None:
    state = told(session(), "agent_message", "customer_echo", "agent_file", "agent_message")
    assert seen(state) == [
        "Hello Ines, which month is wrong?",
        "https://cdn.livechat-files.com/api/file/lc/att/8/credit-note.pdf",
    ]


def test_transfer_keeps_the_customer_and_names_the_next_agent() -> None:
    steps = ("user_added_mara", "chat_transferred_group", "user_removed_mara", "user_added_tobias")
    state = told(session(State.WAITING), *steps)
    assert standing(state) is State.ACTIVE
    assert "Tobias" in seen(state)[-1]


def test_agent_who_closes_ends_the_handoff() -> None:
    state = told(session(), "system_message", "chat_deactivated_by_agent")
    assert state.handoff is not None
    assert (state.handoff.state, state.handoff.reason) == (State.CLOSED, Reason.AGENT_CLOSED)


def test_late_end_of_the_thread_before_does_not_end_this_one() -> None:
    before = session(contact=KNOWN)
    late = sample("chat_deactivated_by_agent")
    late["payload"]["thread_id"] = KNOWN.thread
    assert heard(before, late) is before


def opening_job() -> Job:
    return Job(id=1, kind=JobKind.OPEN, handoff=HANDED.id, provider=ID, created_at=NOW, due_at=NOW)


def test_agent_is_heard_in_a_thread_that_was_never_closed() -> None:
    """The thread of the handoff before is still open (our close failed), so it is taken over."""
    thread = ThreadRef("TX9R4DJ1LC")
    contact = Contact(ref=CONTACT.ref, conversation=ConversationRef(CHAT), thread=thread)
    job = opening_job()
    before = replace(session(contact=contact), handoff=HANDED, outbox=(job,))
    busy = ok(chats_summary=[{"id": CHAT, "active": True}])
    whole = ok(id=CHAT, users=[], thread={"id": thread, "events": []})
    script = Script(ok(), refused("chat_already_active"), busy, whole, ok(event_id="e"))
    opened = script.drive(livechat().open(opening(contact)))
    after = outbox.done(before, job, opened, RULES, NOW)
    assert seen(told(after, "agent_message")) == ["Hello Ines, which month is wrong?"]
