"""The LiveChat simulator's agents: queue, agent API, configuration API, desk."""

from collections.abc import Iterator
from typing import Any

import pytest

from demo.livechat import Agent
from tests.demo.livechat_bench import BILLING, MARA, TECHNICAL, TOBIAS, Bench, error, running

ONE_CHAT_EACH = (
    Agent(email=MARA, name="Mara", groups=(BILLING,), max_chats=1),
    Agent(email=TOBIAS, name="Tobias", groups=(TECHNICAL,), max_chats=1),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Bench]:
    with running() as bench:
        yield bench


@pytest.fixture
def bench(server: Bench) -> Bench:
    return server.reset()


@pytest.fixture
def full() -> Iterator[Bench]:
    """One agent per group, each with one chat at most; Mara has hers."""
    with running(agents=ONE_CHAT_EACH) as bench:
        bench.customer().start()
        yield bench


def _host(bench: Bench, chat_id: str) -> list[str]:
    return [a["id"] for a in bench.chat(chat_id)["agents"] if a["visibility"] == "all"]


def test_least_busy_agent_of_the_group_gets_the_chat() -> None:
    both = tuple(Agent(email=e, name=e, groups=(BILLING,)) for e in (MARA, TOBIAS))
    with running(agents=both) as bench:
        chats = [bench.customer().start() for _ in range(3)]

        assert [_host(bench, chat) for chat in chats] == [[MARA], [TOBIAS], [MARA]]


def test_full_agents_make_a_queue(full: Bench) -> None:
    customers = [full.customer(), full.customer()]
    chats = [customer.start() for customer in customers]
    threads = [
        customer.ok("get_chat", {"chat_id": chat})["thread"]
        for customer, chat in zip(customers, chats, strict=True)
    ]

    assert [thread["queue"]["position"] for thread in threads] == [1, 2]
    assert set(threads[0]["queue"]) == {"position", "wait_time", "queued_at"}
    statuses = customers[0].ok("list_group_statuses", {"group_ids": [BILLING]})
    assert statuses["groups_status"] == {"4": "online_for_queue"}


def test_queue_advances_when_a_chat_is_closed(full: Bench) -> None:
    first, second = full.customer().start(), full.customer().start()
    [busy] = [c["id"] for c in full.get("/desk/chats")["chats"] if c["state"] == "active"]
    full.desk(busy, "close", agent=MARA)

    assert (_host(full, first), full.chat(first)["queue"]) == ([MARA], None)
    assert full.chat(second)["queue"]["position"] == 1


@pytest.mark.parametrize("limit", [{"queue_enabled": False}, {"queue_limit": 0}])
def test_no_room_in_the_queue_means_refusal(limit: dict[str, Any]) -> None:
    with running(agents=ONE_CHAT_EACH, **limit) as bench:
        bench.customer().start()
        body = {"chat": {"access": {"group_ids": [BILLING]}}}

        assert error(bench.customer().call("start_chat", body)) == (422, "group_unavailable")


def test_without_routing_a_chat_waits_to_be_picked() -> None:
    with running(auto_assign=False) as bench:
        chat_id = bench.customer().start()

        assert bench.chat(chat_id)["state"] == "queued"
        assert bench.desk(chat_id, "pick", agent=MARA).json()["state"] == "active"
        assert error(bench.desk(chat_id, "pick", agent=TOBIAS)) == (422, "users_limit_reached")


def test_continuous_chat_is_assigned_when_somebody_comes(bench: Bench) -> None:
    bench.post(f"/desk/agents/{MARA}/status", {"offline": True})
    chat_id = bench.customer().start(continuous=True)
    assert bench.chat(chat_id)["state"] == "unassigned"

    bench.post(f"/desk/agents/{MARA}/status", {"accepting": True})

    assert _host(bench, chat_id) == [MARA]


def test_agent_who_leaves_gives_the_chat_back(bench: Bench) -> None:
    chat_id = bench.customer().start()

    assert bench.desk(chat_id, "leave", agent=MARA).json()["state"] == "queued"


