"""The organization, customer, chat and people that LiveChat's tests are about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from handoff.exchange import Inbound, Json
from handoff.model import Contact, Customer, Handoff, Message, Session
from handoff.providers.base import Conversation, Opening
from handoff.providers.livechat import LiveChat
from handoff.providers.livechat_wire import ID, Bot, LiveChatAccount
from handoff.signatures import plain_secret
from handoff.vocabulary import (
    ContactRef,
    ConversationRef,
    Dialect,
    HandoffId,
    Participant,
    SessionId,
    SessionKey,
    State,
    ThreadRef,
)
from tests.fakes import FixedClock

SAMPLES = Path(__file__).parent.parent / "samples" / "livechat"

ORG = "6f2d9c1e-83b4-4a57-9d0e-5b7c1f20a9d3"
CID = "4be1f07a92d34c6e8a5d0f13b7c82e69"
CUS = "c41d7e90-2b6f-4d18-a3f5-9e0b8c7d6a21"
CHAT = "TX7K2MQ9WB"
THREAD = "TX9R4DJ1LC"
BOT = "9d5c3b7a1e8f4062b6d4a90c5e7f1382"
MARA = "mara.lindqvist@acme-help.example"
TOBIAS = "tobias.reyes@acme-help.example"
HANDOFF = "ho-7781"
WORDS = "Please connect me to a person about invoice 20931."
CUSTOMER_API = "POST https://api.livechatinc.com/v3.6/customer/action"
AGENT_API = "POST https://api.livechatinc.com/v3.6/agent/action"

ACCOUNT = LiveChatAccount(
    organization_id=ORG,
    client_id=CID,
    client_secret=plain_secret("EXAMPLE-client-secret"),
    refresh_token=plain_secret("EXAMPLE-refresh-token"),
    webhook_secret=plain_secret("EXAMPLE-hook-secret"),
    group_id="4",
)
SCRIBE = Bot(id=BOT, secret=plain_secret("EXAMPLE-bot-secret"))
INES = Customer(name="Ines Okafor", email="ines.okafor@mail.example", id="crm-31", language="en")
CONTACT = Contact(ref=ContactRef(CUS))
KNOWN = replace(CONTACT, conversation=ConversationRef(CHAT), thread=ThreadRef("TX1OLDTHREAD"))
PLACE = Conversation(ref=ConversationRef(CHAT), thread=ThreadRef(THREAD), contact=CONTACT)
TALK = (
    Message(author=Participant.CUSTOMER, text="My invoice is wrong"),
    Message(author=Participant.BOT, text="Which one?"),
    Message(author=Participant.AGENT, text="Hello again", name="Mara"),
)
HANDED = Handoff(
    id=HandoffId(HANDOFF),
    provider=ID,
    started_at=FixedClock().now,
    target="7",
    customer=INES,
    attributes={"topic": "billing"},
    request=WORDS,
)
GREETING: Json = {"type": "message", "custom_id": f"{HANDOFF}-0", "text": WORDS}


def livechat(*, bot: bool = False, **changes: Any) -> LiveChat:
    """Return the provider, with a bot of ours or without."""
    account = replace(ACCOUNT, bot=SCRIBE if bot else None, **changes)
    return LiveChat(account, FixedClock())


def opening(
    contact: Contact | None = CONTACT,
    *,
    talk: Sequence[Message] = (),
    uncertain: bool = False,
    **changes: Any,
) -> Opening:
    """Return an opening of the handoff, changed as the test needs."""
    handoff = replace(HANDED, **changes)
    return Opening(handoff=handoff, contact=contact, transcript=talk, uncertain=uncertain)


def session(state: State = State.ACTIVE, contact: Contact = CONTACT) -> Session:
    """Return a session whose customer is in this handoff."""
    handoff = replace(
        HANDED, state=state, conversation=ConversationRef(CHAT), thread=ThreadRef(THREAD)
    )
    return Session(
        key=SessionKey("k"),
        id=SessionId("df-7781"),
        dialect=Dialect.CX,
        handoff=handoff,
        contacts={ID: contact},
    )


def sample(name: str) -> Json:
    """Return the body of a sample."""
    body: Json = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]
    return body


def inbound(body: Any) -> Inbound:
    """Return a webhook with this body."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    headers = {"content-type": "application/json"}
    return Inbound(method="POST", path="/livechat", headers=headers, body=raw)


def webhook(name: str) -> Inbound:
    """Return a sample as the request it was."""
    recorded = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    body = json.dumps(recorded["body"], ensure_ascii=False).encode()
    return Inbound(
        method=recorded["method"], path=recorded["path"], headers=recorded["headers"], body=body
    )
