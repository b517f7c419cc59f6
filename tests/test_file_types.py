"""What a file is by its first bytes, and when it is not what it is called."""

from __future__ import annotations

import io
import zipfile

import pytest

from handoff.errors import UnsupportedType
from handoff.file_types import KINDS, LOOKED_AT, OASIS, OFFICE, TextCheck, ending_of, sniffed, told

EVERY = frozenset(KINDS)
DOCX = f"{OFFICE}wordprocessingml.document"
ODT = f"{OASIS}text"


def box(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x20ftyp" + brand + b"\x00\x00\x02\x00isomiso2"


def zipped(*names: str, first: str = "", compressed: bool = True) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED if compressed else 0) as archive:
        if first:
            archive.writestr("mimetype", first, zipfile.ZIP_STORED)
        for name in names:
            archive.writestr(name, "<x/>" * 9)
    return raw.getvalue()


WORD = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
HEADS = {
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "image/jpeg": b"\xff\xd8\xff\xe1\x00\x10Exif",
    "image/gif": b"GIF89a\x01\x00",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "image/heic": box(b"heic"),
    "video/mp4": box(b"isom"),
    "video/quicktime": box(b"qt  "),
    "video/3gpp": box(b"3gp5"),
    "audio/mp4": box(b"M4A "),
    "video/webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
    "audio/mpeg": b"ID3\x03\x00\x00",
    "audio/ogg": b"OggS\x00\x02",
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    DOCX: WORD,
    f"{OFFICE}spreadsheetml.sheet": zipped("_rels/.rels", "docProps/app.xml", "xl/workbook.xml"),
    f"{OFFICE}presentationml.presentation": zipped("ppt/presentation.xml", "[Content_Types].xml"),
    ODT: zipped("content.xml", first=ODT),
    f"{OASIS}spreadsheet": zipped("content.xml", first=f"{OASIS}spreadsheet"),
    f"{OASIS}presentation": zipped("content.xml", first=f"{OASIS}presentation"),
    "text/plain": "Grüße\r\n\t1 €".encode(),
}


@pytest.mark.parametrize("content_type", HEADS)
def test_kind_is_told_by_the_first_bytes(content_type: str) -> None:
    kind = KINDS[content_type]
    assert sniffed(HEADS[content_type])[0] == content_type
    named = f"Holiday.{kind.endings[0].upper()}"
    assert told(HEADS[content_type], named, f"{content_type}; q=1", EVERY) is kind
    assert told(HEADS[content_type], "no ending", "", EVERY) is kind


@pytest.mark.parametrize(
    ("content_type", "name", "kind"),
    [
        ("video/mp4", "voice.m4a", "audio/mp4"),
        ("video/webm", "voice.weba", "audio/webm"),
        ("text/plain", "list.csv", "text/csv"),
        ("image/jpeg", "converted.heic", "image/jpeg"),
        ("image/png", "Invoice No. 5", "image/png"),
    ],
)
def test_ending_tells_what_the_bytes_leave_open(content_type: str, name: str, kind: str) -> None:
    assert told(HEADS[content_type], name, "", EVERY).content_type == kind


@pytest.mark.parametrize(
    ("content_type", "name", "declared"),
    [
        ("text/plain", "list.csv", "application/vnd.ms-excel"),
        ("image/jpeg", "a.jpg", "image/jpg"),
        ("image/jpeg", "a.jpg", "image/heic"),
        ("audio/mp4", "a.m4a", "audio/x-m4a"),
        ("application/pdf", "a.pdf", "application/octet-stream"),
    ],
)
def test_what_browsers_say_of_it_fits(content_type: str, name: str, declared: str) -> None:
    told(HEADS[content_type], name, declared, EVERY)


