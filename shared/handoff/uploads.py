"""A customer's file as it comes in: of a kind that is taken, under a clean name, never whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from handoff import file_types
from handoff.errors import BadRequest
from handoff.exchange import Stream
from handoff.file_types import LOOKED_AT, TEXTS, FileRules, TextCheck
from handoff.forms import Form

LONGEST_NAME = 200

# Categories of what is not seen, or changes how the rest of a name is seen.
# https://www.unicode.org/reports/tr44/#General_Category_Values
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is on its way: `fields` came before it, `content` comes while it is read.

    `content` raises RequestError where the rest turns out not to be what was begun; what has
    been passed on by then is to be given up. Its size is what the request announces: where a
    form ends without a line break, it brings two bytes more.
    """

    fields: Mapping[str, str]
    name: str
    content_type: str
    content: Stream


@asynccontextmanager
async def received(
    headers: Mapping[str, str], body: AsyncIterable[bytes], rules: FileRules
) -> AsyncIterator[Upload]:
    """Read a form as far as the file's first bytes, which tell of which kind it is.

    Header names are lower case. Raises TooLarge, UnsupportedType, or BadRequest for what is not
    a form whose last part is one file.
    """
    form = Form(headers, rules.largest)
    async with aclosing(_read(form, body)) as pieces:
        head = await _head(pieces)
        name = clean_name(form.file.name)
        kind = file_types.told(head[:LOOKED_AT], name, form.file.declared, rules.types)
        check = TextCheck() if kind.content_type in TEXTS else None
        async with aclosing(_content(head, pieces, check)) as content:
            yield Upload(
                fields=form.fields,
                name=name if file_types.ending_of(name) else f"{name}.{kind.endings[0]}",
                content_type=kind.content_type,
                content=Stream(pieces=content, size=form.size),
            )


async def _read(form: Form, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the file's bytes; ends only where the form ends as it should."""
    async for chunk in body:
        for piece in form.feed(chunk):
            yield piece
    form.finish()


async def _head(pieces: AsyncIterator[bytes]) -> bytes:
    """Return enough of the file to tell its kind, or all of it."""
    head = bytearray()
    async for piece in pieces:
        head += piece
        if len(head) >= LOOKED_AT:
            break
    if not head:
        raise BadRequest("The file is empty.")
    return bytes(head)


async def _content(
    head: bytes, pieces: AsyncIterator[bytes], check: TextCheck | None
) -> AsyncGenerator[bytes, None]:
    if check:
        check(head)
    yield head
    async for piece in pieces:
        if check:
            check(piece)
        yield piece
    if check:
        check(b"", last=True)


def clean_name(name: str) -> str:
    """Return a file's name without a path, or anything that is not seen as it is."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if one.isspace() else one for one in last if _is_seen(one))
    stem, dot, ending = " ".join(seen.split()).strip(" .").rpartition(".")
    tail = (dot + ending)[:LONGEST_NAME]
    return (stem[: LONGEST_NAME - len(tail)] + tail) or "file"


def _is_seen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in UNSEEN
