"""Detached signatures over unencoded payloads: a known vector, and all that is wrong."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from handoff.errors import Unauthenticated
from handoff.signatures import detached_key_id, verify_detached
from tests.providers.eight_by_eight_world import jwk, signature

BODY = (
    '{"eventType":"MESSAGE","conversationId":"Wq7ZkT2mRcyXh0","timestamp":1795255575120,'
    '"data":{"isEcho":false,"sender":{"id":"agKp3vW9tYQ","type":"agent"},'
    '"text":"Hi Mara – I can see the sofa order. Which leg arrived damaged?"}}'
)
PAYLOAD = (
    b'{"checksum":560825579,"cid":"larkfield-cust-77","eid":"eV5nB2xQTiKd0aYf","retry":0,'
    b'"tid":"larkfieldcc01","tt":1795255575388}'
)
KEY = {
    "kty": "RSA",
    "e": "AQAB",
    "kid": "kLrk-7f3a",
    "n": "rNbN1ZRWspU51TK5RHjj6xz7ZVV6H8cRQ_HhIblmypI5fdmX5-bAVUJ9NedYG7kUXqNkN9EKUHoJPDqXtMK8IGu0"
    "ZxcSgx3w1msed52UBKC7yauDJtss2IJBx3LenIcI2RWOop9B2-4rfiSPXCNeqpK-X05OF8vBgE7bcSn-gbIMW6ngxNhu"
    "-pNPfCRJBID53SYW3HCtZkjWkZZWTjQ0H16XooCswSedfzGN8iUT2lOO-4Om3xwk9uiiM6X7sQWx_ukmV7-Ip82Gdv1a"
    "5xD0a5YfINmm5BPaQW8jKBmhkcPYZJk8oTaYJHK4boH97a9fkvuxG09MsyFd9JVh19l-1w",
}
SIGNATURE = (
    "eyJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdLCJraWQiOiJrTHJrLTdmM2EiLCJhbGciOiJSUzI1NiJ9.."
    "bfJr0Hrf8olK9zJiErgsVHIQ5gXKywd-uNj5ZUjEKFtLJkoHg1ekxIqaopbSsN-XcWLmfulg5eiVo7caOKDHgzWimFZA"
    "GRFEf_wzsV_D6UTRutTcg1oGXbcfaxqm1nSt2oxg_U1Vl3qjnmO4q-ndU19gFbZN3r9MkzejktL16X17FdeDrV-M9ghP"
    "89-hnyZiw4_J9-Gh4HBdDisV09MZd5lGtq95fUJFjcIOfKR3zdDtH7iW0ZBGwAX2Dv5jJT2k5ucr6Z4GQ6vtzk3Zxxd3"
    "W2DC-NvQFBWxjTL-AdrnQ_J6tf9ythL2od6NjTm8Ebqp3gkTP5gP6Xroutd70yb8TA"
)
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
    raw = json.dumps(header).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


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
        f"{encoded(USUAL)}.eA.{SIGNATURE.partition('..')[2]}",
        f"{encoded(USUAL)}..%%",
        SIGNATURE[:-9],
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
