"""Which files customers may send, told by their first bytes and never by what they are called."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from handoff.errors import UnsupportedType

# What of a file is looked at before any of it goes on.
LOOKED_AT = 8 * 1024

# The strictest vendor takes this much, and does not say how it counts.
LARGEST = 10_000_000

# Says nothing, so it contradicts nothing.
UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One content type; `group` holds those that people and programs take for each other."""

    content_type: str
    group: str
    endings: tuple[str, ...]
    also: tuple[str, ...] = ()


def _kind(content_type: str, group: str, endings: str, *also: str) -> Kind:
    return Kind(content_type=content_type, group=group, endings=tuple(endings.split()), also=also)


OFFICE = "application/vnd.openxmlformats-officedocument."
CSV = ("application/csv", "text/comma-separated-values", "application/vnd.ms-excel")
OASIS = "application/vnd.oasis.opendocument."

# https://www.iana.org/assignments/media-types/ and what browsers say besides; the first ending is
# given to a name that has none.
KINDS: Mapping[str, Kind] = {
    kind.content_type: kind
    for kind in (
        _kind("application/pdf", "pdf", "pdf", "application/x-pdf"),
        _kind("image/png", "image", "png", "image/x-png"),
        _kind("image/jpeg", "image", "jpg jpeg jpe jfif", "image/jpg", "image/pjpeg"),
        _kind("image/gif", "image", "gif"),
        _kind("image/webp", "image", "webp"),
        _kind("image/heic", "image", "heic heif", "image/heif"),
        _kind("video/mp4", "film", "mp4 m4v", "video/x-m4v"),
        _kind("video/quicktime", "film", "mov qt"),
        _kind("video/3gpp", "film", "3gp 3gpp", "audio/3gpp"),
        _kind("audio/mp4", "film", "m4a", "audio/x-m4a", "audio/m4a", "audio/aac"),
        _kind("video/webm", "webm", "webm"),
        _kind("audio/webm", "webm", "weba"),
        _kind("audio/mpeg", "sound", "mp3", "audio/mp3", "audio/x-mpeg", "audio/mpeg3"),
        _kind("audio/ogg", "sound", "ogg oga opus", "application/ogg", "audio/opus"),
        _kind("audio/wav", "sound", "wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
        _kind(f"{OFFICE}wordprocessingml.document", "docx", "docx"),
        _kind(f"{OFFICE}spreadsheetml.sheet", "xlsx", "xlsx"),
        _kind(f"{OFFICE}presentationml.presentation", "pptx", "pptx"),
        _kind(f"{OASIS}text", "odt", "odt"),
        _kind(f"{OASIS}spreadsheet", "ods", "ods"),
        _kind(f"{OASIS}presentation", "odp", "odp"),
        _kind("text/plain", "text", "txt text log md", "text/markdown", "text/x-log"),
        _kind("text/csv", "text", "csv", *CSV),
    )
}
ENDING = re.compile(r"\w{1,10}")
TEXTS = ("text/plain", "text/csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """What a deployment takes: the most bytes of one file, and the content types."""

    largest: int = LARGEST
    types: frozenset[str] = field(default_factory=lambda: frozenset(KINDS))


def told(head: bytes, name: str, declared: str, types: frozenset[str]) -> Kind:
    """Return of which kind a file is, by its first bytes.

    Raises UnsupportedType when it is none of `types`, or not what name or sender say.
    """
    ending = ending_of(name)
    called = declared.partition(";")[0].strip().lower()
    found = [KINDS[one] for one in sniffed(head)]
    if not found:
        raise UnsupportedType("Files of this kind are not taken.")
    kind = next((one for one in found if ending in one.endings), found[0])
    if kind.content_type not in types:
        raise UnsupportedType("Files of this kind are not taken.")
    alike = [one for one in KINDS.values() if one.group == kind.group]
    endings = {ending for one in alike for ending in one.endings}
    names = {name for one in alike for name in (one.content_type, *one.also)}
    if (ending and ending not in endings) or called not in names | UNTOLD:
        raise UnsupportedType("The file is not of the kind that it is called.")
    return kind


def ending_of(name: str) -> str:
    """Return the ending that tells programs of which kind a file is, or nothing."""
    _, dot, last = name.rpartition(".")
    ending = last.lower()
    return ending if dot and ENDING.fullmatch(ending) and not ending.isdigit() else ""


def sniffed(head: bytes) -> tuple[str, ...]:
    """Return what a file can be that begins like this, the likeliest first; nothing: not known."""
    for pattern, content_types in MAGIC:
        if pattern.match(head):
            return content_types if isinstance(content_types, tuple) else content_types(head)
    return TEXTS if _begins_as_text(head) else ()


def _film(head: bytes) -> tuple[str, ...]:
    """Return what an ISO media file is; https://mp4ra.org/registered-types/brands."""
    brand = head[8:12]
    if brand in {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
        return ("image/heic",)
    if brand == b"qt  ":
        return ("video/quicktime",)
    if brand in {b"M4A ", b"M4B "}:
        return ("audio/mp4",)
    if brand.startswith((b"3gp", b"3g2")):
        return ("video/3gpp",)
    if brand.startswith((b"iso", b"mp4", b"avc1", b"M4V", b"MSNV", b"dash", b"f4v ", b"mmp4")):
        return ("video/mp4", "audio/mp4", "video/quicktime")
    return ()


def _matroska(head: bytes) -> tuple[str, ...]:
    return ("video/webm", "audio/webm") if b"\x42\x82\x84webm" in head[:64] else ()


def _zipped(head: bytes) -> tuple[str, ...]:
    """Return which office document an archive is, by the names of the files in it.

    https://www.ecma-international.org/publications-and-standards/standards/ecma-376/
    """
    oasis = re.match(rb"PK\x03\x04.{26}mimetype" + OASIS.encode() + rb"(\w+)PK", head, re.DOTALL)
    if oasis:
        content_type = OASIS + oasis[1].decode("ascii", "replace")
        return (content_type,) if content_type in KINDS else ()
    names = set(re.findall(rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|\w+/)", head, re.DOTALL))
    if not names & {b"[Content_Types].xml", b"_rels/", b"docProps/"}:
        return ()
    inside = [PARTS[one] for one in sorted(names) if one in PARTS]
    return tuple(inside) or tuple(PARTS.values())


PARTS: Mapping[bytes, str] = {
    b"word/": f"{OFFICE}wordprocessingml.document",
    b"xl/": f"{OFFICE}spreadsheetml.sheet",
    b"ppt/": f"{OFFICE}presentationml.presentation",
}

Told = tuple[str, ...] | Callable[[bytes], tuple[str, ...]]


def _begins(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


# https://mimesniff.spec.whatwg.org/#matching-a-mime-type-pattern
MAGIC: tuple[tuple[re.Pattern[bytes], Told], ...] = (
    (_begins(rb"%PDF-\d"), ("application/pdf",)),
    (_begins(rb"\x89PNG\r\n\x1a\n"), ("image/png",)),
    (_begins(rb"\xff\xd8\xff"), ("image/jpeg",)),
    (_begins(rb"GIF8[79]a"), ("image/gif",)),
    (_begins(rb"RIFF.{4}WEBPVP8"), ("image/webp",)),
    (_begins(rb"RIFF.{4}WAVE"), ("audio/wav",)),
    (_begins(rb"OggS\x00"), ("audio/ogg",)),
    (_begins(rb"ID3[\x02-\x04]\x00|\xff[\xf2\xf3\xfa\xfb][\x10-\xef]"), ("audio/mpeg",)),
    (_begins(rb"\x00\x00.{2}ftyp"), _film),
    (_begins(rb"\x1a\x45\xdf\xa3"), _matroska),
    (_begins(rb"PK\x03\x04"), _zipped),
)

# What no text holds; what begins like markup or a script may be run by whoever opens it.
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*(<|#!|\{\\rtf|%!)")


class TextCheck:
    """Sees to it that what is called a text is one, to its end."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def __call__(self, piece: bytes, *, last: bool = False) -> None:
        """Raise UnsupportedType for a piece that no text holds."""
        try:
            self._decoder.decode(piece, last)
        except UnicodeDecodeError:
            raise UnsupportedType("The text is not written in UTF-8.") from None
        if NOT_TEXT.search(piece):
            raise UnsupportedType("Files of this kind are not taken.")


def _begins_as_text(head: bytes) -> bool:
    try:
        TextCheck()(head, last=len(head) < LOOKED_AT)
    except UnsupportedType:
        return False
    return not MARKUP.match(head)
