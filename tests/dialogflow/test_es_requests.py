"""ES requests as turns."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.dialogflow import es
from handoff.dialogflow.turn import Meaning, Turn
from handoff.errors import BadRequest
from handoff.exchange import Json
from handoff.vocabulary import Dialect
from tests.dialogflow.oracle import sample

SESSION = "projects/tulip-es/agent/sessions/6a1f0b52-8d3c-4b7e-a1d9-777777770007"
STATIC = "We could not reach a colleague just now."


def parse(*start_intents: str, **result: Any) -> Turn:
    return es.parse({"responseId": "r", "session": SESSION, "queryResult": result}, start_intents)


def test_start_sample_is_read_whole() -> None:
    turn = es.parse(sample("es_start"), ())
    assert turn.id == turn.utterance == "e0c1f7a4-77aa-4c0d-9b1e-0f0e0d0c0b0a-5c2d"
    assert (turn.session, turn.dialect) == (SESSION, Dialect.ES)
    assert (turn.text, turn.language) == ("I want a human please", "en")
    assert turn.said_by_bot == (STATIC,)
    assert turn.static == [{"text": {"text": [STATIC]}}]
    assert (turn.parameters, turn.flow) == ({}, "")


def test_message_sample_is_read() -> None:
    turn = es.parse(sample("es_message"), ("agent",))
    assert (turn.text, turn.meaning) == ("it is about order 7731", Meaning.OTHER)
    assert (turn.said_by_bot, turn.static) == ((), [])


@pytest.mark.parametrize(
    "body",
    [
        {"session": SESSION, "queryResult": {}},
        {"responseId": "r", "queryResult": {}},
        {"responseId": "", "session": SESSION, "queryResult": {}},
        {"responseId": {}, "session": [], "queryResult": {}},
    ],
)
def test_request_without_id_or_session_is_refused(body: Json) -> None:
    with pytest.raises(BadRequest):
        es.parse(body, ())


@pytest.mark.parametrize(
    ("result", "meaning"),
    [
        ({"action": "handoff.start"}, Meaning.START),
        ({"action": "handoff.end"}, Meaning.END),
        ({"action": "input.unknown"}, Meaning.OTHER),
        ({"intent": {"displayName": "agent"}}, Meaning.START),
        ({"intent": {"displayName": "Agent"}}, Meaning.OTHER),
        ({"intent": {"displayName": ""}}, Meaning.OTHER),
        ({"intent": {"liveAgentHandoff": True}}, Meaning.START),
        ({"intent": {"liveAgentHandoff": "true"}}, Meaning.OTHER),
        ({"intent": {"liveAgentHandoff": False}}, Meaning.OTHER),
        ({"action": "handoff.poll", "intent": {"liveAgentHandoff": True}}, Meaning.POLL),
        ({"action": "agent.start", "intent": {"displayName": "agent"}}, Meaning.START),
    ],
)
def test_action_then_intent_decide_the_meaning(result: Json, meaning: Meaning) -> None:
    assert parse("agent", **result).meaning is meaning


def test_start_intents_are_the_settings_own() -> None:
    assert parse("human", intent={"displayName": "human"}).meaning is Meaning.START


@pytest.mark.parametrize(
    ("message", "static", "said"),
    [
        ({"text": {"text": ["a", "b"]}}, {"text": {"text": ["a", "b"]}}, ("a",)),
        (
            {"quickReplies": {"title": "Which?", "quickReplies": ["x", 1], "odd": 1}},
            {"quickReplies": {"title": "Which?", "quickReplies": ["x"]}},
            ("Which?\n• x",),
        ),
        (
            {"image": {"imageUri": "https://i", "accessibilityText": "alt", "odd": 1}},
            {"image": {"imageUri": "https://i", "accessibilityText": "alt"}},
            ("alt\nhttps://i",),
        ),
        ({"payload": {"any": [1, {"x": None}]}}, {"payload": {"any": [1, {"x": None}]}}, ()),
        (
            {"text": {"text": ["a"]}, "source": "VIRTUAL_AGENT"},
            {"text": {"text": ["a"]}},
            ("a",),
        ),
    ],
)
def test_static_message_keeps_its_documented_part(
    message: Json, static: Json, said: tuple[str, ...]
) -> None:
    turn = parse(fulfillmentMessages=[message])
    assert (turn.static, turn.said_by_bot) == ([static], said)


def test_card_keeps_its_buttons() -> None:
    button = {"text": "Go", "postback": "https://x"}
    card = {"title": "t", "subtitle": "s", "imageUri": "https://i", "buttons": [button]}
    turn = parse(fulfillmentMessages=[{"card": {**card, "odd": 1}}])
    assert turn.static == [{"card": card}]
    assert turn.said_by_bot == ("t\ns\nhttps://i\nGo: https://x",)


@pytest.mark.parametrize(
    ("platform", "kept"),
    [("TELEGRAM", {"platform": "TELEGRAM"}), ("PLATFORM_UNSPECIFIED", {}), ("NEW", {}), (7, {})],
)
def test_known_platform_is_kept(platform: object, kept: Json) -> None:
    message = {"text": {"text": ["a"]}, "platform": platform}
    assert parse(fulfillmentMessages=[message]).static == [{"text": {"text": ["a"]}, **kept}]


def test_bot_said_only_what_the_customers_channel_shows() -> None:
    body = sample("es_start")
    body["queryResult"]["fulfillmentMessages"] = [
        {"text": {"text": ["for Telegram"]}, "platform": "TELEGRAM"},
        {"text": {"text": ["for Facebook"]}, "platform": "FACEBOOK"},
    ]
    assert es.parse(body, ()).said_by_bot == ("for Telegram",)


@pytest.mark.parametrize("messages", [None, [], [None, 3], [{}], [{"suggestions": {}}]])
def test_fulfillment_text_stands_in_for_missing_messages(messages: Any) -> None:
    turn = parse(fulfillmentText="hello", fulfillmentMessages=messages)
    assert turn.static == [{"text": {"text": ["hello"]}}]


def test_parameters_of_the_turn_win_over_those_of_our_context() -> None:
    context = {
        "name": f"{SESSION}/contexts/handoff",
        "parameters": {"topic": "old", "customer_name": "Bo"},
    }
    other = {"name": f"{SESSION}/contexts/not-handoff", "parameters": {"topic": "x", "y": "z"}}
    turn = parse(parameters={"topic": "new"}, outputContexts=[None, other, context])
    assert turn.parameters == {"topic": "new", "customer_name": "Bo"}


def test_empty_parameter_of_the_turn_leaves_what_the_context_knows() -> None:
    context = {"name": f"{SESSION}/contexts/handoff", "parameters": {"topic": "old"}}
    assert parse(parameters={"topic": ""}, outputContexts=[context]).parameters == {"topic": "old"}


@pytest.mark.parametrize(
    ("body", "recognised"),
    [({"queryResult": {}}, True), ({"queryResult": []}, False), ({"sessionInfo": {}}, False)],
)
def test_dialect_is_recognised_by_its_result(body: Json, recognised: bool) -> None:
    assert es.recognises(body) is recognised


@pytest.mark.parametrize(
    ("result", "named"),
    [
        ({"intent": ["agent"]}, "intent"),
        ({"fulfillmentMessages": "x"}, "fulfillmentMessages"),
        ({"queryText": {"text": "hello"}}, "queryText"),
        ({"parameters": []}, "parameters"),
        ({"outputContexts": {}}, "outputContexts"),
    ],
)
def test_field_of_another_type_is_refused_by_its_name(result: Json, named: str) -> None:
    with pytest.raises(BadRequest, match=rf"queryResult\.{named} must be"):
        parse(**result)
