"""The LiveChat simulator enforces the vendor's rules on calls."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from demo.livechat.views import masked
from tests.demo.livechat_bench import BILLING, MARA, TECHNICAL, TOBIAS, Bench, error, running

BIG = "é" * 8193
ORGANIZATION = {"organization_id": "6f2d9c1e-83b4-4a57-9d0e-5b7c1f20a9d3"}


@pytest.fixture(scope="module")
def server() -> Iterator[Bench]:
    with running() as bench:
        yield bench


@pytest.fixture
def bench(server: Bench) -> Bench:
    return server.reset()


def test_refresh_token_gives_an_agent_token(bench: Bench) -> None:
    answer = bench.form().json()

    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 28800
    assert answer["access_token"].startswith("dal:")
    assert answer["refresh_token"] == bench.account.refresh_token


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": "other"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"refresh_token": "wrong"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_no_agent_token(
    bench: Bench, change: dict[str, str], code: str
) -> None:
    answer = bench.form(**change)

    assert answer.status_code == 401
    assert answer.json()["oauth_exception"] == code
    assert answer.json()["exception_description"]


def test_agent_token_request_must_be_a_form(bench: Bench) -> None:
    answer = bench.post("/v2/token", {"grant_type": "refresh_token"})

    assert (answer.status_code, answer.json()["oauth_exception"]) == (401, "invalid_request")


def test_twenty_sixth_agent_token_revokes_the_oldest(bench: Bench) -> None:
    oldest, second = bench.form().json(), bench.form().json()
    for _ in range(24):
        bench.form()

    assert bench.mint(oldest["access_token"]).json()["oauth_exception"] == "access_denied"
    assert bench.mint(second["access_token"]).status_code == 200


def test_customer_token_without_entity_makes_a_new_customer(bench: Bench) -> None:
    first, second = bench.mint().json(), bench.mint().json()

    assert first["entity_id"] != second["entity_id"]
    assert first["organization_id"] == bench.account.organization_id


def test_customer_token_is_renewed_for_a_known_entity(bench: Bench) -> None:
    customer = bench.customer()

    assert bench.mint(entity_id=customer.id).json()["entity_id"] == customer.id


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grant_type": "cookie"}, "unsupported_grant_type"),
        ({"client_id": "other"}, "invalid_client"),
        ({"response_type": "code"}, "invalid_request"),
        ({"entity_id": "c41d7e90-2b6f-4d18-a3f5-9e0b8c7d6a21"}, "resource_not_found"),
        ({"organization_id": "other"}, "invalid_request"),
        ({"expires_in": 0}, "invalid_request"),
        ({"token": "dal:unknown"}, "access_denied"),
    ],
)
def test_wrong_request_gets_no_customer_token(
    bench: Bench, change: dict[str, Any], code: str
) -> None:
    answer = bench.mint(**change)

    assert (answer.status_code, answer.json()["oauth_exception"]) == (401, code)


def test_customer_token_needs_its_scope() -> None:
    with running(scopes=frozenset({"chats--all:rw"})) as bench:
        assert bench.mint().json()["oauth_exception"] == "access_denied"


def test_personal_token_is_for_agents_only(bench: Bench) -> None:
    account = bench.account
    basic = requests.auth._basic_auth_str(account.account_id, account.personal_access_token)
    headers = {"Authorization": basic}
    groups = bench.post("/v3.6/configuration/action/list_groups", {}, headers=headers)
    chats = bench.post("/v3.6/customer/action/list_chats", {}, headers=headers, params=ORGANIZATION)

    assert groups.status_code == 200
    assert error(chats) == (401, "authentication")


def test_expired_customer_token_is_refused(bench: Bench) -> None:
    customer = bench.customer()
    bench.clock.advance(hours=8)

    assert error(customer.call("list_chats")) == (401, "authentication")


def test_agent_token_is_refused_by_the_customer_api(bench: Bench) -> None:
    customer = bench.customer()
    customer.token = bench.agent_token()

    assert error(customer.call("list_chats")) == (401, "authentication")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (400, "validation")),
        ({"organization_id": "other"}, (404, "license_not_found")),
    ],
)
def test_organization_is_required(
    bench: Bench, params: dict[str, str], expected: tuple[int, str]
) -> None:
    assert error(bench.customer().call("list_chats", params=params)) == expected


def test_customer_calls_are_posted(bench: Bench) -> None:
    url = f"{bench.base}/v3.6/customer/action/list_chats"
    headers = {"Authorization": f"Bearer {bench.customer().token}"}
    answer = requests.get(url, params=ORGANIZATION, headers=headers, timeout=10)

    assert error(answer) == (405, "not_allowed")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v3.4/customer/action/list_chats", (400, "unsupported_version")),
        ("/customer/action/list_chats", (400, "unsupported_version")),
        ("/v3.6/customer/action/create_customer", (404, "not_found")),
    ],
)
def test_what_version_36_lacks_is_refused(
    bench: Bench, path: str, expected: tuple[int, str]
) -> None:
    headers = {"Authorization": f"Bearer {bench.customer().token}"}

    assert error(bench.post(path, {}, headers=headers, params=ORGANIZATION)) == expected


def test_version_may_stand_in_a_header(bench: Bench) -> None:
    headers = {"Authorization": f"Bearer {bench.customer().token}", "X-API-Version": "3.6"}
    path = "/customer/action/list_chats"

    assert bench.post(path, {}, headers=headers, params=ORGANIZATION).status_code == 200


def test_second_chat_of_a_customer_is_refused(bench: Bench) -> None:
    customer = bench.customer()
    customer.start()

    assert error(customer.call("start_chat", {})) == (422, "chat_limit_reached")


def test_initial_events_get_ids(bench: Bench) -> None:
    events = [{"type": "message", "text": "One"}, {"type": "message", "text": "Two"}]
    answer = bench.customer().ok("start_chat", {"chat": {"thread": {"events": events}}})

    assert answer["event_ids"] == [f"{answer['thread_id']}_1", f"{answer['thread_id']}_2"]


def test_chat_without_initial_events_has_no_event_ids(bench: Bench) -> None:
    assert set(bench.customer().ok("start_chat", {})) == {"chat_id", "thread_id"}


START = [
    ({"chat": {"access": {"group_ids": [99]}}}, (422, "group_not_found")),
    ({"chat": {"access": {"group_ids": []}}}, (400, "validation")),
    ({"chat": {"id": "TX7K2MQ9WB"}}, (400, "validation")),
    ({"chat": {"users": []}}, (400, "validation")),
    ({"chat": {"thread": {"events": [{"type": "system"}]}}}, (400, "validation")),
    ({"chat": {"properties": {"unknown": {"a": "b"}}}}, (400, "validation")),
    ({"chat": {"thread": {"properties": {"routing": {"mine": True}}}}}, (400, "validation")),
    ({"continuous": "yes"}, (400, "validation")),
    ({"chat_id": "TX7K2MQ9WB"}, (400, "validation")),
]


@pytest.mark.parametrize(("body", "expected"), START)
def test_wrong_start_is_refused_and_opens_nothing(
    bench: Bench, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    customer = bench.customer()

    assert error(customer.call("start_chat", body)) == expected
    assert customer.ok("list_chats")["total_chats"] == 0


MESSAGES = [
    {"type": "message"},
    {"type": "message", "text": ""},
    {"type": "message", "text": 7},
    {"type": "message", "text": BIG},
    {"type": "message", "text": "x", "visibility": "all"},
    {"type": "message", "text": "x", "recipients": "agents"},
    {"type": "message", "text": "x", "author_id": "someone"},
    {"type": "file", "url": "https://elsewhere.example/a.png"},
    {"type": "rich_message", "template_id": "poster", "elements": []},
    {"type": "rich_message", "template_id": "cards", "elements": [{}] * 11},
    {"type": "rich_message", "template_id": "cards", "elements": [{"buttons": [{}] * 14}]},
    {"type": "custom", "content": "text"},
    {"type": "system", "text": "x"},
    {"type": "unknown"},
    {"text": "no type"},
]


@pytest.mark.parametrize("event", MESSAGES, ids=lambda event: str(event)[:50])
def test_wrong_event_is_refused(bench: Bench, event: dict[str, Any]) -> None:
    customer = bench.customer()
    chat_id = customer.start(None)

    answer = customer.call("send_event", {"chat_id": chat_id, "event": event})

    assert error(answer) == (400, "validation")
    assert customer.ok("get_chat", {"chat_id": chat_id})["thread"]["events"] == []


def test_text_of_exactly_16_kb_is_taken(bench: Bench) -> None:
    customer = bench.customer()

    assert customer.say(customer.start(), "é" * 8192).status_code == 200


def test_custom_id_is_echoed_and_not_deduplicated(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start(None)
    for _ in range(2):
        customer.say(chat_id, "Again", custom_id="df-1")

    events = customer.ok("get_chat", {"chat_id": chat_id})["thread"]["events"]

    assert [event["custom_id"] for event in events] == ["df-1", "df-1"]


WRONG_KEYS = [
    ("deactivate_chat", {"chat_id": "ID"}),
    ("send_event", {"id": "ID", "event": {"type": "message", "text": "x"}}),
    ("get_chat", {"id": "ID"}),
    ("resume_chat", {"id": "ID"}),
    ("resume_chat", {"chat": {"chat_id": "ID"}}),
    ("send_sneak_peek", {"chat_id": "ID", "text": "x"}),
    ("update_customer", {}),
    ("update_customer", {"email": "nobody"}),
    ("update_customer", {"phone_number": "0612345678"}),
    ("update_customer", {"nickname": "x"}),
    ("set_customer_session_fields", {"session_fields": {"a": "b"}}),
    ("set_customer_session_fields", {"session_fields": [{"a": "b", "c": "d"}]}),
    ("list_group_statuses", {}),
    ("list_threads", {"chat_id": "ID", "limit": 2, "min_events_count": 2}),
    ("list_threads", {"chat_id": "ID", "limit": 101}),
    ("list_chats", {"limit": 26}),
    ("list_chats", {"page_id": "nonsense"}),
]


@pytest.mark.parametrize(("action", "body"), WRONG_KEYS)
def test_wrong_body_is_refused(bench: Bench, action: str, body: dict[str, Any]) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    body = {key: chat_id if value == "ID" else value for key, value in body.items()}

    assert error(customer.call(action, body)) == (400, "validation")


def test_body_must_be_json(bench: Bench) -> None:
    url = f"{bench.base}/v3.6/customer/action/list_chats"
    headers = {"Authorization": f"Bearer {bench.customer().token}"}
    answers = [
        requests.post(url, params=ORGANIZATION, headers={**headers, **more}, data=data, timeout=10)
        for more, data in [
            ({}, "{}"),
            ({"Content-Type": "application/json"}, ""),
            ({"Content-Type": "application/json"}, "[]"),
        ]
    ]

    assert [error(answer) for answer in answers] == [(400, "validation")] * 3


def test_too_many_session_fields_are_refused(bench: Bench) -> None:
    pairs = [{f"key{number}": "x"} for number in range(101)]
    answer = bench.customer().call("set_customer_session_fields", {"session_fields": pairs})

    assert error(answer) == (422, "customer_session_fields_limit_reached")


def test_chat_of_another_customer_is_closed_to_me(bench: Bench) -> None:
    chat_id = bench.customer().start()

    assert error(bench.customer().say(chat_id, "Hi")) == (403, "authorization")
    assert error(bench.customer().say("TNOWHERE00", "Hi")) == (404, "not_found")


def test_closed_chat_takes_nothing_until_resumed(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    first = customer.ok("get_chat", {"chat_id": chat_id})["thread"]["id"]
    customer.ok("deactivate_chat", {"id": chat_id})

    assert error(customer.say(chat_id, "Hi")) == (422, "chat_inactive")
    assert error(customer.call("deactivate_chat", {"id": chat_id})) == (422, "chat_inactive")
    resumed = customer.ok("resume_chat", {"chat": {"id": chat_id}})
    assert resumed["thread_id"] != first
    assert customer.say(chat_id, "Hi").json()["event_id"].startswith(resumed["thread_id"])


def test_event_can_be_attached_to_a_closed_thread(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    customer.ok("deactivate_chat", {"id": chat_id})
    event = {"type": "message", "text": "Late"}
    body = {"chat_id": chat_id, "event": event, "attach_to_last_thread": True}

    assert customer.call("send_event", body).status_code == 200
    assert bench.chat(chat_id)["state"] == "closed"


def test_active_chat_cannot_be_resumed(bench: Bench) -> None:
    customer = bench.customer()
    body = {"chat": {"id": customer.start()}}

    assert error(customer.call("resume_chat", body)) == (422, "chat_already_active")


def test_nobody_online_means_groups_offline(bench: Bench) -> None:
    bench.post(f"/desk/agents/{MARA}/status", {"offline": True})
    customer = bench.customer()
    body = {"chat": {"access": {"group_ids": [BILLING]}}}

    assert error(customer.call("start_chat", body)) == (422, "groups_offline")
    assert customer.call("start_chat", {**body, "continuous": True}).status_code == 200


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"accepting": True}, {"4": "online", "7": "online"}),
        ({"accepting": False}, {"4": "offline", "7": "online"}),
        ({"offline": True}, {"4": "offline", "7": "online"}),
    ],
)
def test_group_status_follows_agents(
    bench: Bench, status: dict[str, bool], expected: dict[str, str]
) -> None:
    bench.post(f"/desk/agents/{MARA}/status", status)
    body = {"group_ids": [BILLING, TECHNICAL, 99]}

    assert bench.customer().ok("list_group_statuses", body)["groups_status"] == expected


@pytest.mark.parametrize(
    "lookup", [{**ORGANIZATION, "group_id": "4"}, {"license_id": "14210877", "group_id": "4"}]
)
def test_online_groups_are_told_without_a_token(bench: Bench, lookup: dict[str, str]) -> None:
    bench.post(f"/desk/agents/{TOBIAS}/status", {"accepting": False})
    answer = bench.get("/v3.6/customer/action/get_dynamic_configuration", **lookup)

    assert answer["livechat"]["online_group_ids"] == [0, BILLING]
    assert answer["organization_id"] == bench.account.organization_id


def test_customer_sees_masked_agents_and_no_notes(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    bench.desk(chat_id, "say", agent=MARA, text="Hello Ines")
    bench.desk(chat_id, "say", agent=TOBIAS, text="Between us", visibility="agents")
    chat = customer.ok("get_chat", {"chat_id": chat_id})

    assert [event["text"] for event in chat["thread"]["events"]] == ["Hello", "Hello Ines"]
    assert chat["thread"]["events"][1]["author_id"] == masked(MARA)
    assert chat["users"][1]["id"] == masked(MARA)
    assert chat["thread"]["user_ids"] == [customer.id, masked(MARA)]
    assert "acme-help" not in str(chat)
    assert "visibility" not in str(chat)


def test_agent_api_shows_emails_and_notes(bench: Bench) -> None:
    chat_id = bench.customer().start()
    bench.desk(chat_id, "say", agent=MARA, text="Between us", visibility="agents")
    chat = bench.agent().ok("get_chat", {"chat_id": chat_id})

    assert chat["users"][1]["id"] == MARA
    assert chat["thread"]["events"][1]["visibility"] == "agents"


def test_threads_come_newest_first_in_pages(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    for _ in range(2):
        customer.ok("deactivate_chat", {"id": chat_id})
        customer.ok("resume_chat", {"chat": {"id": chat_id}})
    page = customer.ok("list_threads", {"chat_id": chat_id, "limit": 2})
    rest = customer.ok("list_threads", {"chat_id": chat_id, "page_id": page["next_page_id"]})

    assert [t["active"] for t in page["threads"] + rest["threads"]] == [True, False, False]
    assert page["found_threads"] == 3
    body = {"chat_id": chat_id, "page_id": page["next_page_id"], "limit": 2}
    assert error(customer.call("list_threads", body)) == (400, "validation")


def test_chats_summary_shows_the_one_chat(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    summary = customer.ok("list_chats")["chats_summary"]

    assert [(chat["id"], chat["active"]) for chat in summary] == [(chat_id, True)]
    assert summary[0]["last_event_per_type"]["message"]["event"]["text"] == "Hello"


def test_registered_property_can_be_written() -> None:
    with running(properties=("bridge_session",)) as bench:
        mine = {bench.account.client_id: {"bridge_session": "df-1"}}
        customer = bench.customer()
        body = {"chat": {"properties": mine, "thread": {"properties": mine}}}
        wrong = {"chat": {"properties": {bench.account.client_id: {"bridge_session": 1}}}}

        assert error(customer.call("start_chat", wrong)) == (400, "validation")
        chat_id = customer.ok("start_chat", body)["chat_id"]
        assert bench.chat(chat_id)["properties"][bench.account.client_id] == {
            "bridge_session": "df-1"
        }


def test_uploaded_file_can_be_sent_and_fetched(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start(None)
    url = _upload(bench, "receipt.txt", b"42 EUR").json()["url"]
    event = {"type": "file", "url": url}
    customer.ok("send_event", {"chat_id": chat_id, "event": event})

    sent = bench.chat(chat_id)["events"][0]
    assert (sent["name"], sent["content_type"], sent["size"]) == ("receipt.txt", "text/plain", 6)
    assert requests.get(url, timeout=10).content == b"42 EUR"


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("a.exe", 10, (400, "validation")),
        ("a.png", 10 * 1024 * 1024 + 1, (413, "entity_too_large")),
    ],
)
def test_wrong_file_is_refused(
    bench: Bench, name: str, size: int, expected: tuple[int, str]
) -> None:
    assert error(_upload(bench, name, b"x" * size)) == expected


def test_unused_upload_dies_after_a_day(bench: Bench) -> None:
    url = _upload(bench, "receipt.txt", b"42 EUR").json()["url"]
    bench.clock.advance(hours=25)
    bench._agent = None
    customer = bench.customer()
    event = {"type": "file", "url": url}

    answer = customer.call("send_event", {"chat_id": customer.start(), "event": event})

    assert error(answer) == (400, "validation")


def _upload(bench: Bench, name: str, data: bytes) -> requests.Response:
    return requests.post(
        f"{bench.base}/v3.6/customer/action/upload_file",
        params=ORGANIZATION,
        headers={"Authorization": f"Bearer {bench.customer().token}"},
        files={"file": (name, data, "text/plain")},
        timeout=10,
    )


def test_banned_customer_is_refused(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    bench.desk(chat_id, "ban", agent=MARA)

    assert error(customer.say(chat_id, "Hi")) == (403, "customer_banned")
    assert bench.chat(chat_id)["state"] == "closed"
