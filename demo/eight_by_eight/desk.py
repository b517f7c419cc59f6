"""What agents do at the desk; this is ours, not the vendor's API."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, field

from demo.eight_by_eight.errors import as_bad, bad
from demo.eight_by_eight.records import (
    ACCEPTING,
    IDLE,
    OFFLINE,
    PAUSING,
    Conversation,
    Message,
    Upload,
)
from demo.eight_by_eight.shapes import Text, read
from demo.eight_by_eight.tenant import Tenant
from demo.rest import Json
from demo.vendor.forms import Part

B = TypeVar("B")
Deed = Callable[[Tenant, Conversation, Json], None]


class ByAgent(Struct, frozen=True, kw_only=True):
    """A deed of somebody."""

    agent: Text


class Say(ByAgent, frozen=True, kw_only=True):
    """Write to the customer, or with `agents` a note."""

    text: str = ""
    cards: list[dict[str, Any]] = field(default_factory=list)
    visibility: Literal["all", "agents"] = "all"


class SendFile(ByAgent, frozen=True, kw_only=True):
    """Send a file that lies somewhere; without an address the gateway has what is in it."""

    name: Text
    url: str = ""
    content: str = ""
    content_type: str = "application/octet-stream"


class Close(Struct, frozen=True, kw_only=True):
    """End a conversation."""

    agent: str | None = None


class Move(ByAgent, frozen=True, kw_only=True):
    """Transfer to a queue or an agent."""

    to_group: str | UnsetType = UNSET
    to_agent: str | UnsetType = UNSET


class Type(ByAgent, frozen=True, kw_only=True):
    """Type, or stop."""

    typing: bool = True


class Status(Struct, frozen=True, kw_only=True):
    """Accept chats or not, or go home."""

    accepting: bool = False
    offline: bool = False

    def value(self) -> str:
        """Return how the desk calls it."""
        return OFFLINE if self.offline else ACCEPTING if self.accepting else PAUSING


def say(tenant: Tenant, room: Conversation, body: Say) -> None:
    """Write to the customer; a note stays at the desk, and no webhook tells of it."""
    if not (body.text or body.cards):
        raise bad("validation", "There is nothing to say")
    if body.visibility == "agents":
        tenant.note(room, _known(tenant, body.agent), body.text)
        return
    _require_inside(tenant, room, body.agent)
    tenant.write(room, Message(body.agent, "agent", body.text, cards=body.cards))


def send_file(tenant: Tenant, room: Conversation, body: SendFile) -> None:
    """Send a file."""
    _require_inside(tenant, room, body.agent)
    upload = Upload(body.name, body.content_type, body.content.encode())
    room.uploads[upload.id] = upload
    tenant.write(room, Message(body.agent, "agent", attachments=[upload.shown(body.url)]))


def upload(tenant: Tenant, room: Conversation, agent: str, file: Part, address: str) -> None:
    """Send a file that the desk has."""
    _require_inside(tenant, room, agent)
    kept = Upload(file.filename, file.content_type, bytes(file.data))
    room.uploads[kept.id] = kept
    tenant.write(room, Message(agent, "agent", attachments=[kept.shown(kept.url(address))]))


def close(tenant: Tenant, room: Conversation, _: Close) -> None:
    """End the conversation."""
    if room.state == IDLE:
        raise bad("idle", "The conversation is over")
    tenant.end(room)


def leave(tenant: Tenant, room: Conversation, body: ByAgent) -> None:
    """Go; the last one's going is the end."""
    _require_inside(tenant, room, body.agent)
    tenant.leave(room, body.agent)


def transfer(tenant: Tenant, room: Conversation, body: Move) -> None:
    """Pass the conversation on, to a queue or an agent."""
    _require_inside(tenant, room, body.agent)
    if isinstance(body.to_group, str) and isinstance(body.to_agent, UnsetType):
        tenant.transfer(room, body.to_group)
    elif isinstance(body.to_agent, str) and isinstance(body.to_group, UnsetType):
        tenant.hand_to(room, _known(tenant, body.to_agent))
    else:
        raise bad("validation", "either `to_group` or `to_agent`")


def pick(tenant: Tenant, room: Conversation, body: ByAgent) -> None:
    """Take a waiting conversation by hand, or join a colleague's."""
    agent = _known(tenant, body.agent)
    if agent in room.agents or room.state == IDLE:
        raise bad("not_waiting", "Nobody waits there")
    tenant.join(room, agent)


def type_(tenant: Tenant, room: Conversation, body: Type) -> None:
    """Type, or stop, which is told without a name."""
    _require_inside(tenant, room, body.agent)
    tenant.show_typing(room, body.agent if body.typing else "")


def set_status(tenant: Tenant, agent: str, body: Json) -> None:
    """Change an agent's status."""
    status = read(Status, body, as_bad("validation")).value()
    tenant.set_status(_known(tenant, agent), status)


def _known(tenant: Tenant, agent: str) -> str:
    if agent not in tenant.seats:
        raise bad("not_found", "No such agent", 404)
    return agent


def _require_inside(tenant: Tenant, room: Conversation, agent: str) -> None:
    if _known(tenant, agent) not in room.agents:
        raise bad("not_inside", "The agent is not in the conversation")


def _read(shape: type[B], run: Callable[[Tenant, Conversation, B], None]) -> Deed:
    return lambda tenant, room, body: run(tenant, room, read(shape, body, as_bad("validation")))


DEEDS: Mapping[str, Deed] = {
    "say": _read(Say, say),
    "file": _read(SendFile, send_file),
    "close": _read(Close, close),
    "leave": _read(ByAgent, leave),
    "transfer": _read(Move, transfer),
    "pick": _read(ByAgent, pick),
    "typing": _read(Type, type_),
}
