"""The simulated Chat Gateway keeps the rules: keys, shapes, limits, signatures, the end."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from tests.demo.eight_by_eight_bench import ACCOUNT, GATEWAY, KEY, MARA, Json, World, running


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def test_call_without_the_key_or_for_another_tenant_is_refused(world: World) -> None:
    refused = world.gateway("GET", "/channels", headers={"x-api-key": "guess"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "access_denied")
    other = world.gateway("GET", "/channels", headers={**KEY, "X-8x8-Tenant": "other"})
    assert (other.status_code, other.json()["errors"]) == (
        403,
        ["X-8x8-Tenant does not match"],
    )
    assert other.headers["content-type"] == "application/problem+json"


def test_conversation_begins_as_documented(world: World) -> None:
    room = world.open(assignment={"type": "queue", "id": "214"})
    assert world.story() == [
        "CONVERSATION_UPDATE created",
        "CONVERSATION_UPDATE active",
        "QUEUED 214",
        "MEMBERS_CHANGED agent joined",
        "CONVERSATION_UPDATE active",
    ]
    read = world.gateway("GET", f"/conversations/{room}").json()
    assert (read["id"], read["state"]) == (room, "active")
    assert read["assignment"] == {"type": "agent", "id": MARA}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"channelId": "x"}, "invalid_channel"),
        ({"user": None}, "invalid_field"),
        ({"assignment": {"type": "queue", "id": "999"}}, "invalid_queue"),
        ({"assignment": {"type": "agent", "id": MARA}}, "invalid_assignment"),
        ({"user": {"additionalProperties": [{"key": "a", "value": "b"}] * 31}}, "invalid_field"),
        ({"user": {"additionalProperties": [{"key": "a"}]}}, "invalid_field"),
        ({"history": {"messages": [{"text": "x"}] * 201}}, "invalid_history"),
        ({"history": {}}, "invalid_history"),
        ({"history": {"messages": [{"authorType": "agent", "text": "x"}]}}, "invalid_json_object"),
        (
            {"history": {"messages": [{"text": "x", "attachments": [{"id": "y"}]}]}},
            "invalid_json_object",
        ),
    ],
)
def test_conversation_that_breaks_a_rule_is_refused(world: World, body: Json, code: str) -> None:
    whole = {"channelId": ACCOUNT.channel_id, "user": {}, **body}
    answer = world.gateway("POST", "/conversations", whole)
    errors = answer.json()["errors"]
    found = errors["code"] if isinstance(errors, dict) else errors[0]["code"]
    assert (answer.status_code, found) == (400, code)


def test_message_is_taken_without_a_body_and_comes_back_by_webhook(world: World) -> None:
    room = world.open()
    answer = world.say(room, "Hello 👋")
    assert (answer.status_code, answer.content) == (202, b"")
    said = [one["data"] for one in world.told() if one["eventType"] == "MESSAGE"]
    assert said == [{"isEcho": False, "sender": {"id": "user", "type": "user"}, "text": "Hello 👋"}]


def test_message_of_a_wrong_author_is_refused_with_one_object(world: World) -> None:
    answer = world.say(world.open(), "x", author="agent")
    assert answer.status_code == 400
    assert answer.json()["errors"]["code"] == "invalid_json_object"
    assert answer.json()["referenceId"]


def test_end_is_told_by_nothing_but_a_leaving_and_idle(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.do(room, "close")
    assert world.story()[before:] == ["MEMBERS_CHANGED agent left", "CONVERSATION_UPDATE idle"]
    assert world.gateway("GET", f"/conversations/{room}").json()["state"] == "idle"


def test_word_after_the_end_calls_an_agent_again(world: World) -> None:
    room = world.open()
    world.do(room, "close")
    before = len(world.told())
    world.say(room, "thanks")
    assert world.story()[before:][:3] == [
        "MESSAGE thanks",
        "CONVERSATION_UPDATE active",
        "QUEUED 214",
    ]
    listed = world.gateway("GET", f"/conversations/{room}/interactions").json()
    assert listed["page"]["totalElements"] == 2


def test_transfer_says_nothing_of_where_it_goes(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.do(room, "transfer", to_group="231")
    assert world.story()[before:] == [
        "TRANSFER",
        "MEMBERS_CHANGED agent left",
        "QUEUED 231",
        "MEMBERS_CHANGED agent joined",
        "CONVERSATION_UPDATE active",
    ]
    assert "data" not in world.told()[before]


def test_customer_who_leaves_frees_the_agent_and_cannot_leave_twice(world: World) -> None:
    room = world.open()
    before = len(world.told())
    path = f"/conversations/{room}/participants/user"
    assert world.gateway("PATCH", path, {"removed": True}).status_code == 204
    assert world.story()[before:] == [
        "MEMBERS_CHANGED user left",
        "MEMBERS_CHANGED agent left",
        "CONVERSATION_UPDATE idle",
    ]
    assert world.gateway("PATCH", path, {"removed": True}).status_code == 404


def test_webhook_is_signed_over_a_checksum_of_its_raw_body(world: World) -> None:
    world.open()
    world.told()
    [headers, body] = world.heard[0]
    facts = {
        "checksum": zlib.crc32(body),
        "cid": headers["x-8x8-customer-id"],
        "eid": headers["x-8x8-event-id"],
        "retry": int(headers["x-8x8-retry"]),
        "tid": headers["x-8x8-tenant-id"],
        "tt": int(headers["x-8x8-transmission-time"]),
    }
    payload = json.dumps(facts, separators=(",", ":")).encode()
    signature = headers["x-8x8-signature"]
    kid = jwt.get_unverified_header(signature)["kid"]
    served = requests.get(f"{world.base}{GATEWAY}/jwk/{kid}/public", timeout=30).json()
    jwt.PyJWS().decode_complete(
        signature, jwt.PyJWK(served, "RS256"), ["RS256"], detached_payload=payload
    )
    assert world.gateway("GET", "/jwk/other/public").status_code == 404


def test_repeated_attempt_keeps_its_id_and_counts(world: World) -> None:
    world.statuses = [500, 503]
    world.open()
    world.told()
    first = [headers for headers, _ in world.heard[:3]]
    assert len({one["x-8x8-event-id"] for one in first}) == 1
    assert [one["x-8x8-retry"] for one in first] == ["0", "1", "2"]
    assert len({one["x-8x8-signature"] for one in first}) == 3


def test_messages_are_listed_newest_first_in_hal_pages(world: World) -> None:
    room = world.open(history={"messages": [{"authorType": "bot", "text": "one"}]})
    world.say(room, "two")
    listed = world.gateway("GET", f"/conversations/{room}/messages?size=1").json()
    assert [one["text"] for one in listed["_embedded"]["messages"]] == ["two"]
    assert listed["page"] == {"size": 1, "number": 0, "totalElements": 2, "totalPages": 2}
    refused = world.gateway("GET", f"/conversations/{room}/messages?sort=text:asc")
    assert refused.status_code == 400


def test_file_is_shown_only_by_a_message_that_names_it(world: World) -> None:
    room = world.open()
    path = f"{world.base}{GATEWAY}/conversations/{room}/attachments"
    files: Any = {"authorType": (None, "user"), "attachment": ("a.txt", b"abc", "text/plain")}
    made = requests.post(path, headers=KEY, files=files, timeout=30).json()
    assert (made["filename"], made["sizeInBytes"], len(made["id"]) >= 80) == ("a.txt", 3, True)
    assert "MESSAGE" not in " ".join(world.story())
    content = world.gateway("GET", f"/conversations/{room}/attachments/{made['id']}/content")
    assert content.content == b"abc"
    body = {"authorType": "user", "attachments": [{"id": made["id"]}]}
    world.gateway("POST", f"/conversations/{room}/messages", body)
    shown = next(one for one in world.told() if one["eventType"] == "MESSAGE")
    assert shown["data"]["attachments"][0]["fileName"] == "a.txt"
    missing = {"authorType": "user", "attachments": [{"id": "x"}]}
    assert world.gateway("POST", f"/conversations/{room}/messages", missing).status_code == 400


def test_upload_without_its_parts_is_refused(world: World) -> None:
    path = f"{world.base}{GATEWAY}/conversations/{world.open()}/attachments"
    alone = {"attachment": ("a.txt", b"abc")}
    assert requests.post(path, headers=KEY, files=alone, timeout=30).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("typing", {"authorType": "user"}, 204),
        ("typing", {"authorType": "agent"}, 400),
        ("thinking", None, 204),
        ("thinking", {"maxThinkingTimeSeconds": 601}, 400),
        (
            "post-agent-assignment",
            {
                "type": "webhook",
                "id": ACCOUNT.webhook_id,
                "configuration": {
                    "notifyChannelWebhookIfExists": "false",
                    "maxTotalMinutes": 60,
                    "userTimeoutInMinutes": 15,
                },
            },
            201,
        ),
        ("post-agent-assignment", {"configuration": {"maxTotalMinutes": 5}}, 400),
    ],
)
def test_small_calls_have_their_own_codes(
    world: World, path: str, body: Json | None, status: int
) -> None:
    room = world.open()
    assert world.gateway("POST", f"/conversations/{room}/{path}", body).status_code == status


def test_statistics_need_a_token_whose_life_is_a_text(world: World) -> None:
    path = "/analytics/cc/v5/realtime-metrics/queues/214"
    assert world.call("GET", path).status_code == 401
    auth = (ACCOUNT.api_key, ACCOUNT.api_secret)
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{world.base}/oauth/v2/token", auth=auth, data=form, timeout=30)
    token = answer.json()
    assert isinstance(token["expires_in"], str)
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    [queue] = world.call("GET", path, headers=bearer).json()
    assert {one["key"]: one["value"] for one in queue["metrics"]}["eligible.rt"] == 1
    wrong = world.call("GET", path.replace("214", "999"), headers=bearer)
    assert wrong.status_code == 400


def test_gateways_own_statistics_and_schedule_need_the_key(world: World) -> None:
    queue = world.call("GET", "/cc/v1/stats/rt/queue/214").json()["queue"]
    assert (queue["queue-id"], queue["agent-count-waitTransact"]) == (214, 1)
    status = world.call("GET", "/cc/v1/schedules/122/status").json()
    assert status == {"schedule-status": {"status": 0}}
    world.at_desk("schedules", {"122": "Choice #1"})
    assert "Choice #1" in world.call("GET", "/cc/v1/schedules/122/status").text


def test_customer_waits_until_somebody_accepts(world: World) -> None:
    world.at_desk(f"agents/{MARA}/status", {"offline": True})
    room = world.open()
    assert world.at_desk("chats")["chats"][0]["state"] == "queued"
    world.gateway("PATCH", f"/conversations/{room}", {"assignment": {"type": "queue", "id": "231"}})
    assert world.at_desk("chats")["chats"][0]["agents"][0]["name"] == "Tobias"


def test_webhook_and_channel_can_be_made_and_are_tried(world: World) -> None:
    uri = world.gateway("GET", "/webhooks").json()["_embedded"]["webhooks"][0]["uri"]
    version = {"version": "Chat Gateway v1.0"}
    made = world.gateway("POST", "/webhooks", {"name": "b", "uri": uri, **version})
    assert made.status_code == 200
    assert world.story() == ["WEB_HOOK_VERIFY"]
    channel = {
        "name": "c",
        "webHookId": made.json()["id"],
        "routingOptions": {"type": "queue", "id": "214"},
    }
    assert world.gateway("POST", "/channels", channel).status_code == 200
    wrong = {**channel, "routingOptions": {"type": "queue", "id": "999"}}
    assert world.gateway("POST", "/channels", wrong).status_code == 400
    assert world.gateway("POST", "/webhooks", {"name": "b", "uri": uri}).status_code == 400


def test_faults_spoil_calls_and_webhooks(world: World) -> None:
    world.at_desk("faults", {"fail": {"action": "post_message", "status": 429, "retry_after": 7}})
    room = world.open()
    throttled = world.say(room, "x")
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "7")
    world.at_desk("faults", {"drop": {"action": "post_message"}})
    with pytest.raises(requests.ConnectionError):
        world.say(room, "had its effect")
    assert world.at_desk("chats")["chats"][0]["events"][-1]["text"] == "had its effect"
    world.at_desk("faults", {"slow": {"action": "get_conversation", "seconds": 0.2}})
    began = time.monotonic()
    world.gateway("GET", f"/conversations/{room}")
    assert time.monotonic() - began >= 0.2
    world.at_desk("faults", {"repeat": 2})
    before = len(world.told())
    world.do(room, "say", text="twice")
    assert world.story()[before:] == ["MESSAGE twice", "MESSAGE twice"]


def test_log_of_calls_holds_no_key(world: World) -> None:
    world.open()
    assert ACCOUNT.api_key not in json.dumps(world.at_desk("calls"))
