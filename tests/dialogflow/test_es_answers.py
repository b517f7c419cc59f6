"""Replies as ES answers that Google's own message takes."""

from __future__ import annotations

import json

import pytest

from handoff.dialogflow import es
from handoff.dialogflow.turn import Turn
from handoff.exchange import Json
from handoff.records import Reply
from handoff.vocabulary import Dialect, HandoffId, SessionId
from tests.dialogflow.oracle import strictly

SESSION = "projects/p/agent/environments/e/users/u/sessions/s"
STATIC: Json = {"text": {"text": ["the bot's own"]}}


def render(reply: Reply, *static: Json, names: dict[str, str] | None = None) -> Json:
    session = SessionId(SESSION)
    turn = Turn(id="r", utterance="r", session=session, dialect=Dialect.ES, static=static)
    answer = es.render(reply, turn, names or {})
    strictly(answer, Dialect.ES)
    return answer


def test_empty_reply_adds_nothing() -> None:
    assert render(Reply(), STATIC) == {}


def test_reply_beside_the_bot_repeats_its_messages_after_ours() -> None:
    answer = render(Reply(texts=("ours",)), STATIC)
    assert answer["fulfillmentMessages"] == [{"text": {"text": ["ours"]}}, STATIC]


def test_muted_reply_drops_the_bots_messages() -> None:
    answer = render(Reply(texts=("a", "b"), mute=True), STATIC)
    texts = [one["text"]["text"] for one in answer["fulfillmentMessages"]]
    assert texts == [["a"], ["b"]]


def test_muted_reply_without_texts_is_an_empty_text() -> None:
    answer = render(Reply(mute=True), STATIC)
    assert answer["fulfillmentMessages"] == [{"text": {"text": [""]}}]


def test_bots_rich_messages_survive_the_trip() -> None:
    rich = {"payload": {"deep": [{"x": [1, None, True]}]}, "platform": "TELEGRAM"}
    assert render(Reply(texts=("a",)), rich)["fulfillmentMessages"][1] == rich


@pytest.mark.parametrize(("context", "lifespan"), [(True, 99), (False, 0), (None, 1)])
def test_context_lives_as_long_as_the_handoff(context: bool | None, lifespan: int) -> None:
    reply = Reply(parameters={"handoff_state": "active"}, context=context)
    [one] = render(reply)["outputContexts"]
    assert one == {
        "name": f"{SESSION}/contexts/handoff",
        "lifespanCount": lifespan,
        "parameters": {"handoff_state": "active"},
    }


@pytest.mark.parametrize("context", [True, False])
def test_context_is_renewed_or_ended_without_parameters_too(context: bool) -> None:
    assert len(render(Reply(context=context))["outputContexts"]) == 1


def test_parameters_go_by_the_agents_names() -> None:
    reply = Reply(parameters={"handoff_state": "none", "handoff_position": 2, "handoff_id": None})
    [context] = render(reply, names={"handoff_state": "live"})["outputContexts"]
    assert context["parameters"] == {"live": "none", "handoff_position": 2, "handoff_id": None}


def test_live_agent_marker_of_the_beta_is_not_sent() -> None:
    reply = Reply(started=HandoffId("h"), provider="livechat", mute=True)
    assert "liveAgentHandoff" not in json.dumps(render(reply))


def test_page_is_told_beside_the_messages() -> None:
    session = SessionId(SESSION)
    turn = Turn(id="r", utterance="r", session=session, dialect=Dialect.ES)
    told = {"handoff": {"id": "ho-1", "state": "active", "url": "https://chat", "token": "t"}}
    answer = es.render(Reply(mute=True), turn, {}, told)
    strictly(answer, Dialect.ES)
    assert answer["payload"] == told
    assert answer["fulfillmentMessages"] == [{"text": {"text": [""]}}]
