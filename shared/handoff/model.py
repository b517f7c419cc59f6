"""The values that one decision needs: a session, its handoff, and what waits in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from handoff.deliveries import Delivery, Page, Said
from handoff.records import EventRecord, Happening, TurnRecord
from handoff.vocabulary import (
    ContactRef,
    ConversationRef,
    Dialect,
    HandoffId,
    JobKind,
    Participant,
    Presence,
    ProviderId,
    Reason,
    SessionId,
    SessionKey,
    State,
    ThreadRef,
)

# A vendor repeats webhooks for minutes; nobody has so many handoffs in that time.
MOST_THREADS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something to press on a card: an address, or only words to answer with when it has none."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a bot showed beside plain text. `Message.text` says the same in words."""

    title: str = ""
    text: str = ""
    image: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of the transcript; `utterance` is Dialogflow's id of the input it belongs to.

    `lost`: it was given up on its way to the desk.
    """

    author: Participant
    text: str
    name: str = ""
    utterance: str = ""
    card: Card | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who the customer is, as far as the bot knows."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person at the desk. `name` is what the customer may see; None: not known yet.

    `announced`: the customer was told. `heard`: they spoke before we knew that they had come.
    `since` is when they came, by the vendor's clock.
    """

    id: str
    name: str | None = None
    announced: bool = False
    heard: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The customer as one provider knows them, kept for the whole session.

    `conversation` and `thread` are those of the last handoff, `earlier` threads of others: a
    vendor may allow one conversation, and late events must not touch a new handoff.
    """

    ref: ContactRef
    conversation: ConversationRef | None = None
    thread: ThreadRef | None = None
    earlier: tuple[ThreadRef, ...] = ()

    def knowing(self, conversation: ConversationRef, thread: ThreadRef | None) -> Contact:
        """Return the contact with one more conversation of the past."""
        before = () if self.thread is None or self.thread == thread else (self.thread,)
        earlier = (*self.earlier, *before)[-MOST_THREADS:]
        return replace(self, conversation=conversation, thread=thread, earlier=earlier)

    def remembers(self, thread: ThreadRef | None) -> bool:
        """Say whether a thread belonged to a handoff of the past."""
        return thread is not None and thread in (self.thread, *self.earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One entry of the outbox; `uncertain` when an earlier attempt may have had its effect.

    `renewed`: the customer was made known to the provider once more for this opening.
    `tried_at` is when last it was done without our hearing of its effect, or some moment later.
    `utterance` is Dialogflow's id of the input that a message came in, `author` the agent's name
    of words for the customer.
    """

    id: int
    kind: JobKind
    handoff: HandoffId
    provider: ProviderId
    created_at: datetime
    due_at: datetime
    text: str = ""
    conversation: ConversationRef | None = None
    thread: ThreadRef | None = None
    attempts: int = 0
    uncertain: bool = False
    tried_at: datetime | None = None
    renewed: bool = False
    utterance: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who does the jobs of this session, and until when nobody else may."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A session in human hands.

    `target` is the provider's own id, empty for its default; `request` the words that asked for
    a person, after `lines_before` lines of the transcript, in the CX flow `flow`. `speaker` is
    the agent's name to show, `gone` one who left and was not told of yet, `end_told_in` the
    utterance whose answer told of the end.
    By the vendor's clock, `came_at` is when last somebody came or was being looked for, `left_at`
    when last somebody left, `departed` when each agent did, `idle_at` when last nobody was there
    at all; `moving`: passed on, and nobody came
    yet. `waits_since` is when they began to wait, None from the start; `unanswered_since` when the
    agent last wrote, until the customer does, `warned` that this was said; `delay_told` that
    something takes long; `untold_since` when somebody came or went of whom the next answer tells.
    `read` are digests of what agents said that was found by looking, up to `read_until`.
    `deliveries` is the tail of what the customer is to see, up to
    `last_delivery`; `answered` is the last one that a Dialogflow answer carried. `heard` counts
    the customer's messages, `said` are the newest of those that their page brought.
    """

    id: HandoffId
    provider: ProviderId
    started_at: datetime
    state: State = State.REQUESTED
    reason: Reason | None = None
    target: str = ""
    skill: str = ""
    customer: Customer = Customer()
    attributes: Mapping[str, str] = field(default_factory=dict)
    request: str = ""
    lines_before: int = 0
    flow: str = ""
    conversation: ConversationRef | None = None
    thread: ThreadRef | None = None
    agents: tuple[Agent, ...] = ()
    speaker: str = ""
    gone: str | None = None
    came_at: datetime | None = None
    left_at: datetime | None = None
    idle_at: datetime | None = None
    departed: Mapping[str, datetime] = field(default_factory=dict)
    moving: bool = False
    waits_since: datetime | None = None
    unanswered_since: datetime | None = None
    warned: bool = False
    delay_told: bool = False
    read: tuple[str, ...] = ()
    read_until: datetime | None = None
    available: Presence = Presence.UNKNOWN
    position: int | None = None
    wait_seconds: int | None = None
    untold_since: datetime | None = None
    connecting_told: bool = False
    end_told_in: str = ""
    deliveries: tuple[Delivery, ...] = ()
    last_delivery: int = 0
    answered: int = 0
    page: Page | None = None
    heard: int = 0
    said: tuple[Said, ...] = ()

    @property
    def read_up_to(self) -> int:
        """Return the id of the last delivery that reached the customer, one way or another."""
        return max(self.answered, self.page.seen if self.page else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A job that will not be done, and why."""

    job: Job
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything one decision needs; stored as one document.

    `handoff` is the present one or the last, `earlier` are those before it whose pages may still
    read: no more of them than that.
    `transcript` is the tail of what was said, `lines` counts all of it. `undelivered` is what
    the last decision gave up: the commit moves it to the dead letters. `life` are the newest
    things that happened to its handoffs, `wake_at` when something is to be done for it.
    """

    key: SessionKey
    id: SessionId
    dialect: Dialect
    language: str = ""
    transcript: tuple[Message, ...] = ()
    lines: int = 0
    handoff: Handoff | None = None
    earlier: tuple[Handoff, ...] = ()
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    handoffs: int = 0
    outbox: tuple[Job, ...] = ()
    last_job: int = 0
    lease: Lease | None = None
    undelivered: tuple[Undelivered, ...] = ()
    turns: tuple[TurnRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    life: tuple[Happening, ...] = ()
    wake_at: datetime | None = None
    expire_at: datetime | None = None

    @property
    def open_handoff(self) -> Handoff | None:
        """Return the handoff the customer is in, or None."""
        return self.handoff if self.handoff and self.handoff.state.is_open else None

    def named(self, handoff: HandoffId) -> Handoff | None:
        """Return the handoff of that name, if it is the present one or an earlier one."""
        return next((one for one in self.handoffs_kept if one.id == handoff), None)

    def knowing(self, handoff: Handoff) -> Session:
        """Return the session with one of its handoffs as it stands now."""
        if self.handoff is not None and self.handoff.id == handoff.id:
            return replace(self, handoff=handoff)
        earlier = tuple(handoff if one.id == handoff.id else one for one in self.earlier)
        return replace(self, earlier=earlier)

    @property
    def handoffs_kept(self) -> tuple[Handoff, ...]:
        """Return the handoffs that pages may read, the present one last."""
        return self.earlier if self.handoff is None else (*self.earlier, self.handoff)

    def saying(self, *messages: Message) -> Session:
        """Return the session with more lines in its transcript."""
        transcript = (*self.transcript, *messages)
        return replace(self, transcript=transcript, lines=self.lines + len(messages))

    @property
    def before_handoff(self) -> tuple[Message, ...]:
        """Return what was said before the words that asked for a person."""
        since = self.lines - (self.handoff.lines_before if self.handoff else self.lines)
        return self.transcript[: max(len(self.transcript) - since, 0)]
