"""Reads the one part of an upload."""

from demo.livechat.errors import invalid
from demo.vendor.forms import Part, read_form


def read_file(content_type: str, raw: bytes) -> Part:
    """Return the part called `file`, which must be alone."""
    try:
        parts = read_form(content_type, raw)
    except ValueError as error:
        raise invalid("Content-Type must be multipart/form-data, and the form whole") from error
    if [one.name for one in parts] != ["file"]:
        raise invalid("exactly one part named `file` is required")
    if not parts[0].filename:
        raise invalid("the part `file` has no file name")
    return parts[0]
