"""A customer's file on its way to an agent of LiveChat, and that the customer types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.errors import ConversationGone, ProviderError, Rejected, Throttled, Unavailable
from handoff.events import FileShared
from handoff.exchange import Response
from handoff.facts import is_echo
from handoff.providers.base import OutgoingFile
from tests.forms import stream, whole
from tests.providers.driving import Answer, Script, ok, refused
from tests.providers.livechat_world import (
    CHAT,
    CONTACT,
    CUS,
    CUSTOMER_API,
    HANDED,
    HANDOFF,
    ORG,
    PLACE,
    THREAD,
    inbound,
    livechat,
    sample,
)

URL = "https://cdn.livechat-files.example/7/receipt.png"
OPEN = ok(id=CHAT, thread={"id": THREAD, "active": True})
OVER = ok(id=CHAT, thread={"id": THREAD, "active": False})
TAKEN = ok(url=URL)
SHOWN = ok(event_id="e")


def attached(*answers: Answer) -> Script:
    script = Script(*answers)
    body = stream(b"\x89PNG", size=4)
    file = OutgoingFile(
        client_id="ho-1-f", name="receipt.png", content_type="image/png", content=body
    )
    script.drive(livechat().attach(PLACE, file))
    assert not script.left
    return script


async def test_file_is_uploaded_and_then_shown_under_our_id() -> None:
    looked, uploaded, shown = attached(OPEN, TAKEN, SHOWN).calls
    assert (looked.action, looked.json) == ("get_chat", {"chat_id": CHAT})
    assert uploaded.address == f"{CUSTOMER_API}/upload_file"
    assert uploaded.query == {"organization_id": ORG}
    assert uploaded.request.stream is not None
    raw = await whole(uploaded.request.stream)
    assert b'name="file"; filename="receipt.png"\r\nContent-Type: image/png\r\n' in raw
    assert raw.count(b"Content-Disposition") == 1
    assert shown.action == "send_event"
    assert shown.json == {
        "chat_id": CHAT,
        "event": {"type": "file", "url": URL, "custom_id": "ho-1-f"},
        "attach_to_last_thread": False,
    }
    assert {one.token for one in (looked, uploaded, shown)} == {f"livechat:customer:{CUS}"}


def test_chat_that_is_over_costs_no_upload() -> None:
    with pytest.raises(ConversationGone):
        attached(OVER)


def test_data_centre_is_found_before_the_file_goes() -> None:
    script = attached(refused("misdirected_request", 421, region="fra"), OPEN, TAKEN, SHOWN)
    regions = [one.request.headers.get("X-Region") for one in script.calls]
    assert regions == [None, "fra", "fra", "fra"]


def test_file_that_got_no_address_is_not_shown() -> None:
    with pytest.raises(Unavailable) as caught:
        attached(OPEN, ok())
    assert caught.value.certain


@pytest.mark.parametrize(
    ("answers", "kind", "certain"),
    [
        ([refused("chat_inactive")], ConversationGone, None),
        ([OPEN, refused("entity_too_large", 413)], Rejected, None),
        ([OPEN, refused("misdirected_request", 421, region="fra")], Rejected, None),
        ([OPEN, refused("too_many_requests", 429)], Throttled, None),
        ([OPEN, Response(status=500)], Unavailable, True),
        ([OPEN, Unavailable("lost", pending=True)], Unavailable, True),
        ([OPEN, TAKEN, refused("chat_inactive")], ConversationGone, None),
        ([OPEN, TAKEN, refused("validation", 400)], Rejected, None),
        ([OPEN, TAKEN, Response(status=500)], Unavailable, False),
    ],
)
def test_failure_says_whether_the_agent_may_see_the_file(
    answers: list[Answer], kind: type[ProviderError], certain: bool | None
) -> None:
    with pytest.raises(ProviderError) as caught:
        attached(*answers)
    assert type(caught.value) is kind
    assert getattr(caught.value, "certain", None) is certain


def test_customer_who_types_is_shown_without_words() -> None:
    script = Script(ok())
    script.drive(livechat().typing(PLACE))
    [peek] = script.calls
    assert (peek.action, peek.json) == (
        "send_sneak_peek",
        {"chat_id": CHAT, "sneak_peek_text": "…"},
    )


def test_nobody_without_an_identity_types_or_sends() -> None:
    stranger = replace(PLACE, contact=None)
    with pytest.raises(Rejected):
        Script().drive(livechat().typing(stranger))


def test_own_file_that_comes_back_is_ours() -> None:
    body = sample("agent_file")
    own = {**body["payload"]["event"], "author_id": CUS, "custom_id": f"{HANDOFF}-f"}
    webhook = inbound({**body, "payload": {**body["payload"], "event": own}})
    [event] = Script().drive(livechat().receive(webhook))
    assert isinstance(event, FileShared)
    assert is_echo(HANDED.id, CONTACT, event)


@pytest.mark.parametrize(
    ("there", "kind", "says"),
    [
        (False, "customer_page_gone", "The customer has left the page."),
        (True, "customer_page_back", "The customer is back on the page."),
    ],
)
def test_agent_reads_in_a_line_of_the_system_whether_the_page_is_there(
    there: bool, kind: str, says: str
) -> None:
    script = Script(SHOWN)
    script.drive(livechat().presence(PLACE, there=there))
    [call] = script.calls
    event = {"type": "system_message", "system_message_type": kind, "text": says}
    assert (call.action, call.json) == ("send_event", {"chat_id": CHAT, "event": event})
