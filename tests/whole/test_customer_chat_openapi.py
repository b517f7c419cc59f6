"""The description of `customer_chat` is a valid one, and the running function keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, assume, settings

from handoff import chat_web
from handoff.chat_web import CALLS, LONGEST_MESSAGE, LONGEST_NUMBER, LONGEST_WAIT
from handoff.customer_tokens import LASTS
from handoff.event_stream import FIRST, HEARTBEAT, LONGEST
from handoff.exchange import Json
from handoff.vocabulary import Reason, State
from tests.test_page_events import EVENTS, HEAD
from tests.whole.house import House
from tests.whole.pages import ORIGIN, Page, house_with_pages

DESCRIPTION = Path(__file__).parents[2] / "docs" / "customer-chat.openapi.yaml"

REFUSALS = [400, 404, 405, 409, 413, 415]
CONFIG = {
    "generation": {
        "deterministic": True,
        "database": "none",
        "max-examples": 8,
        "with-security-parameters": False,
        "allow-x00": False,
    },
    "checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}},
    # Whatever bytes a file has, they are as described, and mostly of a kind that is not taken.
    "operations": [
        {
            "include-name": "POST /v1/files",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    ],
}
schema = schemathesis.openapi.from_path(DESCRIPTION, config=schemathesis.Config.from_dict(CONFIG))
DOCUMENT: Json = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
SCHEMAS, SESSIONS = DOCUMENT["components"]["schemas"], count(1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a house where nobody calls too often."""
    unlimited = "[limits]\nturns_per_second = 0\n"
    with house_with_pages(tmp_path_factory.mktemp("house"), unlimited) as one:
        yield one


@pytest.fixture
def page(shop: House) -> Iterator[Page]:
    """Give the page of a customer who has just asked for a person, and leaves at last."""
    one = Page.of(shop, shop.say("agent", session=f"s{next(SESSIONS)}"))
    yield one
    one.call("POST", "/v1/end")


def without_waiting(case: schemathesis.Case[Any]) -> None:
    """Let a call that would wait for news wait for a moment only."""
    wait = str(case.query.get("wait"))
    if re.fullmatch(r"\d+(\.\d+)?", wait) and float(wait) <= LONGEST_WAIT:
        case.query["wait"] = 0.01


def is_blank(case: schemathesis.Case[Any]) -> bool:
    """Say whether a message says nothing, which only its description refuses."""
    text = case.body.get("text") if isinstance(case.body, dict) else None
    return isinstance(text, str) and len(text) > 0 and not text.strip()


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_function_is_as_described(case: schemathesis.Case[Any], page: Page) -> None:
    assume(not is_blank(case))
    without_waiting(case)
    case.call_and_validate(page.url, headers={"Authorization": f"Bearer {page.token}"})


FILE = {"name": "mark in a name.pdf", "url": "https://files.example/mark.pdf"}
GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "/v1/events": ("GET", {"query": {"after": 999_999_999}}),
    "/v1/messages": ("POST", {"body": {"id": "m1", "text": "mark said by the page"}}),
    "/v1/typing": ("POST", {"body": {"typing": True}}),
    "/v1/end": ("POST", {}),
}


def called(page: Page, path: str, **more: Any) -> int:
    """Make a good call, see that it is answered as described, and return the status."""
    method, values = GOOD[path]
    case = schema[path][method].Case(**{**values, **more})
    headers = {"Authorization": f"Bearer {page.token}"}
    # Its own checks would make the call again, with other tokens and methods.
    answer = case.call(page.url, headers=headers)
    assert schema.validate_response(case.operation, answer, case=case) in {None, True}
    assert str(answer.status_code) in case.operation.definition.raw["responses"]
    return int(answer.status_code)


def test_good_calls_are_taken_and_refused_as_described_after_the_end(page: Page) -> None:
    assert [called(page, path) for path in GOOD] == [200, 202, 204, 204]
    assert [called(page, path) for path in GOOD] == [409, 202, 409, 409]
    other = {"id": "m2", "text": "mark said too late"}
    assert called(page, "/v1/messages", body=other) == 409


