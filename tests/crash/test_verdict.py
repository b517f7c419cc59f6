"""What the comparison finds, and what it lets pass."""

from __future__ import annotations

from tests.crash.ledger import Json, Line, Talk
from tests.crash.verdict import Verdict, judge


def judged(heard: list[str], shown: list[tuple[int, str]], state: str = "closed") -> Verdict:
    """Judge one conversation of three lines each way; the last two are said at the same time."""
    talk = Talk(session="s", dialect="cx", handoffs=1, shown=shown)
    talk.said = [Line("c0", 1, True), Line("c1", 2, True), Line("c2", 2, True)]
    talk.written = [Line("a0", 0, True), Line("a1", 1, True), Line("a2", 2, True)]
    events = [{"text": one, "author": {"type": "customer"}} for one in heard]
    room: Json = {"id": "R", "threads": ["T"], "state": state, "events": events}
    return judge([talk], {"s": [room]}, in_order=True)


SEEN = [(1, "Mara: a0"), (2, "Mara: a1"), (2, "Mara has left."), (3, "Mara: a2")]


def test_all_that_arrived_once_and_in_order_passes() -> None:
    assert judged(["c0", "c1", "c2"], SEEN).is_clean


def test_lines_said_at_the_same_time_have_no_order() -> None:
    assert judged(["c0", "c2", "c1"], SEEN).is_clean


def test_answers_to_turns_at_the_same_time_have_no_order() -> None:
    assert judged(["c0", "c1", "c2"], [(1, "M: a1"), (1, "M: a0"), (2, "M: a2")]).is_clean


def test_line_that_is_not_at_the_desk_is_lost() -> None:
    found = judged(["c0", "c2"], SEEN)
    assert [len(found.lost), len(found.doubled), len(found.disordered)] == [1, 0, 0]


def test_line_that_was_not_shown_is_lost() -> None:
    assert len(judged(["c0", "c1", "c2"], SEEN[1:]).lost) == 1


def test_line_that_came_twice_is_doubled() -> None:
    found = judged(["c0", "c1", "c2", "c0"], [*SEEN, (4, "Mara: a2")])
    assert len(found.doubled) == 2


def test_changed_line_is_lost() -> None:
    assert len(judged(["c0", "c1", "C2"], SEEN).lost) == 1


def test_lines_the_other_way_round_are_disordered() -> None:
    found = judged(["c1", "c0", "c2"], [(1, "M: a1"), (2, "M: a0"), (3, "M: a2")])
    assert [len(found.lost), len(found.disordered)] == [0, 2]


def test_open_conversation_at_the_end_is_a_finding() -> None:
    assert not judged(["c0", "c1", "c2"], SEEN, state="active").is_clean
