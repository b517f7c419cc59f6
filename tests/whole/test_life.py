"""What outlives the processes, what happens once, and what a handoff costs on the wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from tests.whole.house import House, house, state, texts, until, webhook


def test_open_handoff_survives_the_death_of_every_instance(talking: House) -> None:
    talking.kill()
    talking.start()
    talking.agent_says("Are you still there? 🌷")
    shown = talking.say("Yes,\nstill here")
    assert texts(shown) == ["Mara: Are you still there? 🌷"]
    assert talking.chat()["events"][-1]["text"] == "Yes,\nstill here"


def test_what_an_agent_says_while_nothing_runs_comes_with_the_vendors_repeat(
    talking: House,
) -> None:
    talking.kill()
    chat = talking.at_desk("chats")["chats"][0]
    agent = chat["agents"][0]["id"]
    talking.at_desk(f"chats/{chat['id']}/say", {"agent": agent, "text": "One moment"})
    talking.start()
    assert until(talking.poll) == ["Mara: One moment"]


def test_opening_whose_answer_was_lost_is_found_and_not_opened_twice(tmp_path: Path) -> None:
    with house(tmp_path) as one:
        one.at_desk("faults", {"drop": {"action": "start_chat", "times": 1}})
        shown = one.say("agent")
        assert state(shown)["handoff_state"] in {"requested", "active"}
        one.agent_says("Hello there")
        assert "Mara: Hello there" in until(lambda: (seen := one.poll()) and seen)
        assert len(one.calls("start_chat")) == 1


def test_message_whose_answer_was_lost_is_there_once(talking: House) -> None:
    talking.at_desk("faults", {"drop": {"action": "send_event", "times": 1}})
    talking.say("once and only once")
    until(lambda: talking.poll() is not None and len(talking.calls("get_chat")) > 0)
    said = [one.get("text") for one in talking.chat()["events"]]
    assert said.count("once and only once") == 1


def test_twenty_turns_at_once_arrive_once_each(talking: House) -> None:
    words = [f"line {n}" for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(talking.say, words))
    until(lambda: talking.poll() is not None and _said(talking, words) >= 20)
    said = [one.get("text") for one in talking.chat()["events"]]
    assert sorted(word for word in said if word in words) == sorted(words)


def test_order_of_turns_that_wait_for_each_other_is_kept(talking: House) -> None:
    words = [f"line {n}" for n in range(20)]
    for first in range(0, 20, 4):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(talking.say, words[first : first + 4]))
    until(lambda: talking.poll() is not None and _said(talking, words) >= 20)
    said = [one.get("text") for one in talking.chat()["events"] if one.get("text") in words]
    rounds = [words.index(word) // 4 for word in said]
    assert rounds == sorted(rounds), "who was answered first is first at the desk"


def test_fifty_identical_webhooks_at_once_have_the_effect_of_one(talking: House) -> None:
    chat = talking.chat()
    agent = chat["agents"][0]["id"]
    event = {"id": "fifty_1", "type": "message", "visibility": "all", "author_id": agent}
    payload = {
        "chat_id": chat["id"],
        "thread_id": chat["thread_id"],
        "event": {**event, "text": "Once and only once, please"},
    }
    body = webhook("incoming_event", payload)
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: talking.event(body), range(50)))
    assert set(statuses) == {200}
    assert talking.poll() == ["Mara: Once and only once, please"]
    assert talking.poll() == []


def test_turn_that_dialogflow_repeats_has_one_effect_and_one_answer(talking: House) -> None:
    talking.agent_says("first")
    requests.post(f"{talking.bot}/faults", json={"repeat": True}, timeout=10).raise_for_status()
    assert texts(talking.say("I say it once")) == ["Mara: first"]
    said = [one.get("text") for one in talking.chat()["events"]]
    assert said.count("I say it once") == 1


def test_instances_share_one_agent_token(tmp_path: Path) -> None:
    with house(tmp_path) as one:
        for number in range(3):
            one.say("agent", session=f"s{number}")
            one.kill()
            one.start()
        assert len(one.calls("token")) == 1


def test_opening_costs_three_calls_and_a_message_one(tmp_path: Path) -> None:
    with house(tmp_path) as one:
        one.say("agent", session="warms-the-token")
        before = one.at_desk("calls")["calls"][-1]["n"]
        one.say("agent", session="counted")
        one.say("hello", session="counted")
        made = one.at_desk(f"calls?after={before}")["calls"]
        actions = [call["action"] for call in made if call["api"] != "accounts"]
    opening = ["list_group_statuses", "update_customer", "start_chat"]
    assert actions == [*opening, "send_event"]


def _said(one: House, words: list[str]) -> int:
    return sum(event.get("text") in words for event in one.chat()["events"])
