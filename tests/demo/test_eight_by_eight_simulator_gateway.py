"""What the simulated Chat Gateway refuses and counts: bodies, files, statistics, schedules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.demo.eight_by_eight_bench import ACCOUNT, GATEWAY, KEY, MARA, Json, World, running

REALTIME = "/analytics/cc/v5/realtime-metrics"
AFTERWARDS = {
    "notifyChannelWebhookIfExists": "false",
    "maxTotalMinutes": 60,
    "userTimeoutInMinutes": 15,
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[World]:
    with running() as one:
        yield one


@pytest.fixture
def world(gateway: World) -> World:
    # What is on its way would still be heard by the next test.
    gateway.told()
    gateway.at_desk("reset", {})
    gateway.heard.clear()
    return gateway


def metrics(world: World, query: str = "", queue: str = "/214") -> Any:
    answer = world.call("GET", f"{REALTIME}/queues{queue}{query}", headers=world.bearer())
    assert answer.status_code == 200, answer.text
    return [{one["key"]: one["value"] for one in row["metrics"]} for row in answer.json()]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x"},
        {"authorType": "system", "text": "x"},
        {"authorType": "user"},
        {"authorType": "user", "text": ["x"]},
        {"authorType": "user", "attachments": "x"},
        {"authorType": "user", "attachments": [{"id": ["x"]}]},
        {"authorType": "user", "attachments": [{"id": "unknown"}]},
        {"authorType": "user", "cards": ["x"]},
        {"authorType": "user", "cards": [{"contentType": "x"}]},
        {"authorType": "user", "text": "x", "externalProvider": {"name": "X"}},
        ["x"],
    ],
)
def test_message_that_is_none_is_refused_with_one_object(world: World, body: Any) -> None:
    room = world.open()
    before = len(world.told())
    answer = world.gateway("POST", f"/conversations/{room}/messages", body)
    assert answer.status_code == 400
    assert answer.json()["errors"]["code"] == "invalid_json_object"
    assert answer.json()["referenceId"]
    assert len(world.told()) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("typing", {}),
        ("thinking", {"maxThinkingTimeSeconds": "60"}),
        ("read-receipt", {"authorType": "user"}),
        ("read-receipt", {"authorType": "bot", "readAt": 1795255575120}),
        ("read-receipt", {"authorType": "user", "readAt": 1795255575}),
        ("post-agent-assignment", {"type": "webhook", "id": "x", "configuration": AFTERWARDS}),
        (
            "post-agent-assignment",
            {
                "type": "webhook",
                "id": ACCOUNT.webhook_id,
                "configuration": {**AFTERWARDS, "notifyChannelWebhookIfExists": False},
            },
        ),
    ],
)
def test_small_call_that_breaks_a_rule_is_refused(world: World, path: str, body: Json) -> None:
    answer = world.gateway("POST", f"/conversations/{world.open()}/{path}", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_parameter")
    assert answer.json()["referenceId"]


def test_bot_comes_after_the_agent_only_once(world: World) -> None:
    path = f"/conversations/{world.open()}/post-agent-assignment"
    body = {"type": "webhook", "id": ACCOUNT.webhook_id, "configuration": AFTERWARDS}
    assert [world.gateway("POST", path, body).status_code for _ in range(2)] == [201, 400]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"assignment": {"type": "queue", "id": " 214"}}, "invalid_queue"),
        ({"assignment": {"type": "queue", "id": 214}}, "invalid_assignment"),
        ({"assignment": None}, "invalid_assignment"),
        ({"user": {"name": 5}}, "invalid_field"),
        ({"history": {"messages": [{"text": "x"}]}}, "invalid_json_object"),
    ],
)
def test_conversation_of_a_wrong_shape_is_refused_and_not_made(
    world: World, body: Json, code: str
) -> None:
    whole = {"channelId": ACCOUNT.channel_id, "user": {}, **body}
    answer = world.gateway("POST", "/conversations", whole)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert world.at_desk("chats")["chats"] == []
    assert world.told() == []


def test_as_much_as_is_allowed_is_taken(world: World) -> None:
    properties = [{"key": str(number), "value": "x"} for number in range(30)]
    said = [{"authorType": "bot", "text": str(number)} for number in range(200)]
    room = world.open(user={"additionalProperties": properties}, history={"messages": said})
    listed = world.gateway("GET", f"/conversations/{room}/messages").json()
    assert listed["page"]["totalElements"] == 200


def test_history_comes_by_no_webhook(world: World) -> None:
    world.open(history={"messages": [{"authorType": "user", "text": "before"}]})
    assert "MESSAGE" not in " ".join(world.story())


def test_conversation_is_read_as_documented(world: World) -> None:
    room = world.open(user={"name": "Ines"})
    read = world.gateway("GET", f"/conversations/{room}").json()
    assert set(read) == {"id", "channelId", "assignment", "user", "state"}


def test_more_of_the_customer_is_added_or_replaces_the_rest(world: World) -> None:
    room = world.open(user={"name": "Ines"})
    path = f"/conversations/{room}"
    assert world.gateway("PATCH", path, {"user": {"company": "ACME"}}).status_code == 202
    assert world.gateway("GET", path).json()["user"] == {"name": "Ines", "company": "ACME"}
    whole = {"channelId": ACCOUNT.channel_id, "user": {"email": "ines@example.org"}}
    assert world.gateway("PUT", path, whole).status_code == 202
    assert world.gateway("GET", path).json()["user"] == {"email": "ines@example.org"}
    assert world.gateway("PUT", path, {"user": {}}).status_code == 400
    assert world.told()[-1]["data"]["user"] == {"email": "ines@example.org"}


def test_participants_have_no_names_and_are_listed_once(world: World) -> None:
    room = world.open(history={"messages": [{"authorType": "bot", "text": "hello"}]})
    world.do(room, "close")
    world.say(room, "thanks")
    listed = world.gateway("GET", f"/conversations/{room}/participants").json()
    people = [(one["type"], one["removed"]) for one in listed["_embedded"]["participants"]]
    assert people == [("user", False), ("bot", False), ("agent", False)]
    assert all("name" not in one for one in listed["_embedded"]["participants"])


def test_interactions_have_a_beginning_and_an_end(world: World) -> None:
    room = world.open()
    world.do(room, "close")
    world.say(room, "thanks")
    listed = world.gateway("GET", f"/conversations/{room}/interactions").json()
    first, second = listed["_embedded"]["interactions"]
    assert first["endTime"] >= first["startTime"]
    assert "endTime" not in second


def test_word_of_the_bot_after_the_end_calls_nobody(world: World) -> None:
    room = world.open()
    world.do(room, "close")
    world.say(room, "Bye", author="bot")
    assert world.told()[-1]["data"]["isEcho"] is True
    assert world.chat(room)["state"] == "closed"


def test_newest_conversation_can_come_first(world: World) -> None:
    made = [world.open() for _ in range(3)]
    listed = world.gateway("GET", "/conversations?sort=createdAt:desc&size=2").json()
    assert [one["id"] for one in listed["_embedded"]["conversations"]] == made[:0:-1]
    by_id = world.gateway("GET", "/conversations").json()
    assert [one["id"] for one in by_id["_embedded"]["conversations"]] == sorted(made)


@pytest.mark.parametrize("query", ["page=-1", "page=x", "size=0", "filter=id==1", "sort=x:asc"])
def test_list_that_cannot_be_is_refused(world: World, query: str) -> None:
    assert world.gateway("GET", f"/conversations?{query}").status_code == 400


def test_one_message_can_be_read(world: World) -> None:
    room = world.open()
    world.say(room, "Hello")
    path = f"/conversations/{room}/messages"
    [listed] = world.gateway("GET", path).json()["_embedded"]["messages"]
    assert world.gateway("GET", f"{path}/{listed['id']}").json() == listed
    assert world.gateway("GET", f"{path}/none").json()["errors"] == ["Message was not found"]


def test_file_is_opened_by_a_signed_address_or_the_key(world: World) -> None:
    room = world.open()
    made = world.upload(room, "cat.png", b"\x89PNG", "image/png")
    body = {"authorType": "user", "attachments": [{"id": made["id"]}]}
    world.gateway("POST", f"/conversations/{room}/messages", body)
    [shown] = world.told()[-1]["data"]["attachments"]
    assert shown["type"] == "image"
    assert requests.get(shown["preSignedUrl"], timeout=30).content == b"\x89PNG"
    unsigned = shown["preSignedUrl"].partition("?")[0]
    assert requests.get(unsigned, timeout=30).status_code == 404
    path = f"/conversations/{room}/attachments/{made['id']}"
    assert world.gateway("GET", path).json() == made
    assert world.gateway("GET", f"{path}/content").content == b"\x89PNG"
    assert world.gateway("GET", f"{path}/content", headers={}).status_code == 401


def test_empty_file_is_a_file(world: World) -> None:
    room = world.open()
    made = world.upload(room, "empty.txt", b"")
    path = f"/conversations/{room}/attachments/{made['id']}/content"
    assert world.gateway("GET", path).content == b""


def test_agents_file_without_an_address_is_had_from_the_gateway(world: World) -> None:
    room = world.open()
    world.do(room, "file", name="label.txt", content="to you", content_type="text/plain")
    [shown] = world.told()[-1]["data"]["attachments"]
    assert "preSignedUrl" not in shown
    path = f"/conversations/{room}/attachments/{shown['id']}/content"
    assert world.gateway("GET", path).content == b"to you"


def test_only_the_metrics_and_queues_that_are_asked_for_come(world: World) -> None:
    assert metrics(world, "?metrics=eligible.rt&metrics=eligibl.rt") == [{"eligible.rt": 1}]
    assert len(metrics(world, "?queue-ids=214&queue-ids=231", queue="")) == 2
    assert len(metrics(world, "?queue-ids=231", queue="")) == 1


@pytest.mark.parametrize(
    "path",
    ["/queues?queue-ids=214&queue-ids=999", "/queues/999", "/agents?size=1001", "/agents?page=9"],
)
def test_wrong_question_to_the_metrics_is_refused_with_a_message(world: World, path: str) -> None:
    answer = world.call("GET", REALTIME + path, headers=world.bearer())
    assert (answer.status_code, set(answer.json())) == (400, {"message"})


def test_metrics_know_who_pauses_and_who_waits(world: World) -> None:
    world.status(MARA, accepting=False)
    world.open()
    [paused] = metrics(world)
    assert (paused["enabled.rt"], paused["eligible.rt"], paused["onBreak.rt"]) == (1, 0, 1)
    assert paused["interactionsWaitInQueue.rt"] == 1
    world.status(MARA, offline=True)
    assert metrics(world)[0]["enabled.rt"] == 0
    counts = world.call("GET", "/cc/v1/stats/rt/queue/214").json()["queue"]
    assert (counts["queue-size"], counts["agent-count-loggedOut"]) == (1, 1)


def test_agents_are_named_with_their_pages_in_headers(world: World) -> None:
    path = f"{REALTIME}/agents?summary=true&size=1&page=1"
    answer = world.call("GET", path, headers=world.bearer())
    assert [one["name"] for one in answer.json()] == ["Tobias"]
    assert (answer.headers["X-Page"], answer.headers["X-Total-Pages"]) == ("1", "2")


def test_earlier_token_lives_on_until_it_is_revoked(world: World) -> None:
    first, second = world.bearer(), world.bearer()
    path = f"{REALTIME}/queues/214"
    assert [world.call("GET", path, headers=one).status_code for one in (first, second)] == [
        200
    ] * 2
    world.at_desk("faults", {"revoke": "all"})
    assert world.call("GET", path, headers=first).status_code == 401


def test_token_of_another_tenant_is_refused(world: World) -> None:
    headers = {**world.bearer(), "X-Tenant-Info": "other"}
    assert world.call("GET", f"{REALTIME}/queues/214", headers=headers).status_code == 400


def test_token_ends_after_its_time() -> None:
    with running(token_seconds=0) as world:
        answer = world.call("GET", f"{REALTIME}/queues/214", headers=world.bearer())
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x" * 257},
        {"uri": "ftp://x"},
        {"version": "v2.0"},
        {"name": ""},
    ],
)
def test_webhook_that_breaks_a_rule_is_refused_and_not_tried(world: World, change: Json) -> None:
    version = "Chat Gateway v1.0"
    body = {"name": "b", "uri": "http://127.0.0.1:9/x", "version": version, **change}
    assert world.gateway("POST", "/webhooks", body).status_code == 400
    assert world.told() == []


@pytest.mark.parametrize("name", ["version", "notificationVersion"])
def test_either_name_of_the_version_will_do(world: World, name: str) -> None:
    uri = world.at_desk("webhooks")["url"]
    made = world.gateway("POST", "/webhooks", {"name": "b", "uri": uri, name: "Chat Gateway v1.0"})
    assert made.json()["version"] == "Chat Gateway v1.0"
    trial = {"version": "Chat Gateway v1.0", "uri": uri}
    assert world.gateway("POST", "/webhooks/verify", trial).status_code == 204
    assert world.story() == ["WEB_HOOK_VERIFY"] * 2
    assert set(world.told()[0]) == {"notificationVersion", "eventType"}


def test_channel_and_webhook_can_be_changed_and_forgotten(world: World) -> None:
    path = f"/channels/{ACCOUNT.channel_id}"
    channel = world.gateway("GET", path).json()
    assert world.gateway("PUT", path, {**channel, "name": "n" * 256}).status_code == 400
    assert world.gateway("PUT", path, {**channel, "name": "New"}).json()["name"] == "New"
    room = world.open()
    assert world.gateway("DELETE", path).status_code == 204
    assert world.gateway("GET", path).status_code == 404
    before = len(world.told())
    assert world.say(room, "into the void").status_code == 202
    assert len(world.told()) == before
    assert world.gateway("DELETE", f"/webhooks/{ACCOUNT.webhook_id}").status_code == 204
    assert world.gateway("DELETE", f"/webhooks/{ACCOUNT.webhook_id}").status_code == 404


def test_key_of_the_signatures_needs_none(world: World) -> None:
    answer = requests.get(f"{world.base}{GATEWAY}/jwk/{ACCOUNT.key_id}/public", timeout=30)
    assert {"kty", "e", "kid", "n"} <= set(answer.json())


def test_tenant_need_not_be_named_where_there_is_one(world: World) -> None:
    headers = {"x-api-key": KEY["x-api-key"]}
    assert world.gateway("GET", "/channels", headers=headers).status_code == 200


@pytest.mark.parametrize("status", [0, -1, "Choice #2"])
def test_schedule_tells_numbers_and_choices(world: World, status: object) -> None:
    world.at_desk("schedules", {"122": status})
    answer = world.call("GET", "/cc/v1/schedules/122/status").json()
    assert answer == {"schedule-status": {"status": status}}
    assert world.call("GET", "/cc/v1/schedules/9/status").status_code == 404
