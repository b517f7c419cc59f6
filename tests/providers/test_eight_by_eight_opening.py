"""Opening a conversation at 8x8, and finding one whose answer was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handoff.errors import Rejected, Unavailable
from handoff.events import AgentReplied, WentIdle
from handoff.exchange import Json
from handoff.model import Customer
from handoff.providers.base import Opened, Opening
from handoff.providers.eight_by_eight_opening import (
    MOST_PROPERTIES,
    assignment,
    language,
    queue_of,
)
from tests.providers.driving import Answer, Call, Script
from tests.providers.eight_by_eight_world import (
    ACCOUNT,
    CHANNEL,
    HANDED,
    HANDOFF,
    KIRA,
    OPENING,
    REFUNDS,
    RETURNS,
    ROOM,
    ROOMS,
    TALK,
    accepted,
    desk,
    refused,
)

AT = datetime(2026, 11, 21, 10, 6, 3, tzinfo=UTC)
YES = accepted(conversationId=ROOM, createdAt="2026-11-21T10:05:00Z")
NO_QUEUE = refused(400, [{"code": "invalid_queue", "message": "no"}])
DOUBTFUL = replace(OPENING, uncertain=True)
NOTHING_SAID = accepted(200, _embedded={"messages": []})


def opened(opening: Opening, *answers: Answer, **account: Any) -> tuple[Opened, list[Call]]:
    script = Script(*answers)
    result = script.drive(desk(replace(ACCOUNT, **account)).open(opening))
    assert not script.left
    return result, script.calls


def sent(opening: Opening, **account: Any) -> Json:
    """Return what is sent to open a conversation."""
    _, [call] = opened(opening, YES, **account)
    assert call.address == f"POST {ROOMS}"
    body: Json = call.json
    return body


def handed(**changes: Any) -> Opening:
    return replace(OPENING, handoff=replace(HANDED, **changes))


def listed(*rooms: Json, total: int = 1) -> Answer:
    return accepted(200, _embedded={"conversations": list(rooms)}, page={"totalPages": total})


def ours(own: str = ROOM, marker: str = HANDOFF) -> Json:
    properties = [{"key": "handoff_id", "value": marker}]
    return {"id": own, "user": {"additionalProperties": properties}}


def test_one_call_opens_a_conversation_with_everything_in_it() -> None:
    assert sent(OPENING) == {
        "channelId": CHANNEL,
        "user": {
            "name": "Mara Ives",
            "email": "mara.ives@example.org",
            "phone": "+441632960123",
            "language": "en",
            "userId": "crm-58",
            "company": "Larkfield",
            "additionalProperties": [
                {"key": "handoff_id", "value": HANDOFF},
                {"key": "Order", "value": "LF-20931"},
            ],
        },
        "assignment": {"type": "queue", "id": RETURNS},
        "history": {
            "messages": [
                {"authorType": "user", "text": TALK[0].text},
                {"authorType": "bot", "text": TALK[1].text},
                {"authorType": "user", "text": HANDED.request},
            ]
        },
    }


def test_customer_nobody_knows_brings_only_our_id() -> None:
    bare = Opening(
        handoff=replace(HANDED, customer=Customer(), attributes={}, request=""),
        contact=None,
        transcript=(),
    )
    assert sent(bare, queue_id="") == {
        "channelId": CHANNEL,
        "user": {"additionalProperties": [{"key": "handoff_id", "value": HANDOFF}]},
    }


def test_opened_conversation_is_told_by_its_id() -> None:
    assert opened(OPENING, YES)[0] == Opened(conversation=ROOM)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("214", {"type": "queue", "id": "214"}),
        ("queue:214", {"type": "queue", "id": "214"}),
        (" 214 ", {"type": "queue", "id": "214"}),
        (" script: 77 ", {"type": "script", "id": "77"}),
        ("room:1", {"type": "queue", "id": "room:1"}),
        ("queue:", {"type": "queue", "id": "queue:"}),
    ],
)
def test_target_is_a_queue_or_a_script(target: str, where: Json) -> None:
    assert sent(handed(target=target))["assignment"] == where == assignment(target)


def test_script_is_no_queue() -> None:
    assert (queue_of("script:77"), queue_of("queue:7"), queue_of("7")) == ("", "7", "7")


@pytest.mark.parametrize("email", ["mara", "mara@", "mara@here", "a b@c.example", "@c.example"])
def test_email_that_is_none_is_a_property_and_does_not_cost_the_handoff(email: str) -> None:
    user = sent(handed(customer=Customer(email=email), attributes={}))["user"]
    assert "email" not in user
    assert user["additionalProperties"][-1] == {"key": "email", "value": email}


def test_skill_and_case_have_their_places() -> None:
    user = sent(handed(skill="dutch", attributes={"caseID": "c-1", "x": "y"}))["user"]
    assert user["caseId"] == "c-1"
    assert [one["key"] for one in user["additionalProperties"]] == ["handoff_id", "skill", "x"]


def test_label_cannot_hide_our_id_and_what_is_empty_is_left_out() -> None:
    tricky = {"Handoff_ID": "ho-x", "Skill": "none", "x": "", "company": ""}
    user = sent(handed(skill="dutch", attributes=tricky))["user"]
    assert user["additionalProperties"] == [
        {"key": "handoff_id", "value": HANDOFF},
        {"key": "skill", "value": "dutch"},
    ]
    assert "company" not in user


def test_label_may_be_called_skill_where_there_is_none() -> None:
    user = sent(handed(attributes={"skill": "x"}))["user"]
    assert user["additionalProperties"][1] == {"key": "skill", "value": "x"}


def test_so_many_properties_are_sent_and_the_rest_is_remarked() -> None:
    many = {f"label {number}": "secret words" for number in range(MOST_PROPERTIES + 1)}
    result, [call] = opened(handed(attributes=many), YES)
    assert len(call.json["user"]["additionalProperties"]) == MOST_PROPERTIES
    assert result.remarks == ("8x8 takes 30 properties, 2 left out",)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("zh-Hans-SG", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh-Hant-HK", "zh-TW"),
        ("nb-NO", "no"),
        ("fi", ""),
        ("", ""),
    ],
)
def test_language_is_one_that_agents_can_speak_or_none(tag: str, code: str) -> None:
    assert language(tag) == code


def test_target_that_does_not_exist_gives_way_to_the_default() -> None:
    result, calls = opened(handed(target="999"), NO_QUEUE, YES)
    assert [one.json["assignment"]["id"] for one in calls] == ["999", RETURNS]
    assert result.conversation == ROOM
    assert "invalid_queue" in result.remarks[0]


def test_target_gives_way_to_the_channels_own_queue_where_there_is_no_default() -> None:
    _, calls = opened(handed(target="999"), NO_QUEUE, YES, queue_id="")
    assert "assignment" not in calls[1].json


@pytest.mark.parametrize("target", ["", " ", RETURNS, f"queue:{RETURNS}"])
def test_default_that_does_not_exist_is_refused(target: str) -> None:
    with pytest.raises(Rejected, match="invalid_queue"):
        opened(handed(target=target), NO_QUEUE)


def test_other_refusals_are_not_tried_again() -> None:
    with pytest.raises(Rejected, match="invalid_channel"):
        opened(handed(target=REFUNDS), refused(400, [{"code": "invalid_channel"}]))


def test_answer_without_an_id_leaves_us_not_knowing() -> None:
    with pytest.raises(Unavailable) as caught:
        opened(OPENING, accepted())
    assert not caught.value.certain


def test_lost_answer_is_looked_for_and_not_opened_again() -> None:
    rooms = listed(ours("other", "ho-x"), {"id": "bare"}, ours())
    result, [call, _] = opened(DOUBTFUL, rooms, NOTHING_SAID)
    assert result == Opened(conversation=ROOM)
    assert (call.address, call.query["sort"]) == (f"GET {ROOMS}", "createdAt:desc")


def test_found_conversation_may_be_named_as_in_webhooks() -> None:
    named = {**ours(), "id": "", "conversationId": ROOM}
    assert opened(DOUBTFUL, listed(named), NOTHING_SAID)[0] == Opened(conversation=ROOM)


def test_list_that_cannot_be_sorted_is_looked_through_as_it_is() -> None:
    _, calls = opened(DOUBTFUL, refused(400), listed(ours()), NOTHING_SAID)
    assert ["sort" in call.query for call in calls[:2]] == [True, False]


def test_opening_that_is_not_found_is_made() -> None:
    result, calls = opened(DOUBTFUL, listed(), YES)
    assert (result.conversation, [call.request.method for call in calls]) == (ROOM, ["GET", "POST"])


def message(own: str, author: str, said: str, **more: Any) -> Json:
    at = f"2026-11-21T10:06:{own}Z"
    by = {"id": KIRA, "type": author}
    return {"id": own, "text": said, "createdAt": at, "author": by, **more}


def test_what_was_said_in_a_found_conversation_is_read_oldest_first() -> None:
    said = [
        message("03", "agent", "two", attachments=[{"id": "T1"}]),
        message("02", "user", "my own"),
        message("01", "AGENT", "one", createdAt="soon"),
        {**message("00", "agent", "no id"), "id": ""},
        7,
    ]
    page = accepted(200, _embedded={"messages": said})
    result, calls = opened(DOUBTFUL, listed(ours()), page)
    assert calls[1].address == f"GET {ROOMS}/{ROOM}/messages"
    words = [one.text for one in result.events if isinstance(one, AgentReplied)]
    assert (words, len(result.events)) == (["one", "two"], 3)
    assert all(one.read for one in result.events)
    assert [one.at for one in result.events] == [None, AT, AT]


def test_moment_without_a_zone_is_none() -> None:
    bare = message("01", "agent", "one", createdAt="2026-11-21T10:06:01")
    page = accepted(200, _embedded={"messages": [bare]})
    assert opened(DOUBTFUL, listed(ours()), page)[0].events[0].at is None


def test_found_conversation_that_rests_is_told_as_that() -> None:
    result, _ = opened(DOUBTFUL, listed({**ours(), "state": "idle"}), NOTHING_SAID)
    assert [type(one) for one in result.events] == [WentIdle]


def test_found_conversation_that_cannot_be_read_is_found_all_the_same() -> None:
    result, _ = opened(DOUBTFUL, listed(ours()), refused(503))
    assert (result.conversation, len(result.remarks)) == (ROOM, 1)


def test_opening_that_may_still_come_is_waited_for_and_not_made_twice() -> None:
    early = replace(DOUBTFUL, settled=False)
    with pytest.raises(Unavailable) as caught:
        opened(early, listed())
    assert not caught.value.certain
    assert opened(early, listed(ours()), NOTHING_SAID)[0] == Opened(conversation=ROOM)


def test_opening_that_cannot_be_looked_for_is_not_made() -> None:
    with pytest.raises(Unavailable):
        opened(DOUBTFUL, refused(503))


def test_conversation_of_who_left_is_found_and_none_is_made() -> None:
    abandoned = replace(DOUBTFUL, abandoned=True)
    assert opened(abandoned, listed(ours()), NOTHING_SAID)[0].conversation == ROOM
    with pytest.raises(Rejected):
        opened(abandoned, listed())
