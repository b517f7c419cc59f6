"""Whether the last agent's leaving was the end, where no webhook tells the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handoff import failures, lifecycle, outbox, turns
from handoff.dialogflow.turn import Meaning
from handoff.errors import ProviderError, Rejected, Unavailable
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Closer,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    WentIdle,
)
from handoff.failures import LEAST_ATTEMPTS, PATIENCE
from handoff.model import Lease, Session
from handoff.providers.base import Looked, Opened
from handoff.records import Reply
from handoff.rules import Abilities, Rules
from handoff.vocabulary import ConversationRef, HandoffId, JobKind, Reason, State
from tests.heart import (
    ANNA,
    BEN,
    DESK,
    HANDOFF,
    HERE,
    NOW,
    ROOM,
    handoff_of,
    head,
    kinds,
    notices,
    queue,
    seconds,
    session_in,
    turn,
    with_handoff,
)

RULES = Rules(providers={DESK: Abilities(leaving_ends=True)}, leave_words=frozenset({"bye"}))
ENDED = RULES.texts.get("ended", "en")
UNDELIVERED = RULES.texts.get("undelivered_ended", "en")
CONFIRM, SEND, CLOSE = JobKind.CONFIRM, JobKind.SEND, JobKind.CLOSE


def at(number: float) -> datetime:
    """Return so many seconds by the vendor's clock."""
    return NOW + timedelta(seconds=number)


def left(when: float = 10, agent: str = "anna") -> AgentLeft:
    return AgentLeft(id=f"left {agent} {when}", conversation=ROOM, agent_id=agent, at=at(when))


def idle(when: float = 11) -> WentIdle:
    return WentIdle(id=f"idle {when}", conversation=ROOM, at=at(when))


def comes(when: float) -> Mapping[str, Event]:
    """Return everything that shows that somebody is there, or is being looked for."""
    found: Mapping[str, Event] = {
        "joined": AgentJoined(id="j", conversation=ROOM, agent=BEN),
        "replied": AgentReplied(id="r", conversation=ROOM, author="ben", text="Hi"),
        "shared": FileShared(id="f", conversation=ROOM, author="ben", url="https://f.example/1"),
        "queued": Queued(id="q", conversation=ROOM),
        "transferred": Transferred(id="t", conversation=ROOM),
    }
    return {name: replace(event, at=at(when)) for name, event in found.items()}


def heard(session: Session, *events: Event) -> Session:
    for event in events:
        session = lifecycle.apply(session, event, RULES, NOW)
    return session


def alone() -> Session:
    """Return a session whose only agent has just left."""
    return heard(session_in(State.ACTIVE), left())


def said(session: Session, text: str, utterance: str) -> tuple[Session, Reply]:
    """Let the customer say something, and answer it."""
    asked = turn(text, utterance)
    answered = turns.settle(turns.take(session, asked, RULES, NOW), asked, RULES, NOW)
    reply = turns.answer_to(answered, asked)
    assert reply is not None
    return answered, reply


def looked(session: Session, *events: Event) -> Session:
    return outbox.done(session, head(session), Looked(events=events), RULES, NOW)


def over(session: Session) -> Session:
    closed = ConversationClosed(id="idle", conversation=ROOM, by=Closer.NOBODY)
    return looked(session, closed)


def test_last_agents_leaving_is_asked_about_after_the_grace_period() -> None:
    session = alone()
    assert handoff_of(session).state is State.WAITING
    [job] = session.outbox
    assert (job.kind, job.due_at, job.conversation) == (CONFIRM, NOW + RULES.leave_grace, ROOM)


def test_nothing_is_asked_where_the_vendor_tells_the_end() -> None:
    after = lifecycle.apply(session_in(State.ACTIVE), left(), Rules(), NOW)
    assert (handoff_of(after).state, after.outbox) == (State.WAITING, ())


def test_nothing_is_asked_while_another_agent_is_there() -> None:
    both = with_handoff(session_in(State.ACTIVE), agents=(HERE, replace(BEN, announced=True)))
    after = heard(both, left())
    assert (handoff_of(after).state, after.outbox) == (State.ACTIVE, ())


