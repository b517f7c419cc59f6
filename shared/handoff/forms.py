"""A form that holds a file, read while it arrives: what is around the file, and what is of it.

https://datatracker.ietf.org/doc/html/rfc7578
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from python_multipart.multipart import MultipartParser, parse_options_header

from handoff.errors import BadRequest, TooLarge

# What may stand around the file: a few short fields, headers, boundaries.
MOST_AROUND = 16 * 1024
MOST_FIELDS = 8
LONGEST_FIELD = 1_000
MOST_HEADERS, LONGEST_HEADER = 8, 4_096
PIECE = 64 * 1024

# https://datatracker.ietf.org/doc/html/rfc2046#section-5.1.1, and a little more than its 70
BOUNDARY = re.compile(rb"[\w'()+,./:=? -]{1,100}", re.ASCII)

# https://datatracker.ietf.org/doc/html/rfc7578#section-4.7
PLAIN = frozenset({b"binary", b"8bit", b"7bit"})


@dataclass(slots=True, kw_only=True)
class Part:
    """One part's headers, as far as they matter."""

    field: str = ""
    name: str = ""
    declared: str = ""
    is_file: bool = False


class Form:
    """What has been read of a form: short fields first, then a file, and nothing more."""

    def __init__(self, headers: Mapping[str, str], largest: int) -> None:
        announced, boundary = _announced(headers), _boundary(headers)
        if announced is not None and announced > largest + MOST_AROUND:
            raise _too_large(largest)
        self.fields: dict[str, str] = {}
        self.file = Part()
        self._announced, self._largest = announced, largest
        self._fed = self._before = self._taken = 0
        self._after = len(f"\r\n--{boundary.decode('ascii')}--\r\n")
        self._ended = False
        self._part = self.file
        self._header, self._value = bytearray(), bytearray()
        self._pieces: list[bytes] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begun,
                "on_part_data": self._part_data,
                "on_part_end": self._part_over,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_over,
                "on_headers_finished": self._headers_over,
                "on_end": self._end,
            },
            max_header_count=MOST_HEADERS,
            max_header_size=LONGEST_HEADER,
        )

    @property
    def size(self) -> int | None:
        """Return how long the file is, once it has begun, if anybody can know."""
        if self._ended:
            return self._taken
        return None if self._announced is None else self._announced - self._before - self._after

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Read what came; yield what of it is the file's."""
        for piece in self._cut(chunk):
            self._pieces.clear()
            self._fed += len(piece)
            if self._fed > self._largest + MOST_AROUND:
                raise _too_large(self._largest)
            try:
                self._parser.write(piece)
            except ValueError:
                raise _broken() from None
            yield from self._pieces

    def finish(self) -> None:
        """Raise BadRequest unless the form came to its end, and that where it was announced."""
        if not self._ended:
            raise BadRequest("The form ends too early.")
        if not self.file.is_file:
            raise BadRequest("The form has no file.")
        after = self._fed - self._before - self._taken
        # The last line break may be missing.
        as_announced = self._announced == self._fed and after in {self._after - 2, self._after}
        if self._announced is not None and not as_announced:
            raise BadRequest("The form is not as long as it was announced.")

    def _cut(self, chunk: bytes) -> Iterator[bytes]:
        """Yield a chunk by lines until the file begins: its headers end with one, so its place
        is known; from then on by pieces that are no burden.
        """
        at = 0
        while at < len(chunk):
            line = chunk.find(b"\n", at) + 1 or len(chunk)
            end = at + PIECE if self.file.is_file else min(line, at + PIECE)
            yield chunk[at:end]
            at = end

    def _part_begun(self) -> None:
        if self.file.is_file:
            raise BadRequest("The file must be the last part of the form.")
        if len(self.fields) >= MOST_FIELDS:
            raise BadRequest(f"The form has more than {MOST_FIELDS} fields.")
        self._part = Part()

    def _header_over(self) -> None:
        header, value = bytes(self._header).lower(), bytes(self._value)
        self._header.clear()
        self._value.clear()
        if header == b"content-type":
            self._part.declared = _text(value)
        elif header == b"content-disposition":
            _, options = parse_options_header(value)
            self._part.field = _text(options.get(b"name", b""))
            self._part.name = _text(options.get(b"filename", b""))
            self._part.is_file = b"filename" in options
        elif header == b"content-transfer-encoding" and value.strip().lower() not in PLAIN:
            raise BadRequest("The file must be sent as it is.")

    def _headers_over(self) -> None:
        part = self._part
        if part.is_file != (part.field == "file") or not part.field or part.field in self.fields:
            raise BadRequest("The form is one part `file`, with fields of other names before it.")
        if part.is_file:
            self.file, self._before = part, self._fed

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self._taken += end - start
            if self._taken > self._largest:
                raise _too_large(self._largest)
            self._pieces.append(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > LONGEST_FIELD:
            raise BadRequest(f"A field is longer than {LONGEST_FIELD} bytes.")

    def _part_over(self) -> None:
        if not self._part.is_file:
            self.fields[self._part.field] = _text(bytes(self._value))
            self._value.clear()

    def _end(self) -> None:
        self._ended = True


def _text(value: bytes) -> str:
    """Return what a form says: UTF-8 from every browser, latin-1 from who is older."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _announced(headers: Mapping[str, str]) -> int | None:
    declared = headers.get("content-length", "")
    return int(declared[:16]) if declared.isascii() and declared.isdigit() else None


def _boundary(headers: Mapping[str, str]) -> bytes:
    try:
        content_type, options = parse_options_header(headers.get("content-type", ""))
    except ValueError:
        raise _broken() from None
    boundary = options.get(b"boundary", b"")
    if content_type != b"multipart/form-data" or not BOUNDARY.fullmatch(boundary):
        raise BadRequest("The body is not a form (multipart/form-data).")
    return boundary


def _broken() -> BadRequest:
    return BadRequest("The form is broken.")


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"The file is larger than {largest} bytes.")
