"""LiveChat, API v3.6: the customer is a customer token, the desk tells us things by webhooks.

https://platform.text.com/docs/messaging/customer-chat-api/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from handoff.clock import Clock
from handoff.errors import ConversationGone, Rejected, Unauthenticated, Unavailable
from handoff.events import AgentJoined, Event
from handoff.exchange import Exchange, Inbound, Json, items, obj, parse_object, text
from handoff.model import (
    Agent,
    Contact,
    ContactRef,
    ConversationRef,
    Customer,
    Presence,
    ThreadRef,
)
from handoff.providers.base import (
    Availability,
    Capabilities,
    Conversation,
    Identity,
    Opened,
    Opening,
    Outgoing,
)
from handoff.providers.livechat_payloads import (
    is_group,
    message_events,
    session_fields,
    transcript_events,
)
from handoff.providers.livechat_webhooks import Place, queue, spoken, translate
from handoff.providers.livechat_wire import (
    ALREADY_ACTIVE,
    ALREADY_THERE,
    CHAT_TAKEN,
    ID,
    NO_SUCH_CHAT,
    LiveChatAccount,
    Wire,
)
from handoff.signatures import matches_any

# https://platform.text.com/docs/messaging/customer-chat-api/#list-group-statuses
PRESENCE: Mapping[str, Presence] = {
    "online": Presence.YES,
    "online_for_queue": Presence.YES,
    "offline": Presence.NO,
}


class LiveChat:
    """One LiveChat organization, reached by the app whose credentials `account` holds."""

    id = ID

    def __init__(self, account: LiveChatAccount, clock: Clock) -> None:
        self._account = account
        self._wire = Wire(account, clock)

    @property
    def capabilities(self) -> Capabilities:
        """Return what LiveChat can do for us; a bot of our own lets us leave notes."""
        return Capabilities(
            availability=True,
            queue_position=True,
            agent_names=True,
            transcript_as_note=self._account.bot is not None,
            files_to_customer=True,
            rich_messages=True,
            shared_secret_webhooks=True,
        )

    def identify(self, _customer: Customer) -> Exchange[Identity]:
        """Make a customer. LiveChat has no look-up by a key of ours: this id is the only link."""
        return self._wire.identify()

    def availability(self, target: str, contact: Contact | None) -> Exchange[Availability]:
        """Ask for the state of the group; an unknown one gives way to the default group."""
        default = self._account.group_id or "0"
        wanted = [group for group in dict.fromkeys((target, default)) if is_group(group)]
        payload = {"group_ids": [int(group) for group in wanted]}
        answer = yield from self._wire.customer("list_group_statuses", payload, _ref(contact))
        statuses = obj(answer, "groups_status")
        group = next((one for one in wanted if one in statuses), default)
        presence = PRESENCE.get(text(statuses, group), Presence.UNKNOWN)
        return Availability(presence=presence, target=group)

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Describe the customer, then start the chat, or resume the one they already have."""
        chat = opening.contact.conversation if opening.contact else None
        if opening.uncertain:
            found, chat = yield from self._find(opening)
            if found is not None:
                return found
        yield from self._describe(opening)
        if chat is not None:
            return (yield from self._resume(opening, chat))
        try:
            return (yield from self._start(opening))
        except Rejected as error:
            if error.code not in CHAT_TAKEN:
                raise
            return (yield from self._take_over(opening))

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Say the customer's words, in as many events as their length needs."""
        events = message_events(message.text, message.client_id)
        if message.uncertain:
            there = yield from self._present(conversation)
            events = [event for event in events if event["custom_id"] not in there]
        yield from self._say(conversation.ref, events, conversation.contact)

    def close(self, conversation: Conversation) -> Exchange[None]:
        """Close the thread as the customer; the agent sees who left."""
        payload = {"id": conversation.ref}
        try:
            yield from self._wire.customer("deactivate_chat", payload, _ref(conversation.contact))
        except ConversationGone:
            return

    def note(self, conversation: Conversation, opening: Opening) -> Exchange[None]:
        """Leave the transcript as our bot, for agents only.

        Where the bot may not come in, the transcript is said as the customer: an agent who
        starts blind is worse than a long first message.
        """
        events = transcript_events(opening)
        try:
            yield from self._join_as_bot(conversation.ref)
            for event in events:
                noted = {"chat_id": conversation.ref, "event": {**event, "visibility": "agents"}}
                yield from self._wire.agent("send_event", noted)
        except ConversationGone:
            raise
        except Rejected:
            yield from self._say(conversation.ref, events, conversation.contact)

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

    @property
    def _bot_id(self) -> str:
        return self._account.bot.id if self._account.bot else ""

    def _describe(self, opening: Opening) -> Exchange[None]:
        """Tell who the customer is. A refused name or address must not cost them the agent."""
        customer, contact = opening.handoff.customer, _ref(opening.contact)
        fields = {"session_fields": session_fields(opening.handoff)}
        named = {"name": customer.name, "email": customer.email}
        known = {name: value for name, value in named.items() if value}
        try:
            yield from self._wire.customer("update_customer", {**known, **fields}, contact)
        except Rejected:
            if not known:
                raise
            yield from self._wire.customer("set_customer_session_fields", fields, contact)

    def _start(self, opening: Opening) -> Exchange[Opened]:
        payload = {"active": True, "continuous": False, "chat": self._chat(opening)}
        started = yield from self._wire.customer("start_chat", payload, _ref(opening.contact))
        return _opened(text(started, "chat_id"), started)

    def _resume(self, opening: Opening, chat: ConversationRef) -> Exchange[Opened]:
        """Open a new thread in the customer's chat; somebody may have been faster."""
        payload = {"active": True, "continuous": False, "chat": {"id": chat, **self._chat(opening)}}
        try:
            resumed = yield from self._wire.customer("resume_chat", payload, _ref(opening.contact))
        except Rejected as error:
            if error.code in ALREADY_ACTIVE:
                return (yield from self._take_over(opening))
            if error.code in NO_SUCH_CHAT:
                return (yield from self._start(opening))
            raise
        return _opened(chat, resumed)

    def _take_over(self, opening: Opening) -> Exchange[Opened]:
        """Use the one chat that this customer already has, as if we had opened it."""
        found, chat = yield from self._find(opening)
        if found is None and chat is None:
            raise Unavailable("livechat says the customer has a chat and lists none", certain=True)
        if found is None and chat is not None:
            return (yield from self._resume(opening, chat))
        ref = found.conversation if found else ConversationRef("")
        yield from self._say(ref, self._opening_events(opening), opening.contact)
        return found or Opened(conversation=ref)

    def _find(self, opening: Opening) -> Exchange[tuple[Opened | None, ConversationRef | None]]:
        """Look for the customer's chat: the open one with what was said in it, else its id."""
        answer = yield from self._wire.customer("list_chats", {}, _ref(opening.contact))
        chats = items(answer, "chats_summary") or items(answer, "chats_info")
        if not chats:
            return None, opening.contact.conversation if opening.contact else None
        chat = ConversationRef(text(chats[0], "id"))
        if obj(chats[0]).get("active") is not True:
            return None, chat
        payload = {"chat_id": chat}
        whole = yield from self._wire.customer("get_chat", payload, _ref(opening.contact))
        return _found(chat, whole), chat

    def _present(self, conversation: Conversation) -> Exchange[frozenset[str]]:
        """Return our own ids of the events that the current thread holds."""
        payload = {"chat_id": conversation.ref}
        whole = yield from self._wire.customer("get_chat", payload, _ref(conversation.contact))
        return frozenset(text(one, "custom_id") for one in items(whole, "thread", "events"))

    def _say(
        self, chat: ConversationRef, events: Sequence[Json], contact: Contact | None
    ) -> Exchange[None]:
        for event in events:
            payload = {"chat_id": chat, "event": event, "attach_to_last_thread": False}
            yield from self._wire.customer("send_event", payload, _ref(contact))

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

    def _chat(self, opening: Opening) -> Json:
        """Return the chat to open: where it goes, that it is for people, and how it begins."""
        group = opening.handoff.target if is_group(opening.handoff.target) else ""
        return {
            "access": {"group_ids": [int(group or self._account.group_id or 0)]},
            "thread": {
                "properties": {"routing": {"ignore_bots": True}},
                "events": self._opening_events(opening),
            },
        }

    def _opening_events(self, opening: Opening) -> list[Json]:
        """Return what the agent sees first; the transcript too, when no bot can leave it."""
        transcript = [] if self._account.bot else transcript_events(opening)
        request = opening.handoff.request
        own = message_events(request, f"{opening.handoff.id}-0") if request else []
        return transcript + own


