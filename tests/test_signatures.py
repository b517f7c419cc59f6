"""Shared secrets and Google's identity tokens, right and wrong."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import pytest

from handoff.errors import Unauthenticated
from handoff.signatures import (
    ExpectedCaller,
    Secret,
    basic_password,
    bearer_token,
    key_id,
    matches_any,
    plain_secret,
    verify_id_token,
)
from tests.google_keys import AGENT, AUDIENCE, OTHER, public, token

EXPECTED = ExpectedCaller(emails=(AGENT,), audiences=(AUDIENCE, "https://second.example"))


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("given", "accepted", "matches"),
    [
        ("new", ("new", "old"), True),
        ("old", ("new", "old"), True),
        ("none", ("new", "old"), False),
        ("ne", ("new",), False),
        ("", ("new",), False),
        ("", ("",), False),
        ("", (), False),
        ("x", (), False),
        ("ü😀", ("ü😀",), True),
        ("\ud800", ("x",), False),
    ],
)
def test_any_live_secret_matches(given: str, accepted: tuple[str, ...], matches: bool) -> None:
    assert matches_any(given, accepted) is matches


def test_secret_that_is_no_text_refuses_without_failing() -> None:
    assert matches_any("x", ("\udcff",)) is False


def test_first_live_secret_is_the_one_to_send() -> None:
    assert Secret(lambda: ("new", "old")).current == "new"
    assert Secret(tuple).current == ""


def test_secret_is_read_at_each_use() -> None:
    live = ["old"]
    secret = Secret(lambda: tuple(live))
    live[:] = ["new"]
    assert (secret.accepts("new"), secret.accepts("old")) == (True, False)


def test_secret_is_not_in_its_own_picture() -> None:
    assert "top-secret" not in repr(plain_secret("top-secret"))


@pytest.mark.parametrize(
    ("header", "password"),
    [
        (basic("user:pass"), "pass"),
        (basic(":pa:ss"), "pa:ss"),
        (basic("user:pässword😀"), "pässword😀"),
        (basic("user:pass").replace("Basic ", "bASIC   "), "pass"),
        (basic("no colon"), ""),
        ("Bearer " + base64.b64encode(b"a:b").decode(), ""),
        ("Basic", ""),
        ("Basic !!!", ""),
        ("Basic é", ""),
        ("Basic dTpw!YXNz", ""),
        ("Basic " + base64.b64encode(b"u:\xff").decode(), ""),
        ("", ""),
    ],
)
def test_password_of_a_basic_header(header: str, password: str) -> None:
    assert basic_password(header) == password


@pytest.mark.parametrize(
    ("header", "found"),
    [("Bearer a.b.c", "a.b.c"), ("bearer  x ", "x"), ("Basic x", ""), ("Bearer", ""), ("", "")],
)
def test_token_of_a_bearer_header(header: str, found: str) -> None:
    assert bearer_token(header) == found


def test_key_id_is_read_without_trust() -> None:
    assert key_id(token("k7", OTHER)) == "k7"


def test_token_without_a_key_id_has_an_empty_one() -> None:
    assert key_id(jwt.encode({}, "x" * 32, algorithm="HS256")) == ""


def header(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=") + ".e30.eA"


@pytest.mark.parametrize(
    "given",
    ["", "x", "a.b.c", "é.ü.ß", header(b'{"kid":5}'), header(b"[]"), header(b"[" * 40_000)],
    ids=lambda one: one[:12],
)
def test_what_is_no_token_is_refused(given: str) -> None:
    with pytest.raises(Unauthenticated):
        key_id(given)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"iss": "accounts.google.com"},
        {"aud": "https://second.example"},
    ],
)
def test_right_token_is_accepted(changed: dict[str, Any]) -> None:
    verify_id_token(token(**changed), {"k1": public("k1")}, EXPECTED)


def test_token_that_ended_a_moment_ago_is_accepted() -> None:
    just_over = token(exp=int(time.time()) - 10)
    verify_id_token(just_over, {"k1": public("k1")}, EXPECTED)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://accounts.example"},
        {"iss": None},
        {"aud": "https://elsewhere.example"},
        {"aud": AUDIENCE.rstrip("/")},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"nbf": int(time.time()) + 3600},
        {"email": "other@example.com"},
        {"email": None},
        {"email": [AGENT]},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
    ],
)
def test_token_of_somebody_else_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        verify_id_token(token(**changed), {"k1": public("k1")}, EXPECTED)


def test_token_of_another_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verify_id_token(token("k1", OTHER), {"k1": public("k1")}, EXPECTED)


def test_token_of_an_unknown_key_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="unknown key"):
        verify_id_token(token("k2"), {"k1": public("k1")}, EXPECTED)


def test_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    forged = jwt.encode({"aud": AUDIENCE}, public("k1")["n"], headers={"kid": "k1"})
    with pytest.raises(Unauthenticated):
        verify_id_token(forged, {"k1": public("k1")}, EXPECTED)


def test_unsigned_token_is_refused() -> None:
    unsigned = jwt.encode({"aud": AUDIENCE}, "", algorithm="none", headers={"kid": "k1"})
    with pytest.raises(Unauthenticated):
        verify_id_token(unsigned, {"k1": public("k1")}, EXPECTED)


def test_token_whose_signature_the_platform_removed_is_refused() -> None:
    head, claims, _ = token().split(".")
    stripped = f"{head}.{claims}.SIGNATURE_REMOVED_BY_GOOGLE"
    with pytest.raises(Unauthenticated):
        verify_id_token(stripped, {"k1": public("k1")}, EXPECTED)


def test_nobody_expected_lets_nobody_in() -> None:
    with pytest.raises(Unauthenticated):
        verify_id_token(token(), {"k1": public("k1")}, ExpectedCaller())


@pytest.mark.parametrize("key", [{}, {"kty": "RSA"}, {"kty": "EC"}, {"kty": "RSA", "n": 5}, "x"])
def test_key_that_is_no_key_lets_nobody_in(key: Any) -> None:
    with pytest.raises(Unauthenticated):
        verify_id_token(token(), {"k1": key}, EXPECTED)