def test_calls_without_a_good_token_are_refused_as_described(page: Page) -> None:
    forged = Page(page.url, page.token[:-4] + "AAAA")
    assert {called(forged, path) for path in GOOD} == {401}


def test_whole_chat_is_told_as_described(shop: House, page: Page) -> None:
    [chat] = [one for one in shop.at_desk("chats")["chats"] if one["state"] != "closed"]
    agent = next(one["id"] for one in chat["agents"] if one["visibility"] == "all")
    for deed, body in (
        ("say", {"text": "mark said by the agent"}),
        ("file", {**FILE, "content_type": "application/pdf"}),
        ("close", {}),
    ):
        shop.at_desk(f"chats/{chat['id']}/{deed}", {"agent": agent, **body})
    shop.at_desk("idle")
    assert called(page, "/v1/events", query={"after": 0}) == 200
    page.poll()
    assert {one["type"] for one in page.events} == {"message", "file", "state", "notice"}
    assert page.events[-1]["state"] == "closed"


def test_browser_that_asks_first_is_answered_as_described(page: Page) -> None:
    for path in (*GOOD, "/v1/files"):
        case = schema[path]["OPTIONS"].Case(headers={"Origin": ORIGIN})
        assert case.call_and_validate(page.url).status_code == 204


def test_description_is_a_valid_one() -> None:
    schema.validate()
    broken = {**DOCUMENT, "paths": {"/v1/events": {"get": {"responses": "none"}}}}
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


def is_valid(value: Any, name: str) -> bool:
    """Say whether a value is as one of the described schemas says."""
    wanted = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(wanted).is_valid(value)


@pytest.mark.parametrize("event", [{**HEAD, **event} for _, event in EVENTS], ids=str)
def test_each_kind_of_event_is_described(event: Json) -> None:
    assert is_valid(event, "Event")
    needed = {"id", "at", "type", "text", "typing", "state", "url", "size"} & event.keys()
    for name in needed:
        assert not is_valid({key: one for key, one in event.items() if key != name}, "Event")
    assert not is_valid({**event, "type": "anything"}, "Event")


def test_described_examples_are_as_described() -> None:
    events = DOCUMENT["components"]["examples"]["Events"]["value"]
    assert is_valid(events, "Events")
    assert [one["id"] for one in events["events"]] == list(range(1, 9))
    for name, answer in DOCUMENT["components"]["responses"].items():
        content = answer["content"]["application/json"]
        assert is_valid(content["example"], "Error"), name
        told = content["schema"]["properties"]["error"]
        assert content["example"]["error"] in (told.get("enum") or [told["const"]])


def test_described_calls_are_those_that_there_are() -> None:
    described = {
        path: [method.upper() for method in item if method != "options"]
        for path, item in DOCUMENT["paths"].items()
    }
    assert described.pop("/v1/{script}") == ["GET"]
    assert described == {f"/v1/{name}": [method] for name, (method, _) in CALLS.items()}


def test_described_limits_are_those_of_the_code() -> None:
    listen = DOCUMENT["paths"]["/v1/events"]["get"]
    wait = next(one["schema"] for one in listen["parameters"] if one["name"] == "wait")
    assert wait["maximum"] == LONGEST_WAIT
    assert SCHEMAS["Cursor"]["maximum"] == 10**LONGEST_NUMBER - 1
    assert SCHEMAS["Message"]["properties"]["text"]["maxLength"] == LONGEST_MESSAGE
    assert chat_web.ID.pattern == "[!-~]{1,100}"
    assert (SCHEMAS["Id"]["pattern"], SCHEMAS["Id"]["maxLength"]) == ("^[!-~]+$", 100)
    told = listen["responses"]["200"]["content"]["text/event-stream"]
    assert told["example"].encode().startswith(FIRST)
    assert f"Every {HEARTBEAT:.0f} seconds" in told["schema"]["description"]
    assert f"after {LONGEST / 60:.0f} minutes" in told["schema"]["description"]
    assert LASTS.seconds == 4 * 3600


def test_described_words_are_those_of_the_code() -> None:
    state = SCHEMAS["StateEvent"]["properties"]
    assert set(state["state"]["enum"]) == set(State)
    assert set(state["reason"]["enum"]) >= set(Reason)
