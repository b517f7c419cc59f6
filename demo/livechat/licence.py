"""The state of one licence: who works there, who wrote, what was said."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from demo.livechat.account import ACCEPTING, OFFLINE, Account, Agent
from demo.livechat.errors import ApiError, Json, refused
from demo.livechat.hooks import Fact, Registration
from demo.livechat.records import Actor, Chat, Customer
from demo.livechat.routing import Seat

ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
UPLOAD_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """An app's own agent, which never gets a chat from the router."""

    id: str
    secret: str
    name: str
    groups: tuple[int, ...]
    status: str = ACCEPTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on the CDN, which dies unless an event uses it."""

    url: str
    name: str
    content_type: str
    data: bytes
    at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRule:
    """Who may write a registered property, as `(level, user type)`."""

    type: str
    writers: frozenset[tuple[str, str]]


class Licence:
    """Keep frozen values by id; only the event loop's one thread touches it."""

    def __init__(
        self,
        account: Account,
        *,
        clock: Callable[[], datetime],
        publish: Callable[[Fact], None],
        changed: Callable[[], None],
    ) -> None:
        self.account = account
        self.publish = publish
        self.changed = changed
        self.chats: dict[str, Chat] = {}
        self.customers: dict[str, Customer] = {}
        self.banned: set[str] = set()
        self.uploads: dict[str, Upload] = {}
        self.hooks: dict[str, Registration] = {}
        self.hooks_enabled = True
        self.webhook_url = account.webhook_url
        self.agents: dict[str, Agent] = {agent.email: agent for agent in account.agents}
        self.statuses = {agent.email: agent.status for agent in account.agents}
        self.bots = {account.bot_id: _first_bot(account)}
        self.properties = {(account.client_id, name): _anyone() for name in account.properties}
        self._clock = clock
        self._fading: dict[str, asyncio.TimerHandle] = {}
        self._last = datetime.min.replace(tzinfo=clock().tzinfo)

    def now(self) -> datetime:
        """Return a time later than any before, so that events sort by it."""
        self._last = max(self._clock(), self._last + timedelta(microseconds=1))
        return self._last

    def new_id(self) -> str:
        """Return an id as chats and threads have."""
        return "T" + "".join(secrets.choice(ID_ALPHABET) for _ in range(9))

    def new_customer(self) -> Customer:
        """Make a person nobody knows yet."""
        customer = Customer(id=str(uuid.uuid4()))
        self.customers[customer.id] = customer
        return customer

    def chat(self, chat_id: str) -> Chat:
        """Return a chat, or say that there is none."""
        if chat_id not in self.chats:
            raise ApiError("not_found", "Chat not found")
        return self.chats[chat_id]

    def chat_of(self, customer_id: str) -> Chat | None:
        """Return the one chat a customer can have."""
        return next((c for c in self.chats.values() if c.customer_id == customer_id), None)

    def save(self, chat: Chat) -> Chat:
        """Keep a chat's new value."""
        self.chats[chat.id] = chat
        self.changed()
        return chat

    def living_upload(self, url: str) -> Upload | None:
        """Return a file that lies on the CDN; what nothing uses dies after a day."""
        kept = self.uploads.get(url)
        is_dead = kept is None or (not kept.used and self.now() - kept.at > UPLOAD_LIFE)
        return None if is_dead else kept

    def show_peek(self, chat: Chat, text: str) -> None:
        """Show what is being typed, for as long as somebody may still be typing it."""
        self.save(replace(chat, sneak_peek=text or None))
        if fading := self._fading.pop(chat.id, None):
            fading.cancel()
        if text:
            later = asyncio.get_running_loop().call_later
            self._fading[chat.id] = later(self.account.peek_seconds, self._fade, chat.id)

    def _fade(self, chat_id: str) -> None:
        del self._fading[chat_id]
        self.save(replace(self.chats[chat_id], sneak_peek=None))

    def tell(
        self,
        action: str,
        chat: Chat,
        payload: Json,
        *,
        by: Actor,
        author: Actor | None = None,
    ) -> None:
        """Tell the webhooks what happened in a chat."""
        present = tuple(member.id for member in chat.members if member.present)
        fact = Fact(
            action=action,
            payload=payload,
            chat_id=chat.id,
            caused_by=by.client_id,
            author_type=author.type if author else None,
            chat_client_id=chat.properties.get("source", {}).get("client_id"),
            chat_properties=chat.properties,
            user_ids=(chat.customer_id, *present),
        )
        self.publish(fact)

    def seats(self) -> list[Seat]:
        """Return the agents as the router sees them."""
        hosts = [chat.host.id for chat in self.chats.values() if chat.active and chat.host]
        return [
            Seat(
                email=agent.email,
                groups=agent.groups,
                status=self.statuses[agent.email],
                load=hosts.count(agent.email),
                max_chats=agent.max_chats,
            )
            for agent in self.agents.values()
        ]

    def name_of(self, user_id: str) -> str:
        """Return what the desk calls an agent or bot."""
        if user_id in self.agents:
            return self.agents[user_id].name
        return self.bots[user_id].name if user_id in self.bots else user_id

    def groups_of(self, user_id: str) -> tuple[int, ...]:
        """Return the groups an agent or bot works in."""
        if user_id in self.agents:
            return self.agents[user_id].groups
        return self.bots[user_id].groups if user_id in self.bots else ()

    def require_staff(self, user_id: str) -> str:
        """Return the id of an agent or bot, or refuse it as was observed."""
        if user_id not in self.agents and user_id not in self.bots:
            raise refused("user_id is not an agent of this license")
        return user_id

    def require_groups(self, group_ids: Iterable[int]) -> tuple[int, ...]:
        """Return the groups, or say which one does not exist."""
        for group_id in group_ids:
            if group_id not in self.account.groups:
                raise ApiError("group_not_found", f"Group {group_id} not found")
        return tuple(group_ids)

    def bots_up(self) -> list[str]:
        """Return the bots that are not offline."""
        return [bot.id for bot in self.bots.values() if bot.status != OFFLINE]


def _first_bot(account: Account) -> Bot:
    return Bot(
        id=account.bot_id,
        secret=account.bot_secret,
        name="Bridge bot",
        groups=account.bot_groups,
    )


def _anyone() -> PropertyRule:
    levels, users = ("chat", "thread", "event"), ("agent", "customer")
    return PropertyRule(
        type="string", writers=frozenset((level, user) for level in levels for user in users)
    )
