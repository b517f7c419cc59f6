"""What the errors of 8x8 mean, whichever of their shapes the body has.

https://developer.8x8.com/actions-events/reference/contact-center-chat-gateway
"""

from __future__ import annotations

import re

from handoff.errors import ConversationGone, Rejected, Throttled, Unavailable
from handoff.exchange import Json, Response, items, retry_after, text

# What a code looks like; anything else is not repeated in our errors.
WORD = re.compile(r"[\w.:-]{1,80}", re.ASCII)


def error_code(response: Response) -> str:
    """Return the vendor's word for what went wrong, or the HTTP status.

    `errors` may be a list of objects or of texts, one object, or missing; the proxy in front
    writes `fault`, and an old form has the code at the top.
    """
    body = response.json()
    listed = [text(one, "code") for one in items(body, "errors") if isinstance(one, dict)]
    single = text(body, "errors", "code") or text(body, "code")
    found = [*listed, single, text(body, "fault", "detail", "errorcode")]
    return next((one for one in found if WORD.fullmatch(one)), str(response.status))


def decipher(response: Response, call: str, *, gone: bool = False, certain: bool = False) -> Json:
    """Return the answer's body, or raise what its error means.

    `call` names the call for people. With `gone` a 404 says that the conversation is no more;
    `certain`: the call changes nothing, whatever became of it.
    """
    if 200 <= response.status < 300:
        return response.json()
    raise failure(response, call, gone=gone, certain=certain)


def failure(
    response: Response, call: str, *, gone: bool = False, certain: bool = False
) -> Rejected | Throttled | Unavailable:
    """Return what an answer that is no success means."""
    code, status = error_code(response), response.status
    says = f"8x8 refused {call}: {status} {code}{_reference(response)}"
    if status == 429:
        return Throttled(says, code=code, retry_after=retry_after(response))
    if status >= 500 or status == 408:
        return Unavailable(says, code=code, certain=certain)
    return (ConversationGone if gone and status == 404 else Rejected)(says, code=code)


def _reference(response: Response) -> str:
    """Return the id that the vendor's support asks for, if the answer has one."""
    reference = text(response.json(), "referenceId")
    return f" (reference {reference})" if WORD.fullmatch(reference) else ""
