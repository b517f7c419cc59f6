"""What is done for a session when nobody comes to it, over the real processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from handoff.cli.main import main
from tests.environment import environment
from tests.fake_cloud_tasks import QUEUE, FakeCloudTasks
from tests.whole.house import ALL, House, house, state, texts, until

DOWN = {"action": "send_event", "times": 2, "status": 503}
WORDS = "Said in the moment of death"
REFUSED = {"action": "send_event", "times": 1, "type": "validation", "status": 400}


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[House]:
    """Give a house with `wake`, where a customer talks to Mara."""
    with house(tmp_path, functions=ALL) as one:
        begin(one)
        yield one


def begin(one: House) -> None:
    one.say("Can I talk to someone?")
    one.chat()
    one.poll()


def say_and_get_no_answer(one: House, text: str) -> None:
    one.private.add(text)
    requests.post(f"{one.bot}/sessions/s1/query", json={"text": text}, timeout=30)


def said(one: House) -> list[str]:
    return [event.get("text", "") for event in one.chat()["events"]]


def run(one: House, *arguments: str) -> Result:
    """Run the operator's command where the functions' settings are."""
    with environment(**one.environ):
        return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def letter(one: House) -> str:
    """Return the id of the one dead letter."""
    _, line = run(one, "dead-letters").output.splitlines()
    return line.split()[0]


def test_message_that_could_not_be_sent_is_sent_by_the_sweep(calm: House) -> None:
    calm.at_desk("faults", {"fail": DOWN})
    calm.say("Are you there, my dear colleague?")
    assert "Are you there, my dear colleague?" not in said(calm)
    until(lambda: calm.sweep()["woken"] and "Are you there, my dear colleague?" in said(calm))
    assert said(calm).count("Are you there, my dear colleague?") == 1
    assert calm.sweep() == {"woken": 0, "failed": 0}


def test_opening_whose_answer_was_lost_is_found_by_the_sweep(tmp_path: Path) -> None:
    with house(tmp_path, functions=ALL) as one:
        one.at_desk("faults", {"drop": {"action": "start_chat", "times": 1}})
        one.say("agent")
        until(lambda: one.sweep()["woken"])
        one.agent_says("Hello there, how are you?")
        assert "Mara: Hello there, how are you?" in one.poll()
        assert len(one.calls("start_chat")) == 1


def test_job_of_an_instance_that_died_is_done_by_the_sweep(calm: House) -> None:
    calm.at_desk("faults", {"slow": {"action": "send_event", "seconds": 3, "when": "before"}})
    fulfillment = calm.functions["dialogflow_fulfillment"]
    turn = threading.Thread(target=say_and_get_no_answer, args=(calm, WORDS))
    turn.start()
    until(lambda: any(one["status"] is None for one in calm.at_desk("calls")["calls"]))
    os.killpg(fulfillment.pid, signal.SIGKILL)
    calm.at_desk("faults", {"slow": None})
    until(lambda: calm.sweep()["woken"] and WORDS in said(calm))
    calm.stack.close()
    calm.start()
    turn.join()
    assert said(calm).count(WORDS) == 1


def test_session_is_woken_by_its_name_and_no_other_way_in(calm: House) -> None:
    with closing(sqlite3.connect(calm.folder / "handoff.db")) as db:
        [(key,)] = db.execute("SELECT id FROM sessions").fetchall()
    assert calm.sweep(session=key) == {"woken": 0, "failed": 0}
    address = f"{calm.plans['wake'].address}/"
    assert requests.post(address, timeout=10).json() == {"woken": 0, "failed": 0}
    statuses = [
        requests.get(address, timeout=10).status_code,
        requests.post(address, data=b"nonsense", timeout=10).status_code,
        requests.post(address, json={"session": 7}, timeout=10).status_code,
        requests.get(f"{address}healthz", timeout=10).status_code,
    ]
    assert statuses == [405, 400, 400, 200]


def test_silent_customer_is_released_while_nobody_looks(tmp_path: Path) -> None:
    config = tmp_path / "handoff.toml"
    config.write_text("[limits]\ninactive_warning = 0\ninactive = 1\n", encoding="utf-8")
    with house(tmp_path, functions=ALL, HANDOFF_CONFIG=str(config)) as one:
        begin(one)
        one.agent_says("Are you still there, my friend?")
        until(lambda: one.sweep()["woken"])
        assert [chat["state"] for chat in one.at_desk("chats")["chats"]] == ["closed"]
        assert state(one.say_nothing())["handoff_reason"] == "inactive"


def test_refused_message_is_a_dead_letter_that_can_be_sent_again(calm: House) -> None:
    calm.at_desk("faults", {"fail": REFUSED})
    shown = calm.say("This one is refused at first")
    assert "Your last message could not be delivered. You are still connected." in texts(shown)
    name = letter(calm)
    sent = run(calm, "replay", name)
    assert sent.exit_code == 0
    assert sent.output.startswith(f"sent     {name}  send #")
    assert said(calm).count("This one is refused at first") == 1
    assert run(calm, "dead-letters").output == "No dead letters.\n"


def test_letter_that_is_refused_again_is_one_again(calm: House) -> None:
    calm.at_desk("faults", {"fail": {**REFUSED, "times": 2}})
    calm.say("This one is refused twice")
    name = letter(calm)
    refused = run(calm, "replay", name)
    assert (refused.exit_code, letter(calm)) == (1, name)
    assert refused.output.startswith(f"refused  {name}  send #")
    assert refused.output.endswith(": Rejected\n")


def test_letter_for_a_desk_that_is_down_is_queued(calm: House) -> None:
    calm.at_desk("faults", {"fail": REFUSED})
    calm.say("This one is refused at first")
    calm.at_desk("faults", {"fail": {**DOWN, "times": 1}})
    queued = run(calm, "replay", "--all")
    assert (queued.exit_code, queued.output.split()[0]) == (0, "queued")
    until(lambda: calm.sweep()["woken"] and "This one is refused at first" in said(calm))


def test_all_letters_of_a_handoff_are_sent_again_by_its_id(calm: House) -> None:
    calm.at_desk("faults", {"fail": {**REFUSED, "times": 2}})
    calm.say("The first that is refused")
    handoff = state(calm.say("The second that is refused"))["handoff_id"]
    sent = run(calm, "replay", handoff)
    assert (sent.exit_code, sent.output.count("sent ")) == (0, 2)
    assert said(calm)[-2:] == ["The first that is refused", "The second that is refused"]


def test_letter_of_an_ended_handoff_is_kept_and_the_command_says_why(calm: House) -> None:
    calm.at_desk("faults", {"fail": REFUSED})
    calm.say("This one is refused at first")
    calm.do("close")
    kept = run(calm, "replay", "--all")
    assert kept.exit_code == 1
    assert kept.output.startswith("kept     ")
    assert "is over" in kept.output
    assert letter(calm)


def test_name_that_is_no_letter_is_one_line(calm: House) -> None:
    assert run(calm, "replay", "abc").output == "Error: 'abc' is the id of no dead letters.\n"


def test_one_id_tells_the_life_of_a_handoff_without_its_words(calm: House) -> None:
    calm.agent_says("Words of an agent, nobody else's")
    calm.at_desk("faults", {"fail": REFUSED})
    handoff = state(calm.say("Words of a customer, nobody else's"))["handoff_id"]
    shown = run(calm, "show", handoff).output
    assert f"handoff {handoff}: active at livechat" in shown
    told = ("state     requested", "attempt   open #2", "event     AgentReplied", "dead letter")
    assert [line for line in told if line not in shown] == [], shown
    assert "nobody else's" not in shown
    assert "Mara" not in shown


def test_tasks_wake_a_session_long_before_the_sweep(tmp_path: Path) -> None:
    with (
        FakeCloudTasks(queue=QUEUE, dispatches=True) as tasks,
        house(
            tmp_path,
            functions=ALL,
            HANDOFF_TASKS_QUEUE=QUEUE,
            HANDOFF_WAKE_URL="{wake}/",
            CLOUD_TASKS_EMULATOR_HOST=tasks.address,
        ) as one,
    ):
        begin(one)
        one.at_desk("faults", {"fail": DOWN})
        one.say("Are you there, my dear colleague?")
        until(lambda: "Are you there, my dear colleague?" in said(one))
        assert {attempt.status for attempt in tasks.attempts} == {200}
