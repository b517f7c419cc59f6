"""How much one session may hold: what is cut, what moves out, and that it always fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import bounds, codec
from handoff.bounds import (
    EVENTS,
    LONGEST_LINE,
    TAIL_BYTES,
    TAIL_DELIVERIES,
    TRANSCRIPT_LINES,
    TURNS,
)
from handoff.effects import SAFE_PIECE
from handoff.model import Card, Delivery, Link, Message, Session
from handoff.records import EventRecord, Reply, TurnRecord
from handoff.vocabulary import DeliveryKind, Participant, State
from tests.heart import NOW, blank, handoff_of, session_in, with_handoff

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


def test_session_that_fits_stays_as_it_is() -> None:
    session = delivering(TAIL_DELIVERIES)
    assert bounds.trim(session) == (session, [])


def test_session_without_handoff_spills_nothing() -> None:
    assert bounds.trim(blank()) == (blank(), ())


def test_unread_deliveries_beyond_the_tail_move_out() -> None:
    trimmed, spilled = bounds.trim(delivering(TAIL_DELIVERIES + 3))
    assert [one.id for one in spilled] == [1, 2, 3]
    assert ids(trimmed) == list(range(4, TAIL_DELIVERIES + 4))


def test_read_deliveries_beyond_the_tail_are_forgotten() -> None:
    _, spilled = bounds.trim(delivering(TAIL_DELIVERIES + 3, answered=2))
    assert [one.id for one in spilled] == [3]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("x" * 15_800, 9), ("€" * 15_800, 3), ("\x01" * 15_800, 1), ("\n" * 15_800, 5)],
)
def test_large_deliveries_move_out_earlier(text: str, kept: int) -> None:
    trimmed, spilled = bounds.trim(delivering(40, text=text))
    assert [one.id for one in spilled] + ids(trimmed) == list(range(1, 41))
    assert len(ids(trimmed)) == kept


LARGE = "x" * 50_000


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
    text = "x" * (TAIL_BYTES // 4 - 208 + more)  # 200 for the frame, 8 for empty quotes
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
    assert bounds.missing_before(with_handoff(session, deliveries=kept)) == missing


def test_nothing_is_missed_without_a_handoff() -> None:
    assert bounds.missing_before(blank()) is None


def test_all_is_missed_where_no_tail_was_kept() -> None:
    session = with_handoff(delivering(5, answered=2), deliveries=())
    assert bounds.missing_before(session) == 2
    assert ids(bounds.with_earlier(session, deliveries(5)[2:])) == [3, 4, 5]


def test_deliveries_that_moved_out_come_back_before_the_tail() -> None:
    session = delivering(TAIL_DELIVERIES + 30)
    trimmed, spilled = bounds.trim(session)
    assert bounds.with_earlier(trimmed, spilled) == session


def test_delivery_that_is_in_both_places_comes_back_once() -> None:
    session = delivering(3)
    assert bounds.with_earlier(session, deliveries(2)) == session


@pytest.mark.parametrize("session", [blank(), delivering(3)])
def test_nothing_comes_back_where_nothing_moved_out(session: Session) -> None:
    assert bounds.with_earlier(session, ()) is session


def test_nothing_comes_back_without_a_handoff() -> None:
    assert bounds.with_earlier(blank(), deliveries(1)) == blank()


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
