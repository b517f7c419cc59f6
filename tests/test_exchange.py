"""JSON in and out of bytes, and members read from whatever a vendor sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.errors import BadRequest
from handoff.exchange import (
    MAX_DEPTH,
    Json,
    Response,
    Token,
    TokenSource,
    integer,
    is_unauthorized,
    items,
    json_request,
    number_text,
    obj,
    parse_object,
    parse_value,
    retry_after,
    text,
)


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"a": [1, null, "x"]} ', {"a": [1, None, "x"]}),
        (b'{"a": "\\u00fc \\ud83d\\ude00"}', {"a": "ü 😀"}),
        ('{"a": "ü 😀"}'.encode(), {"a": "ü 😀"}),
        (b'{"a": "\\u0000"}', {"a": "\x00"}),
        (b"\xef\xbb\xbf{}", {}),
    ],
)
def test_object_is_read(body: bytes, value: Json) -> None:
    assert parse_object(body) == value


@pytest.mark.parametrize(
    ("body", "value"), [(b"[1]", [1]), (b' "x"', "x"), (b"7", 7), (b"null", None), (b"{}", {})]
)
def test_value_may_be_of_any_kind(body: bytes, value: object) -> None:
    assert parse_value(body) == value


@pytest.mark.parametrize("body", [b"", b"x", b"NaN", b"[" * (MAX_DEPTH + 1) + b"]" * 33])
def test_value_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_value(body)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"{'a': 1}", b"{} {}", b"a=1", b"\xff", b'{"a": "\xff"}'),
        *(b"null", b"[]", b"1", b'"x"', b"true"),
        *(b'{"a": NaN}', b'{"a": Infinity}', b'{"a": [-Infinity]}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 5_000 + b"}"),
        nested(MAX_DEPTH + 1),
    ],
    ids=lambda body: repr(body[:16]),
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_object(body)


def test_deepest_allowed_object_is_read() -> None:
    assert parse_object(nested(MAX_DEPTH))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\ud800"}',
        b'{"\\udc00": [{"b": "x\\ud800y"}]}',
        b'{"a": "\xed\xa0\x80"}',
        '{"a": "\\ud800"}'.encode("utf-16"),
    ],
)
def test_half_a_surrogate_pair_never_comes_through(body: bytes) -> None:
    try:
        value = parse_object(body)
    except BadRequest:
        return
    assert json_request("POST", "https://x", value).body


def test_number_beyond_a_double_never_comes_through() -> None:
    try:
        value = parse_object(b'{"a": [1e400, -1e400]}')
    except BadRequest:
        return
    assert json.dumps(value, allow_nan=False)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        value: object = parse_object(body)
    except BadRequest:
        return
    assert isinstance(value, dict)


SAMPLE: Any = {
    "o": {"l": [1], "s": "x", "i": 3, "f": 3.0, "b": True, "n": None},
    "l": [{}],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), SAMPLE),
        (("o",), SAMPLE["o"]),
        (("l",), {}),
        (("o", "s"), {}),
        (("o", "s", "deeper"), {}),
        (("no", "where"), {}),
    ],
)
def test_object_at_a_path_or_an_empty_one(path: tuple[str, ...], value: Json) -> None:
    assert obj(SAMPLE, *path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [(("o", "l"), [1]), (("l",), [{}]), (("o",), []), (("l", "x"), []), (("o", "s"), [])],
)
def test_list_at_a_path_or_an_empty_one(path: tuple[str, ...], value: list[Any]) -> None:
    assert items(SAMPLE, *path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("o", "s"), "x"),
        (("o", "i"), "3"),
        (("o", "f"), "3"),
        (("o", "b"), ""),
        (("o", "n"), ""),
        (("o", "l"), ""),
        (("l", "s"), ""),
        (("o", "none"), ""),
    ],
)
def test_text_at_a_path_or_an_empty_one(path: tuple[str, ...], value: str) -> None:
    assert text(SAMPLE, *path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [(("o", "i"), 3), (("o", "f"), 3), (("o", "b"), None), (("o", "s"), None), (("l", "i"), None)],
)
def test_whole_number_at_a_path_or_none(path: tuple[str, ...], value: int | None) -> None:
    assert integer(SAMPLE, *path) == value


@pytest.mark.parametrize("value", [1e15, 10**30, float("inf"), float("nan"), "3", None])
def test_what_is_no_whole_number_is_none(value: Any) -> None:
    assert integer(value) is None


@pytest.mark.parametrize(("value", "found"), [([1], [1]), ({}, []), (None, []), ("ab", [])])
def test_list_itself_needs_no_path(value: Any, found: list[Any]) -> None:
    assert items(value) == found


@pytest.mark.parametrize(("value", "found"), [("x", "x"), (7, "7"), (True, ""), ([], "")])
def test_text_itself_needs_no_path(value: Any, found: str) -> None:
    assert text(value) == found


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3.0, "3"),
        (-3.0, "-3"),
        (-0.0, "0"),
        (0.25, "0.25"),
        (990011223.0, "990011223"),
        (1e15, "1000000000000000.0"),
        (10**18, "1000000000000000000"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_number_is_written_as_a_person_would(value: float, written: str) -> None:
    assert number_text(value) == written


def test_payload_is_compact_utf8() -> None:
    request = json_request("POST", "https://x/y", {"a": "ü 😀", "b": [1, None]})
    assert (request.method, request.url, request.token) == ("POST", "https://x/y", None)
    assert request.body == '{"a":"ü 😀","b":[1,null]}'.encode()
    assert request.headers == {"Content-Type": "application/json"}


def test_headers_and_token_go_along() -> None:
    source = TokenSource(name="t", mint=lambda: iter_token())
    request = json_request("PUT", "https://x", {}, token=source, headers={"X-Region": "eu"})
    assert request.headers == {"Content-Type": "application/json", "X-Region": "eu"}
    assert request.token is source


def iter_token() -> Any:
    """Yield nothing: a token that is simply there."""
    yield from ()
    return Token(value="t", expires_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(("status", "refused"), [(401, True), (403, False), (200, False)])
def test_only_401_refuses_a_token(status: int, refused: bool) -> None:
    assert is_unauthorized(Response(status=status)) is refused


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a":1}', {"a": 1}), (b"<html>", {}), (b"[]", {}), (b"", {})]
)
def test_answer_that_is_no_object_is_an_empty_one(body: bytes, value: Json) -> None:
    assert Response(status=200, body=body).json() == value


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
    ],
)
def test_wait_is_what_the_header_says(header: str, seconds: float | None) -> None:
    assert retry_after(Response(status=429, headers={"retry-after": header})) == seconds


def test_answer_without_the_header_says_nothing() -> None:
    assert retry_after(Response(status=429)) is None


def test_date_to_wait_for_counts_from_the_answers_own() -> None:
    headers = {
        "date": "Wed, 25 Nov 2026 08:00:00 GMT",
        "retry-after": "Wed, 25 Nov 2026 08:00:07 GMT",
    }
    assert retry_after(Response(status=429, headers=headers)) == 7


def test_date_in_the_past_is_no_time_to_wait() -> None:
    headers = {
        "date": "Wed, 25 Nov 2026 08:00:00 GMT",
        "retry-after": "Wed, 25 Nov 2026 07:00:00 GMT",
    }
    assert retry_after(Response(status=429, headers=headers)) == 0


def test_date_without_the_answers_own_tells_nothing() -> None:
    headers = {"retry-after": "Wed, 25 Nov 2026 08:00:07 GMT"}
    assert retry_after(Response(status=429, headers=headers)) is None
