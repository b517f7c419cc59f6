"""Forms that were damaged on purpose: nothing but a refusal of ours, or a file, comes of them."""

from __future__ import annotations

import asyncio

from hypothesis import example, given, settings
from hypothesis import strategies as st

from handoff.errors import RequestError
from handoff.file_types import FileRules
from handoff.uploads import received
from tests.forms import BOUNDARY, PNG, coming, field_part, file_part, form, whole

RULES = FileRules(largest=50_000)
LINE = f"--{BOUNDARY}".encode()
BITS = (
    *(b"\r\n", b"--", b"\r", b"\n", b'"', b";", b": ", b"\x00\xff", b"\r\n\r\n"),
    *(LINE, LINE + b"\r\n", b"\r\n" + LINE + b"--", b"\r\n" + LINE + b" \t\r\n"),
    *(field_part("id", "1"), file_part(PNG), b'name="file"; filename="a"', PNG),
    *(b"Content-Disposition: form-data", b"Content-Type: text/plain\r\n", b"=?utf-8?q?a?="),
)
GOOD = form(PNG + bytes(9_000))


async def _taken(raw: bytes, kind: str, length: str | None, piece: int) -> bytes | None:
    headers = {"content-type": kind} | ({} if length is None else {"content-length": length})
    try:
        async with received(headers, coming(raw, piece), RULES) as upload:
            return await whole(upload.content)
    except RequestError:
        return None


def taken(raw: bytes, kind: str = GOOD.head["content-type"], **more: object) -> bytes | None:
    """Return the file in a body, or nothing where it was refused."""
    length = more.get("length", str(len(raw)))
    assert length is None or isinstance(length, str)
    piece = more.get("piece", 700)
    assert isinstance(piece, int)
    return asyncio.run(_taken(raw, kind, length, piece))


@given(st.lists(st.sampled_from(BITS) | st.binary(max_size=9), max_size=40), st.integers(1, 90))
@settings(max_examples=400, deadline=None)
def test_pieces_of_forms_in_any_order(bits: list[bytes], piece: int) -> None:
    taken(b"".join(bits), piece=piece)
    taken(LINE + b"\r\n" + b"".join(bits), piece=piece, length=None)


@given(st.integers(0, len(GOOD.raw)), st.integers(0, 60), st.binary(max_size=20))
@settings(max_examples=400, deadline=None)
def test_one_part_replaced_by_something_else(at: int, cut: int, instead: bytes) -> None:
    taken(GOOD.raw[:at] + instead + GOOD.raw[at + cut :])


@given(st.text(max_size=40) | st.sampled_from(["multipart/form-data; boundary", ";;=;", '"']))
@example("multipart/form-data; boundary=" + "x" * 300)
@settings(max_examples=200, deadline=None)
def test_any_content_type(kind: str) -> None:
    taken(GOOD.raw, kind)
    taken(GOOD.raw, f"multipart/form-data; {kind}")
    taken(GOOD.raw, f"multipart/form-data; boundary={kind}")


@given(st.binary(max_size=3_000), st.integers(1, 900), st.booleans())
@settings(max_examples=300, deadline=None)
def test_content_comes_out_as_it_went_in(content: bytes, piece: int, told: bool) -> None:
    one = form(PNG + content)
    length = str(len(one.raw)) if told else None
    expected = None if b"\r\n" + LINE in PNG + content else PNG + content
    assert taken(one.raw, piece=piece, length=length) == expected


def test_one_byte_left_out() -> None:
    for at in range(0, len(GOOD.raw), 7):
        damaged = GOOD.raw[:at] + GOOD.raw[at + 1 :]
        assert taken(damaged, length=str(len(GOOD.raw))) is None