def test_agent_who_signs_out_loses_the_chats(bench: Bench) -> None:
    billing, anywhere = bench.customer().start(), bench.customer().start(group=0)
    hosts = _host(bench, anywhere)
    bench.post(f"/desk/agents/{MARA}/status", {"offline": True})

    assert hosts == [TOBIAS]
    assert bench.chat(billing)["state"] == "closed"
    assert bench.chat(billing)["events"][-1]["system_message_type"] == "routing.archived_signed_out"
    assert bench.chat(anywhere)["state"] == "active"


def test_transfer_to_a_group_assigns_or_queues(full: Bench) -> None:
    [chat] = full.get("/desk/chats")["chats"]
    moved = full.desk(chat["id"], "transfer", agent=MARA, to_group=TECHNICAL).json()
    second = full.customer().start()
    waiting = full.desk(second, "transfer", agent=MARA, to_group=TECHNICAL).json()

    assert (moved["group_ids"], _host(full, chat["id"])) == ([TECHNICAL], [TOBIAS])
    assert (waiting["state"], waiting["queue"]["position"]) == ("queued", 1)


def test_transfer_to_an_agent(bench: Bench) -> None:
    chat_id = bench.customer().start()
    bench.desk(chat_id, "transfer", agent=MARA, to_agent=TOBIAS)

    assert _host(bench, chat_id) == [TOBIAS]


