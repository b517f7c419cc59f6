"""8x8 Contact Center by its Chat Gateway: a conversation a handoff, told of by signed webhooks.

https://developer.8x8.com/actions-events/reference/contact-center-chat-gateway
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from handoff.clock import Clock
from handoff.errors import ConversationGone, Rejected, Throttled, Unavailable, in_doubt
from handoff.events import Closer, ConversationClosed, Event, Queued
from handoff.exchange import Exchange, Inbound, Json, items, obj, text
from handoff.model import Contact
from handoff.providers.base import (
    HAS_GONE,
    IS_BACK,
    Availability,
    Capabilities,
    Conversation,
    Opened,
    Opening,
    Outgoing,
    OutgoingFile,
)
from handoff.providers.eight_by_eight_history import LONGEST_TEXT
from handoff.providers.eight_by_eight_inbox import Inbox
from handoff.providers.eight_by_eight_opening import Openings, assignment
from handoff.providers.eight_by_eight_presence import Presences
from handoff.providers.eight_by_eight_reading import NEWEST
from handoff.providers.eight_by_eight_setup import Check, Setup
from handoff.providers.eight_by_eight_wire import (
    ID,
    EightByEightAccount,
    Wire,
    conversation_path,
)
from handoff.providers.file_forms import file_request, uploading
from handoff.providers.operating import Finding, Plan, Step
from handoff.vocabulary import ConversationRef
from handoff.words import parts


class EightByEight:
    """One tenant of 8x8, reached by the key that `account` holds."""

    id = ID

    def __init__(self, account: EightByEightAccount, clock: Clock) -> None:
        self._account = account
        self._wire = Wire(account, clock)
        self._openings = Openings(account, self._wire)
        self._presences = Presences(account, self._wire)
        self._inbox = Inbox(account, self._wire, clock)

    @property
    def capabilities(self) -> Capabilities:
        """Return what 8x8 can do for us; who is there, and names, need more than the key."""
        account = self._account
        statistics = account.api_secret is not None or account.gateway_statistics
        return Capabilities(
            availability=statistics or bool(account.schedule_id),
            queue_position=statistics,
            agent_names=account.api_secret is not None,
            typing_to_agent=True,
            typing_to_customer=True,
            presence_to_agent=True,
            files_to_customer=True,
            files_to_agent=True,
            rich_messages=True,
            signed_webhooks=True,
            signed_time=True,
            leaving_ends=True,
        )

    def availability(self, target: str, _contact: Contact | None) -> Exchange[Availability]:
        """Ask schedule and statistics, as far as they are configured."""
        return self._presences.ask(target)

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Open a conversation with all that was said before as its history."""
        return self._openings.open(opening)

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Say the customer's words, in as many messages as their length needs."""
        pieces = parts(message.text, LONGEST_TEXT)
        if message.uncertain:
            pieces = yield from self._unsaid(conversation.ref, pieces, message.repeats)
            if pieces and not message.settled:
                raise Unavailable("8x8 may still take what was sent", certain=False)
        for number, piece in enumerate(pieces):
            try:
                yield from self._say(conversation.ref, {"text": piece})
            except (Throttled, Unavailable) as error:
                if not number:
                    raise
                raise in_doubt(error) from error

    def close(self, conversation: Conversation) -> Exchange[None]:
        """Let the customer leave, which frees the agent; who is not there has left already."""
        path = conversation_path(conversation.ref, "participants", "user")
        try:
            yield from self._wire.call("PATCH", path, {"removed": True}, call="leave", gone=True)
        except ConversationGone:
            return

    def confirm_end(self, conversation: Conversation) -> Exchange[tuple[Event, ...]]:
        """Look at the conversation's state: 8x8 has no webhook for the end."""
        ref = conversation.ref
        closed = ConversationClosed(id=f"{ref}:idle", conversation=ref, by=Closer.NOBODY)
        try:
            found = yield from self._read(ref)
        except ConversationGone:
            return (closed,)
        state, where = text(found, "state"), text(found, "assignment", "type")
        if state == "idle":
            return (closed,)
        if state == "active" and where in {"queue", "script"}:
            return (Queued(id=f"{ref}:queued", conversation=ref, recurs=True),)
        # The agent may still be writing up what was said.
        raise Unavailable("8x8 cannot tell yet whether the conversation is over", certain=True)

    def attach(self, conversation: Conversation, file: OutgoingFile) -> Exchange[None]:
        """Give the customer's file to the agent: uploaded first, then shown by a message.

        https://developer.8x8.com/actions-events/docs/conversation
        """
        ref, fields = conversation.ref, {"authorType": "user"}
        path, key = conversation_path(ref, "attachments"), self._account.api_key.current
        request = file_request(path, "attachment", file, key=key, fields=fields)
        try:
            taken = yield from uploading(self._wire.send(request, call="attach"))
        except Rejected as error:
            meaning = yield from self._refusal(ref, error)
            if meaning is not error:
                raise meaning from error
            raise
        attachment = text(taken, "id")
        if not attachment:
            raise Unavailable("8x8 took a file without telling its id", certain=True)
        yield from self._say(ref, {"attachments": [{"id": attachment}]})

    def typing(self, conversation: Conversation) -> Exchange[None]:
        """Show that the customer is typing."""
        path = conversation_path(conversation.ref, "typing")
        yield from self._wire.call("POST", path, {"authorType": "user"}, call="typing", gone=True)

    def presence(self, conversation: Conversation, *, there: bool) -> Exchange[None]:
        """Tell the agent, in the bot's name, whether the customer's page is there."""
        payload = {"authorType": "bot", "text": IS_BACK if there else HAS_GONE}
        path = conversation_path(conversation.ref, "messages")
        yield from self._wire.call("POST", path, payload, call="presence", gone=True)

    def reroute(self, conversation: Conversation, target: str) -> Exchange[None]:
        """Send a customer who waits to another queue; a webhook tells what came of it."""
        payload = {"assignment": assignment(target)}
        path = conversation_path(conversation.ref)
        yield from self._wire.call("PATCH", path, payload, call="reroute", gone=True)

    def receive(self, request: Inbound) -> Exchange[tuple[Event, ...]]:
        """Check signature, age and tenant of the raw bytes, then translate."""
        return self._inbox.receive(request)

    def setup(self, plan: Plan, tell: Callable[[Step], None]) -> Exchange[None]:
        """Find or make webhook and channel."""
        return Setup(self._account, self._wire).run(plan, tell)

    def check(
        self, url: str, targets: Sequence[str], tell: Callable[[Finding], None]
    ) -> Exchange[None]:
        """Look at key, channel, webhook, queues and schedule."""
        return Check(self._account, self._wire, self._presences).run(url, targets, tell)

    def _say(self, ref: ConversationRef, content: Json) -> Exchange[None]:
        payload = {"authorType": "user", **content}
        path = conversation_path(ref, "messages")

        def said() -> Exchange[Json]:
            return self._wire.call("POST", path, payload, call="message")

        yield from self._heard(ref, said)

    def _heard(self, ref: ConversationRef, say: Callable[[], Exchange[Json]]) -> Exchange[Json]:
        """Return the answer to what is said; a refusal is looked into for what it means.

        It may have been early, and the conversation be active by the time of the look.
        """
        try:
            return (yield from say())
        except Rejected as error:
            meaning = yield from self._refusal(ref, error)
            if meaning is not error:
                raise meaning from error
        return (yield from say())

    def _refusal(self, ref: ConversationRef, error: Rejected) -> Exchange[Rejected | Unavailable]:
        """Return what a refused message means: too early, too late, or truly refused.

        Even one that finds nothing may be early: what takes messages is made after the answer
        that promised the conversation.
        """
        state = text((yield from self._read(ref)), "state")
        if state == "created":
            return Unavailable(f"{error}: the conversation is not active yet", certain=True)
        return ConversationGone(str(error), code=error.code) if state == "idle" else error

    def _read(self, ref: ConversationRef) -> Exchange[Json]:
        path = conversation_path(ref)
        return self._wire.call("GET", path, call="read conversation", gone=True)

    def _unsaid(self, ref: ConversationRef, pieces: list[str], repeats: int) -> Exchange[list[str]]:
        """Return the pieces that an attempt without an answer did not bring.

        8x8 keeps no id of ours, so what is there is told by the customer's newest words: the
        same text as often as it was said.
        """
        path = f"{conversation_path(ref)}/{NEWEST}"
        page = yield from self._wire.call("GET", path, call="read messages", gone=True)
        messages = [obj(one) for one in items(page, "_embedded", "messages")]
        own = [text(one, "text") for one in messages if text(one, "author", "type") == "user"]
        for count in range(len(pieces), 0, -1):
            wanted = list(reversed(pieces * repeats + pieces[:count]))
            if own[: len(wanted)] == wanted:
                return pieces[count:]
        return pieces
