"""8x8 through the running functions: what is refused, what comes late, what gets lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handoff.exchange import Inbound
from tests.providers import eight_by_eight_world as eight
from tests.whole.house import House, Json, house, state, texts, until

PROVIDER = "8x8"
GRACE = 1.0


@pytest.fixture(params=["cx", "es"])
def talking(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Give a house of each dialect where a customer already talks to Mara."""
    with opened(tmp_path, dialect=request.param) as one:
        one.say("opening hours")
        one.say("Can I talk to someone about my invoice?")
        one.chat()
        until(lambda: one.poll() or state(one.say_nothing()).get("handoff_agent"))
        yield one


def opened(folder: Path, **more: Any) -> Any:
    """Return a house with 8x8's desk and a short grace period."""
    config = folder / "handoff.toml"
    config.write_text(f"[limits]\nleave_grace = {GRACE}\n", encoding="utf-8")
    return house(folder, provider=PROVIDER, HANDOFF_CONFIG=str(config), **more)


def calls(one: House, *actions: str) -> list[str]:
    """Return what reached the vendor, in order; only these actions if any are named."""
    made = [call["action"] for call in one.at_desk("calls")["calls"]]
    return [action for action in made if not actions or action in actions]


def said(one: House) -> list[str]:
    """Return what stands at the desk of the one conversation."""
    return [event["text"] for event in one.chat()["events"]]


def until_over(one: House) -> list[str]:
    """Poll until the customer is told of the end, and return the texts of that answer."""
    return until(lambda: [text for text in one.poll() if "has ended" in text])


def knows(one: House, shown: Json, **wanted: str) -> None:
    """Check what the bot knows; ES forgets it with the context, whose end comes with the answer."""
    if one.dialect == "cx":
        known = state(shown)
        assert {name: known.get(f"handoff_{name}") for name in wanted} == wanted


def test_opening_costs_one_call_beside_the_questions(talking: House) -> None:
    made = calls(talking)
    assert made[:4] == ["schedule_status", "queue_metrics", "create_conversation", "key"] or (
        made[:5] == ["schedule_status", "token", "queue_metrics", "create_conversation", "key"]
    )
    assert made.count("create_conversation") == 1
    assert made.count("key") == 1


def test_relayed_message_costs_one_call(talking: House) -> None:
    before = len(calls(talking))
    talking.say("It is number 7")
    assert calls(talking)[before:] == ["post_message"]


def test_agent_sees_who_it_is_and_what_was_said(talking: House) -> None:
    chat = talking.chat()
    fields = {key: value for one in chat["session_fields"] for key, value in one.items()}
    assert fields["handoff_id"].startswith("ho-")
    assert "Can I talk to someone about my invoice?" in said(talking)


def test_late_word_calls_nobody_and_then_belongs_to_the_bot(talking: House) -> None:
    talking.do("close")
    late = talking.say("thanks")
    assert texts(late) == []
    assert until_over(talking)
    assert "thanks" not in said(talking)
    assert calls(talking, "get_conversation", "leave") == ["get_conversation", "leave"]
    answer = talking.say("opening hours")
    assert "9:00" in " ".join(texts(answer))
    assert talking.chat()["state"] == "closed"
    assert calls(talking, "post_message") == []


def test_first_word_after_the_grace_period_is_answered_by_the_bot(talking: House) -> None:
    talking.do("close")
    time.sleep(GRACE + 0.1)
    answer = talking.say("opening hours")
    knows(talking, answer, state="closed", reason="agent_closed")
    shown = texts(answer)
    assert "has ended" in shown[-1] or "has ended" in shown[0]
    # In CX the words were matched on the page of the handoff, which has nothing of its own to say.
    assert talking.dialect == "cx" or "9:00" in " ".join(shown)
    assert calls(talking, "post_message") == []


def test_word_in_the_middle_of_a_transfer_reaches_the_next_agent(talking: House) -> None:
    talking.at_desk("agents/agZt81LmnHs/status", {"offline": True})
    talking.do("transfer", to_group="231")
    talking.say("are you there?")
    talking.at_desk("agents/agZt81LmnHs/status", {"accepting": True})
    until(lambda: "are you there?" in said(talking))
    assert texts(talking.say_nothing())[-1] == "Tobias has joined the chat."
    time.sleep(GRACE)
    assert state(talking.say_nothing())["handoff_state"] == "active"
    assert calls(talking, "get_conversation") == ["get_conversation"]


