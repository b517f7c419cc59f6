"""What `handoff setup` makes at 8x8 and what `handoff check` sees there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import Rejected, Unavailable
from handoff.exchange import Json, Response
from handoff.providers.eight_by_eight_setup import NAME, VERSION
from handoff.providers.eight_by_eight_wire import EightByEightAccount
from handoff.providers.operating import Finding, Outcome, Plan, Step
from tests.providers.driving import Answer, Script, ok
from tests.providers.eight_by_eight_world import ACCOUNT, CHANNEL, REFUNDS, RETURNS, desk, refused

URL, ELSEWHERE = "https://events.example/8x8", "https://old.example/8x8"
GATEWAY = "https://api.8x8.com/chat-gateway/v1"
HOOK: Json = {"id": "pQ7m", "name": NAME, "uri": URL, "version": VERSION}
ROOM: Json = {
    "id": CHANNEL,
    "name": "Web bot hand-over",
    "type": "ChatAPI",
    "webHookId": "pQ7m",
    "routingOptions": {"type": "queue", "id": RETURNS},
}
OURS: Json = {**ROOM, "name": NAME}
NEW = replace(ACCOUNT, channel_id="")
YES = Response(status=204)


def hooks(*found: Json) -> Response:
    return ok(_embedded={"webhooks": list(found)}, page={"totalPages": 1})


def channels(*found: Json) -> Response:
    return ok(_embedded={"channels": list(found)}, page={"totalPages": 1})


def set_up(
    *answers: Answer, account: EightByEightAccount = ACCOUNT, **plan: Any
) -> tuple[Script, list[Step]]:
    """Return the calls that a set-up made, all of them answered, and what it told."""
    script, told = Script(*answers), list[Step]()
    script.drive(desk(account).setup(Plan(**{"url": URL, **plan}), told.append))
    assert not script.left
    return script, told


def checked(
    *answers: Answer,
    account: EightByEightAccount = ACCOUNT,
    url: str = URL,
    targets: Sequence[str] = (),
) -> list[str]:
    """Return the problems that a check found."""
    script, told = Script(*answers), list[Finding]()
    script.drive(desk(account).check(url, targets, told.append))
    assert not script.left
    return [f"{one.what}: {one.problem}" for one in told if one.problem]


def outcomes(told: Sequence[Step]) -> dict[str, Outcome]:
    return {one.what: one.outcome for one in told}


def changing(script: Script) -> list[str]:
    return [call.address for call in script.calls if not call.address.startswith("GET ")]


def test_webhook_and_channel_are_made_and_tried() -> None:
    made = (ok(**HOOK), channels(), ok(**OURS), YES)
    script, told = set_up(hooks(), hooks(), *made, account=NEW)
    assert changing(script) == [
        f"POST {GATEWAY}/{one}" for one in ("webhooks", "channels", "webhooks/verify")
    ]
    version = {"version": VERSION, "notificationVersion": VERSION}
    assert script.calls[2].json == {"name": NAME, "uri": URL, **version}
    routing = {"type": "queue", "id": RETURNS}
    expected = {"name": NAME, "type": "ChatAPI", "webHookId": "pQ7m", "routingOptions": routing}
    assert script.calls[4].json == expected
    assert told[1].variable == ("EIGHT_BY_EIGHT_CHANNEL_ID", CHANNEL)


@pytest.mark.parametrize(("account", "there"), [(ACCOUNT, ROOM), (NEW, OURS)])
def test_all_that_is_there_is_found(account: EightByEightAccount, there: Json) -> None:
    script, told = set_up(hooks(HOOK), channels(there), YES, account=account)
    assert changing(script) == [f"POST {GATEWAY}/webhooks/verify"]
    assert set(outcomes(told).values()) == {Outcome.FOUND}


def test_dry_run_only_looks() -> None:
    script, told = set_up(hooks(), hooks(), channels(), account=NEW, dry=True)
    assert changing(script) == []
    assert set(outcomes(told).values()) == {Outcome.WOULD_MAKE}


@pytest.mark.parametrize(
    "other", [{**HOOK, "uri": ELSEWHERE}, {**HOOK, "name": "x", "version": "Chat API v2.0"}]
)
def test_webhook_that_would_have_to_change_is_left_alone(other: Json) -> None:
    by_address = [hooks(other)] if other["uri"] == URL else [hooks(other), hooks(other)]
    told: list[Step] = []
    script = Script(*by_address)
    with pytest.raises(Rejected, match="would have to be changed"):
        script.drive(desk().setup(Plan(url=URL), told.append))
    assert (told[0].outcome, "--replace" in told[0].detail) == (Outcome.LEFT, True)


def test_replacing_changes_the_webhook_in_its_place() -> None:
    other = hooks({**HOOK, "uri": ELSEWHERE})
    script, told = set_up(other, other, ok(), channels(ROOM), YES, replace=True)
    assert changing(script)[0] == f"PUT {GATEWAY}/webhooks/pQ7m"
    assert outcomes(told) == {
        "webhook": Outcome.CHANGED,
        "channel": Outcome.FOUND,
        "webhook's address": Outcome.FOUND,
    }


def test_replacing_dry_tells_what_would_change() -> None:
    other = hooks({**HOOK, "uri": ELSEWHERE})
    there = channels({**ROOM, "webHookId": "another"})
    script, told = set_up(other, other, there, replace=True, dry=True)
    assert changing(script) == []
    assert set(outcomes(told).values()) == {Outcome.WOULD_CHANGE}


def test_channel_that_leads_elsewhere_is_left_alone() -> None:
    script, told = set_up(hooks(HOOK), channels({**ROOM, "webHookId": "another"}), YES)
    assert changing(script) == [f"POST {GATEWAY}/webhooks/verify"]
    assert outcomes(told)["channel"] is Outcome.LEFT


def test_replacing_leads_the_channel_here_and_keeps_its_rest() -> None:
    there = channels({**ROOM, "webHookId": "another"})
    script, told = set_up(hooks(HOOK), there, ok(), YES, replace=True)
    assert changing(script)[0] == f"PUT {GATEWAY}/channels/{CHANNEL}"
    assert script.calls[2].json == {key: value for key, value in ROOM.items() if key != "id"}
    assert outcomes(told)["channel"] is Outcome.CHANGED


def test_queue_of_a_channel_that_is_there_stays() -> None:
    _, told = set_up(hooks(HOOK), channels(ROOM), YES, target=REFUNDS)
    [left] = [one for one in told if one.outcome is Outcome.LEFT]
    assert f"leads to queue {RETURNS}" in left.detail
    _, told = set_up(hooks(HOOK), channels(ROOM), YES, target=RETURNS)
    assert Outcome.LEFT not in outcomes(told).values()


def test_channel_of_our_name_that_leads_elsewhere_is_not_ours() -> None:
    other = channels({**OURS, "webHookId": "another"})
    script, _ = set_up(hooks(HOOK), other, ok(**OURS), YES, account=NEW, target=REFUNDS)
    assert script.calls[2].json["routingOptions"]["id"] == REFUNDS


@pytest.mark.parametrize("target", ["", "script:welcome"])
def test_new_channel_needs_a_queue(target: str) -> None:
    account = replace(NEW, queue_id="")
    with pytest.raises(Rejected, match="--queue"):
        set_up(hooks(HOOK), channels(), account=account, target=target)


def test_configured_channel_that_is_not_there_is_named() -> None:
    with pytest.raises(Rejected, match="EIGHT_BY_EIGHT_CHANNEL_ID"):
        set_up(hooks(HOOK), channels(OURS | {"id": "another"}))


def test_channel_is_told_though_the_address_does_not_answer() -> None:
    told: list[Step] = []
    script = Script(hooks(HOOK), channels(OURS), refused(400))
    with pytest.raises(Rejected, match="verify webhook"):
        script.drive(desk(NEW).setup(Plan(url=URL), told.append))
    assert told[-1].variable == ("EIGHT_BY_EIGHT_CHANNEL_ID", CHANNEL)


ASKED = replace(ACCOUNT, gateway_statistics=True, schedule_id="122")


def queue(agents: int | None) -> Response:
    counts = {} if agents is None else {"agent-count-waitTransact": agents}
    return ok(queue={"queue-id": 214, "agent-count-busy": 0, **counts})


def status(value: object) -> Response:
    return ok(**{"schedule-status": {"status": value}})


def test_check_finds_all_right() -> None:
    assert checked(ok(**ROOM), ok(**HOOK)) == []
    assert checked(ok(**ROOM), ok(**HOOK), queue(2), status(0), account=ASKED) == []
    assert checked(ok(**ROOM), ok(**HOOK), queue(0), status(-1), account=ASKED) == []


@pytest.mark.parametrize(
    "answer", [refused(401, [{"code": "access_denied"}]), Unavailable("GET host: no"), refused(404)]
)
def test_check_stops_where_the_channel_cannot_be_seen(answer: Answer) -> None:
    [problem] = checked(answer)
    assert problem.startswith("key, tenant and channel: ")


def test_check_sees_a_channel_without_a_webhook() -> None:
    assert checked(ok(**{**ROOM, "webHookId": None})) == [
        "webhook: the channel has none; `handoff setup 8x8 --replace` helps"
    ]


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (refused(404), "8x8 refused webhook: 404"),
        (ok(**{**HOOK, "uri": ELSEWHERE}), f"it goes to {ELSEWHERE}, not to {URL}"),
        (ok(**{**HOOK, "version": "Chat API v2.0"}), f"it is for Chat API v2.0, not for {VERSION}"),
    ],
)
def test_check_sees_a_wrong_webhook(answer: Answer, shown: str) -> None:
    [problem] = checked(ok(**ROOM), answer)
    assert problem.startswith(f"webhook: {shown}")


def test_check_without_an_address_takes_any() -> None:
    assert checked(ok(**ROOM), ok(**{**HOOK, "uri": ELSEWHERE}), url="") == []


def test_check_names_queues_that_cannot_be_asked_for() -> None:
    account = replace(ASKED, schedule_id="", queue_id="")
    answers = (ok(**ROOM), ok(**HOOK), queue(None), refused(404))
    assert checked(*answers, account=account, targets=("99", "script:welcome")) == [
        "queue 214: it tells no agents",
        "queue 99: 8x8 refused queue statistics: 404 404",
    ]


def test_check_names_a_schedule_that_cannot_be_read() -> None:
    [problem] = checked(ok(**ROOM), ok(**HOOK), queue(1), status("?"), account=ASKED)
    assert problem == "schedule 122: its status cannot be read: EIGHT_BY_EIGHT_SCHEDULE_ID"


def test_check_has_no_queue_to_ask_for_where_none_is_told() -> None:
    account = replace(ASKED, schedule_id="", queue_id="")
    assert checked(ok(**{**ROOM, "routingOptions": None}), ok(**HOOK), account=account) == []