@pytest.mark.parametrize(
    ("deed", "body", "expected"),
    [
        ("say", {"agent": TOBIAS, "text": "x"}, (403, "authorization")),
        ("say", {"agent": "nobody@x.example", "text": "x"}, (404, "not_found")),
        ("say", {"agent": MARA}, (400, "validation")),
        ("transfer", {"agent": MARA}, (422, "validation")),
        ("transfer", {"agent": MARA, "to_group": 99}, (422, "group_not_found")),
        ("leave", {"agent": TOBIAS}, (422, "validation")),
        ("dance", {"agent": MARA}, (404, "not_found")),
    ],
)
def test_impossible_deed_is_refused(
    bench: Bench, deed: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert error(bench.desk(bench.customer().start(), deed, **body)) == expected


def test_desk_shows_what_an_agent_needs(bench: Bench) -> None:
    customer = bench.customer()
    customer.ok("update_customer", {"name": "Ines", "session_fields": [{"topic": "billing"}]})
    chat_id = customer.start()
    customer.ok("send_sneak_peek", {"chat_id": chat_id, "sneak_peek_text": "I am typ"})
    bench.desk(
        chat_id, "file", agent=MARA, name="a.pdf", url="https://x/a.pdf", content_type="a/pdf"
    )
    chat = bench.chat(chat_id)

    assert (chat["customer"]["name"], chat["sneak_peek"]) == ("Ines", "I am typ")
    assert (chat["session_fields"], chat["groups"]) == ([{"topic": "billing"}], ["Billing"])
    authors = [(event["type"], event["author"]["name"]) for event in chat["events"]]
    assert authors == [("message", "Ines"), ("file", "Mara")]


def test_sneak_peek_ends_with_the_message(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()
    customer.ok("send_sneak_peek", {"chat_id": chat_id, "sneak_peek_text": "I am typ"})
    customer.say(chat_id, "I am typing")

    assert bench.chat(chat_id)["sneak_peek"] is None


def test_page_is_told_of_changes(bench: Bench) -> None:
    before = bench.get("/desk/chats")["change"]
    bench.customer().start()

    assert bench.get("/desk/changes", after=before)["change"] > before
    now = bench.get("/desk/chats")["change"]
    assert bench.get("/desk/changes", after=now, wait=0.01)["change"] == now


def test_bot_posts_a_note(bench: Bench) -> None:
    chat_id, bot = bench.customer().start(), bench.bot()
    join = {"chat_id": chat_id, "user_id": bot.id, "user_type": "agent", "visibility": "agents"}

    assert error(bot.say(chat_id, "Note", visibility="agents")) == (403, "authorization")
    assert error(bot.call("add_user_to_chat", join)) == (403, "authorization")
    bot.ok("add_user_to_chat", {**join, "ignore_requester_presence": True})
    assert bot.say(chat_id, "Note", visibility="agents").status_code == 200
    assert error(bot.say(chat_id, "Aloud", visibility="all")) == (403, "authorization")
    assert error(bot.say(chat_id, "Aloud")) == (403, "authorization")
    bot.ok("remove_user_from_chat", {"chat_id": chat_id, "user_id": bot.id, "user_type": "agent"})
    assert _host(bench, chat_id) == [MARA]


ADD = {"user_type": "agent", "visibility": "agents", "ignore_requester_presence": True}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"user_id": "nobody@x.example"}, (422, "validation")),
        ({"user_id": TOBIAS, "visibility": "all"}, (403, "missing_access")),
        ({"visibility": "all"}, (422, "users_limit_reached")),
        ({"user_id": MARA}, (422, "already_exists")),
        ({"user_type": "customer", "visibility": "all"}, (422, "validation")),
        ({"visibility": "everyone"}, (400, "validation")),
        ({"id": "x"}, (400, "validation")),
        ({"chat_id": "TNOWHERE00"}, (404, "not_found")),
    ],
)
def test_impossible_addition_is_refused(
    bench: Bench, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    bot = bench.bot()
    body = {"chat_id": bench.customer().start(), "user_id": bot.id, **ADD, **change}

    assert error(bot.call("add_user_to_chat", body)) == expected


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("deactivate_chat", {"chat_id": "ID"}, (400, "validation")),
        ("deactivate_chat", {"id": "ID", "thread_id": "x"}, (400, "validation")),
        ("transfer_chat", {"chat_id": "ID"}, (400, "validation")),
        ("send_event", {"chat_id": "ID", "event": {"type": "system"}}, (400, "validation")),
        ("create_customer", {"name": "x"}, (404, "not_found")),
    ],
)
def test_wrong_agent_call_is_refused(
    bench: Bench, action: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    chat_id = bench.customer().start()
    body = {key: chat_id if value == "ID" else value for key, value in body.items()}

    assert error(bench.agent().call(action, body)) == expected


def test_agents_events_have_no_recipients(bench: Bench) -> None:
    chat_id = bench.customer().start()

    assert error(bench.agent().say(chat_id, "x", recipients="all")) == (400, "validation")


def test_outsider_cannot_close_or_transfer(bench: Bench) -> None:
    chat_id, bot = bench.customer().start(group=TECHNICAL), bench.bot()

    assert error(bot.call("deactivate_chat", {"id": chat_id})) == (403, "authorization")
    assert error(bot.call("transfer_chat", {"id": chat_id})) == (403, "authorization")
    bot.ok("deactivate_chat", {"id": chat_id, "ignore_requester_presence": True})
    assert error(bot.say(chat_id, "x")) == (422, "chat_inactive")


def test_transfer_needs_somebody_unless_told_otherwise(bench: Bench) -> None:
    chat_id, agent = bench.customer().start(), bench.agent()
    bench.post(f"/desk/agents/{TOBIAS}/status", {"accepting": False})
    body = {"id": chat_id, "target": {"type": "group", "ids": [TECHNICAL]}}

    assert error(agent.call("transfer_chat", body)) == (422, "validation")
    agent.ok("transfer_chat", {**body, "ignore_agents_availability": True})
    assert bench.chat(chat_id)["state"] == "queued"


def test_bot_without_the_group_has_no_access() -> None:
    with running(bot_groups=(TECHNICAL,)) as bench:
        chat_id = bench.customer().start(group=BILLING)

        assert error(bench.bot().call("get_chat", {"chat_id": chat_id})) == (403, "missing_access")


def test_customer_token_is_refused_by_the_agent_api(bench: Bench) -> None:
    customer = bench.customer()
    customer.api = "agent"

    assert error(customer.call("list_chats")) == (401, "authentication")


def test_wrong_bot_secret_gives_no_token(bench: Bench) -> None:
    account = bench.account
    body = {
        "bot_id": account.bot_id,
        "client_id": account.client_id,
        "bot_secret": "wrong",
        "organization_id": account.organization_id,
    }
    answer = bench.post("/v3.6/configuration/action/issue_bot_token", body)

    assert error(answer) == (401, "authentication")


def test_new_bot_token_ends_the_former(bench: Bench) -> None:
    former, latter = bench.bot(), bench.bot()

    assert error(former.call("list_chats")) == (401, "authentication")
    assert latter.call("list_chats").status_code == 200


def test_agent_finds_the_chat_of_a_customer(bench: Bench) -> None:
    customer = bench.customer()
    chat_id = customer.start()

    assert bench.agent().ok("get_customer", {"id": customer.id})["chat_ids"] == [chat_id]
    filters = {"filters": {"active": False}}
    assert bench.agent().ok("list_chats", filters)["chats_summary"] == []


def _hook(bench: Bench, **change: Any) -> dict[str, Any]:
    return {
        "action": "incoming_event",
        "url": f"{bench.base}/hook",
        "secret_key": "secret",
        "owner_client_id": bench.account.client_id,
        "type": "license",
        **change,
    }


def test_fourth_webhook_of_an_action_is_refused(bench: Bench) -> None:
    api = bench.configuration()
    ids = [api.ok("register_webhook", _hook(bench))["id"] for _ in range(3)]

    assert error(api.call("register_webhook", _hook(bench))) == (422, "limit_reached")
    api.ok("unregister_webhook", {"id": ids[0], "owner_client_id": bench.account.client_id})
    listed = api.ok("list_webhooks", {"owner_client_id": bench.account.client_id})
    assert [hook["id"] for hook in listed] == ids[1:]
    assert "secret_key" not in listed[0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"action": "incoming_customer"}, (400, "validation")),
        ({"url": "https://x.example/" + "a" * 500}, (400, "validation")),
        ({"url": "x.example"}, (400, "validation")),
        ({"secret_key": ""}, (400, "validation")),
        ({"type": "any"}, (400, "validation")),
        ({"owner_client_id": "other"}, (403, "authorization")),
        ({"additional_data": ["everything"]}, (400, "validation")),
        ({"action": "incoming_chat", "filters": {"author_type": "agent"}}, (400, "validation")),
        ({"filters": {"chat_presence": {"user_ids": {}}}}, (400, "validation")),
    ],
)
def test_wrong_webhook_is_refused(
    bench: Bench, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    body = _hook(bench, **change)

    assert error(bench.configuration().call("register_webhook", body)) == expected


def test_call_needs_its_scope() -> None:
    with running(scopes=frozenset({"customers:own"})) as bench:
        body = _hook(bench)

        assert error(bench.configuration().call("register_webhook", body)) == (403, "authorization")


def test_webhook_names_need_no_token(bench: Bench) -> None:
    names = bench.post("/v3.6/configuration/action/list_webhook_names", {}).json()

    assert "incoming_chat" in [name["action"] for name in names]


def test_created_bot_gets_a_secret_once(bench: Bench) -> None:
    api = bench.configuration()
    body = {"name": "Notes", "groups": [{"id": BILLING, "priority": "supervisor"}]}
    created = api.ok("create_bot", body)

    assert set(created) == {"id", "secret"}
    listed = api.ok("list_bots", {"all": True})
    assert created["id"] in [bot["id"] for bot in listed]
    assert "secret" not in listed[-1]


def test_groups_and_agents_are_listed(bench: Bench) -> None:
    api = bench.configuration()
    bench.post(f"/desk/agents/{TOBIAS}/status", {"accepting": False})
    groups = api.ok("list_groups", {"fields": ["routing_status"]})
    agents = api.ok("list_agents", {"filters": {"group_ids": [BILLING]}})

    statuses = {group["id"]: group["routing_status"] for group in groups}
    assert statuses == {0: "accepting_chats", 4: "accepting_chats", 7: "not_accepting_chats"}
    assert [agent["id"] for agent in agents] == [MARA]


def test_property_is_registered_before_it_is_written(bench: Bench) -> None:
    api, client_id = bench.configuration(), bench.account.client_id
    body = {
        "name": "bridge_session",
        "owner_client_id": client_id,
        "type": "string",
        "access": {"chat": {"customer": ["read", "write"], "agent": ["read"]}},
    }
    chat = {"chat": {"properties": {client_id: {"bridge_session": "df-1"}}}}
    before = bench.customer().call("start_chat", chat)
    api.ok("register_property", body)

    assert error(before) == (400, "validation")
    assert bench.customer().call("start_chat", chat).status_code == 200
    assert error(api.call("register_property", body)) == (422, "already_exists")
    assert list(api.ok("list_properties", {"owner_client_id": client_id})) == ["bridge_session"]
