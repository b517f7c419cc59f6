"""The crash test in a size for every day: nothing is lost, doubled or disordered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.crash import report
from tests.crash.options import Options
from tests.crash.run import forget, run

SMALL = Options(conversations=8, messages=5, kills=6, seconds=12.0)


@pytest.mark.parametrize(("store", "provider"), [("sqlite", "livechat"), ("firestore", "8x8")])
def test_nothing_is_lost_when_functions_are_killed(
    store: str, provider: str, request: pytest.FixtureRequest
) -> None:
    if store == "firestore":
        request.getfixturevalue("firestore")
    outcome = run(replace(SMALL, store=store, provider=provider))
    assert report.passed(outcome), report.printed(outcome)
    assert outcome.load.tally.kills.total() == SMALL.kills
    forget(outcome)