@pytest.mark.parametrize("state", [State.REQUESTED, State.WAITING, State.ACTIVE])
def test_idle_conversation_is_asked_about_although_no_leaving_was_told(state: State) -> None:
    session = with_handoff(session_in(state), conversation=ROOM)
    assert kinds(heard(session, idle())) == [CONFIRM]


def test_idle_conversation_asks_nothing_where_the_vendor_tells_the_end() -> None:
    after = lifecycle.apply(session_in(State.ACTIVE), idle(), Rules(), NOW)
    assert (handoff_of(after).state, after.outbox) == (State.ACTIVE, ())


def test_question_is_asked_once() -> None:
    assert kinds(heard(alone(), idle(), idle(12))) == [CONFIRM]


def test_question_comes_before_all_that_waits_but_after_what_is_being_done() -> None:
    waiting = queue(session_in(State.ACTIVE), SEND, SEND)
    assert kinds(heard(waiting, left())) == [CONFIRM, SEND, SEND]
    busy = replace(waiting, lease=Lease(owner="o", until=NOW + seconds(5)))
    assert kinds(heard(busy, left())) == [SEND, CONFIRM, SEND]


@pytest.mark.parametrize("name", comes(12))
def test_whoever_comes_makes_the_question_needless(name: str) -> None:
    session, _ = said(alone(), "thanks", "m1")
    assert kinds(heard(session, comes(12)[name])) == [SEND]


@pytest.mark.parametrize("name", ["replied", "shared", "queued"])
def test_what_was_before_the_leaving_and_is_told_late_answers_nothing(name: str) -> None:
    late = comes(9)[name]
    if isinstance(late, AgentReplied | FileShared):
        late = replace(late, author="anna")
    after = heard(alone(), late)
    assert (kinds(after), handoff_of(after).state) == ([CONFIRM], State.WAITING)
    assert handoff_of(after).agents == ()


def test_late_words_of_an_agent_who_left_reach_the_customer_under_their_name() -> None:
    late = AgentReplied(
        id="r", conversation=ROOM, author="anna", author_name="Anna", text="Bye", at=at(9)
    )
    after = heard(alone(), late)
    [delivery] = handoff_of(after).deliveries
    assert (delivery.text, delivery.agent) == ("Bye", "Anna")


@pytest.mark.parametrize("name", ["joined", "replied", "shared", "queued"])
def test_what_was_before_the_rest_answers_nothing_although_no_leaving_was_told(name: str) -> None:
    resting = heard(session_in(State.ACTIVE), idle(11))
    after = heard(resting, comes(10)[name])
    assert kinds(after) == [CONFIRM]
    assert [one.id for one in handoff_of(after).agents] == ["anna"]


def test_transfer_told_after_the_leaving_that_it_explains_makes_the_question_needless() -> None:
    after = heard(alone(), comes(9.9)["transferred"])
    assert (after.outbox, notices(after)) == ((), [RULES.texts.get("transferred", "en")])


def test_transfer_before_the_rest_answers_nothing() -> None:
    assert kinds(heard(alone(), idle(11), comes(9.9)["transferred"])) == [CONFIRM]


def test_transfer_of_long_ago_answers_nothing() -> None:
    grace = RULES.leave_grace.total_seconds()
    assert kinds(heard(alone(), comes(9.9 - grace)["transferred"])) == [CONFIRM]


def test_leaving_that_a_transfer_told_before_explains_is_not_asked_about() -> None:
    after = heard(session_in(State.ACTIVE), comes(9.9)["transferred"], left())
    assert (after.outbox, handoff_of(after).gone) == ((), None)


def test_idle_that_is_told_after_the_next_queue_is_not_asked_about() -> None:
    after = heard(alone(), comes(12)["queued"], idle(11))
    assert after.outbox == ()


