"""Whose webhooks are taken: signature, time, tenant, and the keys to check them with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handoff.errors import Unauthenticated, Unavailable
from handoff.exchange import Inbound, Response
from handoff.providers.eight_by_eight_signature import (
    KEY_LASTS,
    MOST_KEYS,
    MOST_UNKNOWN,
    UNKNOWN_LASTS,
    WINDOW,
    SignatureCheck,
)
from handoff.providers.eight_by_eight_wire import Wire
from tests.fakes import FixedClock
from tests.providers import eight_by_eight_vector as vector
from tests.providers.driving import Answer, Script
from tests.providers.eight_by_eight_world import (
    ACCOUNT,
    API,
    KEY_ID,
    NOW,
    accepted,
    clock,
    jwk,
    key_answer,
    refused,
    signature,
    signed,
    words,
)

GENUINE = signed(words())
MILLISECONDS = int(NOW.timestamp() * 1000)


def check(now: FixedClock | None = None) -> SignatureCheck:
    at = now or clock()
    return SignatureCheck(ACCOUNT, Wire(ACCOUNT, at), at)


def verified(request: Inbound, *answers: Answer, by: SignatureCheck | None = None) -> str:
    script = Script(*(answers or (key_answer(),)))
    return script.drive((by or check()).verify(request))


def with_header(name: str, value: str | None) -> Inbound:
    headers = {**GENUINE.headers, name: value or ""}
    if value is None:
        del headers[name]
    return replace(GENUINE, headers=headers)


def test_genuine_webhook_gives_its_event_id() -> None:
    assert verified(GENUINE) == "eV5nB2xQTiKd0aYf"


def test_key_is_fetched_from_the_gateway_by_its_id() -> None:
    script = Script(key_answer())
    script.drive(check().verify(GENUINE))
    [call] = script.calls
    assert call.address == f"GET {API}/chat-gateway/v1/jwk/{KEY_ID}/public"
    assert call.request.headers["x-api-key"] == "eght_EXAMPLE"
    assert call.request.headers["X-8x8-Tenant"] == ACCOUNT.tenant


def test_key_may_be_written_as_a_text_inside_of_json() -> None:
    answer = Response(status=200, body=json.dumps(json.dumps(jwk())).encode())
    assert verified(GENUINE, answer)


@pytest.mark.parametrize(
    "body",
    [b"", words("Another text"), b'{"eventType": "MESSAGE"}', GENUINE.body + b" "],
)
def test_another_body_is_refused(body: bytes | dict[str, object]) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(Unauthenticated):
        verified(replace(GENUINE, body=raw))


def test_another_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verified(signed(words(), key="another"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-8x8-tenant-id", "other"),
        ("x-8x8-customer-id", "other"),
        ("x-8x8-event-id", "other"),
        ("x-8x8-retry", "1"),
        ("x-8x8-transmission-time", str(MILLISECONDS + 1)),
        ("x-8x8-signature", signature(b"{}")),
    ],
)
def test_header_that_was_not_signed_is_refused(name: str, value: str) -> None:
    with pytest.raises(Unauthenticated):
        verified(with_header(name, value))


@pytest.mark.parametrize("name", [one for one in GENUINE.headers if one.startswith("x-8x8")])
@pytest.mark.parametrize("value", [None, "", " "])
def test_missing_header_is_refused_without_a_call(name: str, value: str | None) -> None:
    with pytest.raises(Unauthenticated):
        verified(with_header(name, value), by=check())


@pytest.mark.parametrize("name", ["x-8x8-retry", "x-8x8-transmission-time"])
@pytest.mark.parametrize("value", ["x", "-1", "1.5", "00", "٣", "9" * 16, "999999999999999"])
def test_number_that_is_none_is_refused_without_a_call(name: str, value: str) -> None:
    script = Script(key_answer())
    with pytest.raises(Unauthenticated):
        script.drive(check().verify(with_header(name, value)))
    assert name == "x-8x8-retry" or not script.calls


@pytest.mark.parametrize("sign", [1, -1])
def test_webhook_is_refused_outside_the_window(sign: int) -> None:
    edge = sign * int(WINDOW.total_seconds() * 1000)
    assert verified(signed(words(), tt=MILLISECONDS + edge))
    script = Script()
    with pytest.raises(Unauthenticated):
        script.drive(check().verify(signed(words(), tt=MILLISECONDS + edge + sign)))


def test_webhook_of_another_tenant_is_refused_without_a_call() -> None:
    with pytest.raises(Unauthenticated):
        Script().drive(check().verify(signed(words(), tid="other")))


def test_repeated_attempt_is_signed_anew_and_keeps_its_id() -> None:
    assert verified(signed(words(), retry=3, tt=MILLISECONDS + 9)) == verified(GENUINE)


def test_key_is_fetched_once_while_it_lasts() -> None:
    now = clock()
    one = check(now)
    verified(GENUINE, by=one)
    now.advance(KEY_LASTS.total_seconds() - 1)
    fresh = signed(words(), tt=int(now.now.timestamp() * 1000))
    assert Script().drive(one.verify(fresh))
    now.advance(1)
    script = Script(key_answer())
    script.drive(one.verify(fresh))
    assert len(script.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        refused(404),
        refused(400),
        refused(410),
    ],
)
def test_unknown_key_is_asked_for_once_a_minute(answer: Response) -> None:
    now = clock()
    one = check(now)
    for script in (Script(answer), Script(), Script()):
        with pytest.raises(Unauthenticated):
            script.drive(one.verify(GENUINE))
    now.advance(UNKNOWN_LASTS.total_seconds())
    assert verified(GENUINE, by=one)


@pytest.mark.parametrize(
    "answer",
    [
        refused(500),
        refused(503),
        refused(429),
        refused(401),
        refused(403),
        Response(status=302),
        Unavailable("slow"),
        accepted(200),
        accepted(200, kty="EC", n="x", e="AQAB"),
        accepted(200, kty="RSA", n="", e="AQAB"),
        Response(status=200, body=b"<html>"),
        Response(status=200, body=b'"{}"'),
    ],
)
def test_key_that_cannot_be_had_makes_the_vendor_repeat(answer: Answer) -> None:
    one = check()
    with pytest.raises(Unavailable) as caught:
        verified(GENUINE, answer, by=one)
    assert caught.value.certain
    assert verified(GENUINE, by=one)


def invented(number: int, sent: int = MILLISECONDS) -> Inbound:
    header = {"b64": False, "crit": ["b64"], "kid": f"k{number}", "alg": "RS256"}
    odd = with_header("x-8x8-signature", signature(b"{}", header))
    return replace(odd, headers={**odd.headers, "x-8x8-transmission-time": str(sent)})


def test_invented_keys_do_not_make_us_ask_without_end() -> None:
    now = clock()
    one = check(now)
    for number in range(MOST_UNKNOWN):
        with pytest.raises(Unauthenticated):
            verified(invented(number), refused(404), by=one)
    with pytest.raises(Unavailable):
        Script().drive(one.verify(GENUINE))
    now.advance(UNKNOWN_LASTS.total_seconds())
    assert verified(GENUINE, by=one)


def test_inventions_do_not_lock_out_a_key_that_came_before() -> None:
    now = clock()
    one = check(now)
    verified(GENUINE, by=one)
    now.advance(KEY_LASTS.total_seconds())
    fresh = int(now.now.timestamp() * 1000)
    for number in range(MOST_UNKNOWN):
        with pytest.raises(Unauthenticated):
            verified(invented(number, fresh), refused(404), by=one)
    assert verified(signed(words(), tt=fresh), by=one)


@pytest.mark.parametrize("answer", [refused(503), Unavailable("slow")])
def test_inventions_are_counted_while_keys_cannot_be_had(answer: Answer) -> None:
    one = check()
    for number in range(MOST_UNKNOWN):
        with pytest.raises(Unavailable):
            verified(invented(number), answer, by=one)
    with pytest.raises(Unavailable):
        Script().drive(one.verify(GENUINE))


def test_key_that_is_withdrawn_is_unknown() -> None:
    now = clock()
    one = check(now)
    verified(GENUINE, by=one)
    now.advance(KEY_LASTS.total_seconds())
    fresh = signed(words(), tt=int(now.now.timestamp() * 1000))
    for script in (Script(refused(404)), Script()):
        with pytest.raises(Unauthenticated):
            script.drive(one.verify(fresh))
        assert not script.left


def test_signature_that_no_key_can_fit_is_refused_without_a_call() -> None:
    header = {"b64": False, "crit": ["b64"], "kid": KEY_ID, "alg": "HS256"}
    with pytest.raises(Unauthenticated):
        Script().drive(check().verify(with_header("x-8x8-signature", signature(b"{}", header))))


@pytest.mark.parametrize("odd", ["ä", "\ud800", "\x00", '"', "\\u0041"])
@pytest.mark.parametrize("name", ["event-id", "customer-id", "tenant-id", "signature"])
def test_odd_id_is_no_error_of_ours(name: str, odd: str) -> None:
    with pytest.raises(Unauthenticated):
        verified(with_header(f"x-8x8-{name}", odd))


def test_webhook_that_was_signed_elsewhere_is_genuine() -> None:
    now = FixedClock(datetime.fromtimestamp(vector.SENT / 1000, UTC))
    answer = Response(status=200, body=json.dumps(vector.KEY).encode())
    assert verified(vector.REQUEST, answer, by=check(now)) == "eV5nB2xQTiKd0aYf"


def test_so_many_keys_are_kept_and_no_more() -> None:
    one = check()
    verified(GENUINE, by=one)
    for number in range(MOST_KEYS):
        with pytest.raises(Unauthenticated):
            verified(invented(number), key_answer(), by=one)
    script = Script(key_answer())
    script.drive(one.verify(GENUINE))
    assert len(script.calls) == 1, "the oldest was forgotten"