def test_customer_who_leaves_frees_the_agent_and_hears_of_it_once(talking: House) -> None:
    shown = talking.query({"event": "customer_leaves"}, "s1")
    knows(talking, shown, reason="customer_left")
    assert until(lambda: talking.chat()["state"] == "closed")
    assert len(calls(talking, "leave")) == 1
    time.sleep(GRACE)
    assert talking.poll() == []
    assert calls(talking, "get_conversation") == []


def test_agents_file_comes_as_a_link(talking: House) -> None:
    talking.do("file", name="label.pdf", url="https://files.example/label.pdf?sig=1")
    told = texts(talking.say_nothing())
    assert told == ["Mara: label.pdf https://files.example/label.pdf?sig=1"]


def test_typing_is_no_news(talking: House) -> None:
    before = talking.stored()
    talking.do("typing")
    talking.do("typing", typing=False)
    assert talking.stored() == before


def test_opening_whose_answer_was_lost_is_found_and_not_opened_twice(tmp_path: Path) -> None:
    with opened(tmp_path) as one:
        one.at_desk("faults", {"drop": {"action": "create_conversation", "times": 1}})
        shown = one.say("agent")
        assert state(shown)["handoff_state"] in {"requested", "waiting", "active"}
        until(lambda: one.chat()["state"] == "active")
        one.agent_says("Hello there")
        heard = until(lambda: (seen := one.poll()) and seen)
        assert [text for text in heard if "Hello there" in text] in (
            ["Mara: Hello there"],
            ["Hello there"],
        )
        assert calls(one, "create_conversation") == ["create_conversation"]


def test_message_whose_answer_was_lost_is_there_once(talking: House) -> None:
    talking.say("ok")
    talking.at_desk("faults", {"drop": {"action": "post_message", "times": 1}})
    talking.say("ok")
    until(lambda: talking.poll() is not None and "list_messages" in calls(talking))
    assert said(talking).count("ok") == 2


def test_message_that_did_not_arrive_is_said_again(talking: House) -> None:
    fault = {"action": "post_message", "times": 1, "when": "before"}
    talking.at_desk("faults", {"drop": fault})
    talking.say("once and only once")
    until(lambda: talking.poll() is not None and "once and only once" in said(talking))
    assert said(talking).count("once and only once") == 1


@pytest.mark.parametrize("faults", [{"repeat": 3}, {"disorder": 0.4}])
def test_webhooks_that_repeat_or_overtake_each_other_give_each_word_once(
    talking: House, faults: Json
) -> None:
    talking.at_desk("faults", faults)
    for number in range(5):
        talking.at_desk(
            f"chats/{talking.at_desk('chats')['chats'][0]['id']}/say",
            {"agent": "agKp3vW9tYQ", "text": f"part {number}"},
        )
    talking.at_desk("idle")
    heard = texts(talking.say_nothing())
    assert sorted(heard) == [f"Mara: part {number}" for number in range(5)]


def test_key_that_cannot_be_had_loses_no_word(tmp_path: Path) -> None:
    with opened(tmp_path) as one:
        one.at_desk("faults", {"fail": {"action": "key", "times": 2, "status": 503}})
        one.say("agent")
        until(lambda: one.chat()["state"] == "active")
        one.agent_says("Hello there")
        assert "Mara: Hello there" in until(lambda: (seen := one.poll()) and seen)
        tried = one.at_desk("webhooks")["attempts"]
        assert 503 in [attempt["status"] for attempt in tried]


def _now() -> int:
    return int(time.time() * 1000)


FORGERIES: dict[str, Callable[[bytes], Inbound]] = {
    "another key": lambda raw: eight.signed(raw, key="another", tt=_now()),
    "another tenant": lambda raw: eight.signed(raw, tid="other", tt=_now()),
    "wrong checksum": lambda raw: eight.signed(raw, checksum=1, tt=_now()),
    "old": lambda raw: eight.signed(raw, tt=_now() - 301_000),
    "unsigned": lambda raw: Inbound(method="POST", path="/8x8", body=raw),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_webhook_is_401_and_leaves_no_trace(talking: House, forgery: str) -> None:
    raw = json.dumps({**eight.words("forged"), "conversationId": talking.chat()["id"]}).encode()
    before = talking.stored()
    forged = FORGERIES[forgery](raw)
    assert talking.event(raw, forged.headers) == 401
    assert talking.stored() == before
    assert talking.poll() == []
