"""The webhooks of the simulated Chat Gateway: when they come, in which order, what spoils them."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from jwt import PyJWK
from jwt.utils import base64url_decode

from tests.demo.eight_by_eight_bench import ACCOUNT, GATEWAY, MARA, World, running

HEADERS = ("tenant-id", "customer-id", "event-id", "retry", "transmission-time", "signature")


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def verify(world: World, headers: dict[str, str], body: bytes) -> None:
    """Check a signature by the vendor's own steps; raises when it is not right."""
    given = {name: headers[f"x-8x8-{name}"] for name in HEADERS}
    protected, middle, signature = given["signature"].split(".")
    header = json.loads(base64url_decode(protected))
    assert middle == ""
    assert (header["alg"], header["b64"], header["crit"]) == ("RS256", False, ["b64"])
    payload = (
        f'{{"checksum":{zlib.crc32(body)},"cid":"{given["customer-id"]}",'
        f'"eid":"{given["event-id"]}","retry":{given["retry"]},'
        f'"tid":"{given["tenant-id"]}","tt":{given["transmission-time"]}}}'
    )
    path = f"{world.base}{GATEWAY}/jwk/{header['kid']}/public"
    key = PyJWK(requests.get(path, timeout=30).json(), "RS256").key
    signed = f"{protected}.{payload}".encode()
    key.verify(base64url_decode(signature), signed, padding.PKCS1v15(), hashes.SHA256())


def test_every_webhook_is_signed_by_the_vendors_own_steps(world: World) -> None:
    room = world.open()
    world.do(room, "say", text="Grüße – 🌷")
    world.do(room, "typing")
    world.do(room, "transfer", to_group="231")
    assert len(world.told()) > 10
    for headers, body in world.heard:
        verify(world, headers, body)


def test_changed_body_or_counter_breaks_the_signature(world: World) -> None:
    world.open()
    world.told()
    headers, body = world.heard[0]
    with pytest.raises(InvalidSignature):
        verify(world, headers, body + b" ")
    with pytest.raises(InvalidSignature):
        verify(world, {**headers, "x-8x8-retry": "1"}, body)


def test_retry_is_signed_anew_at_a_new_time(world: World) -> None:
    world.statuses = [503]
    world.open()
    world.told()
    first, second = world.heard[:2]
    assert first[1] == second[1]
    assert int(second[0]["x-8x8-transmission-time"]) > int(first[0]["x-8x8-transmission-time"])
    verify(world, *second)


def test_any_2xx_is_taken(world: World) -> None:
    world.statuses = [204, 202]
    world.open()
    assert len(world.told()) == 5


def test_webhook_that_nobody_takes_is_given_up_and_the_next_comes(world: World) -> None:
    world.statuses = [500] * 3
    world.open()
    assert world.story()[:4] == [*["CONVERSATION_UPDATE created"] * 3, "CONVERSATION_UPDATE active"]
    attempts = world.at_desk("webhooks")["attempts"]
    assert [one["status"] for one in attempts[:4]] == [500, 500, 500, 200]


def test_nothing_overtakes_a_webhook_that_is_tried_again(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.statuses = [500]
    for text in ("one", "two"):
        world.do(room, "say", text=text)
    assert world.story()[before:] == ["MESSAGE one", "MESSAGE one", "MESSAGE two"]


def test_bodies_have_the_documented_members(world: World) -> None:
    room = world.open(user={"name": "Ines", "additionalProperties": [{"key": "a", "value": "b"}]})
    world.do(room, "transfer", to_group="231")
    told = {one["eventType"]: one for one in world.told()}
    assert set(told["TRANSFER"]) == {"eventType", "conversationId", "timestamp"}
    assert told["QUEUED"]["data"] == {"queueId": "231", "queueName": "Technical"}
    data = told["CONVERSATION_UPDATE"]["data"]
    assert set(data) == {"state", "assignment", "user", "channel"}
    assert data["user"]["additionalProperties"] == [{"key": "a", "value": "b"}]
    assert abs(told["QUEUED"]["timestamp"] / 1000 - time.time()) < 60


def test_typing_has_a_name_and_its_end_has_none(world: World) -> None:
    room = world.open()
    world.do(room, "typing")
    world.do(room, "typing", typing=False)
    typed, stopped = [one["data"] for one in world.told() if one["eventType"] == "ACTIVITY"]
    assert typed == {"name": "typing", "value": {"users": [{"type": "agent", "id": MARA}]}}
    assert stopped == {"name": "typing", "value": {"users": []}}


def test_customers_typing_is_no_webhook(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.gateway("POST", f"/conversations/{room}/typing", {"authorType": "user"})
    assert len(world.told()) == before


def test_repeated_webhook_keeps_its_event_id(world: World) -> None:
    world.at_desk("faults", {"repeat": 2})
    world.open()
    world.told()
    ids = [headers["x-8x8-event-id"] for headers, _ in world.heard]
    assert len(ids) == 10
    assert len(set(ids)) == 5


def test_webhooks_overtake_each_other_when_told_to(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.at_desk("faults", {"disorder": {"seconds": 0.05, "seed": 1}})
    for number in range(4):
        world.do(room, "say", text=str(number))
    told = world.story()[before:]
    assert told != sorted(told)
    assert len(told) == 4


def test_webhook_gets_lost_when_told_to(world: World) -> None:
    world.at_desk("faults", {"lose": {"action": "QUEUED"}})
    world.open()
    assert "QUEUED 214" not in world.story()


def test_webhooks_can_overtake_the_answer(world: World) -> None:
    world.at_desk("faults", {"slow": {"seconds": 0.3, "when": "after"}})
    began = time.monotonic()
    world.open()
    assert time.monotonic() - began >= 0.3
    assert len(world.heard) == 5


def test_call_that_fails_may_have_had_its_effect(world: World) -> None:
    world.at_desk("faults", {"fail": {"status": 500, "when": "after"}})
    body = {"channelId": ACCOUNT.channel_id, "user": {}}
    assert world.gateway("POST", "/conversations", body).status_code == 500
    assert len(world.at_desk("chats")["chats"]) == 1
    [made] = world.at_desk("calls?action=create_conversation")["calls"]
    assert (made["status"], made["error"]) == (500, "service_unavailable")
