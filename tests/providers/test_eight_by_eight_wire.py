"""How 8x8 is called: keys, tenants, pages, tokens."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handoff.errors import ConversationGone, Rejected, Unavailable
from handoff.exchange import Json, Request, Response, Token
from handoff.providers.eight_by_eight_wire import (
    MOST_TOKEN_SECONDS,
    PAGE_SIZE,
    TOKEN_SECONDS,
    Wire,
    conversation_path,
    json_object,
)
from handoff.vocabulary import ConversationRef
from tests.providers.driving import Script
from tests.providers.eight_by_eight_world import (
    ACCOUNT,
    API,
    NOW,
    TENANT,
    WITH_SECRET,
    accepted,
    clock,
    refused,
)

WIRE = Wire(ACCOUNT, clock())


def test_every_call_carries_key_and_tenant() -> None:
    script = Script(accepted(200, id="x"))
    answer = script.drive(WIRE.call("POST", "/chat-gateway/v1/x", {"ä": 1}, call="x", seconds=2))
    [call] = script.calls
    assert answer == {"id": "x"}
    assert call.address == f"POST {API}/chat-gateway/v1/x"
    assert (call.json, call.request.seconds) == ({"ä": 1}, 2)
    headers = call.request.headers
    assert (headers["x-api-key"], headers["X-8x8-Tenant"]) == ("eght_EXAMPLE", TENANT)
    assert headers["Content-Type"] == "application/json"


def test_call_without_a_payload_has_no_body() -> None:
    script = Script(accepted(204))
    assert script.drive(WIRE.call("GET", "/x", call="x")) == {}
    assert (script.calls[0].request.body, "Content-Type" in script.calls[0].request.headers) == (
        b"",
        False,
    )


@pytest.mark.parametrize(
    ("method", "certain"), [("GET", True), ("POST", False), ("PATCH", False), ("DELETE", False)]
)
def test_only_a_question_has_surely_no_effect(method: str, certain: bool) -> None:
    with pytest.raises(Unavailable) as caught:
        Script(refused(503)).drive(WIRE.call(method, "/x", call="x"))
    assert caught.value.certain is certain


def test_prepared_request_is_sent_with_the_key() -> None:
    script = Script(accepted(200, id="x"))
    ready = Request(method="POST", url="/x", headers={"Content-Type": "text/x"}, body=b"raw")
    assert script.drive(WIRE.send(ready, call="x")) == {"id": "x"}
    [call] = script.calls
    assert (call.address, call.request.body) == (f"POST {API}/x", b"raw")
    assert call.request.headers["Content-Type"] == "text/x"
    assert call.request.headers["x-api-key"] == "eght_EXAMPLE"


def test_conversation_that_is_not_there_is_gone_only_where_that_is_asked() -> None:
    with pytest.raises(ConversationGone):
        Script(refused(404)).drive(WIRE.call("GET", "/x", call="x", gone=True))
    with pytest.raises(Rejected) as caught:
        Script(refused(404)).drive(WIRE.call("GET", "/x", call="x"))
    assert type(caught.value) is Rejected


def test_another_address_is_a_setting() -> None:
    script = Script(accepted(200))
    local = replace(ACCOUNT, api_url="http://127.0.0.1:9")
    script.drive(Wire(local, clock()).call("GET", "/x", call="x"))
    assert script.calls[0].address == "GET http://127.0.0.1:9/x"


def test_ids_in_paths_are_quoted() -> None:
    path = conversation_path(ConversationRef("a/../b?c"), "messages")
    assert path == "/chat-gateway/v1/conversations/a%2F..%2Fb%3Fc/messages"


def page(*names: str, total: Any = 1) -> Response:
    things = [{"name": name} for name in names]
    return accepted(200, _embedded={"things": [*things, 7]}, page={"totalPages": total})


def found(wanted: str, *answers: Response, most: int = 3, path: str = "/things") -> Json | None:
    script = Script(*answers)
    exchange = WIRE.find(
        path, "things", lambda one: one.get("name") == wanted, call="list", most_pages=most
    )
    result = script.drive(exchange)
    assert not script.left
    pages = [call.query.get("page") for call in script.calls]
    assert pages == [str(number) for number in range(len(pages))]
    assert script.calls[0].query["size"] == str(PAGE_SIZE)
    return result


def test_lists_are_read_page_by_page_until_it_is_found() -> None:
    assert found("a", page("a", total=9)) == {"name": "a"}
    assert found("b", page("a", total=2), page("b", total=2)) == {"name": "b"}


@pytest.mark.parametrize(
    "answers",
    [
        [page("a")],
        [page("a", total=None)],
        [page("a", total=2), page("b", total=2)],
        [accepted(200, _embedded={})],
        [accepted(200, page={"totalPages": 3})],
        [page("a", total=9), page("b", total=9), page("c", total=9)],
    ],
)
def test_what_is_on_no_page_is_not_found(answers: list[Response]) -> None:
    assert found("z", *answers) is None


def test_path_with_a_query_is_read_page_by_page_too() -> None:
    assert found("a", page("a"), path="/things?sort=x") == {"name": "a"}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b'[{"id": "1"}, 7]', [{"id": "1"}]),
        (b'{"id": "1"}', [{"id": "1"}]),
        (b"[]", []),
        (b"", []),
        (b"<html>", []),
        (b'{},"more":{}', []),
        (b"7", []),
        (b" [ ] ", []),
    ],
)
def test_statistics_come_as_a_list_whatever_their_shape(body: bytes, wanted: list[Json]) -> None:
    script = Script(Response(status=200, body=body))
    assert script.drive(Wire(WITH_SECRET, clock()).realtime("/queues/1", call="q")) == wanted
    [call] = script.calls
    assert call.address == f"GET {API}/analytics/cc/v5/realtime-metrics/queues/1"
    assert call.request.headers["X-Tenant-Info"] == TENANT
    assert (call.token, "x-api-key" in call.request.headers) == (f"8x8:realtime:{TENANT}", False)


def minted(answer: Response) -> Token:
    script = Script(Response(status=200, body=b"[]"))
    script.drive(Wire(WITH_SECRET, clock()).realtime("/queues/1", call="q", seconds=1.5))
    source = script.calls[0].request.token
    assert source is not None
    asked = Script(answer)
    token = asked.drive(source.mint())
    [call] = asked.calls
    assert call.address == f"POST {API}/oauth/v2/token"
    assert call.form == {"grant_type": "client_credentials"}
    assert call.request.seconds == 1.5
    assert call.request.headers["Authorization"] == "Basic ZWdodF9FWEFNUExFOkVYQU1QTEUtc2VjcmV0"
    return token


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1799", 1799),
        (3600, 3600),
        ("999999", MOST_TOKEN_SECONDS),
        ("", TOKEN_SECONDS),
        (None, TOKEN_SECONDS),
        ("0", TOKEN_SECONDS),
        ("soon", TOKEN_SECONDS),
        ("-5", TOKEN_SECONDS),
        ("9" * 30, TOKEN_SECONDS),
    ],
)
def test_token_lasts_as_long_as_a_text_of_seconds_says(told: Any, seconds: int) -> None:
    token = minted(accepted(200, access_token="t", expires_in=told))
    assert (token.value, token.expires_at - NOW) == ("t", timedelta(seconds=seconds))


def test_refused_token_and_an_answer_without_one_are_told_apart() -> None:
    with pytest.raises(Rejected):
        minted(refused(401, [{"code": "access_denied"}]))
    with pytest.raises(Unavailable) as caught:
        minted(accepted(200, access_token=""))
    assert caught.value.certain


def test_token_is_not_asked_with_a_secret_that_is_not_there() -> None:
    script = Script(Response(status=200, body=b"[]"))
    script.drive(WIRE.realtime("/queues/1", call="q"))
    source = script.calls[0].request.token
    assert source is not None
    asked = Script(refused(401))
    with pytest.raises(Rejected):
        asked.drive(source.mint())


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b'{"a": 1}', {"a": 1}),
        (json.dumps('{"a": 1}').encode(), {"a": 1}),
        (b"[]", {}),
        (b"x", {}),
    ],
)
def test_object_may_be_written_as_a_text(body: bytes, wanted: Json) -> None:
    assert json_object(body) == wanted


@pytest.mark.parametrize("body", [b'"x"', b'"[]"'])
def test_text_that_holds_no_object_is_nothing(body: bytes) -> None:
    assert json_object(body) == {}
