"""LiveChat, API v3.6: the customer is a customer token, the desk tells us things by webhooks.

https://platform.text.com/docs/messaging/customer-chat-api/
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from handoff.clock import Clock
from handoff.errors import ConversationGone, Rejected, Unauthenticated, Unavailable
from handoff.events import Event
from handoff.exchange import Exchange, Inbound, Json, obj, parse_object, text
from handoff.model import Contact, Customer
from handoff.providers.base import (
    HAS_GONE,
    IS_BACK,
    Availability,
    Capabilities,
    Conversation,
    Identity,
    Opened,
    Opening,
    Outgoing,
    OutgoingFile,
)
from handoff.providers.file_forms import uploading
from handoff.providers.livechat_check import Check
from handoff.providers.livechat_errors import ALREADY_THERE
from handoff.providers.livechat_opening import Openings, contact_ref
from handoff.providers.livechat_payloads import message_events, transcript_events
from handoff.providers.livechat_reading import own_ids, read
from handoff.providers.livechat_setup import Setup
from handoff.providers.livechat_webhooks import translate
from handoff.providers.livechat_wire import (
    ID,
    LiveChatAccount,
    Wire,
    is_group,
    say_each,
)
from handoff.providers.operating import Finding, Plan, Step
from handoff.signatures import matches_any
from handoff.vocabulary import ConversationRef, Presence

# https://platform.text.com/docs/messaging/customer-chat-api/#list-group-statuses
PRESENCE: Mapping[str, Presence] = {
    "online": Presence.YES,
    "online_for_queue": Presence.YES,
    "offline": Presence.NO,
}

# Who hangs on this question is not to keep the opening behind it from its time.
ASKING_SECONDS = 1.5

# Stands for the words that the customer has not sent; an empty text would show nothing.
SOMETHING = "…"


class LiveChat:
    """One LiveChat organization, reached by the app whose credentials `account` holds."""

    id = ID

    def __init__(self, account: LiveChatAccount, clock: Clock) -> None:
        self._account = account
        self._wire = Wire(account, clock)
        self._openings = Openings(account, self._wire)

    @property
    def capabilities(self) -> Capabilities:
        """Return what LiveChat can do for us; a bot of our own lets us leave notes."""
        return Capabilities(
            availability=True,
            queue_position=True,
            agent_names=True,
            transcript_as_note=self._account.bot is not None,
            typing_to_agent=True,
            presence_to_agent=True,
            files_to_customer=True,
            files_to_agent=True,
            rich_messages=True,
            shared_secret_webhooks=True,
        )

    def identify(self, _customer: Customer) -> Exchange[Identity]:
        """Make a customer. LiveChat has no look-up by a key of ours: this id is the only link."""
        return self._wire.identify()

    def availability(self, target: str, contact: Contact | None) -> Exchange[Availability]:
        """Ask for the state of the group; an unknown one gives way to the default group."""
        default = self._account.group_id
        asked = str(int(target)) if is_group(target) else default
        groups = list(dict.fromkeys((asked, default)))
        payload = {"group_ids": [int(group) for group in groups]}
        contact_id = contact_ref(contact)
        answer = yield from self._wire.customer(
            "list_group_statuses", payload, contact_id, seconds=ASKING_SECONDS
        )
        statuses = obj(answer, "groups_status")
        group = next((one for one in groups if one in statuses), default)
        presence = PRESENCE.get(text(statuses, group), Presence.UNKNOWN)
        return Availability(presence=presence, target=group)

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Open a chat for the customer, who may have one already."""
        return self._openings.open(opening)

    def read(self, conversation: Conversation) -> Exchange[tuple[Event, ...]]:
        """Return what has happened in the chat's current thread."""
        payload = {"chat_id": conversation.ref}
        contact = contact_ref(conversation.contact)
        whole = yield from self._wire.customer("get_chat", payload, contact)
        found = read(conversation.ref, whole).opened
        return found.events if found else ()

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Say the customer's words, in as many events as their length needs."""
        events = message_events(message.text, message.client_id)
        contact = contact_ref(conversation.contact)
        if message.uncertain:
            payload = {"chat_id": conversation.ref}
            there = own_ids((yield from self._wire.customer("get_chat", payload, contact)))
            events = _missing(events, there, settled=message.settled)
        yield from say_each(events, self._wire.speaker(conversation.ref, contact))

    def presence(self, conversation: Conversation, *, there: bool) -> Exchange[None]:
        """Tell the agent by a line of the system whether the customer's page is there."""
        event = {
            "type": "system_message",
            "system_message_type": "customer_page_back" if there else "customer_page_gone",
            "text": IS_BACK if there else HAS_GONE,
        }
        payload = {"chat_id": conversation.ref, "event": event}
        contact = contact_ref(conversation.contact)
        yield from self._wire.customer("send_event", payload, contact)

    def close(self, conversation: Conversation) -> Exchange[None]:
        """Close the thread as the customer; the agent sees who left."""
        contact = contact_ref(conversation.contact)
        try:
            yield from self._wire.customer("deactivate_chat", {"id": conversation.ref}, contact)
        except ConversationGone:
            return

    def attach(self, conversation: Conversation, file: OutgoingFile) -> Exchange[None]:
        """Upload the customer's file, then show it in the chat.

        A look at the chat comes first, because bytes go once: it proves the token, finds the
        data centre, and saves who is alone there the upload.
        """
        ref, contact = conversation.ref, contact_ref(conversation.contact)
        whole = yield from self._wire.customer("get_chat", {"chat_id": ref}, contact)
        if obj(whole, "thread").get("active") is False:
            raise ConversationGone("livechat has closed the thread of this chat")
        url = text((yield from uploading(self._wire.upload(file, contact))), "url")
        if not url:
            raise Unavailable("livechat took a file without telling its address", certain=True)
        event = {"type": "file", "url": url, "custom_id": file.client_id}
        yield from self._wire.speaker(ref, contact)(event)

    def typing(self, conversation: Conversation) -> Exchange[None]:
        """Show that the customer is typing, by a sneak peek in which there are no words.

        https://platform.text.com/docs/messaging/customer-chat-api/#send-sneak-peek
        """
        payload = {"chat_id": conversation.ref, "sneak_peek_text": SOMETHING}
        contact = contact_ref(conversation.contact)
        yield from self._wire.customer("send_sneak_peek", payload, contact)

    def note(self, conversation: Conversation, opening: Opening) -> Exchange[None]:
        """Leave the transcript as our bot, for agents only.

        Where the bot may not come in, what is left of it is said as the customer: an agent who
        starts blind is worse than a long first message.
        """
        events = transcript_events(opening)
        if opening.uncertain:
            there = yield from self._noted(conversation.ref)
            events = _missing(events, there, settled=opening.settled)

        def whisper(event: Json) -> Exchange[Json]:
            noted = {"chat_id": conversation.ref, "event": {**event, "visibility": "agents"}}
            return self._wire.agent("send_event", noted)

        try:
            yield from self._join_as_bot(conversation.ref)
            yield from say_each(events, whisper)
        except ConversationGone:
            raise
        except Rejected:
            speaker = self._wire.speaker(conversation.ref, contact_ref(conversation.contact))
            yield from say_each(events, speaker)

    def receive(self, request: Inbound) -> Exchange[tuple[Event, ...]]:
        """Check the secret in the body and whose organization it is, then translate.

        LiveChat signs nothing and sends no time, so age cannot be checked.
        https://platform.text.com/docs/management/webhooks/
        """
        body = parse_object(request.body)
        genuine = self._account.webhook_secret.accepts(text(body, "secret_key"))
        ours = matches_any(text(body, "organization_id"), (self._account.organization_id,))
        if not (genuine and ours):
            raise Unauthenticated("The webhook does not carry our secret and organization.")
        return translate(text(body, "action"), obj(body, "payload"), self._bot_id)
        yield  # never reached: there is nothing to ask, and this is an exchange all the same

    def setup(self, plan: Plan, tell: Callable[[Step], None]) -> Exchange[None]:
        """Register webhooks, the property and, where its secret can be kept, the bot."""
        return Setup(self._account, self._wire).run(plan, tell)

    def check(
        self, url: str, targets: Sequence[str], tell: Callable[[Finding], None]
    ) -> Exchange[None]:
        """Look at credentials, webhooks and groups."""
        return Check(self._account, self._wire).run(url, targets, tell)

    @property
    def _bot_id(self) -> str:
        return self._account.bot.id if self._account.bot else ""

    def _noted(self, chat: ConversationRef) -> Exchange[frozenset[str]]:
        """Return our own ids of what the bot already wrote; a bot not let in wrote nothing."""
        try:
            return own_ids((yield from self._wire.agent("get_chat", {"chat_id": chat})))
        except Rejected:
            return frozenset()

    def _join_as_bot(self, chat: ConversationRef) -> Exchange[None]:
        payload = {
            "chat_id": chat,
            "user_id": self._bot_id,
            "user_type": "agent",
            "visibility": "agents",
            "ignore_requester_presence": True,
        }
        try:
            yield from self._wire.agent("add_user_to_chat", payload)
        except Rejected as error:
            if error.code not in ALREADY_THERE:
                raise


def _missing(events: Sequence[Json], there: Collection[str], *, settled: bool) -> list[Json]:
    """Return what is not in the chat yet; raises Unavailable while it may still come there."""
    missing = [event for event in events if event["custom_id"] not in there]
    if missing and not settled:
        raise Unavailable("livechat may still take what was sent", certain=False)
    return missing
