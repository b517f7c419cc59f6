"""What a provider is: verbs that trade requests for answers, and a list of what it can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from handoff.events import Event
from handoff.exchange import Exchange, Inbound, Stream, Token
from handoff.model import Contact, Customer, Handoff, Message
from handoff.vocabulary import ContactRef, ConversationRef, Presence, ProviderId, ThreadRef

# What an agent reads, in the desk's own place for such things.
HAS_GONE = "The customer has left the page."
IS_BACK = "The customer is back on the page."


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do, as data: the code, the documentation and the tests read this.

    `leaving_ends`: no webhook tells the end. The last agent's leaving is it, unless somebody
    comes; and a message that comes after it would call a new agent.
    """

    availability: bool = False
    queue_position: bool = False
    agent_names: bool = False
    transcript_as_note: bool = False
    typing_to_agent: bool = False
    typing_to_customer: bool = False
    presence_to_agent: bool = False
    files_to_customer: bool = False
    files_to_agent: bool = False
    rich_messages: bool = False
    shared_secret_webhooks: bool = False
    signed_webhooks: bool = False
    signed_time: bool = False
    hosts_channel: bool = False
    leaving_ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The customer as the provider now knows them. `tokens` (by name) are to be kept."""

    ref: ContactRef
    tokens: tuple[tuple[str, Token], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Whether somebody is there for `target`, which is where the handoff will go.

    `target` differs from the one asked for when that one does not exist.
    """

    presence: Presence
    target: str = ""
    position: int | None = None
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All a provider needs to open a conversation.

    `uncertain`: an earlier attempt may have opened one, so look before opening another; once it
    is `settled`, what was not found by then is not there.
    `abandoned`: the customer left meanwhile, so look and do not open any.
    """

    handoff: Handoff
    contact: Contact | None
    transcript: Sequence[Message]
    uncertain: bool = False
    settled: bool = True
    abandoned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The conversation, and what had already been said in it when it was found again.

    `remarks` are refusals on the way that did not matter enough to give up, for the log.
    """

    conversation: ConversationRef
    thread: ThreadRef | None = None
    events: tuple[Event, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What has happened in a conversation, as far as it could be read."""

    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Where something is to be said."""

    ref: ConversationRef
    thread: ThreadRef | None
    contact: Contact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A customer's message. `client_id` is ours, the same at every attempt.

    `repeats`: so many messages of the same words went to this conversation just before it, which
    tells an earlier one from this one where a vendor keeps no id of ours. After a doubtful attempt
    that is not `settled` yet, what is not found may still come: Unavailable, and nothing is said.
    """

    text: str
    client_id: str
    uncertain: bool = False
    settled: bool = True
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A customer's file on its way. `client_id` is ours; limits are the caller's.

    `content` comes once and may break off, which ends the call. Its size is as it was
    announced: two bytes more may come, where the customer's form has no last line break.
    """

    client_id: str
    name: str
    content_type: str
    content: Stream


class Provider(Protocol):
    """One vendor. Verbs are generators that raise `ProviderError` and never touch the network."""

    @property
    def id(self) -> ProviderId:
        """Return the id used in URLs, settings, logs and the store."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what this provider can do as it is configured."""

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Open a conversation, or find the one that an uncertain attempt opened."""

    def send(self, conversation: Conversation, message: Outgoing) -> Exchange[None]:
        """Say the customer's words; raises ConversationGone when nobody can hear them any more."""

    def close(self, conversation: Conversation) -> Exchange[None]:
        """Tell the provider that the customer left; a conversation already over is fine."""

    def receive(self, request: Inbound) -> Exchange[tuple[Event, ...]]:
        """Verify a webhook's bytes, then translate them.

        Raises Unauthenticated, or BadRequest where the proof itself cannot be read.
        """


@runtime_checkable
class Identifies(Protocol):
    """A provider that must know the customer before it can open a conversation."""

    def identify(self, customer: Customer) -> Exchange[Identity]:
        """Make an identity for a customer we have not brought to this provider before."""


@runtime_checkable
class TellsAvailability(Protocol):
    """A provider that can be asked whether somebody is there."""

    def availability(self, target: str, contact: Contact | None) -> Exchange[Availability]:
        """Ask whether somebody is there for `target`, or for the default when it is empty."""


@runtime_checkable
class Reads(Protocol):
    """A provider whose conversations can be read by us, not only heard of by webhooks."""

    def read(self, conversation: Conversation) -> Exchange[tuple[Event, ...]]:
        """Return what has happened in a conversation so far; each fact has its webhook's id."""


@runtime_checkable
class ConfirmsEnd(Protocol):
    """A provider where the last agent's leaving has to be looked at to know that it was the end."""

    def confirm_end(self, conversation: Conversation) -> Exchange[tuple[Event, ...]]:
        """Return what the conversation's state shows: closed, queued, or that somebody is there.

        Raises Unavailable while it can still become either.
        """


@runtime_checkable
class TakesFiles(Protocol):
    """A provider that takes a customer's file."""

    def attach(self, conversation: Conversation, file: OutgoingFile) -> Exchange[None]:
        """Give the customer's file to the agent, once: what has failed cannot be repeated."""


@runtime_checkable
class ShowsTyping(Protocol):
    """A provider that shows the agent that the customer types."""

    def typing(self, conversation: Conversation) -> Exchange[None]:
        """Show that the customer is typing; nothing tells that they stopped."""


@runtime_checkable
class ShowsPresence(Protocol):
    """A provider that can tell the agent whether the customer's page is there."""

    def presence(self, conversation: Conversation, *, there: bool) -> Exchange[None]:
        """Tell the agent that the page has gone, or is there again."""


@runtime_checkable
class Reroutes(Protocol):
    """A provider where a customer who waits can be sent to another target."""

    def reroute(self, conversation: Conversation, target: str) -> Exchange[None]:
        """Send the waiting customer to another target; its webhooks tell what came of it."""


@runtime_checkable
class TakesNotes(Protocol):
    """A provider where agents can read what the customer does not see."""

    def note(self, conversation: Conversation, opening: Opening) -> Exchange[None]:
        """Leave the transcript for the agents."""
