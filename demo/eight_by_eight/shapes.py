"""What must stand in a request body; fields that the vendor does not know are let through."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, ValidationError, convert, field

from demo.eight_by_eight.errors import Refuse

MOST_HISTORY, MOST_PROPERTIES = 200, 30

T = TypeVar("T")
Author = Literal["user", "bot"]
Version = Literal["Chat Gateway v1.0"]

VERSION: Version = "Chat Gateway v1.0"
Text = Annotated[str, Meta(min_length=1)]


class Shape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A body in the vendor's spelling."""


class Property(Shape, frozen=True, kw_only=True):
    """One line of what an agent is shown of the customer."""

    key: str
    value: str


class User(Shape, frozen=True, kw_only=True):
    """The customer; nothing of it is required."""

    name: str = ""
    user_id: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    case_id: str = ""
    language: str = "en"
    additional_properties: Annotated[list[Property], Meta(max_length=MOST_PROPERTIES)] = field(
        default_factory=list
    )


class Assignment(Shape, frozen=True, kw_only=True):
    """Where a conversation goes."""

    id: Text
    type: Literal["queue", "script"] = "queue"


class Reference(Shape, frozen=True, kw_only=True):
    """A file that was uploaded before."""

    id: Text


class Card(Shape, frozen=True, kw_only=True):
    """Something richer than text."""

    content: Any
    content_type: str = "application/vnd.microsoft.card.adaptive"


class Words(Shape, frozen=True, kw_only=True):
    """A message, in the history or now; `text` and `external_provider` exclude each other."""

    author_type: Author
    text: str = ""
    attachments: list[Reference] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    external_provider: dict[str, str] | None = None


class History(Shape, frozen=True, kw_only=True):
    """What was said before."""

    messages: Annotated[list[Any], Meta(max_length=MOST_HISTORY)]


class Leaving(Shape, frozen=True, kw_only=True):
    """The one thing that can be changed about a participant."""

    removed: bool
    display_message: str = ""


class Typing(Shape, frozen=True, kw_only=True):
    """Somebody types; there is no word for that they stopped."""

    author_type: Author


class Thinking(Shape, frozen=True, kw_only=True):
    """The bot needs time."""

    author_type: Author = "bot"
    max_thinking_time_seconds: Annotated[int, Meta(ge=1, le=600)] = 60


class ReadReceipt(Shape, frozen=True, kw_only=True):
    """The customer has read; the time is in milliseconds."""

    author_type: Literal["user"]
    read_at: Annotated[int, Meta(ge=10**12)]


class Afterwards(Shape, frozen=True, kw_only=True):
    """How long the bot has the customer after the agent; the flag is a text."""

    notify_channel_webhook_if_exists: Literal["true", "false"]
    max_total_minutes: Annotated[int, Meta(ge=20, le=600)]
    user_timeout_in_minutes: Annotated[int, Meta(ge=10, le=300)]


class PostAgent(Shape, frozen=True, kw_only=True):
    """Who has the customer after the agent."""

    type: Literal["webhook"]
    id: Text
    configuration: Afterwards


class Webhook(Shape, frozen=True, kw_only=True):
    """An address for webhooks. Which name of the version is enforced is not known: one must be."""

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    uri: Annotated[str, Meta(pattern="^https?://")]
    version: Version | None = None
    notification_version: Version | None = None


class Trial(Shape, frozen=True, kw_only=True):
    """An address to be tried."""

    uri: Annotated[str, Meta(pattern="^https?://")]
    version: Version


class Routing(Shape, frozen=True, kw_only=True):
    """A channel's default queue."""

    type: Literal["queue"]
    id: Text


class Channel(Shape, frozen=True, kw_only=True):
    """A channel; its webhook is written with a capital H."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    web_hook_id: Text = field(name="webHookId")
    routing_options: Routing
    type: Literal["ChatAPI"] = "ChatAPI"


def read(shape: type[T], body: object, refuse: Refuse) -> T:
    """Read a body as a shape, or refuse it."""
    try:
        return convert(body, shape)
    except ValidationError as error:
        raise refuse(str(error)) from error
