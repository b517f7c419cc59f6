"""LiveChat's webhooks in our words: a table of samples, and what must never be shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import BadRequest, Unauthenticated
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Closer,
    ConversationClosed,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    Unrecognized,
)
from handoff.exchange import Inbound
from handoff.model import Agent
from handoff.signatures import Secret
from handoff.vocabulary import ContactRef, ConversationRef, ThreadRef
from tests.providers.driving import Script
from tests.providers.livechat_world import (
    BOT,
    CHAT,
    CUS,
    MARA,
    SAMPLES,
    THREAD,
    TOBIAS,
    inbound,
    livechat,
    sample,
    webhook,
)

AT: dict[str, Any] = {
    "id": "",
    "conversation": ConversationRef(CHAT),
    "thread": ThreadRef(THREAD),
}
THERE: dict[str, Any] = {**AT, "contact": ContactRef(CUS)}
AGAIN: dict[str, Any] = {**AT, "recurs": True}
NOTHING = ("Unrecognized",)
CDN = "https://cdn.livechat-files.com"
CARDS = f"""Plan A
two seats
{CDN}/plan-a.png
1. Choose
2. Read more https://www.example.com/a
Plan B
1. Call us +31201234567"""


def words(text: str, author: str = MARA, client_id: str = "") -> AgentReplied:
    return AgentReplied(**AT, author=author, text=text, client_id=client_id)


EXPECTED: dict[str, tuple[Event | str, ...]] = {
    "incoming_chat_queued": (
        ConversationOpened(**THERE),
        Queued(**THERE, recurs=True, position=2, wait_seconds=140),
    ),
    "incoming_chat_assigned": (
        ConversationOpened(**THERE),
        AgentJoined(**THERE, agent=Agent(id=MARA, name="Mara")),
        AgentReplied(**THERE, author=MARA, text="Welcome to Acme, I am Mara.", author_name="Mara"),
    ),
    "incoming_chat_supervised": (ConversationOpened(**THERE),),
    "user_added_mara": (AgentJoined(**AGAIN, agent=Agent(id=MARA, name="Mara")),),
    "user_added_tobias": (AgentJoined(**AGAIN, agent=Agent(id=TOBIAS, name="Tobias")),),
    "user_added_supervisor": NOTHING,
    "user_added_customer": NOTHING,
    "user_added_our_bot": NOTHING,
    "note_by_our_bot": NOTHING,
    "words_by_our_bot": NOTHING,
    "whisper": NOTHING,
    "visibility_missing": NOTHING,
    "chat_transferred_assigned": (AgentJoined(**AGAIN, agent=Agent(id=MARA)),),
    "agent_message": (words("Hello Ines, which month is wrong?"),),
    "agent_message_emoji": (words("Line one\nline two 👩‍💻 🇳🇱"),),
    "customer_echo": (words("October, it shows two seats.", CUS, client_id="ho-7781-4"),),
    "agent_file": (
        FileShared(
            **AT,
            author=MARA,
            url=f"{CDN}/api/file/lc/att/8/credit-note.pdf",
            name="credit-note.pdf",
            content_type="application/pdf",
            size=48213,
        ),
    ),
    "agent_file_bare": (FileShared(**AT, author=MARA, url=f"{CDN}/api/file/lc/att/8/photo.jpg"),),
    "agent_file_without_url": NOTHING,
    "chat_transferred_group": (Transferred(**AGAIN, by=MARA, position=1, wait_seconds=60),),
    "chat_transferred_agent": (Transferred(**AGAIN, to_agents=(TOBIAS,)),),
    "chat_transferred_unassigned": (Transferred(**{**AGAIN, "thread": None}),),
    "user_removed_mara": (AgentLeft(**AGAIN, agent_id=MARA),),
    "user_removed_our_bot": NOTHING,
    "system_message": (ConversationClosed(**AT, by=Closer.AGENT),),
    "chat_deactivated_by_agent": (ConversationClosed(**AT, by=Closer.AGENT),),
    "chat_deactivated_by_customer": (ConversationClosed(**AT, by=Closer.CUSTOMER),),
    "chat_deactivated_by_router": (ConversationClosed(**AT, by=Closer.SYSTEM),),
    "rich_cards": (words(CARDS),),
    "rich_quick_replies": (words("Was that all?\n1. Yes\n2. No"),),
    "rich_sticker": (words(f"{CDN}/wave.png"),),
    "rich_empty": NOTHING,
    "filled_form": NOTHING,
    "custom": NOTHING,
    "routing_status_set": NOTHING,
    "thread_summary_set": NOTHING,
    "event_deleted": NOTHING,
    "group_created": NOTHING,
}
SHOWN = (AgentReplied, FileShared, AgentJoined, Transferred)


def received(request: Inbound, *, bot: bool = True) -> tuple[Event, ...]:
    return Script().drive(livechat(bot=bot).receive(request))


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_means(name: str) -> None:
    events = received(webhook(name))
    shown = tuple(
        type(one).__name__ if isinstance(one, Unrecognized) else replace(one, id="")
        for one in events
    )
    assert shown == EXPECTED[name]


def test_every_sample_has_its_meaning_in_the_table() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_same_bytes_give_the_same_ids(name: str) -> None:
    first, second = received(webhook(name)), received(webhook(name))
    assert first == second
    assert len({one.id for one in first}) == len(first)


def test_ids_of_all_samples_differ() -> None:
    facts = [one for name in EXPECTED for one in received(webhook(name))]
    told = {one.id for one in facts if not isinstance(one, ConversationOpened | ConversationClosed)}
    assert len(told) > 20


def test_chat_event_is_known_by_chat_and_event() -> None:
    [said] = received(webhook("agent_message"))
    assert (said.id, said.recurs) == (f"{CHAT}:{THREAD}_4", False)


def test_order_of_the_keys_tells_nothing() -> None:
    body = sample("user_added_mara")
    turned = {**body, "payload": dict(reversed(body["payload"].items()))}
    assert received(inbound(turned)) == received(inbound(body))


@pytest.mark.parametrize("buttons", [None, "text", [None, {}, {"value": "x"}, "text", []]])
def test_odd_buttons_are_no_lines(buttons: object) -> None:
    body = sample("rich_quick_replies")
    body["payload"]["event"]["elements"][0]["buttons"] = buttons
    [said] = received(inbound(body))
    assert isinstance(said, AgentReplied)
    assert said.text == "Was that all?"


def test_another_registration_tells_the_same_fact() -> None:
    body = sample("user_added_mara")
    again = {**body, "webhook_id": "0000", "additional_data": {}}
    assert received(inbound(again)) == received(inbound(body))


@pytest.mark.parametrize("visibility", ["agents", "", None, "ALL", True, ["all"], {"all": 1}])
@pytest.mark.parametrize("name", ["agent_message", "agent_file", "rich_cards"])
def test_anything_but_visible_to_all_is_never_shown(name: str, visibility: object) -> None:
    body = sample(name)
    body["payload"]["event"]["visibility"] = visibility
    assert not [one for one in received(inbound(body)) if isinstance(one, SHOWN)]


def test_whisper_in_a_new_thread_is_never_shown() -> None:
    assert not [one for one in received(webhook("incoming_chat_supervised")) if type(one) in SHOWN]


def test_another_bot_speaks_like_an_agent() -> None:
    [said] = received(webhook("words_by_our_bot"), bot=False)
    assert isinstance(said, AgentReplied)
    assert said.author == BOT


def test_new_thread_without_its_customer_still_opens() -> None:
    body = sample("incoming_chat_queued")
    body["payload"]["chat"]["users"] = []
    opened = received(inbound(body))[0]
    assert isinstance(opened, ConversationOpened)
    assert opened.contact is None


@pytest.mark.parametrize(
    "name", ["agent_message", "chat_deactivated_by_agent", "chat_transferred_group"]
)
def test_fact_without_a_chat_is_no_fact(name: str) -> None:
    body = sample(name)
    del body["payload"]["chat_id"]
    [event] = received(inbound(body))
    assert isinstance(event, Unrecognized)


def test_end_without_a_thread_may_come_again() -> None:
    body = sample("chat_deactivated_by_agent")
    del body["payload"]["thread_id"]
    [closed] = received(inbound(body))
    assert closed.recurs


@pytest.mark.parametrize("action", ["", None, 7, [], "incoming_customer", "__class__"])
def test_unknown_kind_is_unrecognized(action: object) -> None:
    body = {**sample("agent_message"), "action": action}
    [event] = received(inbound(body))
    assert isinstance(event, Unrecognized)


@pytest.mark.parametrize("payload", [None, [], "text", {}, {"event": None}, {"chat": []}])
@pytest.mark.parametrize("name", ["agent_message", "incoming_chat_queued", "user_added_mara"])
def test_odd_payload_is_unrecognized(name: str, payload: object) -> None:
    [event] = received(inbound({**sample(name), "payload": payload}))
    assert isinstance(event, Unrecognized)


@pytest.mark.parametrize(
    "change",
    [
        {"secret_key": "wrong"},
        {"secret_key": ""},
        {"secret_key": None},
        {"secret_key": ["EXAMPLE-hook-secret"]},
        {"secret_key": "EXAMPLE-hook-secret "},
        {"organization_id": "another"},
        {"organization_id": ""},
        {"organization_id": None},
    ],
)
def test_webhook_without_our_secret_and_organization_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        received(inbound({**sample("agent_message"), **change}))


@pytest.mark.parametrize("missing", ["secret_key", "organization_id"])
def test_webhook_without_a_proof_is_refused(missing: str) -> None:
    body = sample("agent_message")
    del body[missing]
    with pytest.raises(Unauthenticated):
        received(inbound(body))


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_without_a_secret_of_ours_nothing_is_accepted(secrets: tuple[str, ...]) -> None:
    desk = livechat(webhook_secret=Secret(lambda: secrets))
    with pytest.raises(Unauthenticated):
        Script().drive(desk.receive(inbound({**sample("agent_message"), "secret_key": ""})))


@pytest.mark.parametrize("secret", ["new-secret", "EXAMPLE-hook-secret"])
def test_two_secrets_are_accepted_during_rotation(secret: str) -> None:
    desk = livechat(webhook_secret=Secret(lambda: ("new-secret", "EXAMPLE-hook-secret")))
    body = {**sample("agent_message"), "secret_key": secret}
    assert Script().drive(desk.receive(inbound(body)))


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"null", b'{"a":NaN}', b"\xff\xfe{"])
def test_body_in_which_no_proof_can_be_read_is_bad(body: bytes) -> None:
    with pytest.raises(BadRequest):
        received(inbound(body))


def test_text_can_be_written_down_again() -> None:
    raw = json.dumps(sample("agent_message")).encode().replace(b"Hello", b"\xed\xa0\x80")
    try:
        [said] = received(inbound(raw))
    except BadRequest:
        return
    assert isinstance(said, AgentReplied)
    assert said.text.encode()