@pytest.mark.parametrize(
    ("head", "name", "declared"),
    [
        (b"MZ\x90\x00\x03", "photo.jpg", "image/jpeg"),
        (b"\x7fELF\x02\x01", "photo.jpg", "image/jpeg"),
        (b"\xca\xfe\xba\xbe\x00", "a.class", ""),
        (zipped("a.txt"), "a.zip", "application/zip"),
        (zipped("a.txt"), "a.docx", ""),
        (zipped("content.xml", first="application/epub+zip"), "a.odt", ""),
        (zipped("content.xml", first=f"{OASIS}formula"), "a.odt", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc", "application/msword"),
        (b"\x1f\x8b\x08\x00", "a.txt", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.txt", ""),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?>", "a.txt", "text/plain"),
        (b"  <!DOCTYPE html>", "a.txt", "text/plain"),
        (b"#!/bin/sh\nrm", "a.txt", "text/plain"),
        (b"{\\rtf1 ", "a.txt", ""),
        (b"%!PS-Adobe", "a.txt", ""),
        (b"text\x00", "a.txt", "text/plain"),
        (b"text\xff", "a.txt", "text/plain"),
        ("ä".encode("utf-16"), "a.txt", "text/plain"),
        (box(b"avif"), "a.mp4", ""),
        (b"\x1a\x45\xdf\xa3\x42\x82\x88matroska", "a.webm", ""),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "a.wav", ""),
        (b" %PDF-1.7", "a.pdf", "application/pdf"),
    ],
)
def test_what_is_not_known_is_refused(head: bytes, name: str, declared: str) -> None:
    with pytest.raises(UnsupportedType):
        told(head, name, declared, EVERY)


@pytest.mark.parametrize(
    ("content_type", "name", "declared"),
    [
        ("image/png", "a.exe", ""),
        ("image/png", "a.pdf", ""),
        ("image/png", "a.png", "application/pdf"),
        ("image/png", "a.png", "image/svg+xml"),
        ("text/plain", "a.html", ""),
        ("text/plain", "a.svg", ""),
        ("text/plain", "a.bat", ""),
        ("text/plain", "a.js", "text/javascript"),
        ("text/plain", "a.txt", "text/html"),
        ("application/pdf", "a.txt", "text/plain"),
        (DOCX, "a.docm", ""),
        (DOCX, "a.xlsx", ""),
    ],
)
def test_what_is_not_what_it_is_called_is_refused(
    content_type: str, name: str, declared: str
) -> None:
    with pytest.raises(UnsupportedType, match="called"):
        told(HEADS[content_type], name, declared, EVERY)


def test_kind_that_the_deployment_does_not_take_is_refused() -> None:
    with pytest.raises(UnsupportedType):
        told(HEADS["image/png"], "a.png", "", frozenset({"image/jpeg"}))


def test_office_document_whose_parts_come_late_goes_by_its_name() -> None:
    head = zipped("[Content_Types].xml", "_rels/.rels", "docProps/app.xml")
    assert told(head, "a.xlsx", "", EVERY).endings == ("xlsx",)


def test_letter_that_is_cut_where_the_look_ends_is_no_fault() -> None:
    written = ("x" * (LOOKED_AT - 1) + "ü").encode()
    assert sniffed(written[:LOOKED_AT])
    assert not sniffed(written[:LOOKED_AT][-9:])


@pytest.mark.parametrize("rest", [b"(", b"\xbc\x00", b""])
def test_text_is_one_to_its_end(rest: bytes) -> None:
    check = TextCheck()
    check(b"a\xc3")
    with pytest.raises(UnsupportedType):
        check(rest, last=not rest)


def test_letter_may_be_cut_between_pieces() -> None:
    check = TextCheck()
    check(b"a\xc3")
    check(b"\xbc", last=True)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.PNG", "png"),
        ("a.tar.gz", "gz"),
        ("No. 5", ""),
        ("v1.5", ""),
        ("a", ""),
        ("a.", ""),
        ("a. exe", ""),
        (".profile", "profile"),
    ],
)
def test_ending_is_what_programs_go_by(name: str, ending: str) -> None:
    assert ending_of(name) == ending


def test_first_ending_of_every_kind_is_its_own() -> None:
    first = [kind.endings[0] for kind in KINDS.values()]
    assert len(first) == len(set(first))
