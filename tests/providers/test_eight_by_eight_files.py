"""A customer's file on its way to an agent of 8x8."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.errors import ConversationGone, ProviderError, Rejected, Unavailable
from handoff.providers.base import OutgoingFile
from handoff.providers.eight_by_eight_files import upload
from tests.providers.driving import Answer, Call, Script
from tests.providers.eight_by_eight_world import PLACE, ROOM, ROOMS, accepted, desk, refused

HERE = f"{ROOMS}/{ROOM}"
FILE = OutgoingFile(name="leg.jpg", content_type="image/jpeg", content=b"\xff\xd8bytes")


def attached(*answers: Answer) -> list[Call]:
    script = Script(*answers)
    script.drive(desk().attach(PLACE, FILE))
    assert not script.left
    return script.calls


def test_file_is_uploaded_and_then_shown() -> None:
    uploaded, shown = attached(accepted(200, id="T4vN8s"), accepted())
    assert uploaded.address == f"POST {HERE}/attachments"
    assert uploaded.request.headers["x-api-key"] == "eght_EXAMPLE"
    assert shown.address == f"POST {HERE}/messages"
    assert shown.json == {"authorType": "user", "attachments": [{"id": "T4vN8s"}]}


def test_file_that_got_no_id_is_not_shown() -> None:
    with pytest.raises(Unavailable):
        attached(accepted(200))


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([refused(404), refused(404)], ConversationGone),
        ([refused(400), accepted(200, state="created")], Unavailable),
        ([refused(413), accepted(200, state="active"), refused(413)], Rejected),
        ([accepted(200, id="T4"), refused(400), accepted(200, state="idle")], ConversationGone),
        ([refused(503)], Unavailable),
    ],
)
def test_refused_file_says_whether_anybody_can_take_it(
    answers: list[Answer], kind: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as caught:
        attached(*answers)
    assert type(caught.value) is kind


def parted(file: OutgoingFile) -> tuple[str, bytes]:
    """Return the head of the file's part and its content."""
    request = upload(ROOM, file)
    boundary = request.headers["Content-Type"].partition("boundary=")[2]
    first, second = request.body.split(f"--{boundary}".encode())[1:3]
    assert first == b'\r\nContent-Disposition: form-data; name="authorType"\r\n\r\nuser\r\n'
    assert request.body.endswith(f"\r\n--{boundary}--\r\n".encode())
    head, _, content = second.partition(b"\r\n\r\n")
    return head.decode(), content.removesuffix(b"\r\n")


def test_file_comes_whole_with_its_name_and_kind() -> None:
    head, content = parted(FILE)
    assert content == FILE.content
    assert head.splitlines()[1:] == [
        'Content-Disposition: form-data; name="attachment"; filename="leg.jpg"',
        "Content-Type: image/jpeg",
    ]


@pytest.mark.parametrize("content", [b"", b"--", b"\r\n--x--\r\n", bytes(range(256)) * 9])
def test_content_comes_as_it_is(content: bytes) -> None:
    assert parted(replace(FILE, content=content))[1] == content


def test_same_file_is_the_same_request_and_holds_no_boundary_of_another() -> None:
    assert upload(ROOM, FILE) == upload(ROOM, FILE)
    inner = replace(FILE, content=upload(ROOM, FILE).body)
    assert parted(inner)[1] == inner.content


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ('a"b\r\nX: y', "image/png", ('filename="a_b__X: y"', "image/png")),
        ("../../a\\b.png", "image/png", ('filename=".._.._a_b.png"', "image/png")),
        ("bräu.png", "image/png", ('filename="bräu.png"', "image/png")),
        ("a\ud800", "image/png", ('filename="a?"', "image/png")),
        ("", "", ('filename="file"', "application/octet-stream")),
        ("a", "text/html\r\nX: y", ('filename="a"', "application/octet-stream")),
    ],
)
def test_name_and_kind_cannot_add_headers(name: str, kind: str, shown: tuple[str, str]) -> None:
    head, _ = parted(replace(FILE, name=name, content_type=kind))
    assert shown[0] in head
    assert head.endswith(f"Content-Type: {shown[1]}")
