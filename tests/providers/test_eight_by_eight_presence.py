"""Whether somebody is there at 8x8, from whichever sources are configured."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import Unavailable
from handoff.exchange import Response
from handoff.providers.base import Availability
from handoff.providers.eight_by_eight_presence import SECONDS
from handoff.signatures import plain_secret
from handoff.vocabulary import Presence
from tests.providers.driving import Answer, Call, Script
from tests.providers.eight_by_eight_world import (
    ACCOUNT,
    CHANNEL,
    REFUNDS,
    RETURNS,
    accepted,
    desk,
    refused,
)

YES, NO, UNKNOWN = Presence.YES, Presence.NO, Presence.UNKNOWN
REALTIME: dict[str, Any] = {"api_secret": plain_secret("s")}
GATEWAY: dict[str, Any] = {"gateway_statistics": True}
SCHEDULE: dict[str, Any] = {"schedule_id": "office hours"}
DOWN = Unavailable("slow")


def asked(*answers: Answer, target: str = "", **account: Any) -> tuple[Availability, list[Call]]:
    script = Script(*answers)
    answer = script.drive(desk(replace(ACCOUNT, **account)).availability(target, None))
    assert not script.left
    assert all(call.request.seconds == SECONDS for call in script.calls)
    return answer, script.calls


def metrics(
    eligible: Any = 2, waiting: Any = 1, wait: Any = 22_000, queue: Any = RETURNS
) -> Response:
    values = {
        "eligible.rt": eligible,
        "interactionsWaitInQueue.rt": waiting,
        "interactionsLongestWaitInQueue.rt": wait,
    }
    known = [{"key": key, "value": value} for key, value in values.items() if value is not None]
    return Response(status=200, body=json.dumps([{"id": queue, "metrics": known}]).encode())


def counts(free: Any = 1, busy: Any = 2, **more: Any) -> dict[str, Any]:
    told = {"agent-count-waitTransact": free, "agent-count-busy": busy, **more}
    known = {name: value for name, value in told.items() if value is not None}
    return {"queue-id": int(RETURNS), "queue-size": 1, "longest-wait-time": 22, **known}


def status(value: Any) -> Response:
    return accepted(200, **{"schedule-status": {"status": value}})


def test_nothing_is_asked_where_nothing_is_configured() -> None:
    assert asked(target="7")[0] == Availability(presence=UNKNOWN, target="7")


@pytest.mark.parametrize(
    ("value", "presence"),
    [
        (0, YES),
        ("0", YES),
        (-1, NO),
        ("-1", NO),
        ("Choice #1", NO),
        ("Choice #6", NO),
        (1, UNKNOWN),
        ("open", UNKNOWN),
        (None, UNKNOWN),
        ({}, UNKNOWN),
        (True, UNKNOWN),
    ],
)
def test_schedule_is_open_shut_or_not_understood(value: Any, presence: Presence) -> None:
    answer, [call] = asked(status(value), **SCHEDULE)
    assert answer == Availability(presence=presence)
    assert call.address == "GET https://api.8x8.com/cc/v1/schedules/office%20hours/status"


@pytest.mark.parametrize("failure", [DOWN, refused(404), refused(500)])
def test_schedule_that_does_not_answer_leaves_it_unknown(failure: Answer) -> None:
    assert asked(failure, **SCHEDULE)[0].presence is UNKNOWN


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (metrics(), Availability(presence=YES, position=2, wait_seconds=22)),
        (metrics("2", "0", "0"), Availability(presence=YES, position=1, wait_seconds=0)),
        (metrics(0, 4), Availability(presence=NO, position=5, wait_seconds=22)),
        (metrics(None), Availability(presence=UNKNOWN, position=2, wait_seconds=22)),
        (metrics("many", -1, True), Availability(presence=UNKNOWN)),
        (metrics([], "nan", "inf"), Availability(presence=UNKNOWN)),
        (metrics(queue="other"), Availability(presence=UNKNOWN)),
        (metrics(queue=int(RETURNS)), Availability(presence=YES, position=2, wait_seconds=22)),
        (Response(status=200, body=b"[]"), Availability(presence=UNKNOWN)),
        (Response(status=200, body=b"<html>"), Availability(presence=UNKNOWN)),
        (DOWN, Availability(presence=UNKNOWN)),
        (refused(403), Availability(presence=UNKNOWN)),
    ],
)
def test_realtime_metrics_tell_who_is_there(answer: Answer, wanted: Availability) -> None:
    assert asked(answer, **REALTIME)[0] == wanted


def test_realtime_metrics_are_asked_for_one_queue_by_name() -> None:
    _, [call] = asked(metrics(), **REALTIME)
    assert call.address == (
        f"GET https://api.8x8.com/analytics/cc/v5/realtime-metrics/queues/{RETURNS}"
    )
    assert "metrics=eligible.rt&metrics=interactionsWaitInQueue.rt" in call.request.url


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"queue": counts()}, Availability(presence=YES, position=2, wait_seconds=22)),
        ({"queue": [counts()]}, Availability(presence=YES, position=2, wait_seconds=22)),
        ({"queue": counts(0, 3)}, Availability(presence=YES, position=2, wait_seconds=22)),
        ({"queue": counts(0, 0)}, Availability(presence=NO, position=2, wait_seconds=22)),
        ({"queue": counts(None)}, Availability(presence=UNKNOWN, position=2, wait_seconds=22)),
        ({"queue": {**counts(), "queue-id": 9}}, Availability(presence=UNKNOWN)),
        ({"queue": []}, Availability(presence=UNKNOWN)),
        ({"queue": None}, Availability(presence=UNKNOWN)),
        ({}, Availability(presence=UNKNOWN)),
    ],
)
def test_gateways_statistics_tell_who_is_there(body: Any, wanted: Availability) -> None:
    answer, [call] = asked(accepted(200, **body), **GATEWAY)
    assert answer == wanted
    assert call.address == f"GET https://api.8x8.com/cc/v1/stats/rt/queue/{RETURNS}"


def test_gateways_statistics_are_asked_where_they_are_chosen() -> None:
    answer = accepted(200, queue=counts())
    assert not asked(answer, **REALTIME, **GATEWAY)[1][0].token


@pytest.mark.parametrize(
    ("schedule", "queue", "presence"),
    [
        (status(0), metrics(2), YES),
        (status(0), metrics(0), NO),
        (status(0), DOWN, UNKNOWN),
        (DOWN, metrics(2), UNKNOWN),
        (DOWN, metrics(0), NO),
    ],
)
def test_one_no_is_a_no_and_half_an_answer_is_none(
    schedule: Answer, queue: Answer, presence: Presence
) -> None:
    assert asked(schedule, queue, **SCHEDULE, **REALTIME)[0].presence is presence


def test_statistics_are_not_asked_when_it_is_closed() -> None:
    assert len(asked(status(-1), **SCHEDULE, **REALTIME)[1]) == 1


def test_target_is_asked_for_and_kept() -> None:
    answer, [call] = asked(metrics(queue=REFUNDS), target=f"queue:{REFUNDS}", **REALTIME)
    assert (answer.presence, answer.target) == (YES, f"queue:{REFUNDS}")
    assert call.action == REFUNDS


def test_script_has_no_statistics() -> None:
    answer, calls = asked(target="script:7", **REALTIME)
    assert (answer, calls) == (Availability(presence=UNKNOWN, target="script:7"), [])


@pytest.mark.parametrize("failure", [refused(404), refused(400)])
def test_target_that_does_not_exist_gives_way_to_the_default(failure: Response) -> None:
    answer, calls = asked(failure, metrics(), target="999", **REALTIME)
    assert (answer.presence, answer.target) == (YES, RETURNS)
    assert [call.action for call in calls] == ["999", RETURNS]


def test_target_that_cannot_be_asked_for_is_kept() -> None:
    assert asked(DOWN, target="999", **REALTIME)[0].target == "999"
    assert asked(refused(404), DOWN, target="999", **REALTIME)[0].target == "999"
    assert asked(refused(404), target=RETURNS, **REALTIME)[0].target == RETURNS


def channel(queue: str = REFUNDS) -> Response:
    return accepted(200, id=CHANNEL, routingOptions={"type": "queue", "id": queue})


def test_channels_own_queue_is_asked_for_where_no_other_is_known() -> None:
    answer, calls = asked(channel(), metrics(queue=REFUNDS), queue_id="", **REALTIME)
    assert (answer.presence, answer.target) == (YES, "")
    assert [call.action for call in calls] == [CHANNEL, REFUNDS]


def test_channels_own_queue_is_asked_for_once() -> None:
    one = desk(replace(ACCOUNT, queue_id="", **REALTIME))
    Script(channel(), metrics(queue=REFUNDS)).drive(one.availability("", None))
    script = Script(metrics(queue=REFUNDS))
    script.drive(one.availability("", None))
    assert len(script.calls) == 1


@pytest.mark.parametrize("failure", [DOWN, refused(404), channel("")])
def test_channel_that_tells_no_queue_leaves_it_unknown(failure: Answer) -> None:
    answer, _ = asked(failure, queue_id="", **REALTIME)
    assert answer == Availability(presence=UNKNOWN)


def test_unknown_target_is_kept_where_no_default_is_known() -> None:
    answer, _ = asked(refused(404), DOWN, queue_id="", target="999", **REALTIME)
    assert answer == Availability(presence=UNKNOWN, target="999")
