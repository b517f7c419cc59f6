"""Every provider passes the contract; so does one invented here, without a shared module's help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from handoff.errors import Unauthenticated
from handoff.events import AgentReplied, Event, Unrecognized
from handoff.exchange import Exchange, Inbound, Request, Response, json_request, parse_object, text
from handoff.model import Handoff
from handoff.providers.base import Capabilities, Conversation, Opened, Opening, Outgoing
from handoff.providers.livechat_errors import decipher
from handoff.signatures import plain_secret
from handoff.vocabulary import ConversationRef, HandoffId, ProviderId, ThreadRef
from tests.fakes import FixedClock
from tests.providers import eight_by_eight_world as eight
from tests.providers.contract import Case, ProviderContract
from tests.providers.driving import Call, ok
from tests.providers.livechat_world import (
    CHAT,
    CONTACT,
    CUS,
    HANDED,
    THREAD,
    inbound,
    livechat,
    sample,
    webhook,
)

BUSY = [{"id": CHAT, "active": True}]


def livechat_says_yes(request: Request) -> Response:
    """Answer as LiveChat does when all is well."""
    users = [{"id": CUS, "type": "customer"}]
    answers = {
        "token": ok(access_token="dal:t", entity_id=CUS, expires_in=60),
        "start_chat": ok(chat_id=CHAT, thread_id=THREAD),
        "list_chats": ok(chats_summary=BUSY),
        "get_chat": ok(id=CHAT, users=users, thread={"id": THREAD, "events": []}),
        "upload_file": ok(url="https://cdn.example/a.txt"),
        "list_group_statuses": ok(groups_status={"4": "online"}),
    }
    return answers.get(Call(request).action, ok(event_id="e"))


class TestLiveChat(ProviderContract):
    """LiveChat, with a bot of ours."""

    case = Case(
        provider=livechat(bot=True),
        handoff=replace(HANDED, conversation=ConversationRef(CHAT), thread=ThreadRef(THREAD)),
        contact=CONTACT,
        words=webhook("agent_message"),
        text="Hello Ines, which month is wrong?",
        echo=webhook("customer_echo"),
        unknown=webhook("thread_summary_set"),
        forged={
            "another secret": inbound({**sample("agent_message"), "secret_key": "guess"}),
            "no secret": inbound({**sample("agent_message"), "secret_key": None}),
            "another organization": inbound({**sample("agent_message"), "organization_id": "x"}),
        },
        yes=livechat_says_yes,
    )


class TestLiveChatWithoutBot(TestLiveChat):
    """LiveChat, where the transcript is said as the customer."""

    case = replace(TestLiveChat.case, provider=livechat())


def eight_by_eight_says_yes(request: Request) -> Response:
    """Answer as the gateway does when all is well."""
    call = Call(request)
    if call.action == "public":
        return eight.key_answer()
    answers = {
        "token": ok(access_token="t", expires_in="60"),
        "attachments": ok(id="T1"),
        str(eight.ROOM): ok(id=eight.ROOM, state="idle"),
    }
    return answers.get(call.action, ok(conversationId=eight.ROOM))


TRUE_NOW = eight.NOW.timestamp() * 1000


class TestEightByEight(ProviderContract):
    """8x8, with all that can be configured."""

    case = Case(
        provider=eight.desk(replace(eight.WITH_SECRET, schedule_id="122")),
        handoff=replace(eight.HANDED, conversation=eight.ROOM),
        contact=None,
        words=eight.signed(eight.words("Which leg arrived damaged?")),
        text="Which leg arrived damaged?",
        echo=eight.signed(eight.words(sender={"id": "user", "type": "user"})),
        unknown=eight.signed(eight.event("CONVERSATION_ENDED")),
        forged={
            "another key": eight.signed(eight.words(), key="another"),
            "another tenant": eight.signed(eight.words(), tid="another"),
            "another checksum": eight.signed(eight.words(), checksum=1),
            "another body": replace(eight.signed(eight.words()), body=b'{"eventType": "MESSAGE"}'),
            "no signature": Inbound(
                method="POST", path="/8x8", body=eight.signed(eight.words()).body
            ),
        },
        yes=eight_by_eight_says_yes,
        stale=eight.signed(eight.words(), tt=int(TRUE_NOW) - 301_000),
    )


class TestEightByEightWithTheKeyAlone(TestEightByEight):
    """8x8, where nothing optional is set."""

    case = replace(TestEightByEight.case, provider=eight.desk())


@dataclass(frozen=True)
class Pigeon:
    """A vendor who does not exist: one secret in a header, one kind of news."""

    id = ProviderId("pigeon")
    capabilities = Capabilities(shared_secret_webhooks=True)

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Send the first bird."""
        answer = yield self._fly({"for": opening.handoff.id})
        return Opened(conversation=ConversationRef(text(decipher(answer, "open"), "loft")))

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Send another."""
        said = {"loft": conversation.ref, "text": message.text, "ring": message.client_id}
        decipher((yield self._fly(said)), "send")

    def close(self, conversation: Conversation) -> Exchange[None]:
        """Call them back."""
        decipher((yield self._fly({"loft": conversation.ref, "over": True})), "close")

    def receive(self, request: Inbound) -> Exchange[tuple[Event, ...]]:
        """Read what a bird brings."""
        if not plain_secret("coo").accepts(request.headers.get("x-ring", "")):
            raise Unauthenticated("The bird does not wear our ring.")
        news = parse_object(request.body)
        loft, known = ConversationRef(text(news, "loft")), text(news, "text")
        if not known:
            return (Unrecognized(id=text(news, "n"), conversation=loft, kind="feather"),)
        ring = text(news, "ring")
        return (
            AgentReplied(
                id=text(news, "n"), conversation=loft, author="keeper", text=known, client_id=ring
            ),
        )
        yield

    def _fly(self, payload: Mapping[str, object]) -> Request:
        return json_request("POST", "https://pigeon.example/birds", payload)


def bird(body: bytes, ring: str = "coo") -> Inbound:
    """Return what a bird brings."""
    return Inbound(method="POST", path="/pigeon", headers={"x-ring": ring}, body=body)


class TestInvented(ProviderContract):
    """A provider that nothing in the product knows of."""

    case = Case(
        provider=Pigeon(),
        handoff=Handoff(
            id=HandoffId("ho-1"),
            provider=Pigeon.id,
            started_at=FixedClock().now,
            conversation=ConversationRef("north"),
        ),
        contact=None,
        words=bird(b'{"n": 1, "loft": "north", "text": "Coo"}'),
        text="Coo",
        echo=bird(b'{"n": 2, "loft": "north", "text": "Hello", "ring": "ho-1-2"}'),
        unknown=bird(b'{"n": 3, "loft": "north"}'),
        forged={
            "another ring": bird(b'{"n": 1, "loft": "north", "text": "Coo"}', "caw"),
            "no ring": Inbound(method="POST", path="/pigeon", body=b'{"n": 1, "text": "Coo"}'),
        },
        yes=lambda _request: ok(loft="north"),
    )
