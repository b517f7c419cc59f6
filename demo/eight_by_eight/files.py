"""Reads the two parts of an upload."""

from email import message_from_bytes
from email.policy import HTTP

from demo.eight_by_eight.errors import bad

AUTHORS = (b"user", b"bot")


def read_upload(content_type: str, raw: bytes) -> tuple[str, str, bytes]:
    """Return name, content type and data of the part `attachment`; `authorType` must be there."""
    if not content_type.startswith("multipart/form-data"):
        raise bad("invalid_content_type", "Content-Type must be multipart/form-data")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = message_from_bytes(head + raw, policy=HTTP)
    parts = {
        str(one.get_param("name", header="content-disposition")): one
        for one in (message.iter_parts() if message.is_multipart() else ())
    }
    author, file = parts.get("authorType"), parts.get("attachment")
    if author is None or file is None:
        raise bad("invalid_field", "the parts are `authorType` and `attachment`")
    who, data, name = (
        author.get_payload(decode=True),
        file.get_payload(decode=True),
        file.get_filename(),
    )
    if who not in AUTHORS or not isinstance(data, bytes) or not name:
        raise bad("invalid_field", "`authorType` is user or bot, `attachment` has a file name")
    return name, file.get_content_type(), data
