"""Webhooks as they come, in our words: proved, read, and nothing forgotten."""

from __future__ import annotations

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
from tests.providers.driving import Script
from tests.providers.eight_by_eight_world import (
    HANDOFF,
    KIRA,
    SAMPLES,
    desk,
    key_answer,
    sample,
    webhook,
)

GREETING = "Hi Mara – I can see the sofa order. Which leg arrived damaged?"
LABEL = "https://files.example/T7bC2hUo5ZpM?sig=x"
CARD = "Your order\nNumber: LF-20931\nOpen: https://shop.example/LF-20931"

# What each sample tells; only the fields that matter.
TOLD: dict[str, list[tuple[type[Event], dict[str, Any]]]] = {
    "conversation_created": [(ConversationOpened, {"handoff": HANDOFF})],
    "conversation_active": [(ConversationOpened, {"handoff": None})],
    "conversation_assigned": [(ConversationOpened, {})],
    "conversation_idle": [(WentIdle, {})],
    "conversation_ended": [(Unrecognized, {"kind": "CONVERSATION_ENDED"})],
    "queued": [(Queued, {"position": None})],
    "agent_joined": [(AgentJoined, {})],
    "agent_left": [(AgentLeft, {"agent_id": KIRA})],
    "user_joined": [(Unrecognized, {"kind": "MEMBERS_CHANGED"})],
    "user_left": [(WentIdle, {})],
    "transfer": [(Transferred, {"by": "", "to_agents": ()})],
    "typing": [(AgentTyping, {"author": KIRA, "typing": True})],
    "typing_stopped": [(AgentTyping, {"author": "", "typing": False})],
    "read_receipts": [(Unrecognized, {"kind": "ACTIVITY"})],
    "quick_reply": [(Unrecognized, {"kind": "ACTIVITY"})],
    "agent_message": [(AgentReplied, {"author": KIRA, "text": GREETING})],
    "agent_message_retried": [(AgentReplied, {"author": KIRA, "text": GREETING})],
    "user_echo": [(Unrecognized, {"kind": "message_of_user"})],
    "bot_echo": [(Unrecognized, {"kind": "message_of_bot"})],
    "system_message": [(Unrecognized, {"kind": "message_of_system"})],
    "agent_file": [
        (AgentReplied, {"text": "Please print this label."}),
        (FileShared, {"name": "label.pdf", "url": LABEL, "size": None, "content_type": ""}),
    ],
    "agent_file_bare": [(FileShared, {"name": "leg.jpg", "url": "", "size": 183220})],
    "agent_card": [(AgentReplied, {"text": CARD})],
    "agent_quick_replies": [
        (AgentReplied, {"text": "Was it the left one?"}),
        (AgentReplied, {"text": "• Yes\n• No"}),
    ],
    "verify": [],
    "old_verify": [],
    "old_queued": [(Queued, {})],
    "old_agent_joined": [(AgentJoined, {})],
    "old_agent_left": [(AgentLeft, {"agent_id": KIRA})],
    "old_transfer": [(Transferred, {})],
    "old_text": [(AgentReplied, {"text": "Which leg?", "author_name": "Kira Moss"})],
}


def received(name: str) -> tuple[Event, ...]:
    return Script(key_answer()).drive(desk().receive(webhook(name)))


@pytest.mark.parametrize("name", TOLD)
def test_sample_tells(name: str) -> None:
    events = received(name)
    assert [type(one) for one in events] == [kind for kind, _ in TOLD[name]]
    for event, (_, fields) in zip(events, TOLD[name], strict=True):
        assert {field: getattr(event, field) for field in fields} == fields


@pytest.mark.parametrize("name", TOLD)
def test_event_has_the_id_of_its_webhook_and_its_place_in_it(name: str) -> None:
    own = webhook(name).headers["x-8x8-event-id"]
    wanted = [own if not place else f"{own}:{place}" for place in range(len(TOLD[name]))]
    assert [one.id for one in received(name)] == wanted


def test_every_sample_is_told_of() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(TOLD)


def test_repeated_attempt_tells_the_same() -> None:
    assert sample("agent_message_retried") == sample("agent_message")
    assert received("agent_message_retried") == received("agent_message")
