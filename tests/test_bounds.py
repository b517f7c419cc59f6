"""How much one session may hold: what is cut, what moves out, and that it always fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from handoff import bounds, codec, jobs
from handoff.bounds import (
    AGENTS,
    DETAILS_BYTES,
    EVENTS,
    LONGEST_ADDRESS,
    LONGEST_AGENT,
    LONGEST_FILE,
    LONGEST_ID,
    LONGEST_LINE,
    LONGEST_REQUEST,
    LONGEST_TYPE,
    TAIL_BYTES,
    TAIL_DELIVERIES,
    TRANSCRIPT_LINES,
    TURNS,
    WAITING,
    WAITING_BYTES,
)
from handoff.deliveries import Delivery
from handoff.effects import SAFE_PIECE
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Event,
    FileShared,
    Queued,
    Transferred,
)
from handoff.model import Agent, Card, Customer, Link, Message, Session
from handoff.records import EventRecord, Happening, Reply, TurnRecord
from handoff.vocabulary import (
    ContactRef,
    ConversationRef,
    DeliveryKind,
    HandoffId,
    JobKind,
    Participant,
    State,
    ThreadRef,
)
from tests.heart import (
    ANNA,
    HANDOFF,
    NOW,
    ROOM,
    blank,
    handoff_of,
    queue,
    session_in,
    with_handoff,
)

# Half of what a document may have: the outbox and the handoff itself need room too.
HALF = 524_288


def deliveries(number: int, text: str = "Hi") -> tuple[Delivery, ...]:
    kind = DeliveryKind.MESSAGE
    return tuple(Delivery(id=one, kind=kind, at=NOW, text=text) for one in range(1, number + 1))


def delivering(number: int, *, answered: int = 0, text: str = "Hi") -> Session:
    return with_handoff(
        session_in(State.ACTIVE),
        deliveries=deliveries(number, text),
        last_delivery=number,
        answered=answered,
    )


def saying(number: int, text: str = "Hi") -> Session:
    lines = [Message(author=Participant.CUSTOMER, text=f"{one} {text}") for one in range(number)]
    return blank().saying(*lines)


def answering(number: int, text: str = "Hi") -> Session:
    reply = Reply(texts=(text,), mute=True)
    turns = [TurnRecord(id=f"t{one}", utterance="u", reply=reply) for one in range(number)]
    return replace(blank(), turns=tuple(turns))


def ids(session: Session) -> list[int]:
    return [one.id for one in handoff_of(session).deliveries]


def moved(said: Sequence[Delivery]) -> bounds.Moved:
    return [(HANDOFF, one) for one in said]


def numbers(spilled: bounds.Moved) -> list[int]:
    assert {name for name, _ in spilled} <= {HANDOFF}
    return [one.id for _, one in spilled]


def test_session_that_fits_stays_as_it_is() -> None:
    session = delivering(TAIL_DELIVERIES)
    assert bounds.trim(session) == (session, ())


def test_session_without_handoff_spills_nothing() -> None:
    assert bounds.trim(blank()) == (blank(), ())


def test_unread_deliveries_beyond_the_tail_move_out() -> None:
    trimmed, spilled = bounds.trim(delivering(TAIL_DELIVERIES + 3))
    assert numbers(spilled) == [1, 2, 3]
    assert ids(trimmed) == list(range(4, TAIL_DELIVERIES + 4))


def test_read_deliveries_beyond_the_tail_are_forgotten() -> None:
    _, spilled = bounds.trim(delivering(TAIL_DELIVERIES + 3, answered=2))
    assert numbers(spilled) == [3]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("x" * 15_800, 9), ("€" * 15_800, 3), ("\x01" * 15_800, 1), ("\n" * 15_800, 4)],
)
def test_large_deliveries_move_out_earlier(text: str, kept: int) -> None:
    trimmed, spilled = bounds.trim(delivering(40, text=text))
    assert numbers(spilled) + ids(trimmed) == list(range(1, 41))
    assert len(ids(trimmed)) == kept


LARGE = "x" * 49_000


@pytest.mark.parametrize(
    "large",
    [
        replace(deliveries(1)[0], text=LARGE),
        replace(deliveries(1)[0], url=LARGE),
        replace(deliveries(1)[0], name=LARGE),
        replace(deliveries(1)[0], agent=LARGE),
    ],
)
def test_all_that_a_delivery_says_counts(large: Delivery) -> None:
    said = tuple(replace(large, id=number) for number in range(1, 41))
    trimmed, _ = bounds.trim(with_handoff(delivering(40), deliveries=said))
    assert ids(trimmed) == [38, 39, 40]


@pytest.mark.parametrize(("more", "kept"), [(0, 4), (1, 3)])
def test_tail_that_exactly_fits_is_kept(more: int, kept: int) -> None:
    text = "x" * (TAIL_BYTES // 4 - 308 + more)  # 300 for the frame, 8 for empty quotes
    trimmed, _ = bounds.trim(delivering(8, text=text))
    assert len(ids(trimmed)) == kept


def test_one_thing_is_kept_whatever_its_size() -> None:
    trimmed, _ = bounds.trim(delivering(3, text="x" * 200_000))
    assert ids(trimmed) == [3]


def test_line_of_the_transcript_is_cut() -> None:
    trimmed, _ = bounds.trim(saying(1, "x" * LONGEST_LINE))
    assert len(trimmed.transcript[0].text) == LONGEST_LINE + len("…")
    assert trimmed.transcript[0].text.endswith("x…")


def test_transcript_keeps_its_newest_lines_and_counts_all() -> None:
    trimmed, _ = bounds.trim(saying(TRANSCRIPT_LINES + 2))
    assert trimmed.transcript[0].text == "2 Hi"
    assert (len(trimmed.transcript), trimmed.lines) == (TRANSCRIPT_LINES, TRANSCRIPT_LINES + 2)


def test_transcript_keeps_so_many_bytes() -> None:
    trimmed, _ = bounds.trim(saying(100, "x" * 6_297))  # with quotes, number and frame: 6 404
    assert [one.text.partition(" ")[0] for one in trimmed.transcript] == [
        str(number) for number in range(81, 100)
    ]


def test_name_of_an_author_counts_too() -> None:
    lines = [Message(author=Participant.AGENT, text=str(one), name="x" * 30_000) for one in "12345"]
    trimmed, _ = bounds.trim(blank().saying(*lines))
    assert [one.text for one in trimmed.transcript] == ["2", "3", "4", "5"]


def test_card_of_a_line_counts_too() -> None:
    card = Card(title="x" * 15_000, links=(Link(title="y" * 15_000),))
    lines = [Message(author=Participant.BOT, text=one, card=card) for one in "12345"]
    trimmed, _ = bounds.trim(blank().saying(*lines))
    assert [one.text for one in trimmed.transcript] == ["2", "3", "4", "5"]


def test_turns_are_remembered_up_to_a_number() -> None:
    trimmed, _ = bounds.trim(answering(TURNS + 1))
    assert [one.id for one in trimmed.turns] == [f"t{one}" for one in range(1, TURNS + 1)]


@pytest.mark.parametrize(
    ("text", "kept"), [("x" * 10_000, 9), ("€" * 10_000, 3), ("\x01" * 10_000, 1)]
)
def test_old_answers_lose_their_texts_and_keep_the_rest(text: str, kept: int) -> None:
    trimmed, _ = bounds.trim(answering(TURNS, text))
    texts = [one.reply.texts for one in trimmed.turns if one.reply]
    assert texts == [()] * (TURNS - kept) + [(text,)] * kept
    assert all(one.reply and one.reply.mute for one in trimmed.turns)


def test_turn_without_an_answer_yet_is_kept() -> None:
    asked = TurnRecord(id="t", utterance="u")
    session = answering(TURNS - 1, "x" * 10_000)
    trimmed, _ = bounds.trim(replace(session, turns=(asked, *session.turns)))
    assert trimmed.turns[0] == asked


def test_events_are_remembered_up_to_a_number() -> None:
    records = tuple(EventRecord(id=str(one), at=NOW) for one in range(EVENTS + 1))
    trimmed, _ = bounds.trim(replace(blank(), events=records))
    assert trimmed.events == records[1:]


@pytest.mark.parametrize(
    ("first", "last", "answered", "missing"),
    [
        (1, 0, 0, None),
        (1, 3, 0, None),
        (3, 3, 1, 1),
        (2, 3, 1, None),
        (2, 3, 3, None),
        (9, 9, 0, 0),
    ],
)
def test_unread_deliveries_that_moved_out_are_missed(
    first: int, last: int, answered: int, missing: int | None
) -> None:
    session = delivering(last, answered=answered)
    kept = handoff_of(session).deliveries[first - 1 :]
    assert bounds.missing_before(handoff_of(with_handoff(session, deliveries=kept))) == missing


def test_all_is_missed_where_no_tail_was_kept() -> None:
    session = with_handoff(delivering(5, answered=2), deliveries=())
    assert bounds.missing_before(handoff_of(session)) == 2
    assert ids(bounds.with_moved(session, moved(deliveries(5)[2:]))) == [3, 4, 5]


def test_deliveries_that_moved_out_come_back_before_the_tail() -> None:
    session = delivering(TAIL_DELIVERIES + 30)
    trimmed, spilled = bounds.trim(session)
    assert bounds.with_moved(trimmed, spilled) == session


def test_delivery_that_is_in_both_places_comes_back_once() -> None:
    session = delivering(3)
    assert bounds.with_moved(session, moved(deliveries(2))) == session


@pytest.mark.parametrize("session", [blank(), delivering(3)])
def test_nothing_comes_back_where_nothing_moved_out(session: Session) -> None:
    assert bounds.with_moved(session, ()) is session


def test_nothing_comes_back_without_a_handoff() -> None:
    assert bounds.with_moved(blank(), moved(deliveries(1))) == blank()


@pytest.mark.parametrize("letter", ["x", "é", "€", "🌷", '"', "\n", "\x01"])
@pytest.mark.parametrize("length", [1, 200, SAFE_PIECE // 4, SAFE_PIECE])
def test_fullest_session_takes_half_of_a_document(letter: str, length: int) -> None:
    text = letter * length
    card = Card(text=letter * 2_000, links=(Link(title=letter),) * 10)
    full = replace(
        delivering(300, text=text),
        transcript=tuple(replace(one, card=card) for one in saying(600, text).transcript),
        turns=answering(100, text).turns,
        events=tuple(EventRecord(id="c" * 60 + str(one), at=NOW) for one in range(400)),
    )
    trimmed, _ = bounds.trim(full)
    assert len(codec.encode(trimmed, "session").encode()) <= HALF


@pytest.mark.parametrize(("size", "kept"), [(1_000, 50), (4_000, 15)])
def test_turns_of_long_names_are_forgotten_earlier(size: int, kept: int) -> None:
    turns = tuple(TurnRecord(id=f"{one}" + "x" * size, utterance="u") for one in range(TURNS))
    trimmed, _ = bounds.trim(replace(blank(), turns=turns))
    assert trimmed.turns == turns[-kept:]


@pytest.mark.parametrize(
    "reply", [Reply(return_to="f" * 2_000), Reply(parameters={"handoff_agent": "a" * 2_000})]
)
def test_what_stays_of_an_answer_counts_for_its_turn(reply: Reply) -> None:
    turns = tuple(TurnRecord(id=str(one), utterance="u", reply=reply) for one in range(TURNS))
    trimmed, _ = bounds.trim(replace(blank(), turns=turns))
    assert 20 < len(trimmed.turns) < 30


def test_events_of_long_names_are_forgotten_earlier() -> None:
    records = tuple(
        EventRecord(id=f"{one:03}" + "x" * 395, at=NOW, freed_by="y" * 496) for one in range(EVENTS)
    )
    trimmed, _ = bounds.trim(replace(blank(), events=records))
    assert trimmed.events == records[-64:]


def test_life_keeps_so_many_bytes() -> None:
    line = Happening(at=NOW, handoff=HANDOFF, what="turn", name="\x01" * 60, outcome="done")
    trimmed, _ = bounds.trim(replace(blank(), life=(line,) * 300))
    assert 50 < len(trimmed.life) < 120


def test_newest_agents_are_kept_with_as_much_of_a_name_as_people_read() -> None:
    agents = tuple(Agent(id=str(one), name="n" * 300) for one in range(AGENTS + 1))
    nameless = Agent(id="last")
    trimmed, _ = bounds.trim(
        with_handoff(session_in(State.ACTIVE), agents=(*agents, nameless), speaker="n" * 300)
    )
    kept = handoff_of(trimmed)
    assert [one.id for one in kept.agents] == [*map(str, range(2, AGENTS + 1)), "last"]
    assert {one.name for one in kept.agents} == {"n" * LONGEST_AGENT, None}
    assert kept.speaker == "n" * LONGEST_AGENT


def test_agents_of_long_names_are_forgotten_earlier() -> None:
    agents = tuple(Agent(id=f"{one:02}" + "i" * 1_000) for one in range(AGENTS))
    trimmed, _ = bounds.trim(with_handoff(session_in(State.ACTIVE), agents=agents))
    assert handoff_of(trimmed).agents == agents[-21:]


def test_attributes_that_fit_stay_as_they_are() -> None:
    session = with_handoff(session_in(State.ACTIVE), attributes={"b": "two", "a": "one"})
    assert bounds.trim(session) == (session, ())


def test_long_attribute_goes_before_the_short_ones() -> None:
    attributes = {"first": "1", "long": "x" * DETAILS_BYTES, "last": "2", "other": "x" * 60_000}
    trimmed, _ = bounds.trim(with_handoff(session_in(State.ACTIVE), attributes=attributes))
    assert list(handoff_of(trimmed).attributes) == ["first", "last", "other"]


def test_customers_own_data_leave_the_attributes_less() -> None:
    session = with_handoff(session_in(State.ACTIVE), attributes={"a": "x" * 30_000})
    known = with_handoff(session, customer=Customer(name="n" * 40_000))
    assert handoff_of(bounds.trim(session)[0]).attributes
    assert not handoff_of(bounds.trim(known)[0]).attributes


@pytest.mark.parametrize("kind", [JobKind.IDENTIFY, JobKind.OPEN, JobKind.NOTE])
def test_words_that_asked_for_a_person_are_whole_until_they_are_said(kind: JobKind) -> None:
    session = with_handoff(session_in(State.REQUESTED), request="x" * 60_000)
    assert handoff_of(bounds.trim(queue(session, kind))[0]).request == "x" * 60_000
    said = queue(session, JobKind.SEND)
    assert handoff_of(bounds.trim(said)[0]).request == "x" * LONGEST_REQUEST


def waiting(text: str, number: int = 1, utterance: str = "u") -> Session:
    """Return a session where so many messages wait."""
    session = session_in(State.ACTIVE)
    for _ in range(number):
        handoff = handoff_of(session)
        session = jobs.add(session, JobKind.SEND, handoff, NOW, text=text, utterance=utterance)
    return session


@pytest.mark.parametrize("text", ["x", "x" * WAITING_BYTES, "\x01" * 64_000])
def test_one_message_alone_always_has_room(text: str) -> None:
    assert bounds.has_room(session_in(State.ACTIVE), text)


@pytest.mark.parametrize(("number", "room"), [(WAITING - 1, True), (WAITING, False)])
def test_so_many_messages_can_wait(number: int, room: bool) -> None:
    assert bounds.has_room(waiting("Hi", number), "Hi") is room


@pytest.mark.parametrize(("size", "room"), [(70_000, True), (80_000, False)])
def test_so_many_bytes_can_wait(size: int, room: bool) -> None:
    assert bounds.has_room(waiting("x" * 70_000), "x" * size) is room


@pytest.mark.parametrize("letter", ["🌷", "\x01"])
def test_names_of_the_turns_count_for_what_waits(letter: str) -> None:
    session = waiting("Hi", 20, utterance=letter * 2_000)
    assert not bounds.has_room(session, "Hi")


def test_conversation_counts_for_what_waits() -> None:
    session = with_handoff(session_in(State.ACTIVE), conversation=ConversationRef("c" * 150_000))
    assert not bounds.has_room(queue(session, JobKind.CLOSE), "Hi")


def test_words_that_still_have_to_be_said_count_for_what_waits() -> None:
    session = with_handoff(session_in(State.REQUESTED), request="x" * 100_000)
    assert bounds.has_room(queue(session, JobKind.CLOSE), "x" * 60_000)
    assert not bounds.has_room(queue(session, JobKind.OPEN), "x" * 60_000)


def test_what_waits_without_a_handoff_is_only_jobs() -> None:
    opening = queue(session_in(State.REQUESTED), JobKind.OPEN)
    assert bounds.has_room(replace(opening, handoff=None), "Hi")


TOO_LONG = "i" * (LONGEST_ID - 1)  # with its quotes


@pytest.mark.parametrize(
    "event",
    [
        Queued(id=TOO_LONG, conversation=ROOM),
        Queued(id="e", conversation=ConversationRef(TOO_LONG)),
        Queued(id="e", conversation=ROOM, thread=ThreadRef(TOO_LONG)),
        Queued(id="e", conversation=ROOM, contact=ContactRef(TOO_LONG)),
        Queued(id="e", conversation=ROOM, handoff=HandoffId(TOO_LONG)),
        AgentJoined(id="e", conversation=ROOM, agent=Agent(id=TOO_LONG)),
        AgentLeft(id="e", conversation=ROOM, agent_id=TOO_LONG),
        AgentReplied(id="e", conversation=ROOM, author=TOO_LONG, text="Hi"),
        FileShared(id="e", conversation=ROOM, author=TOO_LONG, url="https://x.example"),
        Transferred(id="e", conversation=ROOM, by=TOO_LONG),
    ],
)
def test_event_with_an_id_that_is_none_is_not_taken(event: Event) -> None:
    assert bounds.within_limits(event) is None


@pytest.mark.parametrize(
    "event",
    [
        Queued(id=TOO_LONG[1:], conversation=ROOM),
        AgentJoined(id="e", conversation=ROOM, agent=ANNA),
        AgentJoined(id="e", conversation=ROOM, agent=Agent(id="a")),
        AgentLeft(id="e", conversation=ROOM, agent_id="anna"),
        AgentReplied(id="e", conversation=ROOM, author="", text="x" * 900_000, author_name="Anna"),
        FileShared(id="e", conversation=ROOM, author="anna", url="https://x.example", name="a.txt"),
        Transferred(id="e", conversation=ROOM),
    ],
)
def test_event_within_limits_stays_as_it_is(event: Event) -> None:
    assert bounds.within_limits(event) == event


def test_names_in_an_event_are_cut() -> None:
    long = "n" * 9_000
    joined = bounds.within_limits(
        AgentJoined(id="e", conversation=ROOM, agent=Agent(id="a", name=long))
    )
    said = bounds.within_limits(
        AgentReplied(id="e", conversation=ROOM, author="a", text=long, author_name=long)
    )
    assert isinstance(joined, AgentJoined)
    assert isinstance(said, AgentReplied)
    assert joined.agent.name == said.author_name == "n" * LONGEST_AGENT
    assert said.text == long


def test_address_of_a_file_is_whole_or_nothing() -> None:
    long = "n" * (LONGEST_ADDRESS + 1)
    file = FileShared(id="e", conversation=ROOM, author="a", url=long, name=long, content_type=long)
    cut = bounds.within_limits(file)
    assert isinstance(cut, FileShared)
    assert (cut.url, len(cut.name), len(cut.content_type)) == ("", LONGEST_FILE, LONGEST_TYPE)
    fits = bounds.within_limits(replace(file, url=long[1:]))
    assert isinstance(fits, FileShared)
    assert fits.url == long[1:]
