"""A chat that was answered and closed before we could know of it, and a look at what was missed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import Rejected
from handoff.events import AgentReplied, Closer, ConversationClosed
from handoff.exchange import Response
from handoff.providers.base import Conversation
from handoff.vocabulary import ConversationRef, Reason, ThreadRef
from tests.providers.driving import Script, ok
from tests.providers.livechat_world import (
    CHAT,
    CONTACT,
    CUS,
    GREETING,
    THREAD,
    livechat,
    opening,
)

MASKED = "d41d8cd98f00b204e9800998ecf8427e"
IDLE = ok(chats_summary=[{"id": CHAT, "active": False, "last_thread_id": THREAD}])
OURS = {"id": f"{THREAD}_1", "author_id": CUS, **GREETING}
QUICK = {"id": f"{THREAD}_2", "type": "message", "author_id": MASKED, "text": "Done!"}
CUSTOMER = {"id": CUS, "type": "customer"}
MARA = {"id": MASKED, "type": "agent", "name": "Mara"}
PLACE = Conversation(ref=ConversationRef(CHAT), thread=ThreadRef(THREAD), contact=CONTACT)


def system(kind: str) -> dict[str, Any]:
    return {"id": f"{THREAD}_9", "type": "system_message", "system_message_type": kind}


def over(*events: Any, users: Any = (CUSTOMER, MARA)) -> Response:
    thread = {"id": THREAD, "active": False, "events": [OURS, *events]}
    return ok(id=CHAT, users=list(users), thread=thread)


def end_of(answer: Response) -> ConversationClosed:
    *_, last = Script(answer).drive(livechat().read(PLACE))
    assert isinstance(last, ConversationClosed)
    return last


def test_opening_that_is_over_already_is_found_by_our_own_words_in_it() -> None:
    script = Script(IDLE, over(QUICK))
    opened = script.drive(livechat().open(opening(uncertain=True)))
    assert script.actions == ["list_chats", "get_chat"]
    assert opened.thread == THREAD
    assert [type(one) for one in opened.events[-2:]] == [AgentReplied, ConversationClosed]


def test_closed_chat_without_our_words_is_resumed() -> None:
    theirs = ok(id=CHAT, users=[], thread={"id": THREAD, "active": False, "events": []})
    script = Script(IDLE, theirs, ok(), ok(thread_id="T2"))
    opened = script.drive(livechat().open(opening(uncertain=True)))
    assert script.actions == ["list_chats", "get_chat", "update_customer", "resume_chat"]
    assert opened.thread == "T2"


def test_thread_of_an_earlier_handoff_is_not_looked_into() -> None:
    known = replace(CONTACT, conversation=ConversationRef(CHAT), thread=ThreadRef(THREAD))
    script = Script(IDLE, ok(), ok(thread_id="T2"))
    script.drive(livechat().open(opening(known, uncertain=True)))
    assert script.actions == ["list_chats", "update_customer", "resume_chat"]


@pytest.mark.parametrize("listed", [IDLE, ok(chats_summary=[])])
def test_customer_who_left_gets_no_new_chat(listed: Response) -> None:
    theirs = ok(id=CHAT, users=[], thread={"id": THREAD, "active": False, "events": []})
    abandoned = replace(opening(uncertain=True), abandoned=True)
    script = Script(listed, theirs) if listed is IDLE else Script(listed)
    with pytest.raises(Rejected):
        script.drive(livechat().open(abandoned))


def test_chat_found_for_a_customer_who_left_is_not_spoken_in() -> None:
    busy = ok(chats_summary=[{"id": CHAT, "active": True}])
    whole = ok(id=CHAT, users=[], thread={"id": THREAD, "active": True, "events": []})
    script = Script(busy, whole)
    opened = script.drive(livechat().open(replace(opening(uncertain=True), abandoned=True)))
    assert script.actions == ["list_chats", "get_chat"]
    assert opened.conversation == CHAT


def test_look_reads_what_the_webhooks_told_too_early() -> None:
    script = Script(over(QUICK))
    events = script.drive(livechat().read(PLACE))
    assert script.actions == ["get_chat"]
    assert [one.text for one in events if isinstance(one, AgentReplied)] == ["Done!"]


@pytest.mark.parametrize(
    ("kind", "by", "reason"),
    [
        ("manual_archived_agent", Closer.AGENT, None),
        ("manual_archived_customer", Closer.CUSTOMER, None),
        ("archived_customer_disconnected", Closer.CUSTOMER, None),
        ("routing.archived_inactive", Closer.SYSTEM, Reason.INACTIVE),
        ("routing.archived_offline", Closer.SYSTEM, Reason.NOT_ACCEPTED),
        ("routing.archived_signed_out", Closer.AGENT, None),
        ("system_archived", Closer.SYSTEM, Reason.PROVIDER_ERROR),
    ],
)
def test_system_message_tells_why_a_chat_is_over(
    kind: str, by: Closer, reason: Reason | None
) -> None:
    end = end_of(over(system(kind)))
    assert (end.by, end.reason) == (by, reason)


def test_without_a_system_message_the_agent_who_was_there_ended_it() -> None:
    assert end_of(over()).by is Closer.AGENT


def test_without_anybody_there_the_router_ended_it() -> None:
    assert end_of(over(users=[CUSTOMER])).by is Closer.SYSTEM


def test_open_chat_has_no_end() -> None:
    whole = ok(id=CHAT, users=[], thread={"id": THREAD, "active": True, "events": [OURS]})
    events = Script(whole).drive(livechat().read(PLACE))
    assert not any(isinstance(one, ConversationClosed) for one in events)
