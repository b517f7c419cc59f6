"""The simulated Dialogflow speaks the published wire shapes and keeps the published rules."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
import requests
import uvicorn
from google.cloud import dialogflow_v2, dialogflowcx_v3
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from demo.dialogflow import BotSettings, HttpAnswer, HttpCall, agent, create_app, cx_agent
from demo.dialogflow.api import Dialogflow
from demo.dialogflow.model import InvalidQuery, Query
from demo.dialogflow.strict import InvalidAnswer, checker
from demo.dialogflow.webhook import Faults

Json = dict[str, Any]
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ES_SESSION = "projects/tulip-es/agent/sessions/s-1"
HANDOFF = f"{ES_SESSION}/contexts/handoff"


class Bench:
    """A simulator whose clock stands and whose webhook answers what it is told to."""

    def __init__(self, dialect: Literal["cx", "es"], **settings: Any) -> None:
        self.now = START
        self.answers: list[Json | HttpAnswer | OSError] = []
        self.requests: list[Json] = []
        bot = BotSettings(dialect=dialect, webhook_url="https://bridge.example/", **settings)
        self.dialogflow = Dialogflow(bot, call_webhook=self._post, clock=lambda: self.now)

    def say(self, text: str, *answers: Json | HttpAnswer | OSError, **more: Any) -> Json:
        self.answers = list(answers)
        return asyncio.run(self.dialogflow.detect_intent("s-1", Query(text=text, **more)))

    def event(self, name: str, *answers: Json | HttpAnswer | OSError) -> Json:
        self.answers = list(answers)
        return asyncio.run(self.dialogflow.detect_intent("s-1", Query(event=name)))

    @property
    def last(self) -> Json:
        return self.requests[-1]

    async def _post(self, call: HttpCall) -> HttpAnswer:
        self.requests.append(json.loads(call.body))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, OSError):
            raise answer
        if isinstance(answer, HttpAnswer):
            return answer
        return HttpAnswer(200, json.dumps(answer).encode())


@pytest.fixture
def cx() -> Bench:
    return Bench("cx")


@pytest.fixture
def es() -> Bench:
    return Bench("es")


def cx_answer(*texts: str, replace: bool = False, **parameters: Any) -> Json:
    messages = [{"text": {"text": [text]}} for text in texts]
    merge = {"mergeBehavior": "REPLACE"} if replace else {}
    return {
        "fulfillmentResponse": {"messages": messages, **merge},
        "sessionInfo": {"parameters": parameters},
    }


def es_answer(*texts: str, lifespan: int = 99, **parameters: Any) -> Json:
    context = {"name": HANDOFF, "lifespanCount": lifespan, "parameters": parameters}
    messages = [{"text": {"text": [text]}} for text in texts]
    return {"fulfillmentMessages": messages, "outputContexts": [context]}


def texts(answer: Json) -> list[str]:
    return [message["text"] for message in answer["messages"] if "text" in message]


def in_live_flow(bench: Bench) -> Bench:
    bench.say("agent", cx_answer(handoff_state="active"))
    return bench


def without_undocumented_members(request: Json) -> Json:
    messages = [dict(message) for message in request.get("messages", [])]
    for message in messages:
        message.pop("source", None)
        message["text"] = {"text": message["text"]["text"]}
    return {**request, "messages": messages}


# CX


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("hello", "welcome"),
        ("What are your opening hours?", "faq"),
        ("how do I return this", "faq"),
        ("is anyone there", "handoff.availability"),
        ("can I talk to someone about my invoice", "handoff.start"),
        ("Do you sell seeds", "fallback"),
        ("", "fallback"),
    ],
)
def test_cx_main_calls_the_webhook_for_every_turn(cx: Bench, said: str, tag: str) -> None:
    cx.say(said)

    assert cx.last["fulfillmentInfo"] == {"tag": tag}


def test_cx_request_is_the_official_message_but_for_undocumented_members(cx: Bench) -> None:
    cx.say("can I talk to someone about my invoice", parameters={"visits": 3}, payload={"n": 1})

    blank = dialogflowcx_v3.WebhookRequest.pb(dialogflowcx_v3.WebhookRequest())
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict(cx.last, blank)
    parsed = json_format.ParseDict(
        without_undocumented_members(cx.last),
        dialogflowcx_v3.WebhookRequest.pb(dialogflowcx_v3.WebhookRequest()),
    )
    assert parsed.intent_info.parameters["topic"].resolved_value.string_value == "billing"
    assert parsed.text == "can I talk to someone about my invoice"
    assert cx.last["sessionInfo"]["parameters"] == {"visits": 3.0, "topic": "billing"}
    assert isinstance(cx.last["payload"]["n"], float)


def test_cx_leaves_zero_values_out(cx: Bench) -> None:
    cx.say("Do you sell seeds")

    assert not {"intentInfo", "payload", "triggerEvent"} & cx.last.keys()
    assert cx.last["sessionInfo"].keys() == {"session"}


def test_cx_appends_by_default(cx: Bench) -> None:
    answer = cx.say("opening hours", cx_answer("And by phone."))

    assert texts(answer) == [agent.HOURS, "And by phone."]


def test_cx_replace_drops_the_static_texts(cx: Bench) -> None:
    answer = cx.say("opening hours", cx_answer(replace=True))

    assert answer["messages"] == []


def test_cx_shows_the_first_variant_and_other_messages_as_they_are(cx: Bench) -> None:
    marker = {"liveAgentHandoff": {"metadata": {"id": "h_1"}}}
    payload = {"payload": {"handoff": {"id": "h_1"}}}
    variants = {"text": {"text": ["One", "Two"]}}
    messages = [variants, marker, payload]

    answer = cx.say(
        "agent", {"fulfillmentResponse": {"messages": messages, "mergeBehavior": "REPLACE"}}
    )

    assert answer["messages"] == [{"text": "One"}, marker, payload]


def test_cx_messages_for_another_channel_are_not_shown() -> None:
    cx = Bench("cx", channel="DF_MESSENGER")
    foreign = {"payload": {"a": 1}, "channel": "PHONE"}
    own = {"payload": {"b": 1}, "channel": "DF_MESSENGER"}

    answer = cx.say("agent", {"fulfillmentResponse": {"messages": [foreign, own]}})

    assert answer["messages"][1:] == [{"payload": {"b": 1.0}}]


def test_cx_hands_the_answer_payload_to_the_caller(cx: Bench) -> None:
    answer = cx.say("agent", {"payload": {"handoff": {"id": "h_1"}}})

    assert answer["payloads"] == [{"handoff": {"id": "h_1"}}]


@pytest.mark.parametrize("state", ["requested", "waiting", "active"])
def test_cx_enters_the_live_flow_in_the_turn_of_the_handoff(cx: Bench, state: str) -> None:
    answer = cx.say("agent", cx_answer("Queued.", replace=True, handoff_state=state))

    assert (answer["flow"], texts(answer)) == ("Live agent", ["Queued."])
    assert len(cx.requests) == 1


def test_cx_stays_with_the_bot_when_the_start_is_refused(cx: Bench) -> None:
    answer = cx.say("agent", cx_answer(handoff_state="failed"))

    assert answer["flow"] == "Main"


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("opening hours", "handoff.message"),
        ("agent", "handoff.message"),
        ("x" * 300, "handoff.message"),
        ("", "handoff.poll"),
    ],
)
def test_cx_live_flow_relays_every_text(cx: Bench, said: str, tag: str) -> None:
    in_live_flow(cx).say(said)

    assert cx.last["fulfillmentInfo"] == {"tag": tag}
    assert cx.last.get("text", "") == said


@pytest.mark.parametrize(
    ("event", "tag"), [("agent_reply_ready", "handoff.poll"), ("customer_leaves", "handoff.end")]
)
def test_cx_live_flow_handles_custom_events(cx: Bench, event: str, tag: str) -> None:
    in_live_flow(cx).event(event)

    assert cx.last["fulfillmentInfo"] == {"tag": tag}
    assert cx.last["triggerEvent"] == event


def test_cx_sends_the_last_matched_intent_in_later_turns(cx: Bench) -> None:
    in_live_flow(cx).say("it is wrong")

    assert cx.last["intentInfo"]["displayName"] == "agent"


def test_cx_can_leave_a_stale_intent_out() -> None:
    cx = in_live_flow(Bench("cx", stale_intent=False))

    cx.say("it is wrong")

    assert "intentInfo" not in cx.last


def test_cx_leaves_the_live_flow_a_turn_after_the_end(cx: Bench) -> None:
    ended = in_live_flow(cx).say("bye", cx_answer("Ended.", handoff_state="closed"))
    later = cx.say("opening hours")
    last = cx.say("opening hours")

    assert (ended["flow"], texts(ended)) == ("Live agent", ["Ended."])
    assert (later["flow"], texts(later)) == ("Main", [agent.ASSISTANT_AGAIN])
    assert texts(last) == [agent.HOURS]


def test_cx_leaves_the_live_flow_at_once_by_target_flow(cx: Bench) -> None:
    leave = {**cx_answer("Ended.", handoff_state="closed"), "targetFlow": cx_agent.MAIN_FLOW}

    answer = in_live_flow(cx).say("bye", leave)

    assert (answer["page"], texts(answer)) == (cx_agent.MAIN, ["Ended."])


def test_cx_end_session_forgets_the_session(cx: Bench) -> None:
    target = f"{cx_agent.LIVE_FLOW}/pages/END_SESSION"

    answer = in_live_flow(cx).say("bye", {"targetPage": target})

    assert (answer["page"], answer["parameters"]) == (cx_agent.MAIN, {})
    assert answer["messages"] == [{"endInteraction": {}}]


def test_cx_null_deletes_a_parameter(cx: Bench) -> None:
    answer = in_live_flow(cx).say("hm", cx_answer(handoff_state=None, seen=3))

    assert answer["parameters"] == {"seen": 3.0}


@pytest.mark.parametrize(
    ("available", "text"),
    [("yes", agent.SOMEBODY_THERE), ("no", agent.NOBODY_THERE), ("unknown", agent.PERHAPS_THERE)],
)
def test_cx_says_whether_somebody_is_there(cx: Bench, available: str, text: str) -> None:
    answer = cx.say("is anyone there", cx_answer(handoff_available=available))

    assert (texts(answer), answer["page"]) == ([text], cx_agent.MAIN)


def test_cx_session_ends_after_thirty_idle_minutes(cx: Bench) -> None:
    in_live_flow(cx)
    cx.now += timedelta(minutes=30)

    answer = cx.say("still there?")

    assert (answer["flow"], answer["parameters"]) == ("Main", {})
    assert cx.last["fulfillmentInfo"] == {"tag": "fallback"}


def test_cx_returns_to_an_open_handoff_after_the_session_ended(cx: Bench) -> None:
    in_live_flow(cx)
    cx.now += timedelta(hours=1)

    answer = cx.say("still there?", cx_answer(replace=True, handoff_state="active"))

    assert (answer["flow"], answer["messages"]) == ("Live agent", [])


def test_cx_failing_webhook_is_spoken_of_where_nothing_leads_on(cx: Bench) -> None:
    failure = HttpAnswer(401, b"{}")

    start = cx.say("agent", failure)
    faq = cx.say("opening hours", failure)

    assert texts(start) == [agent.ONE_MOMENT, agent.UNREACHABLE]
    assert start["webhook_errors"] == ["rejected: webhook answered 401"]
    assert texts(faq) == [agent.HOURS]


def test_cx_failing_relay_is_spoken_of(cx: Bench) -> None:
    answer = in_live_flow(cx).say("hello", ConnectionError("refused"))

    assert (answer["flow"], texts(answer)) == ("Live agent", [agent.NOT_DELIVERED])
    assert [call["error"] for call in answer["webhook"]] == ["not-found"]


@pytest.mark.parametrize("first", [TimeoutError(), HttpAnswer(500, b""), HttpAnswer(503, b"")])
@pytest.mark.parametrize("dialect", ["cx", "es"])
def test_a_transient_failure_is_retried_once_with_the_same_request(
    dialect: Literal["cx", "es"], first: HttpAnswer | OSError
) -> None:
    bench = Bench(dialect)

    answer = bench.say("agent", first, {})

    assert bench.requests[0] == bench.requests[1]
    assert len(bench.requests) == 2
    assert answer["webhook_errors"] == []


def test_a_second_failure_is_final(cx: Bench) -> None:
    answer = cx.say("agent", TimeoutError(), TimeoutError(), {})

    assert len(cx.requests) == 2
    assert texts(answer)[-1] == agent.UNREACHABLE


# ES


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("hello", "input.welcome"),
        ("opening hours", "faq.hours"),
        ("returns", "faq.returns"),
        ("is anyone there", "handoff.availability"),
        ("talk to a person", "handoff.start"),
        ("Do you sell seeds", "input.unknown"),
    ],
)
def test_es_calls_the_webhook_for_every_turn(es: Bench, said: str, action: str) -> None:
    es.say(said)

    assert es.last["queryResult"]["action"] == action


@pytest.mark.parametrize("said", ["can I talk to someone about my invoice", "Do you sell seeds"])
def test_es_request_is_the_official_message(said: str) -> None:
    es = Bench("es", source="telegram", payload={"data": {"chat": {"id": 7}}})

    es.say(said, parameters={"customer_name": "Bo"})

    parsed = json_format.ParseDict(
        es.last, dialogflow_v2.WebhookRequest.pb(dialogflow_v2.WebhookRequest())
    )
    assert parsed.query_result.query_text == said
    assert parsed.original_detect_intent_request.source == "telegram"


def test_es_agent_intent_carries_flag_parameters_and_static_text(es: Bench) -> None:
    es.say("can I talk to someone about my invoice", parameters={"customer_name": "Bo"})

    result = es.last["queryResult"]
    assert result["intent"]["liveAgentHandoff"] is True
    assert result["fulfillmentText"] == agent.UNREACHABLE
    assert result["parameters"]["topic"] == "billing"
    assert result["parameters"]["customer_name"] == "Bo"
    assert result["parameters"]["customer_email"] == ""


def test_es_always_has_the_counters(es: Bench) -> None:
    es.say("seeds?")
    es.say("bulbs?")

    counters = es.last["queryResult"]["outputContexts"][-1]
    assert counters["name"].endswith("/contexts/__system_counters__")
    assert counters["parameters"] == {"no-input": 0.0, "no-match": 2.0}


def test_es_webhook_answer_replaces_the_static_text(es: Bench) -> None:
    assert texts(es.say("opening hours", es_answer("Queued."))) == ["Queued."]
    assert texts(es.say("opening hours", {"fulfillmentText": "Short."})) == ["Short."]


def test_es_empty_answer_falls_back_to_the_static_text(es: Bench) -> None:
    assert texts(es.say("opening hours", {})) == [agent.HOURS]


def test_es_failing_webhook_leaves_the_static_text(es: Bench) -> None:
    answer = es.say("agent", HttpAnswer(400, b"{}"))

    assert texts(answer) == [agent.UNREACHABLE]
    assert answer["webhook_errors"] == ["bad-request: webhook answered 400"]


def test_es_context_selects_the_relay_and_counts_down(es: Bench) -> None:
    es.say("agent", es_answer("Queued.", lifespan=99, handoff_state="active", position=2))

    answer = es.say("my order is late")

    result = es.last["queryResult"]
    assert (result["action"], result["intent"]["isFallback"]) == ("handoff.message", True)
    assert result["outputContexts"][0] == {
        "name": HANDOFF,
        "lifespanCount": 98,
        "parameters": {"handoff_state": "active", "position": 2.0},
    }
    assert answer["messages"] == []


def test_es_ordinary_intents_steal_messages_during_a_handoff(es: Bench) -> None:
    es.say("agent", es_answer())

    stolen = es.say("what are your opening hours", es_answer())
    muted = es.say("opening hours", {"fulfillmentMessages": [{"payload": {"handoff": {}}}]})

    assert texts(stolen) == [agent.HOURS]
    assert muted["messages"] == [{"payload": {"handoff": {}}}]


def test_es_context_ends_with_its_lifespan(es: Bench) -> None:
    es.say("agent", es_answer(lifespan=1))

    es.say("one")
    es.say("two")

    actions = [request["queryResult"]["action"] for request in es.requests]
    assert actions == ["handoff.start", "handoff.message", "input.unknown"]


def test_es_context_ends_after_twenty_minutes(es: Bench) -> None:
    es.say("agent", es_answer())
    es.now += timedelta(minutes=20)

    es.say("still there?")

    assert es.last["queryResult"]["action"] == "input.unknown"


def test_es_lifespan_zero_leaves_the_handoff(es: Bench) -> None:
    es.say("agent", es_answer())

    ended = es.say("bye", es_answer("Ended.", lifespan=0))
    es.say("seeds?")

    assert ended["contexts"] == []
    assert es.last["queryResult"]["action"] == "input.unknown"


@pytest.mark.parametrize(
    ("event", "action"),
    [("agent_reply_ready", "handoff.poll"), ("customer_leaves", "handoff.end")],
)
def test_es_events_have_intents(es: Bench, event: str, action: str) -> None:
    es.event(event)

    assert es.last["queryResult"]["action"] == action
    assert es.last["queryResult"]["queryText"] == event


def test_es_follow_up_event_goes_on_with_its_intent(es: Bench) -> None:
    follow_up = {"followupEventInput": {"name": "WELCOME"}, "fulfillmentText": "ignored"}

    answer = es.say("seeds?", follow_up, {})

    assert texts(answer) == [agent.WELCOME]
    assert es.requests[0]["responseId"] == es.requests[1]["responseId"]


def test_es_shows_the_messages_of_its_platform() -> None:
    es = Bench("es", source="telegram")
    general = {"text": {"text": ["General"]}}
    own = {"text": {"text": ["Own"]}, "platform": "TELEGRAM"}

    assert texts(es.say("hm", {"fulfillmentMessages": [general, own]})) == ["Own"]


@pytest.mark.parametrize("text", ["", "x" * 257])
def test_es_refuses_texts_without_or_with_too_many_characters(es: Bench, text: str) -> None:
    with pytest.raises(InvalidQuery):
        es.say(text)


# Strictness


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        ("cx", {"fulfillmentMessages": []}),
        ("cx", {"fulfillmentResponse": []}),
        ("cx", {"fulfillmentResponse": {"messages": [{"text": []}]}}),
        ("cx", {"sessionInfo": {"parameters": []}}),
        ("cx", {"sessionInfo": {"parameters": {}, "state": 1}}),
        ("cx", {"targetPage": cx_agent.LIVE, "targetFlow": cx_agent.LIVE_FLOW}),
        ("cx", {"targetFlow": "projects/tulip-demo/flows/unknown"}),
        ("cx", {"fulfillmentResponse": {"messages": [{"endInteraction": {}}]}}),
        ("cx", {"payload": {"long": "x" * 65536}}),
        ("es", {"liveAgentHandoff": True}),
        ("es", {"payload": ""}),
        ("es", {"outputContexts": [{"name": "handoff", "lifespanCount": 5}]}),
        ("es", {"outputContexts": [{"name": f"{ES_SESSION}/contexts/a b"}]}),
        ("es", {"fulfillmentMessages": [{"liveAgentHandoff": {}}]}),
    ],
)
def test_an_answer_that_is_no_webhook_response_is_an_error(
    dialect: Literal["cx", "es"], answer: Json
) -> None:
    result = Bench(dialect).say("agent", answer)

    assert len(result["webhook_errors"]) == 1
    assert texts(result)[-1] == agent.UNREACHABLE


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"null"])
def test_an_answer_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        checker("cx")(body)


# Faults and log


@pytest.mark.parametrize("concurrent", [False, True])
def test_repeat_calls_twice_with_the_same_id(cx: Bench, concurrent: bool) -> None:
    cx.dialogflow.webhook.faults = Faults(repeat=True, concurrent=concurrent)

    answer = cx.say("agent", cx_answer("First."), cx_answer("Second.", replace=True))

    assert cx.requests[0] == cx.requests[1]
    assert texts(answer) == ["Second."]
    assert [call["attempt"] for call in answer["webhook"]] == [1, 2]


def test_log_keeps_requests_headers_and_answers() -> None:
    cx = Bench("cx", webhook_headers={"X-Handoff-Secret": "invented"})

    cx.say("agent", {"payload": {"a": 1}})

    (entry,) = cx.dialogflow.webhook.log
    assert entry["headers"]["X-Handoff-Secret"] == "invented"
    assert entry["request"] == cx.last
    assert (entry["status"], entry["answer"]) == (200, {"payload": {"a": 1}})


# Over HTTP


@contextlib.contextmanager
def served(app: Starlette) -> Iterator[str]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    listening.listen()  # so that a call made before the server runs waits instead of failing
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


async def _slow_or_handed_off(request: Request) -> JSONResponse:
    if (await request.json()).get("text") == "slow":
        await asyncio.sleep(3)  # far past the deadline of the test that asks for it
    return JSONResponse(cx_answer("Queued.", replace=True, handoff_state="waiting"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    bridge = Starlette(routes=[Route("/", _slow_or_handed_off, methods=["POST"])])
    with served(bridge) as webhook:
        bot = BotSettings(dialect="cx", webhook_url=f"{webhook}/")
        with served(create_app(bot)) as simulator:
            yield simulator


def test_a_turn_over_http(url: str) -> None:
    answer = requests.post(f"{url}/sessions/a/query", json={"text": "agent"}, timeout=9).json()
    state = requests.get(f"{url}/sessions/a", timeout=9).json()
    calls = requests.get(f"{url}/log", timeout=9).json()["calls"]

    assert answer["messages"] == [{"text": "Queued."}]
    assert answer["webhook"][0]["status"] == 200
    assert state["parameters"] == {"handoff_state": "waiting"}
    assert calls[-1]["request"]["detectIntentResponseId"] == answer["response_id"]


def test_the_deadline_is_kept_over_http(url: str) -> None:
    requests.post(f"{url}/faults", json={"timeout": 0.1}, timeout=9)
    answer = requests.post(f"{url}/sessions/b/query", json={"text": "slow"}, timeout=9).json()
    requests.post(f"{url}/faults", json={}, timeout=9)

    assert [call["error"] for call in answer["webhook"]] == ["timeout", "timeout"]
    assert texts(answer) == [agent.FALLBACK]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sessions/c/query", b'{"text": "a", "event": "b"}'),
        ("/sessions/c/query", b"{}"),
        ("/sessions/c/query", b'{"text": 1}'),
        ("/sessions/c/query", b"[]"),
        ("/sessions/c/query", b"no"),
        ("/faults", b'{"unknown": true}'),
    ],
)
def test_a_malformed_call_is_refused(url: str, path: str, body: bytes) -> None:
    answer = requests.post(url + path, data=body, timeout=9)

    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_ARGUMENT")


def test_an_unknown_session_is_not_found(url: str) -> None:
    assert requests.get(f"{url}/sessions/nobody", timeout=9).status_code == 404
