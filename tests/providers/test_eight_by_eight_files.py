"""A customer's file on its way to an agent of 8x8."""

from __future__ import annotations

import pytest

from handoff.errors import ConversationGone, ProviderError, Rejected, Throttled, Unavailable
from handoff.providers.base import OutgoingFile
from tests.forms import stream, whole
from tests.providers.driving import Answer, Script
from tests.providers.eight_by_eight_world import PLACE, ROOM, ROOMS, accepted, desk, refused

HERE = f"{ROOMS}/{ROOM}"


def attached(*answers: Answer) -> Script:
    script = Script(*answers)
    body = stream(b"\xff\xd8bytes", size=7)
    leg = OutgoingFile(client_id="ho-1-f", name="leg.jpg", content_type="image/jpeg", content=body)
    script.drive(desk().attach(PLACE, leg))
    assert not script.left
    return script


async def test_file_is_uploaded_and_then_shown() -> None:
    uploaded, shown = attached(accepted(200, id="T4vN8s"), accepted()).calls
    assert uploaded.address == f"POST {HERE}/attachments"
    assert uploaded.request.headers["x-api-key"] == "eght_EXAMPLE"
    assert uploaded.request.stream is not None
    raw = await whole(uploaded.request.stream)
    assert b'name="authorType"\r\n\r\nuser\r\n' in raw
    assert b'name="attachment"; filename="leg.jpg"\r\n' in raw
    assert shown.address == f"POST {HERE}/messages"
    assert shown.json == {"authorType": "user", "attachments": [{"id": "T4vN8s"}]}


def test_file_that_got_no_id_is_not_shown() -> None:
    with pytest.raises(Unavailable) as caught:
        attached(accepted(200))
    assert caught.value.certain


@pytest.mark.parametrize(
    ("answers", "kind", "certain"),
    [
        ([refused(404), refused(404)], ConversationGone, None),
        ([refused(400), accepted(200, state="created")], Unavailable, True),
        ([refused(413), accepted(200, state="active")], Rejected, None),
        ([refused(429)], Throttled, None),
        ([refused(503)], Unavailable, True),
        ([Unavailable("lost", pending=True)], Unavailable, True),
        (
            [accepted(200, id="T4"), refused(400), accepted(200, state="idle")],
            ConversationGone,
            None,
        ),
        ([accepted(200, id="T4"), refused(503)], Unavailable, False),
    ],
)
def test_refused_file_says_whether_anybody_can_take_it(
    answers: list[Answer], kind: type[ProviderError], certain: bool | None
) -> None:
    with pytest.raises(ProviderError) as caught:
        attached(*answers)
    assert type(caught.value) is kind
    assert getattr(caught.value, "certain", None) is certain
