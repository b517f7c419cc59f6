"""A customer's file on its way to the agent: uploaded first, then shown by a message.

https://developer.8x8.com/actions-events/docs/conversation
"""

from __future__ import annotations

import hashlib
import re
from itertools import count

from handoff.exchange import Request
from handoff.providers.base import OutgoingFile
from handoff.providers.eight_by_eight_wire import conversation_path
from handoff.vocabulary import ConversationRef

# What cannot stand in a header's quoted text, and what would make a path of a name.
UNQUOTABLE = re.compile(r'[\x00-\x1f\x7f"\\/]')
CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


def upload(conversation: ConversationRef, file: OutgoingFile) -> Request:
    """Return the request, by path, that brings a file into a conversation.

    https://datatracker.ietf.org/doc/html/rfc7578
    """
    boundary = _boundary(file.content)
    kind = file.content_type if CONTENT_TYPE.fullmatch(file.content_type) else ""
    name = UNQUOTABLE.sub("_", file.name).encode("utf-8", "replace").decode() or "file"
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="authorType"\r\n\r\n'
        "user\r\n"
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="attachment"; filename="{name}"\r\n'
        f"Content-Type: {kind or 'application/octet-stream'}\r\n\r\n"
    )
    return Request(
        method="POST",
        url=conversation_path(conversation, "attachments"),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        body=head.encode() + file.content + f"\r\n--{boundary}--\r\n".encode(),
    )


def _boundary(content: bytes) -> str:
    """Return what the content does not hold, the same again for the same file."""
    digests = (hashlib.sha256(b"%d" % number + content).hexdigest() for number in count())
    return next(one for one in (digest[:32] for digest in digests) if one.encode() not in content)
