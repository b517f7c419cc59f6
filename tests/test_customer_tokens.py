"""The tokens of customers' pages: ours let in, whatever else comes is refused in one way."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.customer_tokens import AUDIENCE, CLAIMS, LASTS, Ticket, _bytes, signed, verified
from handoff.errors import Unauthenticated
from handoff.signatures import Secret, plain_secret
from tests.heart import HANDOFF, NOW, blank, seconds

SESSION = blank().key
KEY = plain_secret("the key of these tests")
OTHER = plain_secret("another key")
TOKEN = signed(SESSION, HANDOFF, KEY, NOW)
HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")
TIME = int(NOW.timestamp())
CLAIMED: Mapping[str, Any] = {
    "aud": AUDIENCE,
    "sub": HANDOFF,
    "session": SESSION,
    "iat": TIME,
    "exp": TIME + 60,
}


def claiming(**other: Any) -> str:
    """Return a token of our own key whose claims are other ones; None leaves one out."""
    claims = {name: one for name, one in {**CLAIMED, **other}.items() if one is not None}
    return carrying(json.dumps(claims).encode())


def carrying(payload: bytes) -> str:
    """Return a token of our own key that carries these bytes."""
    return jwt.PyJWS().encode(payload, _bytes(KEY.current), algorithm="HS256")


def headed(header: Any) -> str:
    """Return our token with another header."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return f"{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}.{PAYLOAD}.{SIGNATURE}"


def is_refused(token: str, key: Secret = KEY, **later: float) -> bool:
    """Say whether a token is refused; any other exception fails the test."""
    try:
        verified(token, key, NOW + timedelta(**later))
    except Unauthenticated:
        return True
    return False


def test_token_says_whose_page_it_is() -> None:
    ticket = verified(TOKEN, KEY, NOW + seconds(1))
    assert ticket == Ticket(session=SESSION, handoff=HANDOFF, issued_at=NOW)


def test_claims_that_the_tests_of_refusals_vary_are_good_ones() -> None:
    assert set(CLAIMED) == set(CLAIMS)
    assert not is_refused(claiming())


@pytest.mark.parametrize(
    ("later", "refused"),
    [(-1, False), (0, False), (LASTS.seconds - 1, False), (LASTS.seconds, True)],
)
def test_token_ends(later: int, refused: bool) -> None:
    assert is_refused(TOKEN, seconds=later) is refused


def test_clock_of_another_instance_may_be_behind() -> None:
    assert verified(TOKEN, KEY, NOW - seconds(90)).handoff == HANDOFF


@pytest.mark.parametrize(("later", "old"), [(0, False), (0.5, False), (0.51, True), (1, True)])
def test_page_gets_a_fresh_token_in_the_second_half(later: float, old: bool) -> None:
    assert verified(TOKEN, KEY, NOW).is_old(NOW + LASTS * later) is old


@pytest.mark.parametrize("signer", [0, 1])
def test_two_keys_are_live_while_they_change(signer: int) -> None:
    keys = ("the new one", "the old one")
    token = signed(SESSION, HANDOFF, plain_secret(keys[signer]), NOW)
    assert verified(token, Secret(lambda: keys), NOW).handoff == HANDOFF


def test_first_of_two_keys_signs() -> None:
    keys = ("the new one", "the old one")
    token = signed(SESSION, HANDOFF, Secret(lambda: keys), NOW)
    assert not is_refused(token, plain_secret("the new one"))
    assert is_refused(token, plain_secret("the old one"))


@pytest.mark.parametrize("keys", [(), ("",), ("", "the key of somebody else")])
def test_key_that_is_missing_proves_nothing(keys: tuple[str, ...]) -> None:
    assert is_refused(signed(SESSION, HANDOFF, plain_secret(""), NOW), Secret(lambda: keys))


def test_any_key_signs_whatever_its_length_and_letters() -> None:
    for value in ("k", "k" * 5_000, "schlüssel 🔑", "half \udcff"):
        key = plain_secret(value)
        assert verified(signed(SESSION, HANDOFF, key, NOW), key, NOW).session == SESSION


