"""What a tenant keeps: conversations, who is in them, what was said."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex, token_urlsafe

from demo.rest import Json

CREATED, ACTIVE, IDLE = "created", "active", "idle"

# How the demo's page calls what an agent does.
ACCEPTING, PAUSING, OFFLINE = "accepting_chats", "not_accepting_chats", "offline"


def new_id() -> str:
    """Return an id as the gateway makes them."""
    return token_urlsafe(11)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def iso(at: datetime) -> str:
    """Return a time as the API writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
    at: datetime = field(default_factory=utc_now)

    def view(self) -> Json:
        """Return it as the API shows it."""
        return {
            "id": self.id,
            "text": self.text,
            "createdAt": iso(self.at),
            "author": {"id": self.author, "type": self.kind, "language": "en", "removed": False},
            "attachments": [{"id": one["id"]} for one in self.attachments],
            "cards": self.cards,
        }


@dataclass(slots=True)
class Upload:
    """A file that lies in a conversation; `signature` opens it without a key."""

    name: str
    content_type: str
    data: bytes
    id: str = field(default_factory=lambda: token_urlsafe(60))
    signature: str = field(default_factory=token_hex)
    at: datetime = field(default_factory=utc_now)

    def view(self) -> Json:
        """Return what the API tells of it, where its name is written in small letters."""
        return {
            "id": self.id,
            "filename": self.name,
            "sizeInBytes": len(self.data),
            "createdAt": iso(self.at),
        }

    def url(self, address: str) -> str:
        """Return where it lies, for whoever has no key."""
        return f"{address}/files/{self.id}?sig={self.signature}"

    def shown(self, url: str) -> Json:
        """Return what a webhook tells of it."""
        kind = self.content_type.partition("/")[0]
        shown = {
            "id": self.id,
            "type": kind if kind in {"image", "video", "audio"} else "file",
            "fileName": self.name,
        }
        return {**shown, "preSignedUrl": url} if url else shown


@dataclass(slots=True)
class Conversation:
    """One conversation; `queue` is where it waits or was last, `since` when that began."""

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
    typing_until: datetime = field(default_factory=utc_now)
    interactions: list[Json] = field(default_factory=list)
    afterwards: Json | None = None
    at: datetime = field(default_factory=utc_now)
    since: datetime = field(default_factory=utc_now)

    def view(self) -> Json:
        """Return it as the API reads it, where its id is called `id`."""
        return {
            "id": self.id,
            "channelId": self.channel,
            "assignment": self.assignment,
            "user": self.user,
            "state": self.state,
        }

    def is_waiting(self) -> bool:
        """Say whether it waits for an agent."""
        return self.state == ACTIVE and not self.agents

    def begin(self, tenant: str) -> None:
        """Begin an interaction."""
        self.state, self.user_removed = ACTIVE, False
        self.assignment = {"type": "queue", "id": self.queue}
        own = f"int-{token_hex(6)}-{new_id()}-chat-{len(self.interactions) + 1:02}-{tenant}"
        self.interactions.append({"id": own, "startTime": iso(utc_now())})

    def rest(self) -> None:
        """End the interaction."""
        self.state = IDLE
        self.interactions[-1]["endTime"] = iso(utc_now())


@dataclass(slots=True)
class Seat:
    """An agent at work."""

    id: str
    name: str
    queues: tuple[str, ...]
    max_chats: int
    status: str
