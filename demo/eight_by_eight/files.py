"""Reads the two parts of an upload."""

from demo.eight_by_eight.errors import bad
from demo.vendor.forms import Part, read_form

AUTHORS = (b"user", b"bot")


def read_upload(content_type: str, raw: bytes) -> Part:
    """Return the part `attachment`; `authorType` must be there."""
    try:
        parts = {one.name: one for one in read_form(content_type, raw)}
    except ValueError as error:
        message = "Content-Type must be multipart/form-data, and the form whole"
        raise bad("invalid_content_type", message) from error
    author, file = parts.get("authorType"), parts.get("attachment")
    if author is None or file is None:
        raise bad("invalid_field", "the parts are `authorType` and `attachment`")
    if bytes(author.data) not in AUTHORS or not file.filename:
        raise bad("invalid_field", "`authorType` is user or bot, `attachment` has a file name")
    return file
