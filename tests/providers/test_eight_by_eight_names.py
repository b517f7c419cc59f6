"""What agents are called, where it can be asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handoff.errors import Unavailable
from handoff.exchange import Response
from handoff.providers.eight_by_eight_names import ASKED_LASTS, NAMES_LAST, SECONDS, Names
from handoff.providers.eight_by_eight_wire import Wire
from tests.fakes import FixedClock
from tests.providers.driving import Answer, Script
from tests.providers.eight_by_eight_world import ACCOUNT, API, KIRA, TOM, WITH_SECRET, clock


def names(now: FixedClock) -> Names:
    return Names(WITH_SECRET, Wire(WITH_SECRET, now), now)


def listed(**known: str) -> Response:
    rows: list[Any] = [{"id": own, "name": name} for own, name in known.items()]
    return Response(status=200, body=json.dumps([*rows, {"id": ""}, 7]).encode())


def asked(by: Names, agent: str, *answers: Answer) -> str:
    script = Script(*answers)
    found = script.drive(by.of(agent))
    assert not script.left
    return found


def test_name_is_asked_once_for_all() -> None:
    one = names(clock())
    script = Script(listed(**{KIRA: "Kira", TOM: "Tom"}))
    assert script.drive(one.of(KIRA)) == "Kira"
    assert asked(one, TOM) == "Tom"
    [call] = script.calls
    assert call.address == f"GET {API}/analytics/cc/v5/realtime-metrics/agents"
    assert (call.query["summary"], call.request.seconds) == ("true", SECONDS)


def test_nothing_is_asked_without_the_secret_or_without_an_agent() -> None:
    now = clock()
    assert asked(Names(ACCOUNT, Wire(ACCOUNT, now), now), KIRA) == ""
    assert asked(names(now), "") == ""


def test_names_are_asked_again_when_they_are_old() -> None:
    now = clock()
    one = names(now)
    asked(one, KIRA, listed(**{KIRA: "Kira"}))
    now.advance(NAMES_LAST.total_seconds())
    assert asked(one, KIRA, listed(**{KIRA: "Kira M."})) == "Kira M."


def test_agent_who_is_new_is_asked_for_once_a_minute() -> None:
    now = clock()
    one = names(now)
    asked(one, KIRA, listed(**{KIRA: "Kira"}))
    assert asked(one, TOM) == ""
    now.advance(ASKED_LASTS.total_seconds() + 1)
    assert asked(one, TOM, listed(**{TOM: "Tom"})) == "Tom"


@pytest.mark.parametrize("answer", [Unavailable("slow"), Response(status=403)])
def test_name_that_cannot_be_had_is_none_and_is_not_asked_for_with_every_word(
    answer: Answer,
) -> None:
    now = clock()
    one = names(now)
    assert asked(one, KIRA, answer) == ""
    assert asked(one, KIRA) == ""
    now.advance(ASKED_LASTS.total_seconds())
    assert asked(one, KIRA, listed(**{KIRA: "Kira"})) == "Kira"


def test_names_that_are_known_outlive_a_failure() -> None:
    now = clock()
    one = names(now)
    asked(one, KIRA, listed(**{KIRA: "Kira"}))
    now.advance(NAMES_LAST.total_seconds())
    assert asked(one, KIRA, Unavailable("slow")) == "Kira"