def test_leaving_that_is_told_after_the_next_agent_has_come_and_spoken_changes_nothing() -> None:
    session = heard(session_in(State.ACTIVE), comes(12)["joined"], left(10))
    assert (session.outbox, handoff_of(session).state) == ((), State.ACTIVE)
    assert [one.id for one in handoff_of(session).agents] == ["ben"]


def test_idle_that_is_told_after_somebody_came_again_asks_nothing() -> None:
    session = heard(session_in(State.ACTIVE), comes(12)["joined"])
    assert heard(session, idle(11)).outbox == ()


def test_join_told_after_the_same_agents_leaving_brings_no_ghost() -> None:
    late = AgentJoined(id="j", conversation=ROOM, agent=ANNA, at=at(9))
    after = heard(alone(), late)
    assert (handoff_of(after).agents, kinds(after)) == ((), [CONFIRM])


def test_times_that_are_all_the_same_tell_nothing_and_hinder_nothing() -> None:
    back = AgentJoined(id="j", conversation=ROOM, agent=ANNA, at=at(10))
    session = heard(alone(), back)
    assert (handoff_of(session).state, session.outbox) == (State.ACTIVE, ())


def test_leaving_told_before_a_join_is_remembered_also_of_an_agent_nobody_knew() -> None:
    waiting = heard(session_in(State.WAITING), left(10, "carl"))
    ghost = AgentJoined(id="j", conversation=ROOM, agent=replace(BEN, id="carl"), at=at(9))
    assert handoff_of(heard(waiting, ghost)).agents == ()


def test_agent_who_comes_back_is_there_and_a_late_leaving_does_not_take_them_away() -> None:
    back = AgentJoined(id="j", conversation=ROOM, agent=ANNA, at=at(20))
    session = heard(alone(), back)
    assert [one.id for one in handoff_of(session).agents] == ["anna"]
    assert heard(session, left(15)) is session


def test_transfer_told_after_the_next_agent_has_come_keeps_them() -> None:
    session = heard(session_in(State.ACTIVE), comes(12)["joined"], comes(9)["transferred"])
    handoff = handoff_of(session)
    assert (handoff.state, [one.id for one in handoff.agents]) == (State.ACTIVE, ["ben"])


def test_what_the_customer_says_meanwhile_waits_behind_the_question() -> None:
    session, reply = said(alone(), "thanks", "m1")
    assert kinds(session) == [CONFIRM, SEND]
    assert outbox.next_due(session, NOW) is None
    assert (reply.mute, reply.texts) == (True, ())


def test_that_the_agent_is_gone_is_told_once_it_is_not_the_end() -> None:
    session, reply = said(alone(), "thanks", "m1")
    assert reply.texts == ()
    session = heard(session, comes(12)["queued"])
    _, reply = said(session, "hello?", "m2")
    assert reply.texts == (RULES.texts.get("left", "en", agent="Anna"),)


def test_end_that_is_confirmed_gives_the_bot_back_and_frees_the_agent() -> None:
    after = over(alone())
    handoff = handoff_of(after)
    assert (handoff.state, handoff.reason) == (State.CLOSED, Reason.AGENT_CLOSED)
    assert (kinds(after), notices(after)) == ([CLOSE], [ENDED])


def test_end_of_a_wait_that_nobody_took_is_told_as_that() -> None:
    after = over(heard(session_in(State.WAITING), idle()))
    assert handoff_of(after).reason is Reason.NOT_ACCEPTED


def test_late_message_is_not_sent_once_it_is_the_end_and_its_writer_is_told() -> None:
    session, _ = said(alone(), "thanks", "m1")
    after = over(session)
    assert kinds(after) == [CLOSE]
    lost = [(one.job.text, one.reason) for one in after.undelivered]
    assert lost == [("thanks", "conversation_closed")]
    assert notices(after) == [ENDED, UNDELIVERED]


def test_late_message_of_a_customer_who_then_leaves_is_kept() -> None:
    session, _ = said(alone(), "thanks", "m1")
    after = turns.take(session, turn("", "m2", Meaning.END), RULES, NOW)
    assert [one.job.text for one in after.undelivered] == ["thanks"]
    assert kinds(after) == [CLOSE]


