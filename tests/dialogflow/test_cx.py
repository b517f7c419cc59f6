"""CX requests as turns, and replies as CX answers that Google's own message takes."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.dialogflow import cx
from handoff.dialogflow.turn import Meaning
from handoff.errors import BadRequest
from handoff.exchange import Json
from handoff.records import Reply
from handoff.vocabulary import Dialect, HandoffId
from tests.dialogflow.oracle import sample, strictly

AGENT = "projects/tulip-demo/locations/europe-west1/agents/5f0a2f6e-1111-4c2b-9d3e-aaaaaaaa0001"
SESSION = (
    f"{AGENT}/environments/0e9d8c7b-3333-4a6b-9c5d-cccccccc0003"
    "/sessions/dfMessenger-3b8f1c0e-4444-4d7a-8e21-dddddddd0004"
)
MINIMAL: Json = {"detectIntentResponseId": "r-1", "sessionInfo": {"session": SESSION}}


def test_start_sample_is_read_whole() -> None:
    turn = cx.parse(sample("cx_start"))
    assert turn.id == "7d0c6a52-9f1e-4b7e-8a55-21e0c4b7d9aa agent.start"
    assert turn.utterance == "7d0c6a52-9f1e-4b7e-8a55-21e0c4b7d9aa"
    assert (turn.session, turn.dialect) == (SESSION, Dialect.CX)
    assert (turn.text, turn.language) == ("can I talk to someone about my invoice", "en")
    assert turn.said_by_bot == ("One moment, I am looking for a colleague.",)
    assert turn.parameters == {"bridge_ref": "br_Qm7x2Zr9", "topic": "billing"}
    assert turn.flow == f"{AGENT}/flows/00000000-0000-0000-0000-000000000000"


def test_message_sample_without_an_intent_is_read() -> None:
    turn = cx.parse(sample("cx_message"))
    assert turn.text == "It is invoice 2026-118, the amount is wrong"
    assert turn.said_by_bot == ()
    assert turn.parameters["handoff_state"] == "live"


def test_bare_minimum_is_a_turn() -> None:
    turn = cx.parse(MINIMAL)
    assert (turn.text, turn.language, turn.flow, turn.meaning) == ("", "", "", Meaning.OTHER)


@pytest.mark.parametrize(
    "body",
    [
        {"detectIntentResponseId": "r-1", "sessionInfo": {}},
        {"detectIntentResponseId": "", "sessionInfo": {"session": SESSION}},
        {"sessionInfo": {"session": SESSION}},
        {"detectIntentResponseId": "r-1", "sessionInfo": {"session": None}},
        {"detectIntentResponseId": ["r-1"], "sessionInfo": {"session": SESSION}},
    ],
)
def test_request_without_id_or_session_is_refused(body: Json) -> None:
    with pytest.raises(BadRequest):
        cx.parse(body)


@pytest.mark.parametrize("session", [":detectIntent", f"{AGENT}/sessions/:detectIntent"])
def test_session_of_only_a_method_is_refused(session: str) -> None:
    with pytest.raises(BadRequest):
        cx.parse({"detectIntentResponseId": "r-1", "sessionInfo": {"session": session}})


def test_tag_alone_decides_the_meaning() -> None:
    body = {**sample("cx_start"), "fulfillmentInfo": {"tag": "handoff.message"}}
    assert cx.parse(body).meaning is Meaning.MESSAGE


def test_intent_named_agent_means_nothing() -> None:
    assert cx.parse(sample("cx_start")).meaning is Meaning.OTHER


def test_calls_of_one_input_share_the_utterance_and_differ_by_tag() -> None:
    first, second = (
        cx.parse({**MINIMAL, "fulfillmentInfo": {"tag": tag}})
        for tag in ("handoff.start", "handoff.message")
    )
    assert first.utterance == second.utterance
    assert first.id != second.id


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"text": "hello"}, "hello"),
        ({"transcript": "spoken"}, "spoken"),
        ({"dtmfDigits": "123"}, "123"),
        ({"triggerIntent": f"{AGENT}/intents/i"}, ""),
        ({"triggerEvent": "agent_reply_ready"}, ""),
        ({"text": "two\nlines 😀 "}, "two\nlines 😀 "),
    ],
)
def test_only_words_are_the_customers_text(given: Json, text: str) -> None:
    assert cx.parse({**MINIMAL, **given}).text == text


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([{"text": {"text": ["one", "another way"]}}], ("one",)),
        ([{"text": {"text": ["a"]}}, {"text": {"text": ["b"]}}], ("a", "b")),
        ([{"outputAudioText": {"text": "spoken"}}], ("spoken",)),
        ([{"outputAudioText": {"ssml": "<speak/>"}}], ()),
        ([{"payload": {"richContent": [[]]}}, {"text": {"text": []}}], ()),
        (
            [
                {"text": {"text": ["a"]}},
                {"payload": {"richContent": [[{"type": "button", "text": "b"}]]}},
                {"text": {"text": ["c"]}},
            ],
            ("a", "• b", "c"),
        ),
        ([None, 1, "x", [], {"text": "x"}, {"text": {"text": [1, None]}}], ()),
    ],
)
def test_bot_says_one_variant_of_each_message(messages: Any, said: tuple[str, ...]) -> None:
    assert cx.parse({**MINIMAL, "messages": messages}).said_by_bot == said


@pytest.mark.parametrize(
    ("body", "recognised"),
    [(MINIMAL, True), ({"sessionInfo": []}, False), ({"queryResult": {}}, False), ({}, False)],
)
def test_dialect_is_recognised_by_its_session(body: Json, recognised: bool) -> None:
    assert cx.recognises(body) is recognised


def render(reply: Reply, names: dict[str, str] | None = None) -> Json:
    answer = cx.render(reply, names or {})
    strictly(answer, Dialect.CX)
    return answer


def test_empty_reply_adds_nothing() -> None:
    assert render(Reply()) == {}


def test_each_text_is_a_message_of_its_own() -> None:
    texts = [
        one["text"]["text"]
        for one in render(Reply(texts=("a", "b\n😀")))["fulfillmentResponse"]["messages"]
    ]
    assert texts == [["a"], ["b\n😀"]]


def test_reply_beside_the_bot_leaves_its_messages() -> None:
    assert "mergeBehavior" not in render(Reply(texts=("a",)))["fulfillmentResponse"]


def test_muted_reply_drops_the_bots_messages_even_without_texts() -> None:
    response = strictly(render(Reply(mute=True)), Dialect.CX).fulfillment_response
    assert response.merge_behavior == response.MergeBehavior.REPLACE
    assert list(response.messages) == []


def test_start_carries_the_marker_after_the_texts() -> None:
    reply = Reply(texts=("a",), mute=True, started=HandoffId("h-1"), provider="livechat")
    messages = render(reply)["fulfillmentResponse"]["messages"]
    marker = {"liveAgentHandoff": {"metadata": {"id": "h-1", "provider": "livechat"}}}
    assert messages == [{"text": {"text": ["a"]}}, marker]


def test_parameters_go_by_the_agents_names_and_none_deletes() -> None:
    reply = Reply(parameters={"handoff_state": "none", "handoff_id": None, "handoff_position": 2})
    written = render(reply, {"handoff_state": "live_state"})["sessionInfo"]["parameters"]
    assert written == {"live_state": "none", "handoff_id": None, "handoff_position": 2}


def test_return_names_the_flow() -> None:
    assert render(Reply(return_to=f"{AGENT}/flows/f")) == {"targetFlow": f"{AGENT}/flows/f"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"messages": {"text": {"text": ["not a list"]}}}, "messages"),
        ({"text": {"text": ["hello"]}}, "text"),
        ({"fulfillmentInfo": {"tag": 7}}, r"fulfillmentInfo\.tag"),
        ({"fulfillmentInfo": "handoff.start"}, "fulfillmentInfo"),
        ({"pageInfo": []}, "pageInfo"),
    ],
)
def test_field_of_another_type_is_refused_by_its_name(given: Json, named: str) -> None:
    with pytest.raises(BadRequest, match=f"^{named} must be"):
        cx.parse({**MINIMAL, **given})


def test_null_is_as_good_as_absent() -> None:
    assert cx.parse({**MINIMAL, "messages": None, "pageInfo": None}) == cx.parse(MINIMAL)
