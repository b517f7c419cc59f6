"""The values a licence keeps, and every change a chat can undergo, as pure functions."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from demo.livechat.errors import Json

Visibility = Literal["all", "agents"]
UserType = Literal["agent", "customer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who causes something: a customer, an agent, a bot, or (without id) the router."""

    id: str | None = None
    type: UserType | None = None
    client_id: str | None = None


ROUTER = Actor()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a thread; `content` holds what depends on the type."""

    id: str
    type: str
    created_at: datetime
    visibility: Visibility
    author_id: str | None = None
    content: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agent or bot in a chat."""

    id: str
    visibility: Visibility
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One conversation of a chat."""

    id: str
    created_at: datetime
    active: bool = True
    group_ids: tuple[int, ...] = ()
    user_ids: tuple[str, ...] = ()
    whisperers: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    properties: Json = field(default_factory=dict)
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """The permanent container for one customer."""

    id: str
    customer_id: str
    group_ids: tuple[int, ...]
    continuous: bool = False
    properties: Json = field(default_factory=dict)
    members: tuple[Member, ...] = ()
    threads: tuple[Thread, ...] = ()
    sneak_peek: str | None = None

    @property
    def thread(self) -> Thread:
        """Return the latest thread, the only one that can be active."""
        return self.threads[-1]

    @property
    def active(self) -> bool:
        """Say whether the chat is open."""
        return bool(self.threads) and self.thread.active

    @property
    def host(self) -> Member | None:
        """Return the one agent the customer can see."""
        return next((m for m in self.members if m.visibility == "all"), None)

    def member(self, user_id: str | None) -> Member | None:
        """Return the agent or bot of that id."""
        return next((m for m in self.members if m.id == user_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person who writes to the licence."""

    id: str
    fields: Json = field(default_factory=dict)
    session_fields: tuple[dict[str, str], ...] = ()


def merged(old: Json, new: Json) -> Json:
    """Set the named properties and keep the others: two levels, namespace then name."""
    return {ns: {**old.get(ns, {}), **new.get(ns, {})} for ns in {**old, **new}}


def with_thread(chat: Chat, thread: Thread) -> Chat:
    """Replace the latest thread."""
    return replace(chat, threads=(*chat.threads[:-1], thread))


def with_new_thread(chat: Chat, thread: Thread) -> Chat:
    """Begin another conversation; nobody of the former one is in it."""
    return replace(chat, threads=(*chat.threads, thread), members=(), sneak_peek=None)


def with_event(chat: Chat, event: Event) -> Chat:
    """Append an event; what the customer was typing is thereby said."""
    thread = replace(chat.thread, events=(*chat.thread.events, event))
    peek = None if event.author_id == chat.customer_id else chat.sneak_peek
    return replace(with_thread(chat, thread), sneak_peek=peek)


def with_member(chat: Chat, member: Member) -> Chat:
    """Let somebody in; a visible agent ends the waiting."""
    thread = chat.thread
    user_ids = tuple(dict.fromkeys((*thread.user_ids, member.id)))
    whisperers = tuple(user for user in thread.whisperers if user != member.id)
    if member.visibility == "agents":
        whisperers = (*whisperers, member.id)
    thread = replace(thread, user_ids=user_ids, whisperers=whisperers)
    if member.visibility == "all":
        routing = {"routing": {"unassigned": False}}
        thread = replace(thread, queued_at=None, properties=merged(thread.properties, routing))
    others = tuple(m for m in chat.members if m.id != member.id)
    return replace(with_thread(chat, thread), members=(*others, member))


def without_member(chat: Chat, user_id: str) -> Chat:
    """Let somebody go."""
    return replace(chat, members=tuple(m for m in chat.members if m.id != user_id))


def waiting(chat: Chat, queued_at: datetime | None) -> Chat:
    """Leave the chat without an agent, in the queue if a time is given."""
    properties = merged(chat.thread.properties, {"routing": {"unassigned": True}})
    return with_thread(chat, replace(chat.thread, queued_at=queued_at, properties=properties))


def in_groups(chat: Chat, group_ids: tuple[int, ...]) -> Chat:
    """Move the chat to other groups."""
    return with_thread(
        replace(chat, group_ids=group_ids), replace(chat.thread, group_ids=group_ids)
    )


def closed(chat: Chat) -> Chat:
    """End the latest thread; its people stay listed but are gone."""
    members = tuple(replace(member, present=False) for member in chat.members)
    chat = replace(chat, members=members, sneak_peek=None)
    return with_thread(chat, replace(chat.thread, active=False, queued_at=None))
