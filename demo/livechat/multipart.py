"""Reads the one part of an upload."""

from email import message_from_bytes
from email.policy import HTTP

from demo.livechat.errors import invalid


def read_file(content_type: str, raw: bytes) -> tuple[str, str, bytes]:
    """Return name, content type and data of the part called `file`."""
    if not content_type.startswith("multipart/form-data"):
        raise invalid("Content-Type must be multipart/form-data")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = message_from_bytes(head + raw, policy=HTTP)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if len(parts) != 1 or parts[0].get_param("name", header="content-disposition") != "file":
        raise invalid("exactly one part named `file` is required")
    name, data = parts[0].get_filename(), parts[0].get_payload(decode=True)
    if not name or not isinstance(data, bytes):
        raise invalid("the part `file` has no file name")
    return name, parts[0].get_content_type(), data