def _ref(contact: Contact | None) -> ContactRef:
    if contact is None:
        raise Rejected("livechat has no customer to speak for", code="no_contact")
    return contact.ref


def _opened(chat: str, answer: Json) -> Opened:
    """Return the conversation in an answer; one without ids leaves us not knowing."""
    if not chat or not text(answer, "thread_id"):
        raise Unavailable("livechat opened a chat without telling its ids", certain=False)
    return Opened(conversation=ConversationRef(chat), thread=ThreadRef(text(answer, "thread_id")))


def _found(chat: ConversationRef, whole: Json) -> Opened:
    """Return an open chat as we missed it. Agents have other ids here than in webhooks."""
    thread = obj(whole, "thread")
    users = [one for one in items(whole, "users") if isinstance(one, dict)]
    customer = next((text(one, "id") for one in users if one.get("type") == "customer"), "")
    place = Place(chat=chat, thread=text(thread, "id"), customer=customer)
    names = {text(one, "id"): text(one, "name") for one in users if one.get("type") == "agent"}
    joined = [
        AgentJoined(agent=Agent(id="", name=name), **place.at(f"{place.thread}:found:{agent}"))
        for agent, name in names.items()
    ]
    missed = tuple(_missed(thread, place, names))
    events = (*queue(thread, place), *joined, *missed)
    return Opened(conversation=chat, thread=place.at("")["thread"], events=events)


def _missed(thread: Json, place: Place, names: Mapping[str, str]) -> Iterator[Event]:
    """Yield what agents said; the customer's view has no visibility, as it hides whispers."""
    for event in items(thread, "events"):
        if isinstance(event, dict) and text(event, "author_id") in names:
            yield from spoken({**event, "visibility": "all"}, place, names, anonymous=True)
