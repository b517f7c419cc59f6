"""Compares what was said with what arrived, line by line."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.crash.conversation import spoken
from tests.crash.desk import said_in
from tests.crash.ledger import Json, Line, Talk


@dataclass(slots=True)
class Verdict:
    """What went wrong, a sentence for each line."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Say whether nothing went wrong."""
        return not (self.lost or self.doubled or self.disordered or self.other)


def judge(talks: Sequence[Talk], rooms: Mapping[str, list[Json]], *, in_order: bool) -> Verdict:
    """Return what of the talks did not arrive, came twice, in another order or elsewhere."""
    verdict = Verdict()
    for talk in talks:
        own = rooms.get(talk.session, [])
        heard = [(0, text) for room in own for text in said_in(room)]
        _compare(verdict, f"{talk.session} to the desk", talk.said, heard, in_order=True)
        shown = [(place, spoken(text)) for place, text in talk.shown]
        _compare(verdict, f"{talk.session} to the customer", talk.written, shown, in_order=in_order)
        verdict.other += _strays(talk, rooms) + _rooms(talk, own)
    return verdict


def _compare(
    verdict: Verdict,
    way: str,
    said: Sequence[Line],
    arrived: Sequence[tuple[int, str]],
    *,
    in_order: bool,
) -> None:
    """Compare one way. What arrived carries the number of the answer it came in, or 0."""
    times = Counter(text for _, text in arrived)
    verdict.lost += [
        f"{way}: {line.text!r}" for line in said if line.accepted and not times[line.text]
    ]
    verdict.doubled += [
        f"{way}: {line.text!r} {times[line.text]} times" for line in said if times[line.text] > 1
    ]
    if in_order:
        verdict.disordered += [f"{way}: {pair}" for pair in _swapped(said, arrived)]


def _swapped(said: Sequence[Line], arrived: Sequence[tuple[int, str]]) -> list[str]:
    """Return the pairs that came the other way round; what came in one answer has no order
    across the turns that were made at the same time."""
    places = {line.text: line.place for line in said}
    first: dict[str, int] = {}
    for answer, text in arrived:
        if text in places:
            first.setdefault(text, answer)
    came = list(first)
    return [
        f"{after!r} after {before!r}"
        for before, after in itertools.pairwise(came)
        if places[after] < places[before] and (first[before] != first[after] or not first[after])
    ]


def _strays(talk: Talk, rooms: Mapping[str, list[Json]]) -> list[str]:
    """Return the customer's lines that stand in somebody else's conversation."""
    own = {line.text for line in talk.said}
    return [
        f"{talk.session}: {text!r} was told to {session}"
        for session, others in rooms.items()
        if session != talk.session
        for room in others
        for text in said_in(room)
        if text in own
    ]


def _rooms(talk: Talk, rooms: Sequence[Json]) -> list[str]:
    """Return what is odd about the customer's conversations: more than handoffs, or still open."""
    threads = sum(len(room["threads"]) for room in rooms)
    found = []
    if threads != talk.handoffs:
        found.append(f"{talk.session}: {talk.handoffs} handoffs, {threads} conversations")
    found += [
        f"{talk.session}: {room['id']} is still open" for room in rooms if room["state"] != "closed"
    ]
    return found
