"""The streams in a size for every day: all is heard once and in order, and little is held."""

from __future__ import annotations

import asyncio

import pytest

from tests.streams import report
from tests.streams.hold import hold
from tests.streams.options import Options
from tests.streams.talk import talk

HOLD = Options(hold=300, calls=10, seconds=2.0)

# A busy machine is slow to do anything; it frees nothing that would be kept otherwise.
SOON = 10.0


@pytest.mark.parametrize(("store", "streams"), [("sqlite", 100), ("firestore", 30)])
def test_every_stream_hears_every_message_once_and_in_order(
    store: str, streams: int, request: pytest.FixtureRequest
) -> None:
    if store == "firestore":
        request.getfixturevalue("firestore")
    options = Options(store=store, streams=streams, messages=5, pause=1.0)
    run = asyncio.run(talk(options))
    assert not run.findings, report.printed(report.of_talk(options, run), run.findings)
    assert run.heard == streams * options.messages


def test_held_streams_cost_little_and_are_let_go() -> None:
    run = asyncio.run(hold(HOLD))
    table = report.printed(report.of_hold(HOLD, run), run.findings)
    assert not run.findings, table
    assert run.each <= 40, table
    assert run.deaf < run.unread / 4, table
    for seconds in (run.freed, run.left, run.let_go, run.gone):
        assert seconds is not None, table
        assert seconds < SOON, table
