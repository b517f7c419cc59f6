"""The life of conversations: who is asked, who comes and goes, and what the webhooks tell."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from demo.eight_by_eight.account import Account
from demo.eight_by_eight.errors import bad, missing
from demo.eight_by_eight.records import (
    ACCEPTING,
    IDLE,
    OFFLINE,
    Conversation,
    Message,
    Seat,
    utc_now,
)
from demo.rest import Json

Publish = Callable[[str, str, Json | None], None]

# Whoever speaks a language that is not on the vendor's list waits for an agent who speaks it.
LANGUAGES = frozenset(
    {
        *("en", "ru", "de", "ja", "es", "fr", "pt", "it", "pl", "hr", "nl", "ar"),
        *("da", "ko", "no", "sv", "vi", "cy", "th", "zh-CN", "zh-TW"),
    }
)


class Tenant:
    """Hold everything that calls can change."""

    def __init__(self, account: Account, publish: Publish, changed: Callable[[], None]) -> None:
        self.account = account
        self._publish = publish
        self._changed = changed
        self.conversations: dict[str, Conversation] = {}
        self.seats = {
            one.id: Seat(
                one.id, one.name, one.queues, one.max_chats, ACCEPTING if one.accepting else OFFLINE
            )
            for one in account.agents
        }
        self.automatic = True
        self.schedules = dict(account.schedules)
        self.webhooks = account.first_webhooks()
        self.channels = account.first_channels()

    def conversation(self, own: str) -> Conversation:
        """Return a conversation that must be there."""
        if own not in self.conversations:
            raise missing("Conversation")
        return self.conversations[own]

    def create(self, channel: Json, user: Json, assignment: Json | None) -> Conversation:
        """Make a conversation, which nobody is asked to take yet."""
        where = assignment or channel["routingOptions"]
        made = Conversation(
            channel=channel["id"], user=user, queue=self._queue(where), assignment=where
        )
        self.conversations[made.id] = made
        self._tell_update(made)
        return made

    def activate(self, room: Conversation) -> None:
        """Begin an interaction: the conversation waits in its queue, or somebody is free."""
        room.begin(self.account.tenant)
        self._tell_update(room)
        self._queued(room)

    def write(self, room: Conversation, message: Message) -> None:
        """Add a message; everybody's come by webhook. After the end it begins anew."""
        room.messages.append(message)
        data: Json = {
            "isEcho": message.kind == "bot",
            "sender": {"id": message.author, "type": message.kind},
        }
        data |= {"text": message.text} if message.text else {}
        data |= {"cards": message.cards} if message.cards else {}
        data |= {"attachments": message.attachments} if message.attachments else {}
        self._publish("MESSAGE", room.id, data)
        if message.kind == "user":
            room.typing_until = utc_now()
            if room.state == IDLE:
                self.activate(room)
        self._changed()

    def note(self, room: Conversation, agent: str, text: str) -> None:
        """Add what only agents see, of which the gateway knows nothing."""
        room.messages.append(Message(agent, "agent", text, shown="agents"))
        self._changed()

    def join(self, room: Conversation, agent: str) -> None:
        """Let an agent come, or a second one."""
        room.agents.append(agent)
        room.assignment = {"type": "agent", "id": agent}
        self._members(room, "agent", "joined", agent)
        self._tell_update(room)

    def leave(self, room: Conversation, agent: str) -> None:
        """Let one agent go; when it was the last, that is the end."""
        self._goes(room, agent)
        if not room.agents:
            self._rest(room)

    def end(self, room: Conversation) -> None:
        """Let everybody go: that is the end, and no webhook says so."""
        self._everybody_leaves(room)
        self._rest(room)

    def user_leaves(self, room: Conversation) -> None:
        """Let the customer go, which frees the agent."""
        if room.user_removed:
            raise missing("Participant")
        room.user_removed = True
        self._members(room, "user", "left", "user")
        self._everybody_leaves(room)
        if room.state != IDLE:
            self._rest(room)

    def transfer(self, room: Conversation, queue: str) -> None:
        """Pass the conversation on; which queue it is tells only the next webhook."""
        room.queue = self._queue({"type": "queue", "id": queue})
        self._publish("TRANSFER", room.id, None)
        self._everybody_leaves(room)
        room.assignment = {"type": "queue", "id": queue}
        self._queued(room)
        self.offer_waiting()

    def hand_to(self, room: Conversation, agent: str) -> None:
        """Pass the conversation on to one agent, who is not asked."""
        self._publish("TRANSFER", room.id, None)
        self._everybody_leaves(room)
        self.join(room, agent)
        self.offer_waiting()

    def reassign(self, room: Conversation, assignment: Json) -> None:
        """Send a conversation that waits to another queue; with an agent it stays in silence."""
        room.queue = self._queue(assignment)
        if room.is_waiting():
            room.assignment = assignment
            self._tell_update(room)
            self._queued(room)

    def know(self, room: Conversation, user: Json) -> None:
        """Know the customer better."""
        room.user = user
        self._tell_update(room)
        self._changed()

    def show_typing(self, room: Conversation, agent: str) -> None:
        """Tell that an agent types; that they stopped has no name."""
        users = [{"type": "agent", "id": agent}] if agent else []
        self._publish("ACTIVITY", room.id, {"name": "typing", "value": {"users": users}})

    def customer_types(self, room: Conversation) -> None:
        """Show that the customer types, for a while: nobody says that they stopped."""
        seconds = self.account.typing_seconds
        room.typing_until = utc_now() + timedelta(seconds=seconds)
        asyncio.get_running_loop().call_later(seconds, self._changed)
        self._changed()

    def set_status(self, agent: str, status: str) -> None:
        """Let an agent come to work, pause, or go home."""
        self.seats[agent].status = status
        self.offer_waiting()
        self._changed()

    def assign(self, automatic: bool) -> None:
        """Offer conversations to whoever is free, or let agents take them by hand."""
        self.automatic = automatic
        self.offer_waiting()

    def load(self, seat: Seat) -> int:
        """Return how many conversations an agent has."""
        return sum(seat.id in room.agents for room in self.conversations.values())

    def waiting(self, queue: str) -> list[Conversation]:
        """Return who waits in a queue, the longest first."""
        rooms = (one for one in self.conversations.values() if one.is_waiting())
        return sorted((one for one in rooms if one.queue == queue), key=lambda one: one.since)

    def offer_waiting(self) -> None:
        """Give those who wait to whoever has become free."""
        for queue in self.account.queues:
            for room in self.waiting(queue):
                self._offer(room)

    def _offer(self, room: Conversation) -> None:
        if not self.automatic or room.user.get("language", "en") not in LANGUAGES:
            return
        for seat in self.seats.values():
            able = room.queue in seat.queues and seat.status == ACCEPTING
            if able and self.load(seat) < seat.max_chats:
                self.join(room, seat.id)
                return

    def _queued(self, room: Conversation) -> None:
        room.since = utc_now()
        name = self.account.queues[room.queue]
        self._publish("QUEUED", room.id, {"queueId": room.queue, "queueName": name})
        self._tell_desk(room, f"Queued: {name}")
        self._offer(room)

    def _rest(self, room: Conversation) -> None:
        room.rest()
        self._publish("CONVERSATION_UPDATE", room.id, {"state": IDLE, "channel": "ChatAPI"})
        self.offer_waiting()
        self._changed()

    def _everybody_leaves(self, room: Conversation) -> None:
        for agent in list(room.agents):
            self._goes(room, agent)

    def _goes(self, room: Conversation, agent: str) -> None:
        room.agents.remove(agent)
        room.past_agents.append(agent)
        self._members(room, "agent", "left", agent)

    def _members(self, room: Conversation, kind: str, change: str, own: str) -> None:
        data = {"memberType": kind, "change": change, "id": own}
        self._publish("MEMBERS_CHANGED", room.id, data)
        name = self.seats[own].name if own in self.seats else "The customer"
        self._tell_desk(room, f"{change.capitalize()}: {name}")

    def _tell_desk(self, room: Conversation, text: str) -> None:
        room.messages.append(Message("", "system", text, shown="system"))
        self._changed()

    def _tell_update(self, room: Conversation) -> None:
        data = {"state": room.state, "assignment": room.assignment, "user": room.user}
        self._publish("CONVERSATION_UPDATE", room.id, {**data, "channel": "ChatAPI"})

    def _queue(self, assignment: Json) -> str:
        """Return the queue that an assignment names; a script leads to the first."""
        queues = self.account.queues
        if assignment["type"] == "script":
            return next(iter(queues))
        if assignment["id"] not in queues:
            raise bad("invalid_queue", "Queue does not exist")
        return str(assignment["id"])