def test_message_that_is_being_answered_when_the_end_is_confirmed_is_the_bots() -> None:
    asked = turn("opening hours", "m1")
    taken = turns.take(alone(), asked, RULES, NOW)
    settled = turns.settle(over(taken), asked, RULES, NOW)
    reply = turns.answer_to(settled, asked)
    assert reply is not None
    assert (reply.mute, reply.texts) == (False, (ENDED,))
    assert reply.parameters["handoff_state"] == "closed"


def test_message_from_before_the_leaving_becomes_a_dead_letter() -> None:
    waiting = queue(session_in(State.ACTIVE), SEND)
    after = over(heard(waiting, left()))
    assert [one.job.text for one in after.undelivered] == ["text 1"]
    assert (kinds(after), notices(after)) == ([CLOSE], [ENDED, UNDELIVERED])


def test_customer_who_waits_for_another_agent_is_connected_again_after_the_question() -> None:
    session, _ = said(alone(), "hello?", "m1")
    after = looked(session, Queued(id="q", conversation=ROOM))
    assert (kinds(after), handoff_of(after).state) == ([SEND], State.WAITING)


def opened(room: str, number: int = 1, handoff: HandoffId = HANDOFF) -> ConversationOpened:
    ref = ConversationRef(room)
    return ConversationOpened(id=f"opened {number}", conversation=ref, handoff=handoff)


@pytest.mark.parametrize("state", [State.ACTIVE, State.CLOSED])
def test_second_conversation_of_the_same_handoff_is_left(state: State) -> None:
    after = heard(session_in(state), opened("other"), opened("other", 2), opened("other"))
    assert [(job.kind, job.conversation) for job in after.outbox] == [(CLOSE, "other")]
    assert handoff_of(after).conversation == ROOM
    done = outbox.done(after, head(after), None, RULES, NOW)
    assert heard(done, opened("other")) is done


@pytest.mark.parametrize(
    ("session", "event"),
    [
        (session_in(State.ACTIVE), opened(ROOM)),
        (session_in(State.ACTIVE), opened("other", handoff=HandoffId("ho-x"))),
        (session_in(State.ACTIVE), replace(opened("other"), handoff=None)),
        (session_in(None), opened("other")),
    ],
)
def test_no_other_conversation_is_left(session: Session, event: Event) -> None:
    assert heard(session, event).outbox == ()


def test_leaving_of_a_second_conversation_outlives_the_end_and_keeps_its_address() -> None:
    late = queue(session_in(State.REQUESTED), JobKind.OPEN)
    bound = heard(with_handoff(late, conversation=ROOM), opened("other"))
    found = Opened(conversation=ROOM)
    after = outbox.done(bound, head(bound), found, RULES, NOW)
    assert [(job.kind, job.conversation) for job in after.outbox] == [(CLOSE, "other")]
    over = lifecycle.end(after, ConversationClosed, Reason.AGENT_CLOSED, RULES, NOW)
    assert kinds(outbox.without_audience(over, RULES, NOW, in_flight=0)) == [CLOSE]


def empty() -> Session:
    """Return a session where somebody was, has gone, and was not the end by the last answer."""
    return looked(alone(), Queued(id="q", conversation=ROOM))


def test_who_speaks_where_somebody_was_and_is_not_has_it_looked_at_first() -> None:
    session, _ = said(empty(), "hello?", "m1")
    assert kinds(session) == [CONFIRM, SEND]
    assert outbox.next_due(session, NOW) == head(session)
    session, _ = said(session, "anybody?", "m2")
    assert kinds(session) == [CONFIRM, SEND, SEND]
    assert kinds(looked(session, Queued(id="q2", conversation=ROOM))) == [SEND, SEND]


def test_what_waits_already_is_not_looked_at_again() -> None:
    session = queue(empty(), SEND)
    assert kinds(said(session, "hello?", "m1")[0]) == [SEND, SEND]


