"""The life of conversations: who is asked, who comes and goes, and what the webhooks tell."""

from collections.abc import Callable

from demo.eight_by_eight.account import Account
from demo.eight_by_eight.errors import bad, missing
from demo.eight_by_eight.records import ACTIVE, IDLE, Conversation, Message, Seat
from demo.rest import Json

Publish = Callable[[str, str, Json | None], None]


class Tenant:
    """Hold everything that calls can change."""

    def __init__(self, account: Account, publish: Publish, changed: Callable[[], None]) -> None:
        self.account = account
        self._publish = publish
        self._changed = changed
        self.conversations: dict[str, Conversation] = {}
        self.seats = {
            one.id: Seat(one.id, one.name, one.queues, one.max_chats, one.accepting)
            for one in account.agents
        }
        self.schedules = dict(account.schedules)
        self.webhooks: dict[str, Json] = {}
        self.channels: dict[str, Json] = {}
        self._begin()

    def _begin(self) -> None:
        account = self.account
        if account.webhook_url is not None:
            self.webhooks[account.webhook_id] = {
                "id": account.webhook_id,
                "name": "demo",
                "uri": account.webhook_url,
                "version": "Chat Gateway v1.0",
            }
        self.channels[account.channel_id] = {
            "id": account.channel_id,
            "name": "Web bot hand-over",
            "type": "ChatAPI",
            "webHookId": account.webhook_id,
            "routingOptions": {"type": "queue", "id": next(iter(account.queues))},
        }

    def conversation(self, own: str) -> Conversation:
        """Return a conversation that must be there."""
        if own not in self.conversations:
            raise missing("Conversation")
        return self.conversations[own]

    def create(self, channel: Json, user: Json, assignment: Json | None) -> Conversation:
        """Make a conversation and let it wait for somebody."""
        where = assignment or {"type": "queue", "id": channel["routingOptions"]["id"]}
        queue = self._queue(where)
        number = len(self.conversations) + 1
        made = Conversation(
            number=number, channel=channel["id"], user=user, queue=queue, assignment=where
        )
        self.conversations[made.id] = made
        self._tell_update(made)
        return made

    def activate(self, room: Conversation) -> None:
        """Begin an interaction: the conversation waits in its queue, or somebody is free."""
        room.state, room.user_removed = ACTIVE, False
        room.interactions.append({"id": f"int-{len(room.interactions) + 1}-{room.id}"})
        room.assignment = {"type": "queue", "id": room.queue}
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
        if message.kind == "user" and room.state == IDLE:
            self.activate(room)
        self._changed()

    def join(self, room: Conversation, agent: str) -> None:
        """Let an agent come."""
        room.agents.append(agent)
        room.assignment = {"type": "agent", "id": agent}
        self._members(room, "agent", "joined", agent)
        self._tell_update(room)

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

    def transfer(self, room: Conversation, *, queue: str = "", agent: str = "") -> None:
        """Pass the conversation on; which queue it is tells only the next webhook."""
        self._publish("TRANSFER", room.id, None)
        self._everybody_leaves(room)
        if agent:
            self.join(room, agent)
            return
        room.queue = self._queue({"type": "queue", "id": queue})
        room.assignment = {"type": "queue", "id": queue}
        self._queued(room)

    def reassign(self, room: Conversation, assignment: Json) -> None:
        """Send a conversation that waits to another queue."""
        room.queue = self._queue(assignment)
        room.assignment = assignment
        if room.state == ACTIVE and not room.agents:
            self._queued(room)

    def show_typing(self, room: Conversation, agent: str) -> None:
        """Tell that an agent types; that they stopped has no name."""
        users = [{"type": "agent", "id": agent}] if agent else []
        self._publish("ACTIVITY", room.id, {"name": "typing", "value": {"users": users}})

    def set_accepting(self, agent: str, accepting: bool) -> None:
        """Let an agent come to work, or go home."""
        if agent not in self.seats:
            raise missing("Agent")
        self.seats[agent].accepting = accepting
        for room in self.conversations.values():
            if room.state == ACTIVE and not room.agents:
                self.offer(room)
        self._changed()

    def offer(self, room: Conversation) -> None:
        """Give a conversation to the first who is free, if anybody is."""
        for seat in self.seats.values():
            if room.queue in seat.queues and seat.accepting and self.load(seat) < seat.max_chats:
                self.join(room, seat.id)
                return

    def load(self, seat: Seat) -> int:
        """Return how many conversations an agent has."""
        return sum(seat.id in room.agents for room in self.conversations.values())

    def waiting(self, queue: str) -> list[Conversation]:
        """Return who waits in a queue."""
        rooms = self.conversations.values()
        return [
            one for one in rooms if one.state == ACTIVE and one.queue == queue and not one.agents
        ]

    def _queued(self, room: Conversation) -> None:
        name = self.account.queues[room.queue]
        self._publish("QUEUED", room.id, {"queueId": room.queue, "queueName": name})
        self._note(room, "Queued:", name)
        self.offer(room)

    def _rest(self, room: Conversation) -> None:
        room.state = IDLE
        self._publish("CONVERSATION_UPDATE", room.id, {"state": IDLE, "channel": "ChatAPI"})
        self._changed()

    def _everybody_leaves(self, room: Conversation) -> None:
        for agent in list(room.agents):
            room.agents.remove(agent)
            room.past_agents.append(agent)
            self._members(room, "agent", "left", agent)

    def _members(self, room: Conversation, kind: str, change: str, own: str) -> None:
        data = {"memberType": kind, "change": change, "id": own}
        self._publish("MEMBERS_CHANGED", room.id, data)
        name = self.seats[own].name if own in self.seats else "The customer"
        self._note(room, f"{change.capitalize()}:", name)

    def _note(self, room: Conversation, what: str, who: str) -> None:
        room.messages.append(Message("", "system", f"{what} {who}", shown="system"))
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
