"""Who gets a chat: group status, the least busy agent, places in the queue; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from demo.livechat.account import ACCEPTING, DEFAULT_GROUP
from demo.livechat.errors import Json
from demo.livechat.records import Chat

# The vendor calls its estimate an estimate; so do we.
SECONDS_PER_PLACE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An agent as the router sees one."""

    email: str
    groups: tuple[int, ...]
    status: str
    load: int
    max_chats: int

    @property
    def free(self) -> bool:
        """Say whether the router may give this agent a chat."""
        return self.status == ACCEPTING and self.load < self.max_chats


def shares_group(groups: Iterable[int], other: Iterable[int]) -> bool:
    """Say whether the groups meet; everybody is in the default group."""
    wanted = set(other)
    return DEFAULT_GROUP in wanted or bool(wanted & set(groups))


def of_groups(seats: Iterable[Seat], group_ids: tuple[int, ...]) -> list[Seat]:
    """Return the seats that serve any of the groups."""
    return [seat for seat in seats if shares_group(seat.groups, group_ids)]


def group_status(seats: Iterable[Seat], group_ids: tuple[int, ...], *, queue: bool) -> str:
    """Return `online`, `online_for_queue` or `offline` (section 3.9)."""
    staff = [seat for seat in of_groups(seats, group_ids) if seat.status == ACCEPTING]
    if any(seat.free for seat in staff):
        return "online"
    return "online_for_queue" if staff and queue else "offline"


def least_busy(
    seats: Iterable[Seat], group_ids: tuple[int, ...], *, but: str | None = None
) -> str | None:
    """Return the agent with the fewest chats; the first listed wins a tie."""
    free = [seat for seat in of_groups(seats, group_ids) if seat.free and seat.email != but]
    return min(free, key=lambda seat: seat.load).email if free else None


def queued(chats: Iterable[Chat]) -> list[Chat]:
    """Return the chats in the queue, the longest waiting first."""
    waiting = [(chat.thread.queued_at, chat) for chat in chats if chat.active]
    placed = [(at, chat) for at, chat in waiting if at is not None]
    return [chat for _, chat in sorted(placed, key=lambda pair: pair[0])]


def unassigned(chats: Iterable[Chat]) -> list[Chat]:
    """Return every chat that waits for an agent, in the queue or not, the oldest first."""

    def since(chat: Chat) -> datetime:
        return chat.thread.queued_at or chat.thread.created_at

    return sorted((chat for chat in chats if chat.active and chat.host is None), key=since)


def place(chat: Chat, chats: Iterable[Chat]) -> Json | None:
    """Return the `queue` object of a thread, or nothing when it does not wait in line."""
    if chat.thread.queued_at is None:
        return None
    line = [c.id for c in queued(chats) if set(c.group_ids) & set(chat.group_ids)]
    position = line.index(chat.id) + 1
    return {
        "position": position,
        "wait_time": position * SECONDS_PER_PLACE,
        "queued_at": rfc3339(chat.thread.queued_at),
    }


def rfc3339(at: datetime) -> str:
    """Write a time as the vendor does: UTC with microseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
