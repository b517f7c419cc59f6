"""The desk of the simulated Chat Gateway: who is asked, who leaves, what customers never see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from demo.eight_by_eight import Agent
from tests.demo.eight_by_eight_bench import MARA, TOBIAS, Json, World, running

BOTH = ("214", "231")
ALONE = (Agent(id=MARA, name="Mara", queues=BOTH, max_chats=1),)
TOGETHER = tuple(Agent(id=one, name=one, queues=("214",)) for one in (MARA, TOBIAS))


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


@pytest.fixture
def busy() -> Iterator[World]:
    """Give a desk with one agent, who takes one chat at a time."""
    with running(agents=ALONE) as one:
        yield one


def refused(world: World, path: str, body: Json) -> str:
    """Do something at the desk and return the kind of the refusal."""
    answer = requests.post(f"{world.base}/desk/{path}", json=body, timeout=30)
    assert answer.status_code >= 400
    return str(answer.json()["error"]["type"])


def states(world: World) -> list[str]:
    return [one["state"] for one in world.at_desk("chats")["chats"]]


@pytest.mark.parametrize("way", ["close", "leave"])
def test_whoever_waits_gets_the_agent_that_becomes_free(busy: World, way: str) -> None:
    first, second = busy.open(), busy.open()
    assert states(busy) == ["active", "queued"]
    busy.do(first, way)
    assert states(busy) == ["closed", "active"]
    assert busy.chat(second)["agents"][0]["name"] == "Mara"


def test_customer_who_leaves_makes_room_for_the_next(busy: World) -> None:
    first, _ = busy.open(), busy.open()
    busy.gateway("PATCH", f"/conversations/{first}/participants/user", {"removed": True})
    assert states(busy) == ["closed", "active"]


def test_longest_wait_is_served_first(busy: World) -> None:
    first, _, third = busy.open(), busy.open(), busy.open()
    busy.do(first, "close")
    assert states(busy) == ["closed", "active", "queued"]
    assert busy.chat(third)["agents"] == []


@pytest.mark.parametrize("status", [{"offline": True}, {"accepting": False}])
def test_nobody_is_asked_who_pauses_or_is_gone(world: World, status: dict[str, bool]) -> None:
    world.status(MARA, **status)
    room = world.open()
    assert states(world) == ["queued"]
    world.status(MARA, accepting=True)
    assert world.chat(room)["agents"][0]["name"] == "Mara"


def test_language_that_is_not_listed_waits_for_ever(world: World) -> None:
    world.open(user={"language": "en-GB"})
    world.open(user={"language": "nl"})
    assert states(world) == ["queued", "active"]


def test_conversation_ends_when_the_last_of_two_agents_leaves() -> None:
    with running(agents=TOGETHER) as world:
        room = world.open()
        world.do(room, "pick", agent=TOBIAS)
        before = len(world.told())
        world.do(room, "leave", agent=MARA)
        assert world.story()[before:] == ["MEMBERS_CHANGED agent left"]
        world.do(room, "leave", agent=TOBIAS)
        assert world.story()[before + 1 :] == [
            "MEMBERS_CHANGED agent left",
            "CONVERSATION_UPDATE idle",
        ]


def test_note_stays_at_the_desk(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.do(room, "say", text="Patient, this one", visibility="agents")
    assert world.told()[before:] == []
    listed = world.gateway("GET", f"/conversations/{room}/messages").json()
    assert listed["_embedded"]["messages"] == []
    event = world.chat(room)["events"][-1]
    assert (event["text"], event["visibility"]) == ("Patient, this one", "agents")


def test_transfer_to_a_queue_that_is_none_changes_nothing(world: World) -> None:
    room = world.open()
    before = world.told()
    body = {"agent": MARA, "to_group": "999"}
    assert refused(world, f"chats/{room}/transfer", body) == "invalid_queue"
    assert world.told() == before
    assert world.chat(room)["agents"][0]["id"] == MARA


def test_transfer_to_an_agent_asks_no_queue(world: World) -> None:
    room = world.open()
    before = len(world.told())
    world.do(room, "transfer", to_agent=TOBIAS)
    assert world.story()[before:] == [
        "TRANSFER",
        "MEMBERS_CHANGED agent left",
        "MEMBERS_CHANGED agent joined",
        "CONVERSATION_UPDATE active",
    ]


def test_queue_cannot_be_changed_under_an_agents_hands(world: World) -> None:
    room = world.open()
    path = f"/conversations/{room}"
    before = len(world.told())
    answer = world.gateway("PATCH", path, {"assignment": {"type": "queue", "id": "231"}})
    assert answer.status_code == 202
    assert world.told()[before:] == []
    assert world.gateway("GET", path).json()["assignment"] == {"type": "agent", "id": MARA}


@pytest.mark.parametrize(
    ("deed", "body", "kind"),
    [
        ("say", {"agent": TOBIAS, "text": "x"}, "not_inside"),
        ("say", {"agent": "nobody", "text": "x"}, "not_found"),
        ("say", {"agent": MARA}, "validation"),
        ("say", {"text": "x"}, "validation"),
        ("pick", {"agent": MARA}, "not_waiting"),
        ("transfer", {"agent": MARA}, "validation"),
        ("transfer", {"agent": MARA, "to_group": "231", "to_agent": TOBIAS}, "validation"),
        ("dance", {"agent": MARA}, "not_found"),
    ],
)
def test_what_agents_cannot_do_is_refused(world: World, deed: str, body: Json, kind: str) -> None:
    assert refused(world, f"chats/{world.open()}/{deed}", body) == kind


def test_closed_conversation_cannot_be_closed_again(world: World) -> None:
    room = world.open()
    world.do(room, "close")
    assert refused(world, f"chats/{room}/close", {"agent": MARA}) == "idle"


def test_desk_of_no_conversation_is_404(world: World) -> None:
    assert requests.get(f"{world.base}/desk/chats/none", timeout=30).status_code == 404


def test_page_is_told_of_changes(world: World) -> None:
    before = world.at_desk("chats")["change"]
    world.open()
    assert world.at_desk(f"changes?after={before}")["change"] > before
    now = world.at_desk("chats")["change"]
    assert world.at_desk(f"changes?after={now}&wait=0.01")["change"] == now


def test_reset_begins_anew_and_keeps_the_address(world: World) -> None:
    world.at_desk("faults", {"repeat": 2})
    world.open()
    world.told()
    world.at_desk("reset", {})
    assert world.at_desk("chats")["chats"] == []
    assert world.at_desk("faults")["repeat"] == 1
    world.heard.clear()
    world.open()
    assert world.story()[0] == "CONVERSATION_UPDATE created"


def test_webhooks_can_be_led_elsewhere(world: World) -> None:
    url = world.at_desk("webhooks")["url"]
    world.at_desk("webhooks", {"url": None})
    world.open()
    assert world.told() == []
    world.at_desk("webhooks", {"url": url})
    world.open()
    assert len(world.told()) == 5
