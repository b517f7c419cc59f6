"""Detached signatures over unencoded payloads: a known vector, and all that is wrong."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from handoff.errors import Unauthenticated
from handoff.signatures import detached_key_id, verify_detached
from tests.providers.eight_by_eight_vector import BODY, KEY, PAYLOAD, SIGNATURE
from tests.providers.eight_by_eight_world import jwk, signature

USUAL: dict[str, Any] = {"b64": False, "crit": ["b64"], "kid": "k1", "alg": "RS256"}


def test_vector_is_right() -> None:
    assert zlib.crc32(BODY.encode()) == 560825579
    assert detached_key_id(SIGNATURE) == "kLrk-7f3a"
    verify_detached(SIGNATURE, PAYLOAD, KEY)


@pytest.mark.parametrize("place", range(0, len(PAYLOAD), 9))
def test_payload_with_one_byte_changed_is_refused(place: int) -> None:
    changed = PAYLOAD[:place] + bytes([PAYLOAD[place] ^ 1]) + PAYLOAD[place + 1 :]
    with pytest.raises(Unauthenticated):
        verify_detached(SIGNATURE, changed, KEY)


def test_our_own_signatures_are_taken() -> None:
    verify_detached(signature(b"x", USUAL), b"x", jwk())


@pytest.mark.parametrize(
    "changes",
    [
        {"b64": True},
        {"b64": None},
        {"crit": None},
        {"crit": []},
        {"crit": ["b64", "exp"]},
        {"crit": "b64"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"alg": "RS512"},
        {"alg": None},
    ],
)
def test_header_of_another_kind_is_refused(changes: dict[str, Any]) -> None:
    header = {name: value for name, value in {**USUAL, **changes}.items() if value is not None}
    with pytest.raises(Unauthenticated):
        verify_detached(signature(b"x", header), b"x", jwk())


@pytest.mark.parametrize(
    "key",
    [
        {},
        jwk("another"),
        {**jwk(), "kty": "oct", "k": "AAAA"},
        {**jwk(), "n": ""},
        {**jwk(), "n": None},
        {**jwk(), "n": "!"},
        {**jwk(), "e": 3},
    ],
)
def test_wrong_key_is_refused(key: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        verify_detached(signature(b"x", USUAL), b"x", key)


def encoded(header: object) -> str:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


NESTED = encoded(b"[" * 1500)


@pytest.mark.parametrize("place", range(0, len(SIGNATURE), 11))
def test_signature_with_one_character_changed_is_refused(place: int) -> None:
    other = "B" if SIGNATURE[place] == "A" else "A"
    with pytest.raises(Unauthenticated):
        verify_detached(SIGNATURE[:place] + other + SIGNATURE[place + 1 :], PAYLOAD, KEY)


def test_key_that_is_too_short_to_prove_anything_is_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    protected = encoded(USUAL)
    signed = weak.sign(f"{protected}.x".encode(), padding.PKCS1v15(), hashes.SHA256())
    numbers = jwt.algorithms.RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True)
    with pytest.raises(Unauthenticated):
        verify_detached(f"{protected}..{encoded(signed)}", b"x", numbers)


@given(st.text() | st.builds(lambda raw: f"{encoded(raw)}..AAAA", st.binary()))
def test_nothing_but_a_refusal_comes_of_any_text(given_text: str) -> None:
    with pytest.raises(Unauthenticated):
        verify_detached(given_text, PAYLOAD, KEY)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        ".",
        "..",
        "a..b",
        "ä..ö",
        "\ud800..x",
        f"{encoded([])}..x",
        f"{encoded('x')}..x",
        f"{encoded(USUAL)}..%%",
        f"{NESTED}..x",
        SIGNATURE.replace("..", ".eA."),
        SIGNATURE.replace("..", "."),
        SIGNATURE.replace("..", "..."),
        SIGNATURE.replace("..", "=.."),
        f" {SIGNATURE}",
        f"{SIGNATURE}\n",
        f"{SIGNATURE}==",
        f"{SIGNATURE}A",
        SIGNATURE[:-9],
        f"{SIGNATURE}{'A' * 4096}",
    ],
)
def test_what_is_no_signature_is_refused(broken: str) -> None:
    with pytest.raises(Unauthenticated):
        verify_detached(broken, PAYLOAD, KEY)


@pytest.mark.parametrize("key_id", [None, 7, "", "a/b", "../x", "a b", "x" * 129, "ä"])
def test_key_id_that_cannot_be_in_an_address_is_refused(key_id: object) -> None:
    header = {**USUAL, "kid": key_id}
    with pytest.raises(Unauthenticated):
        detached_key_id(f"{encoded(header)}..eA")
