"""What a tenant keeps: conversations, who is in them, what was said."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_urlsafe

from demo.rest import Json

CREATED, ACTIVE, IDLE = "created", "active", "idle"


def new_id() -> str:
    """Return an id as the gateway makes them."""
    return token_urlsafe(11)


@dataclass(slots=True)
class Message:
    """One message; `shown` is only for the desk: a note, or a line of the system."""

    author: str
    kind: str
    text: str = ""
    attachments: list[Json] = field(default_factory=list)
    cards: list[Json] = field(default_factory=list)
    shown: str = "all"
    id: str = field(default_factory=new_id)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def view(self) -> Json:
        """Return it as the API shows it."""
        return {
            "id": self.id,
            "text": self.text,
            "createdAt": self.at.isoformat().replace("+00:00", "Z"),
            "author": {"id": self.author, "type": self.kind, "language": "en", "removed": False},
            "attachments": [{"id": one["id"]} for one in self.attachments],
            "cards": self.cards,
        }


@dataclass(slots=True)
class Upload:
    """A file that lies in a conversation."""

    id: str
    name: str
    content_type: str
    data: bytes

    def view(self) -> Json:
        """Return what is told of it."""
        return {"id": self.id, "filename": self.name, "sizeInBytes": len(self.data)}


@dataclass(slots=True)
class Conversation:
    """One conversation; `queue` is where it waits or was last."""

    number: int
    channel: str
    user: Json
    queue: str
    assignment: Json
    id: str = field(default_factory=new_id)
    state: str = CREATED
    agents: list[str] = field(default_factory=list)
    past_agents: list[str] = field(default_factory=list)
    user_removed: bool = False
    messages: list[Message] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    interactions: list[Json] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def view(self) -> Json:
        """Return it as the API reads it, where its id is called `id`."""
        return {
            "id": self.id,
            "channelId": self.channel,
            "state": self.state,
            "user": self.user,
            "assignment": self.assignment,
            "createdAt": self.at.isoformat().replace("+00:00", "Z"),
        }


@dataclass(slots=True)
class Seat:
    """An agent at work."""

    id: str
    name: str
    queues: tuple[str, ...]
    max_chats: int
    accepting: bool
