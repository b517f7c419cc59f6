"""An opening whose answer was lost is looked up before it is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.errors import Unavailable
from handoff.events import AgentJoined, AgentReplied, FileShared, Queued
from handoff.exchange import Response
from handoff.model import Agent
from handoff.providers.base import Opened
from tests.providers.driving import Script, ok
from tests.providers.livechat_world import (
    CHAT,
    CONTACT,
    CUS,
    CUSTOMER_API,
    GREETING,
    HANDOFF,
    KNOWN,
    TALK,
    THREAD,
    livechat,
    opening,
)

MASKED = "d41d8cd98f00b204e9800998ecf8427e"
BUSY = ok(chats_summary=[{"id": CHAT, "active": True}])
IDLE = ok(chats_summary=[{"id": CHAT, "active": False}])
OURS = {"id": f"{THREAD}_1", "author_id": CUS, **GREETING}
WELCOME = {"id": f"{THREAD}_2", "type": "message", "author_id": MASKED, "text": "Hello Ines"}
CUSTOMER = {"id": CUS, "type": "customer", "name": "Ines"}
MARA = {"id": MASKED, "type": "agent", "name": "Mara"}


def whole(*events: Any, users: Any = (CUSTOMER, MARA), **thread: Any) -> Response:
    return ok(
        id=CHAT, users=list(users), thread={"id": THREAD, "events": [OURS, *events], **thread}
    )


def found(answer: Response) -> Opened:
    return Script(BUSY, answer).drive(livechat().open(opening(uncertain=True)))


def test_found_chat_is_not_opened_again() -> None:
    script = Script(BUSY, whole())
    opened = script.drive(livechat().open(opening(uncertain=True)))
    assert (opened.conversation, opened.thread) == (CHAT, THREAD)
    assert [call.address for call in script.calls] == [
        f"{CUSTOMER_API}/list_chats",
        f"{CUSTOMER_API}/get_chat",
    ]
    assert script.calls[1].json == {"chat_id": CHAT}


def test_found_chat_tells_who_is_there_without_the_masked_id() -> None:
    [joined] = [one for one in found(whole()).events if isinstance(one, AgentJoined)]
    assert joined.agent == Agent(id="", name="Mara")


def test_found_chat_tells_what_was_said_meanwhile() -> None:
    [said] = [one for one in found(whole(WELCOME)).events if isinstance(one, AgentReplied)]
    assert (said.text, said.author, said.author_name) == ("Hello Ines", "", "Mara")
    assert said.id == f"{CHAT}:{THREAD}_2"


def test_found_words_have_the_id_that_their_webhook_has() -> None:
    [said] = [one for one in found(whole(WELCOME)).events if isinstance(one, AgentReplied)]
    assert (said.id, said.recurs, said.contact) == (f"{CHAT}:{THREAD}_2", False, CUS)


def test_found_chat_tells_a_file() -> None:
    file = {**WELCOME, "type": "file", "url": "https://cdn.livechat-files.com/a.pdf", "size": 3}
    [shared] = [one for one in found(whole(file)).events if isinstance(one, FileShared)]
    assert (shared.url, shared.size) == ("https://cdn.livechat-files.com/a.pdf", 3)


def test_found_chat_tells_the_place_in_the_queue() -> None:
    waiting = whole(users=[CUSTOMER], queue={"position": 2, "wait_time": 140})
    [queued] = found(waiting).events
    assert isinstance(queued, Queued)
    assert (queued.position, queued.wait_seconds) == (2, 140)


def test_found_chat_does_not_tell_what_the_customer_said() -> None:
    assert not [one for one in found(whole()).events if isinstance(one, AgentReplied)]


@pytest.mark.parametrize(
    "odd", [None, "text", [], {}, {"author_id": MASKED}, {**WELCOME, "type": "system_message"}]
)
def test_odd_events_in_a_found_chat_are_nothing(odd: Any) -> None:
    assert not [one for one in found(whole(odd)).events if isinstance(one, AgentReplied)]


@pytest.mark.parametrize("users", [[None], ["text"], [[]], [{}]])
def test_odd_people_in_a_found_chat_are_nobody(users: Any) -> None:
    assert found(whole(users=users)).events == ()


def test_unreadable_found_chat_leaves_us_not_knowing() -> None:
    with pytest.raises(Unavailable):
        found(Response(status=200, body=b"<html>"))


def test_nothing_found_is_opened() -> None:
    started = ok(chat_id=CHAT, thread_id=THREAD)
    script = Script(ok(chats_summary=[]), ok(), started)
    opened = script.drive(livechat().open(opening(uncertain=True)))
    assert opened.events == ()
    assert script.actions == ["list_chats", "update_customer", "start_chat"]


def test_nothing_listed_resumes_the_chat_that_is_known() -> None:
    script = Script(ok(), ok(), ok(thread_id=THREAD))
    script.drive(livechat().open(opening(KNOWN, uncertain=True)))
    assert script.actions == ["list_chats", "update_customer", "resume_chat"]


def test_chat_that_does_not_say_that_it_is_active_is_resumed() -> None:
    script = Script(ok(chats_summary=[{"id": CHAT}]), ok(), ok(thread_id=THREAD))
    script.drive(livechat().open(opening(uncertain=True)))
    assert script.actions[-1] == "resume_chat"


@pytest.mark.parametrize("contact", [CONTACT, KNOWN])
def test_found_inactive_is_resumed(contact: Any) -> None:
    script = Script(IDLE, ok(), ok(thread_id=THREAD))
    opened = script.drive(livechat().open(opening(contact, uncertain=True)))
    assert (opened.conversation, opened.thread) == (CHAT, THREAD)
    assert script.actions == ["list_chats", "update_customer", "resume_chat"]


def test_found_chat_hears_the_words_that_it_lacks() -> None:
    there = ok(id=CHAT, users=[CUSTOMER], thread={"id": THREAD, "events": []})
    script = Script(BUSY, there, ok(event_id="e"))
    script.drive(livechat().open(opening(uncertain=True)))
    assert [call.json["event"] for call in script.calls[2:]] == [GREETING]


def test_found_chat_hears_what_a_broken_take_over_left_out() -> None:
    transcript = {"id": f"{THREAD}_1", "author_id": CUS, "custom_id": f"{HANDOFF}-t"}
    there = ok(id=CHAT, users=[CUSTOMER], thread={"id": THREAD, "events": [transcript]})
    script = Script(BUSY, there, ok(event_id="e"))
    script.drive(livechat().open(opening(talk=TALK, uncertain=True)))
    assert [call.json["event"] for call in script.calls[2:]] == [GREETING]
