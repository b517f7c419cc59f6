"""What agents do at the desk; this is ours, not the vendor's API."""

from collections.abc import Callable

from msgspec import UNSET, UnsetType

from demo.livechat import life, moves
from demo.livechat.account import ACCEPTING, NOT_ACCEPTING, OFFLINE
from demo.livechat.errors import ApiError, Json, refused
from demo.livechat.event_shapes import Shape, Text
from demo.livechat.licence import Licence
from demo.livechat.records import ROUTER, Actor, Chat, Member, Visibility
from demo.livechat.shapes import read


class Pick(Shape, frozen=True, kw_only=True):
    """Take a chat, or with `agents` look over a colleague's shoulder."""

    agent: Text
    visibility: Visibility = "all"


class Say(Shape, frozen=True, kw_only=True):
    """Write to the customer, or with `agents` a note."""

    agent: Text
    text: Text
    visibility: Visibility = "all"


class SendFile(Shape, frozen=True, kw_only=True):
    """Send a file that lies somewhere."""

    agent: Text
    name: Text
    url: Text
    content_type: Text
    size: int | UnsetType = UNSET


class Close(Shape, frozen=True, kw_only=True):
    """Close a chat; without an agent the router closes it."""

    agent: str | None = None
    reason: str | None = None


class Move(Shape, frozen=True, kw_only=True):
    """Transfer a chat to a group or an agent."""

    agent: Text
    to_group: int | None = None
    to_agent: str | None = None


class Leave(Shape, frozen=True, kw_only=True):
    """Go, so that the chat waits for somebody else."""

    agent: Text


class Ban(Shape, frozen=True, kw_only=True):
    """Ban the customer."""

    agent: Text


class Status(Shape, frozen=True, kw_only=True):
    """Accept chats or not, or go offline."""

    accepting: bool | None = None
    offline: bool = False
    status: str | None = None

    def value(self) -> str:
        """Return the vendor's word."""
        if self.offline:
            return OFFLINE
        return self.status or (ACCEPTING if self.accepting else NOT_ACCEPTING)


def _agent(licence: Licence, email: str) -> Actor:
    if email not in licence.agents:
        raise ApiError("not_found", "No such agent")
    return life.agent_actor(email)


def pick(licence: Licence, chat: Chat, body: Pick) -> None:
    """Take a waiting chat by hand."""
    by = _agent(licence, body.agent)
    member = Member(id=body.agent, visibility=body.visibility)
    chat = life.join(licence, chat, member, by, reason="manual")
    name = licence.name_of(body.agent)
    life.notice(licence, chat, "agent_joined", visibility=body.visibility, agent=name)


def say(licence: Licence, chat: Chat, body: Say) -> None:
    """Write; to the customer only from inside the chat."""
    draft = {"type": "message", "text": body.text, "visibility": body.visibility}
    _post(licence, chat, body.agent, draft)


def send_file(licence: Licence, chat: Chat, body: SendFile) -> None:
    """Send a file."""
    draft: Json = {
        "type": "file",
        "name": body.name,
        "url": body.url,
        "content_type": body.content_type,
        "visibility": "all",
    }
    if not isinstance(body.size, UnsetType):
        draft["size"] = body.size
    _post(licence, chat, body.agent, draft)


def _post(licence: Licence, chat: Chat, agent: str, draft: Json) -> None:
    by, member = _agent(licence, agent), chat.member(agent)
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
    if draft["visibility"] == "all" and (member is None or member.visibility == "agents"):
        raise ApiError("authorization", "Agent is not visible in the chat")
    life.post(licence, chat, draft, by)


def close(licence: Licence, chat: Chat, body: Close) -> None:
    """Close the chat; `reason` is a system message type such as `routing.archived_offline`."""
    by = _agent(licence, body.agent) if body.agent else ROUTER
    life.close(licence, chat, by, kind=body.reason)


def transfer(licence: Licence, chat: Chat, body: Move) -> None:
    """Transfer the chat; if nobody is free it waits."""
    by = _agent(licence, body.agent)
    if (body.to_group is None) == (body.to_agent is None):
        raise refused("either `to_group` or `to_agent`")
    if body.to_agent is not None:
        _agent(licence, body.to_agent)
        moves.transfer_to_agent(licence, chat, body.to_agent, by, ignore_availability=True)
    if body.to_group is not None:
        moves.transfer_to_groups(licence, chat, (body.to_group,), by, ignore_availability=True)


def leave(licence: Licence, chat: Chat, body: Leave) -> None:
    """Leave the chat."""
    moves.walk_out(licence, chat, body.agent, _agent(licence, body.agent))


def ban(licence: Licence, chat: Chat, body: Ban) -> None:
    """Ban the customer, which closes the chat."""
    by = _agent(licence, body.agent)
    licence.banned.add(chat.customer_id)
    life.close(licence, chat, by, kind="customer_banned")


def set_status(licence: Licence, email: str, body: Status) -> None:
    """Change an agent's status."""
    _agent(licence, email)
    if body.value() not in (ACCEPTING, NOT_ACCEPTING, OFFLINE):
        raise refused("unknown status")
    moves.set_status(licence, email, body.value())


DEEDS: dict[str, Callable[[Licence, Chat, object], None]] = {
    "pick": lambda licence, chat, body: pick(licence, chat, read(Pick, body)),
    "say": lambda licence, chat, body: say(licence, chat, read(Say, body)),
    "file": lambda licence, chat, body: send_file(licence, chat, read(SendFile, body)),
    "close": lambda licence, chat, body: close(licence, chat, read(Close, body)),
    "transfer": lambda licence, chat, body: transfer(licence, chat, read(Move, body)),
    "leave": lambda licence, chat, body: leave(licence, chat, read(Leave, body)),
    "ban": lambda licence, chat, body: ban(licence, chat, read(Ban, body)),
}