def test_who_speaks_after_a_transfer_has_it_looked_at_first() -> None:
    moved = heard(session_in(State.ACTIVE), comes(12)["transferred"])
    assert kinds(said(moved, "hello?", "m1")[0]) == [CONFIRM, SEND]


@pytest.mark.parametrize("session", [session_in(State.ACTIVE), session_in(State.WAITING)])
def test_nothing_is_looked_at_while_somebody_is_there_or_nobody_came_yet(session: Session) -> None:
    assert kinds(said(session, "hello?", "m1")[0]) == [SEND]


def test_nothing_is_looked_at_where_the_vendor_tells_the_end() -> None:
    moved = heard(session_in(State.ACTIVE), comes(12)["transferred"])
    after = turns.take(moved, turn("hello?", "m1"), Rules(), NOW)
    assert kinds(after) == [SEND]


def test_question_without_an_answer_is_asked_again() -> None:
    session, _ = said(alone(), "thanks", "m1")
    after = failures.failed(session, head(session), Unavailable("busy"), RULES, NOW)
    assert kinds(after) == [CONFIRM, SEND]
    assert head(after).due_at > NOW


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (Rejected("no"), timedelta()),
        (Unavailable("down", certain=True), PATIENCE[CONFIRM]),
    ],
)
def test_question_that_cannot_be_answered_is_the_end(
    error: ProviderError, later: timedelta
) -> None:
    session, _ = said(alone(), "thanks", "m1")
    asked = replace(head(session), attempts=LEAST_ATTEMPTS)
    session = replace(session, outbox=(asked, *session.outbox[1:]))
    after = failures.failed(session, head(session), error, RULES, NOW + later)
    assert handoff_of(after).reason is Reason.AGENT_CLOSED
    assert kinds(after) == [CLOSE]


def test_question_of_a_handoff_that_is_over_ends_nothing() -> None:
    session = alone()
    job = head(session)
    ended = lifecycle.end(session, ConversationClosed, Reason.INACTIVE, RULES, NOW)
    again = replace(ended, outbox=(job,))
    after = failures.failed(again, job, Rejected("no"), RULES, NOW)
    assert (after.outbox, handoff_of(after).reason) == ((), Reason.INACTIVE)


@pytest.mark.parametrize("way", ["word", "button"])
def test_customer_who_leaves_meanwhile_calls_nobody(way: str) -> None:
    session, _ = said(alone(), "thanks", "m1")
    meaning = Meaning.END if way == "button" else Meaning.OTHER
    after = turns.take(session, turn("bye", "m2", meaning), RULES, NOW)
    assert (kinds(after), handoff_of(after).reason) == ([CLOSE], Reason.CUSTOMER_LEFT)


def test_what_was_said_before_the_leaving_still_goes_to_the_desk_of_who_leaves() -> None:
    waiting = heard(queue(session_in(State.ACTIVE), SEND), left())
    after = turns.take(waiting, turn("bye", "m2"), RULES, NOW)
    assert kinds(after) == [SEND, CLOSE]


def test_news_of_a_conversation_that_is_over_does_not_take_away_its_closing() -> None:
    after = over(alone())
    assert kinds(outbox.without_audience(after, RULES, NOW, in_flight=0)) == [CLOSE]


@pytest.mark.parametrize(
    ("earlier", "count"), [((), 0), (("ok",), 1), (("ok", "ok"), 2), (("ok", "well"), 0)]
)
def test_messages_of_the_same_words_just_before_are_counted(
    earlier: tuple[str, ...], count: int
) -> None:
    session = with_handoff(session_in(State.ACTIVE), lines_before=0)
    for number, text in enumerate((*earlier, "ok", "ok")):
        session, _ = said(session, text, f"m{number}")
    sent = session.outbox[: len(earlier)]
    rest = replace(session, outbox=session.outbox[len(sent) :])
    assert outbox.repeats(rest, head(rest)) == count


def test_message_of_a_session_that_had_no_handoff_repeats_nothing() -> None:
    session = queue(session_in(State.ACTIVE), SEND)
    assert outbox.repeats(replace(session, handoff=None), head(session)) == 0
