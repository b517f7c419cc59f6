"""A customer's file as a form for a vendor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import Rejected, Throttled, Unavailable
from handoff.exchange import Exchange, Json, Request
from handoff.providers.base import OutgoingFile
from handoff.providers.file_forms import file_request, uploading
from tests.forms import cut, stream, whole
from tests.providers.driving import Script, ok

URL = "https://files.example/upload"
LEG = b"\xff\xd8\xffbytes"


def file(content: bytes = LEG, size: int | None = len(LEG), **changes: Any) -> OutgoingFile:
    body = stream(content, size=size, piece=7)
    made = OutgoingFile(
        client_id="ho-1-f1", name="leg.jpg", content_type="image/jpeg", content=body
    )
    return replace(made, **changes)


def request(one: OutgoingFile, key: str = "secret", **fields: str) -> Request:
    return file_request(URL, "attachment", one, key=key, fields=fields)


async def sent(one: Request) -> bytes:
    assert one.stream is not None
    return await whole(one.stream)


def boundary(one: Request) -> str:
    return one.headers["Content-Type"].partition("multipart/form-data; boundary=")[2]


async def test_file_is_the_last_part_after_the_fields() -> None:
    one = request(file(), authorType="user")
    line = f"--{boundary(one)}"
    assert (await sent(one)).decode("latin-1").split("\r\n") == [
        line,
        'Content-Disposition: form-data; name="authorType"',
        *("", "user", line),
        'Content-Disposition: form-data; name="attachment"; filename="leg.jpg"',
        "Content-Type: image/jpeg",
        *("", LEG.decode("latin-1"), f"{line}--", ""),
    ]


async def test_length_is_told_where_the_files_is() -> None:
    one = request(file())
    assert one.stream is not None
    assert one.stream.size == len(await sent(one))
    unknown = request(file(size=None)).stream
    assert unknown is not None
    assert unknown.size is None
    assert (await whole(unknown)).endswith(b"--\r\n")


async def test_two_bytes_more_find_their_place() -> None:
    one = request(file(LEG + b"!!"))
    raw = await sent(one)
    assert one.stream is not None
    assert one.stream.size == len(raw)
    assert raw.endswith(b"bytes!!\r\n--" + boundary(one).encode() + b"--")


@pytest.mark.parametrize("more", [b"!", b"!!!"])
async def test_other_lengths_do_not_fit(more: bytes) -> None:
    one = request(file(LEG + more))
    assert one.stream is not None
    assert one.stream.size != len(await sent(one))


def test_nobody_foresees_the_boundary_without_our_secret() -> None:
    one = boundary(request(file()))
    assert one == boundary(request(file()))
    assert one != boundary(request(file(), key="another"))
    assert one != boundary(request(file(client_id="ho-1-f2")))
    assert one.isalnum()
    assert 32 <= len(one) <= 70


async def test_bytes_are_passed_on_as_they_come() -> None:
    one = request(file())
    assert one.stream is not None
    pieces = [piece async for piece in one.stream.pieces]
    assert pieces[1:-1] == list(cut(LEG, 7))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a"b\r\nX: y', "a%22b%0D%0AX: y"),
        ("../../a\\b.png", ".._.._a_b.png"),
        ("a\x00\x7f\tb", "a___b"),
        ("bräu 🌷.png", "bräu 🌷.png"),
        ("a\ud800", "a?"),
        ("100%.png", "100%.png"),
        ("", "file"),
    ],
)
async def test_name_cannot_leave_its_quotes(name: str, shown: str) -> None:
    raw = (await sent(request(file(name=name)))).decode("utf-8", "replace")
    assert f'; filename="{shown}"\r\nContent-Type' in raw


@pytest.mark.parametrize("kind", ["", "text/html\r\nX: y", "text", "a/b; c=d"])
async def test_kind_that_is_none_is_not_told(kind: str) -> None:
    raw = await sent(request(file(content_type=kind)))
    assert b"Content-Type: application/octet-stream\r\n\r\n" in raw


def taking() -> Exchange[Json]:
    response = yield Request(method="POST", url=URL)
    return response.json()


def test_upload_without_an_answer_is_seen_by_nobody() -> None:
    lost = Unavailable("lost", code="c", certain=False, pending=True)
    with pytest.raises(Unavailable) as caught:
        Script(lost).drive(uploading(taking()))
    assert (str(caught.value), caught.value.code) == ("lost", "c")
    assert (caught.value.certain, caught.value.pending) == (True, False)


@pytest.mark.parametrize("error", [Rejected("no"), Throttled("slow down")])
def test_upload_that_was_refused_stays_so(error: Rejected | Throttled) -> None:
    with pytest.raises(type(error)) as caught:
        Script(error).drive(uploading(taking()))
    assert caught.value is error


def test_answer_to_an_upload_comes_back() -> None:
    assert Script(ok(id="1")).drive(uploading(taking())) == {"id": "1"}
