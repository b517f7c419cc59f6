"""A customer's file as it comes in: what is taken of a form, and every way of being none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from handoff.errors import BadRequest, RequestError, TooLarge, UnsupportedType
from handoff.exchange import Stream
from handoff.file_types import LOOKED_AT, FileRules
from handoff.forms import LONGEST_FIELD, LONGEST_HEADER, MOST_AROUND, MOST_FIELDS
from handoff.uploads import LONGEST_NAME, clean_name, received
from tests.forms import BOUNDARY, PNG, Form, coming, cut, field_part, file_part, form, whole

RULES = FileRules(largest=100_000)
LONG = PNG + bytes(range(256)) * 300


async def taken(
    headers: Mapping[str, str], raw: bytes, piece: int = 4_096, rules: FileRules = RULES
) -> tuple[dict[str, str], str, str, int | None, bytes]:
    async with received(headers, coming(raw, piece), rules) as upload:
        content = await whole(upload.content)
    return dict(upload.fields), upload.name, upload.content_type, upload.content.size, content


async def refused(one: Form, *, known: bool = True) -> RequestError:
    with pytest.raises(RequestError) as caught:
        await taken(one.head if known else one.chunked, one.raw, rules=FileRules())
    return caught.value


@pytest.mark.parametrize("piece", [1, 3, 100, 8_191, 1_000_000])
@pytest.mark.parametrize("content", [PNG, LONG], ids=["short", "long"])
async def test_form_is_read_however_it_is_cut(content: bytes, piece: int) -> None:
    one = form(content)
    for headers in (one.head, one.chunked):
        fields, name, kind, _, found = await taken(headers, one.raw, piece)
        assert (fields, name, kind) == ({"id": "m-1"}, "a.png", "image/png")
        assert found == content


@pytest.mark.parametrize("content", [PNG, LONG], ids=["short", "long"])
async def test_size_is_known_where_the_request_tells_its_own(content: bytes) -> None:
    one = form(content)
    assert (await taken(one.head, one.raw))[3] == len(content)
    assert (await taken(one.chunked, one.raw))[3] == (len(PNG) if content is PNG else None)


@pytest.mark.parametrize("ending", [b"--", b"--\r\n"])
async def test_last_line_break_may_be_missing(ending: bytes) -> None:
    one = replace(form(LONG), ending=ending)
    *_, size, content = await taken(one.head, one.raw)
    assert content == LONG
    assert size == len(LONG) - (2 if ending == b"--" else 0)


@pytest.mark.parametrize(
    "content",
    [
        b"\r\n--" + BOUNDARY.encode()[:-1],
        b"\r\n--" + BOUNDARY.encode() + b"x",
        b"\r\n-\r\n--\r\n",
        b"--" + BOUNDARY.encode() + b"--",
        b"\r\n" * 300,
    ],
)
async def test_what_only_looks_like_a_boundary_is_content(content: bytes) -> None:
    one = form(PNG + content)
    for piece in (1, 7, 10_000):
        assert (await taken(one.head, one.raw, piece))[4] == PNG + content


async def test_content_waits_until_it_is_asked_for() -> None:
    one, given_out = form(LONG), []

    async def body() -> AsyncIterator[bytes]:
        for piece in cut(one.raw, 4_096):
            given_out.append(piece)
            yield piece

    async with received(one.head, body(), RULES) as upload:
        assert len(given_out) == LOOKED_AT // 4_096 + 1
        assert upload.fields == {"id": "m-1"}
    assert len(given_out) == LOOKED_AT // 4_096 + 1


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("leg.png", "leg.png"),
        ("C:\\fakepath\\leg.png", "leg.png"),
        ("../../etc/leg.png", "leg.png"),
        ("a\u202egnp.exe.png", "agnp.exe.png"),
        ("a\u200b\x07b\u0000 \t c.png", "ab c.png"),
        ("Bräu 🌷.png", "Bräu 🌷.png"),
        ("Bra\u0308u.png", "Bräu.png"),
        ("a\u2028b.png", "a b.png"),
        ("..png", "png"),
        (" . ", "file"),
        ("", "file"),
        ("a/", "file"),
        (f"{'x' * 300}.png", f"{'x' * (LONGEST_NAME - 4)}.png"),
        (f"a.{'x' * 300}", f".{'x' * (LONGEST_NAME - 1)}"),
    ],
)
def test_name_is_cleaned(given_name: str, name: str) -> None:
    assert clean_name(given_name) == name
    assert len(name) <= LONGEST_NAME


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b'filename="a\\"b.png"', 'a"b.png'),
        ('filename="März.png"'.encode(), "März.png"),
        (b'filename="M\xe4rz.png"', "März.png"),
        (b'filename=""', "file.png"),
        (b'filename="photo"', "photo.png"),
        (b"filename=\"a.png\"; filename*=UTF-8''b.exe", "a.png"),
    ],
)
async def test_name_is_read_as_browsers_write_it(sent: bytes, name: str) -> None:
    part = b'Content-Disposition: form-data; name="file"; ' + sent + b"\r\n\r\n" + PNG
    one = Form(parts=(part,))
    assert (await taken(one.head, one.raw))[1] == name


async def test_file_is_what_it_is_and_not_what_it_is_called() -> None:
    one = form(b"MZ\x90\x00", "photo.jpg", "image/jpeg")
    error = await refused(one)
    assert (error.status, error.code) == (415, "unsupported_type")


@pytest.mark.parametrize("ending", [b"\x00", b"\xff", b"\xc3"])
async def test_text_that_turns_out_to_be_none_breaks_off(ending: bytes) -> None:
    one = form(b"words " * 9_000 + ending, "a.txt", "text/plain")
    async with received(one.head, coming(one.raw), RULES) as upload:
        with pytest.raises(UnsupportedType):
            await whole(upload.content)


async def test_text_is_taken_to_its_end() -> None:
    content = "Grüße 🌷\n".encode() * 3_000
    one = form(content, "a.csv", "text/csv")
    assert (await taken(one.head, one.raw, 1_001))[2:] == ("text/csv", len(content), content)


async def test_announced_file_that_is_too_large_is_not_even_read() -> None:
    one = form(LONG)
    for length in (str(RULES.largest + MOST_AROUND + 1), "1" + "0" * 15, "9" * 5_000):
        head = {**one.head, "content-length": length}
        with pytest.raises(TooLarge):
            async with received(head, never(), RULES):
                pass


async def never() -> AsyncIterator[bytes]:
    raise AssertionError("the body was read")
    yield b""


async def test_file_at_the_limit_is_taken() -> None:
    content = PNG + bytes(RULES.largest - len(PNG))
    for one in (form(content), replace(form(content), ending=b"--")):
        for headers in (one.head, one.chunked):
            assert len((await taken(headers, one.raw))[4]) == RULES.largest


async def test_file_that_grows_too_large_breaks_off() -> None:
    one = form(PNG + bytes(RULES.largest - len(PNG) + 1))
    with pytest.raises(TooLarge):
        await taken(one.head, one.raw)
    passed: list[bytes] = []
    async with received(one.chunked, coming(one.raw), RULES) as upload:
        with pytest.raises(TooLarge):
            await whole(noted(upload.content, passed))
    assert LOOKED_AT < len(b"".join(passed)) <= RULES.largest


def noted(stream: Stream, passed: list[bytes]) -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        async for piece in stream.pieces:
            passed.append(piece)
            yield piece

    return Stream(pieces=pieces())


async def test_body_that_never_ends_breaks_off() -> None:
    one = form(LONG, "a.png")

    async def body() -> AsyncIterator[bytes]:
        yield one.raw
        while True:
            yield b"x" * 4_096

    async with received(one.chunked, body(), RULES) as upload:
        with pytest.raises(TooLarge):
            await whole(upload.content)


FILE = file_part(LONG)
HEADERS = "X: y\r\n"
BROKEN: Mapping[str, Form] = {
    "nothing": Form(ending=b""),
    "no part": Form(),
    "no file": Form(parts=(field_part("id", "1"),)),
    "empty file": form(b""),
    "two files": Form(parts=(FILE, FILE)),
    "file before id": Form(parts=(FILE, field_part("id", "1"))),
    "field called file": Form(parts=(field_part("file", "x"),)),
    "file called otherwise": Form(parts=(FILE.replace(b'"file"', b'"image"'),)),
    "field without a name": Form(parts=(b"Content-Disposition: form-data\r\n\r\nx", FILE)),
    "part without headers": Form(parts=(b"\r\nx", FILE)),
    "field twice": Form(parts=(field_part("id", "1"), field_part("id", "2"), FILE)),
    "10 000 parts": Form(parts=(*(field_part(f"f{n}", "") for n in range(10_000)), FILE)),
    "one field too many": Form(
        parts=(*(field_part(f"f{n}", "") for n in range(MOST_FIELDS + 1)), FILE)
    ),
    "long field": Form(parts=(field_part("id", "x" * (LONGEST_FIELD + 1)), FILE)),
    "huge header": Form(parts=(f"X: {'y' * LONGEST_HEADER}\r\n".encode() + FILE,)),
    "huge header name": Form(parts=(f"{'X' * LONGEST_HEADER}: y\r\n".encode() + FILE,)),
    "many headers": Form(parts=(HEADERS.encode() * 100 + FILE,)),
    "base64": Form(parts=(b"Content-Transfer-Encoding: base64\r\n" + FILE,)),
    "nested": Form(
        parts=(
            b'Content-Disposition: form-data; name="file"\r\n'
            b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n" + FILE,
        )
    ),
    "no end": Form(parts=(FILE,), ending=b""),
    "half an end": Form(parts=(FILE,), ending=b"-"),
    "long boundary": Form(parts=(FILE,), boundary="x" * 101),
}
CONTENT_TYPES = (
    *("", "application/json", "multipart/form-data", f"multipart/mixed; boundary={BOUNDARY}"),
    *(f"multipart/form-data; {more}" for more in ("boundary=x", 'boundary=""', "boundary=ü€")),
    'multipart/form-data; boundary="a\r\nb"',
)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
async def test_content_type_of_no_form_is_refused(content_type: str) -> None:
    error = await refused(replace(form(), headers={"content-type": content_type}))
    assert type(error) is BadRequest


@pytest.mark.parametrize("kind", BROKEN)
async def test_broken_form_is_refused(kind: str) -> None:
    for known in (True, False):
        error = await refused(BROKEN[kind], known=known)
        assert (type(error), error.status) == (BadRequest, 400)


async def test_refusal_says_what_is_missing() -> None:
    assert str(await refused(BROKEN["no file"])) == "The form has no file."
    assert str(await refused(BROKEN["empty file"])) == "The file is empty."


async def test_more_than_the_form_is_refused_where_it_was_announced() -> None:
    one = Form(parts=(FILE,), ending=b"--\r\nand more")
    assert type(await refused(one)) is BadRequest
    assert (await taken(one.chunked, one.raw))[4] == LONG


@pytest.mark.parametrize("off", [-3, -2, -1, 1, 2, 100])
async def test_length_that_is_not_the_announced_one_is_refused(off: int) -> None:
    one = form(LONG)
    head = {**one.head, "content-length": str(len(one.raw) + off)}
    with pytest.raises(BadRequest):
        await taken(head, one.raw)


@pytest.mark.parametrize("length", ["", "x", "-1", "٣"])
async def test_length_that_is_no_number_is_none(length: str) -> None:
    one = form(LONG)
    assert (await taken({**one.head, "content-length": length}, one.raw))[3:] == (None, LONG)


async def test_form_that_is_cut_off_anywhere_is_refused() -> None:
    one = form()
    for length in range(len(one.raw) - 2):
        with pytest.raises(BadRequest):
            await taken(one.chunked, one.raw[:length])