def test_token_of_another_key_is_refused() -> None:
    assert is_refused(TOKEN, OTHER)


def test_token_is_refused_with_any_letter_changed() -> None:
    tampered = [
        TOKEN[:place] + ("A" if letter != "A" else "B") + TOKEN[place + 1 :]
        for place, letter in enumerate(TOKEN[:-1])
    ]
    assert [one for one in tampered if not is_refused(one)] == []


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["none", "HS512", "HS384"])
def test_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    key = "" if algorithm == "none" else _bytes(KEY.current)
    assert is_refused(jwt.encode(dict(CLAIMED), key, algorithm=algorithm))


HEADERS: Mapping[str, Any] = {
    "no algorithm": {},
    "none": {"alg": "none"},
    "None in capitals": {"alg": "NONE"},
    "another one": {"alg": "RS256"},
    "a list of them": {"alg": ["HS256"]},
    "an object": {"alg": {}},
    "a key id that is a number": {"alg": "HS256", "kid": 1},
    "a payload as it is": {"alg": "HS256", "b64": False, "crit": ["b64"]},
    "what must be understood": {"alg": "HS256", "crit": ["exp"]},
    "a list": [],
    "null": None,
    "no JSON": b"alg",
    "no text": b"\xff\xfe",
    "depth": b"[" * 50_000,
    "depth inside": b'{"alg":' + b"[" * 50_000,
    "digits": b'{"alg":"HS256","n":' + b"9" * 9_000 + b"}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_token_with_another_header_is_refused(header: Any) -> None:
    assert is_refused(headed(header))


@pytest.mark.parametrize("name", CLAIMS)
def test_token_that_lacks_a_claim_is_refused(name: str) -> None:
    assert is_refused(claiming(**{name: None}))


@pytest.mark.parametrize(
    "claims",
    [
        *({"aud": "another_function"}, {"aud": ["a", "b"]}, {"aud": 7}, {"aud": ""}),
        *({"exp": str(TIME + 60)}, {"exp": []}, {"exp": 1e300}, {"exp": True}, {"exp": 10**400}),
        *({"iat": str(TIME)}, {"iat": {}}, {"iat": 10**18}, {"iat": -(10**18)}, {"iat": 0.5}),
        *({"session": 7}, {"session": []}, {"sub": 7}, {"sub": ["ho-1"]}),
    ],
    ids=str,
)
def test_token_of_ours_that_claims_something_odd_is_refused(claims: Mapping[str, Any]) -> None:
    assert is_refused(claiming(**claims))


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 50_000])
def test_token_of_ours_that_carries_no_claims_is_refused(payload: bytes) -> None:
    assert is_refused(carrying(payload))


@pytest.mark.parametrize(
    "token",
    [
        *("", ".", "..", "...", "a.b.c", "." * 5_000, f"{HEADER}..{SIGNATURE}", f"..{SIGNATURE}"),
        *(f"{HEADER}.{PAYLOAD}.", f"{HEADER}.{PAYLOAD}", f"{TOKEN}.{SIGNATURE}", f" {TOKEN}"),
        *("\ud800", "\0", "ü.é.ß", "🌷", "=.=.=", "a" * 100_000, f"Bearer {TOKEN}"),
    ],
)
def test_garbage_is_refused(token: str) -> None:
    assert is_refused(token)


@given(st.text() | st.lists(st.text(alphabet="eyJhbGciOi=-_", max_size=20)).map(".".join))
@settings(max_examples=200, deadline=None)
def test_anything_at_all_is_refused(token: str) -> None:
    assert is_refused(token)


@given(st.binary(max_size=60), st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_header_and_payload_are_refused(header: bytes, payload: bytes) -> None:
    told = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    assert is_refused(headed(header))
    assert is_refused(f"{HEADER}.{told}.{SIGNATURE}")
