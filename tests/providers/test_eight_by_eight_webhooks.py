"""The webhooks of 8x8 in our words: of the gateway, and of the retired chat API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    AgentTyping,
    ConversationOpened,
    Event,
    FileShared,
    Queued,
    Transferred,
    Unrecognized,
    WentIdle,
)
from handoff.exchange import Json
from handoff.model import Agent
from handoff.providers.eight_by_eight_webhooks import news, speaker, translate
from handoff.vocabulary import HandoffId
from tests.providers.eight_by_eight_world import HANDOFF, KIRA, ROOM, TOM, event, words

AT = datetime.fromtimestamp(1795255575.12, UTC)
HERE: dict[str, Any] = {"id": "e1", "conversation": ROOM, "at": AT}
OURS = {"additionalProperties": [{"key": "Order", "value": "1"}, {"key": "Handoff_ID"}]}


def told(body: Json, name: str = "") -> tuple[Event, ...]:
    return translate(news(body, "e1", name))


def update(state: str, **user: Any) -> Json:
    data: Json = {"state": state, "channel": "ChatAPI"}
    data |= {"user": user} if user else {}
    return event("CONVERSATION_UPDATE", **data)


def members(member: str, change: str, own: str = KIRA) -> Json:
    return event("MEMBERS_CHANGED", memberType=member, change=change, id=own)


def typing(*users: Json, name: str = "typing") -> Json:
    return event("ACTIVITY", name=name, value={"users": list(users)})


def old(kind: str, **fields: Any) -> Json:
    """Return a flat webhook of the retired chat API."""
    return {**event(kind), "messageType": "SYSTEM", **fields}


MARKED = {"additionalProperties": [{"key": "handoff_id", "value": HANDOFF}]}
KIRAS = {"agentId": KIRA, "agentName": "Kira,Moss"}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (update("created"), ConversationOpened(**HERE)),
        (update("active", **MARKED), ConversationOpened(handoff=HandoffId(HANDOFF), **HERE)),
        (update("created", **OURS), ConversationOpened(**HERE)),
        (update("idle"), WentIdle(**HERE)),
        (event("QUEUED", queueId="214", queueName="Returns chat"), Queued(**HERE)),
        (members("agent", "joined"), AgentJoined(agent=Agent(id=KIRA, name=""), **HERE)),
        (members("AGENT", "Left", TOM), AgentLeft(agent_id=TOM, **HERE)),
        (members("user", "left", "user"), WentIdle(**HERE)),
        (event("TRANSFER"), Transferred(**HERE)),
        (words("Hi"), AgentReplied(author=KIRA, text="Hi", **HERE)),
        (typing({"type": "agent", "id": KIRA}), AgentTyping(author=KIRA, typing=True, **HERE)),
        (typing(), AgentTyping(author="", typing=False, **HERE)),
        (old("QUEUED", queueId="214"), Queued(**HERE)),
        (old("TRANSFER"), Transferred(**HERE)),
        (old("AGENT_JOINED", **KIRAS), AgentJoined(agent=Agent(id=KIRA, name="Kira Moss"), **HERE)),
        (old("AGENT_LEFT", **KIRAS), AgentLeft(agent_id=KIRA, **HERE)),
        (
            {**old("TEXT", message="Hi", **KIRAS), "messageType": "AGENT"},
            AgentReplied(author=KIRA, text="Hi", author_name="Kira Moss", **HERE),
        ),
    ],
)
def test_webhook_is_a_fact(body: Json, wanted: Event) -> None:
    assert told(body) == (wanted,)


@pytest.mark.parametrize(
    "body",
    [
        update("paused"),
        update(""),
        members("user", "joined"),
        members("agent", "renamed"),
        members("agent", "joined", ""),
        members("agent", "left", ""),
        members("bot", "left"),
        words(sender={}, isEcho=False),
        words(sender={"id": "x", "type": "words of a stranger"}),
        words(isEcho=True),
        words(text=""),
        typing({"type": "user", "id": "user"}),
        typing(name="read-receipts"),
        event("ACTIVITY", name="typing"),
        event("ACTIVITY", name="typing", value={"users": "none"}),
        event("ACTIVITY", name="quickReply/action", value=[1]),
        old("TEXT", message="Hi", **KIRAS),
        {**old("TEXT", message="", **KIRAS), "messageType": "AGENT"},
        old("AGENT_JOINED"),
        old("AGENT_LEFT"),
        event("CONVERSATION_ENDED"),
        {**event("QUEUED"), "conversationId": ""},
        {"eventType": "QUEUED"},
        {},
    ],
)
def test_webhook_without_a_meaning_is_unrecognized(body: Json) -> None:
    [only] = told(body)
    assert isinstance(only, Unrecognized)
    assert only.kind == body.get("eventType", "")


@pytest.mark.parametrize("sender", ["user", "bot", "System"])
@pytest.mark.parametrize("echo", [True, False, None])
def test_words_of_anybody_but_an_agent_are_nobodys(sender: str, echo: bool | None) -> None:
    [only] = told(words(sender={"id": "x", "type": sender}, isEcho=echo))
    assert isinstance(only, Unrecognized)
    assert only.kind == f"message_of_{sender.lower()}"


@pytest.mark.parametrize(
    "name", ["Kira,Moss", "Kira, Moss", " Kira , Moss", "Kira Moss", ",Kira,Moss"]
)
def test_old_name_is_written_as_people_write_it(name: str) -> None:
    [joined] = told(old("AGENT_JOINED", agentId=KIRA, agentName=name))
    assert isinstance(joined, AgentJoined)
    assert joined.agent.name == "Kira Moss"


@pytest.mark.parametrize(
    ("told_type", "content_type"),
    [
        ({"type": "image"}, ""),
        ({"type": "image/png"}, "image/png"),
        ({"type": "file", "contentType": "application/pdf"}, "application/pdf"),
        ({"contentType": "pdf; x"}, ""),
        ({}, ""),
    ],
)
def test_type_of_a_file_is_taken_only_where_it_is_one(told_type: Json, content_type: str) -> None:
    [file] = told(words("", attachments=[{"id": "1", "fileName": "a", **told_type}]))
    assert isinstance(file, FileShared)
    assert file.content_type == content_type


@pytest.mark.parametrize("version", ["Chat Gateway v1.0", "v2.0"])
def test_trial_of_our_address_says_nothing(version: str) -> None:
    assert told({"notificationVersion": version, "eventType": "WEB_HOOK_VERIFY"}) == ()


def test_message_brings_words_cards_and_files_each_under_its_own_id() -> None:
    quick = {
        "contentType": "application/8x8.quick.replies",
        "content": {"options": [{"title": "Yes"}, {"title": "No"}]},
    }
    files = [
        {"id": "1", "type": "file", "fileName": "a.pdf", "preSignedUrl": "https://f.example/1"},
        {"id": "2", "filename": "b.png", "size": 7},
        {"id": "3", "filename": "c.png", "sizeInBytes": 8, "preSignedUrl": "javascript:x"},
        None,
    ]
    events = told(words("Sure?", cards=[quick], attachments=files), "Kira")
    assert [one.id for one in events] == ["e1", "e1:1", "e1:2", "e1:3", "e1:4"]
    assert [one.text for one in events if isinstance(one, AgentReplied)] == ["Sure?", "• Yes\n• No"]
    assert [(one.name, one.url, one.size) for one in events if isinstance(one, FileShared)] == [
        ("a.pdf", "https://f.example/1", None),
        ("b.png", "", 7),
        ("c.png", "", 8),
    ]


@pytest.mark.parametrize(
    ("when", "at"),
    [
        (1795255575120, AT),
        (0, None),
        (None, None),
        ("1795255575120", None),
        (True, None),
        (1795255575, None),
        (10**14, None),
        (-(10**12), None),
        (10**300, None),
        (946_684_800_000, datetime(2000, 1, 1, tzinfo=UTC)),
        (4_102_444_800_000, None),
    ],
)
def test_vendors_time_counts_milliseconds(when: Any, at: datetime | None) -> None:
    assert told({**event("QUEUED"), "timestamp": when})[0].at == at


@pytest.mark.parametrize(
    ("body", "agent"),
    [
        (words(), KIRA),
        (members("agent", "joined"), KIRA),
        (members("agent", "left"), ""),
        (members("user", "joined"), ""),
        (words(sender={"id": "user", "type": "user"}), ""),
        (event("QUEUED"), ""),
        ({**words(), "agentName": "Kira"}, ""),
    ],
)
def test_name_that_is_wanted_is_that_of_who_comes_or_speaks(body: Json, agent: str) -> None:
    assert speaker(news(body, "e1")) == agent


def test_name_that_was_found_is_told_with_join_and_words() -> None:
    [joined] = told(members("agent", "joined"), "Kira")
    [said] = told(words(), "Kira")
    assert isinstance(joined, AgentJoined)
    assert isinstance(said, AgentReplied)
    assert (joined.agent.name, said.author_name) == ("Kira", "Kira")
