"""The LiveChat simulator's webhooks, and what can be made to go wrong."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.demo.livechat_bench import BILLING, MARA, TECHNICAL, TOBIAS, Bench, error, running


@pytest.fixture(scope="module")
def server() -> Iterator[Bench]:
    with running() as bench:
        yield bench


@pytest.fixture
def bench(server: Bench) -> Bench:
    return server.reset()


def _actions(bench: Bench) -> list[str]:
    return [hook["action"] for hook in bench.hooks()]


def test_envelope_names_registration_secret_and_organization(bench: Bench) -> None:
    bench.customer().start()
    [hook] = bench.hooks()

    assert set(hook) == {
        "webhook_id",
        "secret_key",
        "action",
        "organization_id",
        "payload",
        "additional_data",
    }
    assert hook["secret_key"] == bench.account.webhook_secret
    assert hook["organization_id"] == bench.account.organization_id
    assert len(hook["webhook_id"]) == 32


def test_incoming_chat_holds_initial_events_and_the_agent(bench: Bench) -> None:
    customer = bench.customer()
    customer.start("Please help")
    [hook] = bench.hooks()
    chat = hook["payload"]["chat"]

    assert [event["text"] for event in chat["thread"]["events"]] == ["Please help"]
    assert [user["id"] for user in chat["users"]] == [customer.id, MARA]
    assert chat["thread"]["properties"]["source"] == {"client_id": bench.account.client_id}
    assert "queue" not in chat["thread"]


def test_queued_incoming_chat_has_a_place_and_no_agent() -> None:
    with running(auto_assign=False) as bench:
        bench.customer().start()
        chat = bench.hooks("incoming_chat")[0]["payload"]["chat"]

        assert chat["thread"]["queue"]["position"] == 1
        assert [user["type"] for user in chat["users"]] == ["customer"]


def test_welcome_message_stands_in_incoming_chat_only() -> None:
    with running(welcome_message="Welcome!") as bench:
        bench.customer().start()
        [hook] = bench.hooks()
        welcome = hook["payload"]["chat"]["thread"]["events"][1]

        assert (welcome["text"], welcome["author_id"]) == ("Welcome!", MARA)
        assert welcome["properties"]["lc2"] == {"welcome_message": True}


def test_everybodys_events_are_told_with_visibility(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    customer.say(chat_id, "One", custom_id="df-1")
    bench.desk(chat_id, "say", agent=MARA, text="Two")
    bench.desk(chat_id, "say", agent=TOBIAS, text="Three", visibility="agents")
    events = [hook["payload"]["event"] for hook in bench.hooks("incoming_event")]

    assert [(e["author_id"], e["visibility"]) for e in events] == [
        (customer.id, "all"),
        (MARA, "all"),
        (TOBIAS, "agents"),
    ]
    assert events[0]["custom_id"] == "df-1"
    assert [e["created_at"] for e in events] == sorted({e["created_at"] for e in events})


@pytest.mark.parametrize(
    ("closer", "kind", "user_id"),
    [
        ({"agent": MARA}, "manual_archived_agent", MARA),
        ({}, "routing.archived_inactive", None),
        ({"reason": "routing.archived_offline"}, "routing.archived_offline", None),
    ],
)
def test_closing_is_told_twice(
    bench: Bench, closer: dict[str, str], kind: str, user_id: str | None
) -> None:
    chat_id = bench.customer().start()
    bench.desk(chat_id, "close", **closer)
    _, message, closed = bench.hooks()

    assert message["payload"]["event"]["system_message_type"] == kind
    assert "author_id" not in message["payload"]["event"]
    assert closed["action"] == "chat_deactivated"
    assert closed["payload"].get("user_id") == user_id
    assert ("user_id" in closed["payload"]) == (user_id is not None)


def test_customers_closing_names_the_customer(bench: Bench) -> None:
    customer = bench.customer()
    customer.ok("deactivate_chat", {"id": customer.start()})
    _, message, closed = bench.hooks()

    assert message["payload"]["event"]["system_message_type"] == "manual_archived_customer"
    assert closed["payload"]["user_id"] == customer.id


def test_assignment_from_the_queue_is_told_twice(bench: Bench) -> None:
    bench.post(f"/desk/agents/{MARA}/status", {"offline": True})
    bench.customer().start(continuous=True)
    bench.post(f"/desk/agents/{MARA}/status", {"accepting": True})
    added, moved = [h for h in bench.hooks() if h["action"] in ADDED]

    assert added["payload"]["user"]["id"] == MARA
    assert added["payload"]["reason"] == "assigned"
    assert moved["payload"]["transferred_to"] == {"agent_ids": [MARA]}
    assert "requester_id" not in moved["payload"]
    assert "additional_data" not in moved


ADDED = ("user_added_to_chat", "chat_transferred")


def test_transfer_is_told_in_the_documented_order(bench: Bench) -> None:
    chat_id = bench.customer().start()
    bench.desk(chat_id, "transfer", agent=MARA, to_group=TECHNICAL)
    told = bench.hooks()

    assert [hook["action"] for hook in told] == [
        "incoming_chat",
        "chat_transferred",
        "user_removed_from_chat",
        "incoming_event",
        "user_added_to_chat",
        "chat_transferred",
    ]
    payload = told[1]["payload"]
    assert (payload["reason"], payload["requester_id"]) == ("manual", MARA)
    assert payload["transferred_to"] == {"group_ids": [TECHNICAL]}
    assert payload["queue"]["position"] == 1
    assert told[2]["payload"]["user_id"] == MARA


def test_session_fields_are_told_while_a_chat_is_open(bench: Bench) -> None:
    customer = bench.customer()
    body = {"session_fields": [{"topic": "billing"}]}
    customer.ok("set_customer_session_fields", body)
    chat_id = customer.start()
    customer.ok("update_customer", body)
    [hook] = bench.hooks("customer_session_fields_updated")

    assert hook["payload"]["id"] == customer.id
    assert hook["payload"]["active_chat"]["chat_id"] == chat_id
    assert hook["payload"]["session_fields"] == [{"topic": "billing"}]


def _register(bench: Bench, **change: Any) -> str:
    body = {
        "action": "incoming_event",
        "url": f"{bench.base}/hook",
        "secret_key": "registered",
        "owner_client_id": bench.account.client_id,
        "type": "license",
        **change,
    }
    return str(bench.configuration().ok("register_webhook", body)["id"])


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        ({}, ["message customer", "message agent", "system_message"]),
        ({"author_type": "agent"}, ["message agent"]),
        ({"author_type": "customer"}, ["message customer"]),
        ({"source_type": ["system"]}, ["system_message"]),
        ({"source_type": ["other_clients"]}, ["message agent"]),
        ({"source_type": ["my_client"]}, ["message customer"]),
        ({"only_my_chats": True}, ["message customer", "message agent", "system_message"]),
        ({"chat_presence": {"user_ids": {"values": [TOBIAS]}}}, []),
        ({"chat_presence": {"my_bots": True}}, []),
    ],
)
def test_registered_webhook_is_filtered(filters: dict[str, Any], heard: list[str]) -> None:
    with running(webhook_url=None) as bench:
        hook_id = _register(bench, filters=filters)
        customer = bench.customer()
        chat_id = customer.start(None)
        customer.say(chat_id, "One")
        bench.desk(chat_id, "say", agent=MARA, text="Two")
        bench.desk(chat_id, "close")
        told = bench.hooks()

        kinds = {customer.id: " customer", MARA: " agent", None: ""}
        events = [hook["payload"]["event"] for hook in told]
        assert [e["type"] + kinds[e.get("author_id")] for e in events] == heard
        assert {(h["webhook_id"], h["secret_key"]) for h in told} <= {(hook_id, "registered")}


def test_registered_webhook_gets_the_data_it_asked_for() -> None:
    with running(webhook_url=None) as bench:
        _register(bench, action="incoming_chat", additional_data=["chat_presence_user_ids"])
        customer = bench.customer()
        customer.start()
        [hook] = bench.hooks()

        assert hook["additional_data"] == {"chat_presence_user_ids": [customer.id, MARA]}


def test_disabled_webhooks_do_not_flow(bench: Bench) -> None:
    api, owner = bench.configuration(), {"owner_client_id": bench.account.client_id}
    api.ok("disable_license_webhooks", owner)
    bench.customer().start()

    assert bench.hooks() == []
    assert api.ok("get_license_webhooks_state", owner) == {"license_webhooks_enabled": False}
    api.ok("enable_license_webhooks", owner)
    bench.customer().start()
    assert _actions(bench) == ["incoming_chat"]


def test_unaccepted_webhook_is_retried_before_later_ones(bench: Bench) -> None:
    bench.listener.statuses = [500, 202]
    customer = bench.customer()
    customer.say(customer.start(), "One")

    assert _actions(bench) == ["incoming_chat"] * 3 + ["incoming_event"]


def test_webhook_is_dropped_after_three_retries(bench: Bench) -> None:
    bench.listener.statuses = [503] * 4
    customer = bench.customer()
    customer.say(customer.start(), "One")
    bench.hooks()
    attempts = bench.get("/desk/webhooks")["attempts"]

    assert [(a["action"], a["attempt"], a["status"]) for a in attempts] == [
        ("incoming_chat", 1, 503),
        ("incoming_chat", 2, 503),
        ("incoming_chat", 3, 503),
        ("incoming_chat", 4, 503),
        ("incoming_event", 1, 200),
    ]


def test_unreachable_receiver_does_not_hold_the_api() -> None:
    with running(webhook_url="http://127.0.0.1:9/hook", retry_intervals=(60,)) as bench:
        customer = bench.customer()

        assert customer.say(customer.start(), "One").status_code == 200


def test_webhooks_can_be_repeated(bench: Bench) -> None:
    bench.faults(repeat=2)
    customer = bench.customer()
    customer.say(customer.start(), "One")

    assert _actions(bench) == ["incoming_chat"] * 2 + ["incoming_event"] * 2


def test_webhooks_can_be_disordered(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start(None)
    bench.hooks()
    bench.faults(disorder={"seconds": 0.2, "seed": 3})
    for text in "abcdef":
        customer.say(chat_id, text)
    texts = [h["payload"]["event"]["text"] for h in bench.hooks("incoming_event")]

    assert sorted(texts) == list("abcdef")
    assert texts != list("abcdef")


def test_webhooks_can_be_lost(bench: Bench) -> None:
    bench.faults(lose={"action": "incoming_event"})
    customer = bench.customer()
    chat_id = customer.start()
    customer.say(chat_id, "One")
    customer.say(chat_id, "Two")

    assert [h["payload"]["event"]["text"] for h in bench.hooks("incoming_event")] == ["Two"]


@pytest.mark.parametrize(("when", "said"), [("before", []), ("after", ["One"])])
def test_call_can_fail_before_or_after_its_effect(bench: Bench, when: str, said: list[str]) -> None:
    customer = bench.customer()
    chat_id = customer.start(None)
    bench.faults(fail={"action": "send_event", "type": "internal", "when": when})

    assert error(customer.say(chat_id, "One")) == (500, "internal")
    assert [event["text"] for event in bench.chat(chat_id)["events"]] == said
    assert customer.say(chat_id, "Two").status_code == 200


def test_failure_counts_down_and_is_for_one_api(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    fail = {"action": "customer.send_event", "times": 2, "type": "too_many_requests"}
    bench.faults(fail=[{**fail, "retry_after": 3}])
    agent, first, second, third = (
        bench.agent().say(chat_id, "Mine"),
        *(customer.say(chat_id, "One") for _ in range(3)),
    )

    assert [a.status_code for a in (agent, first, second, third)] == [200, 429, 429, 200]
    assert first.headers["Retry-After"] == "3"


def test_token_call_fails_in_its_own_envelope(bench: Bench) -> None:
    bench.faults(fail={"action": "token", "type": "server_error", "status": 503})
    answer = bench.form()

    assert (answer.status_code, answer.json()["oauth_exception"]) == (503, "server_error")
    assert bench.form().status_code == 200


@pytest.mark.parametrize(("when", "chats"), [("before", 0), ("after", 1)])
def test_connection_can_be_dropped(bench: Bench, when: str, chats: int) -> None:
    customer = bench.customer()
    bench.faults(drop={"action": "start_chat", "when": when})

    with pytest.raises(requests.ConnectionError):
        customer.call("start_chat", {})
    assert len(bench.get("/desk/chats")["chats"]) == chats
    assert bench.get("/desk/calls", action="start_chat")["calls"][-1]["status"] is None


def test_call_can_be_slow(bench: Bench) -> None:
    customer = bench.customer()
    bench.faults(slow={"action": "start_chat", "seconds": 0.2, "when": "after"})
    before = time.monotonic()
    customer.ok("list_chats")
    quick = time.monotonic()
    customer.start()

    assert time.monotonic() - quick >= 0.2 > quick - before


def test_slow_call_after_its_effect_is_overtaken_by_its_webhook(bench: Bench) -> None:
    customer = bench.customer()
    bench.faults(slow={"action": "start_chat", "seconds": 0.5, "when": "after"})

    with pytest.raises(requests.Timeout):
        customer.call("start_chat", {}, timeout=0.1)
    assert _actions(bench) == ["incoming_chat"]


@pytest.mark.parametrize("kind", ["customer", "all"])
def test_tokens_can_be_revoked(bench: Bench, kind: str) -> None:
    customer = bench.customer()
    bench.faults(revoke=kind)

    assert error(customer.call("list_chats")) == (401, "authentication")


def test_region_can_be_demanded(bench: Bench) -> None:
    customer = bench.customer()
    bench.faults(misdirected="fra")
    refused = customer.call("list_chats")

    assert error(refused) == (421, "misdirected_request")
    assert refused.json()["error"]["data"] == {"region": "fra"}
    assert customer.call("list_chats", headers={"X-Region": "fra"}).status_code == 200
    bench.faults(misdirected=None)
    assert customer.call("list_chats").status_code == 200


def test_faults_are_shown_and_unknown_ones_refused(bench: Bench) -> None:
    bench.faults(repeat=3)
    bench.faults(slow=2)

    assert bench.get("/desk/faults")["repeat"] == 3
    assert bench.get("/desk/faults")["slow"][0]["seconds"] == 2
    assert error(bench.faults(vanish=True)) == (400, "validation")
    assert error(bench.faults(repeat=0)) == (400, "validation")
    assert error(bench.faults(revoke="every")) == (400, "validation")


def test_calls_are_logged_without_tokens_and_secrets(bench: Bench) -> None:
    customer = bench.customer()
    customer.say("TNOWHERE00", "Hi")
    calls = bench.get("/desk/calls")["calls"]

    kinds = [(c["action"], c["headers"]["authorization"], c["status"]) for c in calls]
    assert kinds == [
        ("token", "none", 200),
        ("customer_token", "agent", 200),
        ("send_event", "customer", 404),
    ]
    assert calls[2]["body"]["event"]["text"] == "Hi"
    assert calls[2]["query"] == {"organization_id": bench.account.organization_id}
    assert calls[2]["error"] == "not_found"
    secrets = (customer.token, bench.account.client_secret, bench.account.refresh_token)
    assert not any(secret in str(calls) for secret in secrets)


def test_reset_begins_anew(bench: Bench) -> None:
    customer = bench.customer()
    customer.start()
    bench.faults(repeat=2)
    bench.post("/desk/reset")

    assert bench.get("/desk/chats")["chats"] == []
    assert bench.get("/desk/calls")["calls"] == []
    assert bench.get("/desk/faults")["repeat"] == 1
    assert error(customer.call("list_chats")) == (401, "authentication")


def test_address_of_the_webhooks_can_be_set() -> None:
    with running(webhook_url=None) as bench:
        bench.customer().start()
        assert bench.hooks() == []

        bench.post("/desk/webhooks", {"url": f"{bench.base}/hook"})
        bench.customer().start(group=BILLING)

        assert _actions(bench) == ["incoming_chat"]
