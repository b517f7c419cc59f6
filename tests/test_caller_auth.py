"""The modes of DIALOGFLOW_AUTH; the fetching of Google's keys is driven by hand."""

from __future__ import annotations

import base64
import json

import pytest

from handoff.caller_auth import GOOGLE_KEYS_URL, CallerCheck, CallerSettings, Mode
from handoff.errors import Unauthenticated, Unavailable
from handoff.exchange import Exchange, Inbound, Request, Response
from handoff.signatures import ExpectedCaller, Secret
from tests.fakes import FixedClock
from tests.google_keys import AGENT, AUDIENCE, OTHER, public, token

SIX_HOURS = 6 * 3600


def inbound(**headers: str) -> Inbound:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound(method="POST", path="/", headers=named)


def bearing(given: str) -> Inbound:
    return inbound(authorization=f"Bearer {given}")


def keys(*names: str) -> Response:
    body = json.dumps({"keys": [public(one) for one in names]}).encode()
    return Response(status=200, body=body)


def by_token(clock: FixedClock) -> CallerCheck:
    expected = ExpectedCaller(emails=(AGENT,), audiences=(AUDIENCE,))
    return CallerCheck(CallerSettings(mode=Mode.ID_TOKEN, expected=expected), clock)


def drive(exchange: Exchange[None], *answers: Response | Exception) -> list[Request]:
    """Run an exchange with these answers; return what it asked, refuse any question more."""
    asked: list[Request] = []
    waiting = list(answers)
    try:
        asked.append(next(exchange))
        while True:
            answer = waiting.pop(0)
            if isinstance(answer, Exception):
                asked.append(exchange.throw(answer))
            else:
                asked.append(exchange.send(answer))
    except StopIteration:
        assert not waiting
        return asked


@pytest.mark.parametrize("mode", [Mode.IAM, Mode.NONE])
def test_platform_or_laptop_lets_everybody_in(clock: FixedClock, mode: Mode) -> None:
    assert drive(CallerCheck(CallerSettings(mode=mode), clock).check(inbound())) == []


def by_secret(clock: FixedClock, *live: str) -> CallerCheck:
    return CallerCheck(CallerSettings(mode=Mode.SECRET, secret=Secret(lambda: live)), clock)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "request_",
    [
        inbound(x_handoff_secret="new"),
        inbound(x_handoff_secret="old"),
        inbound(authorization=basic("anybody:new")),
        inbound(authorization=basic(":old")),
    ],
)
def test_live_secret_lets_in(clock: FixedClock, request_: Inbound) -> None:
    assert drive(by_secret(clock, "new", "old").check(request_)) == []


@pytest.mark.parametrize(
    "request_",
    [
        inbound(),
        inbound(x_handoff_secret="wrong"),
        inbound(x_handoff_secret=""),
        inbound(authorization=basic("new:")),
        inbound(authorization="Bearer new"),
        inbound(authorization="Basic new"),
    ],
)
def test_missing_or_wrong_secret_is_refused(clock: FixedClock, request_: Inbound) -> None:
    with pytest.raises(Unauthenticated):
        drive(by_secret(clock, "new", "old").check(request_))


@pytest.mark.parametrize("live", [(), ("",)])
def test_no_live_secret_lets_nobody_in(clock: FixedClock, live: tuple[str, ...]) -> None:
    with pytest.raises(Unauthenticated):
        drive(by_secret(clock, *live).check(inbound(x_handoff_secret="")))


def test_right_token_lets_in_after_the_keys_came(clock: FixedClock) -> None:
    [asked] = drive(by_token(clock).check(bearing(token())), keys("k1"))
    assert (asked.method, asked.url, asked.token) == ("GET", GOOGLE_KEYS_URL, None)


def test_known_keys_are_not_asked_for_again(clock: FixedClock) -> None:
    check = by_token(clock)
    drive(check.check(bearing(token())), keys("k1"))
    clock.advance(SIX_HOURS)
    assert drive(check.check(bearing(token()))) == []


def test_old_keys_are_asked_for_again(clock: FixedClock) -> None:
    check = by_token(clock)
    drive(check.check(bearing(token())), keys("k1"))
    clock.advance(SIX_HOURS + 1)
    assert len(drive(check.check(bearing(token())), keys("k1"))) == 1


def test_new_key_is_fetched_when_first_seen(clock: FixedClock) -> None:
    check = by_token(clock)
    drive(check.check(bearing(token())), keys("k1"))
    clock.advance(61)
    assert len(drive(check.check(bearing(token("k2"))), keys("k1", "k2"))) == 1


def test_made_up_key_ids_do_not_make_us_ask_at_every_call(clock: FixedClock) -> None:
    check = by_token(clock)
    drive(check.check(bearing(token())), keys("k1"))
    with pytest.raises(Unauthenticated):
        drive(check.check(bearing(token("made-up"))))


def test_withdrawn_key_is_forgotten(clock: FixedClock) -> None:
    check = by_token(clock)
    drive(check.check(bearing(token())), keys("k1"))
    clock.advance(SIX_HOURS + 1)
    with pytest.raises(Unauthenticated):
        drive(check.check(bearing(token())), keys("k2"))


@pytest.mark.parametrize(
    "answer",
    [
        Unavailable("away", certain=True),
        Response(status=500, body=b"<html>"),
        Response(status=200, body=b"{}"),
        Response(status=200, body=b'{"keys": [null, "x"]}'),
    ],
)
def test_old_keys_serve_while_new_ones_cannot_be_had(
    clock: FixedClock, answer: Response | Exception
) -> None:
    check = by_token(clock)
    drive(check.check(bearing(token())), keys("k1"))
    clock.advance(SIX_HOURS + 1)
    assert len(drive(check.check(bearing(token())), answer)) == 1


def test_without_keys_they_are_soon_asked_for_again(clock: FixedClock) -> None:
    check = by_token(clock)
    with pytest.raises((Unauthenticated, Unavailable)):
        drive(check.check(bearing(token())), Unavailable("away"))
    clock.advance(4)
    assert len(drive(check.check(bearing(token())), keys("k1"))) == 1


def test_second_caller_is_not_refused_while_the_keys_are_on_their_way(clock: FixedClock) -> None:
    check = by_token(clock)
    first = check.check(bearing(token()))
    next(first)
    assert drive(check.check(bearing(token())), keys("k1"))


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic eDp5"}, {"authorization": ""}])
def test_request_without_a_token_is_refused_before_asking(
    clock: FixedClock, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthenticated):
        drive(by_token(clock).check(inbound(**headers)))


def test_what_is_no_token_is_refused_before_asking(clock: FixedClock) -> None:
    with pytest.raises(Unauthenticated):
        drive(by_token(clock).check(bearing("not.a.token")))


@pytest.mark.parametrize(
    "given", [token(key=OTHER), token(email="x@example.com"), token(aud="https://x.example")]
)
def test_token_of_somebody_else_is_refused(clock: FixedClock, given: str) -> None:
    with pytest.raises(Unauthenticated):
        drive(by_token(clock).check(bearing(given)), keys("k1"))
