"""How a chat at LiveChat comes to be: one customer has one chat, and answers get lost.

https://platform.text.com/docs/messaging/customer-chat-api/#start-chat
"""

from __future__ import annotations

from dataclasses import replace

from handoff.errors import ContactLost, ConversationGone, Rejected, Unavailable
from handoff.events import ConversationClosed
from handoff.exchange import Exchange, Json, text
from handoff.model import Contact
from handoff.providers.base import Opened, Opening
from handoff.providers.livechat_errors import (
    ALREADY_ACTIVE,
    CHAT_TAKEN,
    NO_SUCH_CHAT,
    TAKEN_BY_A_CHAT,
)
from handoff.providers.livechat_payloads import (
    message_events,
    session_fields,
    transcript_events,
)
from handoff.providers.livechat_reading import Found, listed, read
from handoff.providers.livechat_wire import (
    LiveChatAccount,
    Wire,
    is_group,
    say_each,
)
from handoff.vocabulary import ContactRef, ConversationRef, ThreadRef


class Openings:
    """Opens chats of one organization."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Describe the customer, then start the chat, or resume the one they already have."""
        chat = opening.contact.conversation if opening.contact else None
        if opening.uncertain:
            found = yield from self._find(opening)
            if found.opened is not None:
                return (yield from self._complete(opening, found, found.opened))
            chat = found.chat or chat
        if opening.abandoned:
            raise Rejected("livechat has no chat that was opened for this handoff", code="none")
        remarks = yield from self._describe(opening)
        opened = yield from (self._resume(opening, chat) if chat else self._start(opening))
        return replace(opened, remarks=remarks)

    def _describe(self, opening: Opening) -> Exchange[tuple[str, ...]]:
        """Tell who the customer is; return what was refused, for it must not cost the agent."""
        customer, contact = opening.handoff.customer, contact_ref(opening.contact)
        fields: Json = {"session_fields": session_fields(opening.handoff)}
        named = {"name": customer.name, "email": customer.email}
        known = {name: value for name, value in named.items() if value}
        refusals = []
        attempts = [("update_customer", {**known, **fields})]
        attempts += [("set_customer_session_fields", fields)] if known else []
        for action, payload in attempts:
            try:
                yield from self._wire.customer(action, payload, contact)
                break
            except ContactLost:
                raise
            except Rejected as error:
                refusals.append(str(error))
        return tuple(refusals)

    def _start(self, opening: Opening, *, detour: bool = True) -> Exchange[Opened]:
        payload = {"active": True, "continuous": False, "chat": self._chat(opening)}
        contact = contact_ref(opening.contact)
        try:
            started = yield from self._wire.customer("start_chat", payload, contact)
        except Rejected as error:
            if error.code in CHAT_TAKEN and detour:
                return (yield from self._take_over(opening, error))
            raise
        return _opened(text(started, "chat_id"), started)

    def _resume(
        self, opening: Opening, chat: ConversationRef, *, detour: bool = True
    ) -> Exchange[Opened]:
        """Open a new thread in the customer's chat; somebody may have been faster."""
        payload = {"active": True, "continuous": False, "chat": {"id": chat, **self._chat(opening)}}
        contact = contact_ref(opening.contact)
        try:
            resumed = yield from self._wire.customer("resume_chat", payload, contact)
        except Rejected as error:
            if error.code in ALREADY_ACTIVE and detour:
                return (yield from self._take_over(opening, error))
            if error.code in NO_SUCH_CHAT and detour:
                return (yield from self._start(opening, detour=False))
            raise
        return _opened(chat, resumed)

    def _take_over(self, opening: Opening, refusal: Rejected) -> Exchange[Opened]:
        """Use the one chat that this customer already has, as if we had opened it."""
        found = yield from self._find(opening)
        if found.opened is not None:
            try:
                return (yield from self._complete(opening, found, found.opened))
            except ConversationGone:  # closed between the look and the first word
                return (yield from self._resume(opening, found.opened.conversation, detour=False))
        if found.chat is not None:
            return (yield from self._resume(opening, found.chat, detour=False))
        if refusal.code == TAKEN_BY_A_CHAT:  # so there is one, and the list is behind
            raise Unavailable("livechat lists no chat for a customer who has one", certain=True)
        raise refusal

    def _complete(self, opening: Opening, found: Found, opened: Opened) -> Exchange[Opened]:
        """Say what the agent should see first, as far as it is not there yet."""
        over = any(isinstance(event, ConversationClosed) for event in opened.events)
        if over or opening.abandoned:
            return opened
        events = self._opening_events(opening)
        missing = [event for event in events if event["custom_id"] not in found.own_ids]
        contact = contact_ref(opening.contact)
        yield from say_each(missing, self._wire.speaker(opened.conversation, contact))
        return opened

    def _find(self, opening: Opening) -> Exchange[Found]:
        """Look for the customer's chat, and into it while it is open or may have been ours.

        The opening whose answer was lost may be over by now: its thread holds our own ids.
        """
        contact = contact_ref(opening.contact)
        one = listed((yield from self._wire.customer("list_chats", {}, contact)))
        if one is None:
            return Found()
        thread, contact_then = ThreadRef(one.thread), opening.contact
        past = not thread or (contact_then is not None and contact_then.remembers(thread))
        if not one.active and past:
            return Found(chat=one.chat)
        whole = yield from self._wire.customer("get_chat", {"chat_id": one.chat}, contact)
        found = read(one.chat, whole)
        ours = any(own.startswith(opening.handoff.id) for own in found.own_ids)
        return found if one.active or ours else Found(chat=one.chat)

    def _chat(self, opening: Opening) -> Json:
        """Return the chat to open: where it goes, that it is for people, and how it begins."""
        target = opening.handoff.target
        group = target if is_group(target) else self._account.group_id
        return {
            "access": {"group_ids": [int(group)]},
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


def contact_ref(contact: Contact | None) -> ContactRef:
    """Return the customer to speak for; there is always one by the time anything is said."""
    if contact is None:
        raise Rejected("livechat has no customer to speak for", code="no_contact")
    return contact.ref


def _opened(chat: str, answer: Json) -> Opened:
    """Return the conversation in an answer; one without ids leaves us not knowing."""
    if not chat or not text(answer, "thread_id"):
        raise Unavailable("livechat opened a chat without telling its ids", certain=False)
    return Opened(conversation=ConversationRef(chat), thread=ThreadRef(text(answer, "thread_id")))
