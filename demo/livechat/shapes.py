"""What may stand in a request body: every field by name and type, nothing else."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, UnsetType, ValidationError, convert, field, to_builtins

from demo.livechat.errors import Json, invalid
from demo.livechat.event_shapes import AnyEvent, Properties, Shape, Text
from demo.livechat.records import UserType, Visibility

SESSION_FIELDS_LIMIT = 100

T = TypeVar("T")


class Access(Shape, frozen=True, kw_only=True):
    """The groups of a chat."""

    group_ids: Annotated[list[int], Meta(min_length=1)]


class InitialThread(Shape, frozen=True, kw_only=True):
    """The thread of a chat that opens."""

    events: list[AnyEvent] = field(default_factory=list)
    properties: Properties = field(default_factory=dict)


class NewChat(Shape, frozen=True, kw_only=True):
    """`chat` of `start_chat`."""

    access: Access | None = None
    properties: Properties = field(default_factory=dict)
    thread: InitialThread = InitialThread()


class OldChat(NewChat, frozen=True, kw_only=True):
    """`chat` of `resume_chat`."""

    id: Text


class StartChat(Shape, frozen=True, kw_only=True):
    """Body of `start_chat`."""

    chat: NewChat = NewChat()
    active: bool = True
    continuous: bool = False


class ResumeChat(Shape, frozen=True, kw_only=True):
    """Body of `resume_chat`; an unset mode stays what it was."""

    chat: OldChat
    active: bool = True
    continuous: bool | None = None


class CustomerSendEvent(Shape, frozen=True, kw_only=True):
    """Body of the customer's `send_event`."""

    chat_id: Text
    event: AnyEvent
    attach_to_last_thread: bool = False


class AgentSendEvent(Shape, frozen=True, kw_only=True):
    """Body of the agent's `send_event`."""

    chat_id: Text
    event: AnyEvent


class Close(Shape, frozen=True, kw_only=True):
    """Body of the customer's `deactivate_chat`: the key is `id`."""

    id: Text


class AgentClose(Close, frozen=True, kw_only=True):
    """Body of the agent's `deactivate_chat`."""

    ignore_requester_presence: bool = False


class GetChat(Shape, frozen=True, kw_only=True):
    """Body of `get_chat`."""

    chat_id: Text
    thread_id: str | None = None


class Seen(Shape, frozen=True, kw_only=True):
    """Body of `mark_events_as_seen`."""

    chat_id: Text
    seen_up_to: Text


class ListChats(Shape, frozen=True, kw_only=True):
    """Body of the customer's `list_chats`."""

    limit: Annotated[int, Meta(ge=1, le=25)] | None = None
    sort_order: Literal["asc", "desc"] | None = None
    page_id: str | None = None


class ChatFilters(Shape, frozen=True, kw_only=True):
    """`filters` of the agent's `list_chats`."""

    group_ids: list[int] | None = None
    active: bool | None = None


class AgentListChats(Shape, frozen=True, kw_only=True):
    """Body of the agent's `list_chats`."""

    filters: ChatFilters | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    sort_order: Literal["asc", "desc"] | None = None
    page_id: str | None = None


class ListThreads(Shape, frozen=True, kw_only=True):
    """Body of `list_threads`."""

    chat_id: Text
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    min_events_count: Annotated[int, Meta(ge=1, le=100)] | None = None
    sort_order: Literal["asc", "desc"] | None = None
    page_id: str | None = None


class UpdateCustomer(Shape, frozen=True, kw_only=True):
    """Body of `update_customer`; the last two stand only in the vendor's SDK."""

    name: str | UnsetType = UNSET
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")] | UnsetType = UNSET
    avatar: str | UnsetType = UNSET
    session_fields: list[dict[str, str]] | UnsetType = UNSET
    omnichannel: dict[str, Any] | UnsetType = UNSET
    address: dict[str, str] | UnsetType = UNSET
    phone_number: Annotated[str, Meta(pattern=r"^\+[1-9]\d{4,14}$")] | UnsetType = UNSET
    name_is_default: bool | UnsetType = UNSET


class SessionFields(Shape, frozen=True, kw_only=True):
    """Body of `set_customer_session_fields`."""

    session_fields: list[dict[str, str]]


class GroupStatuses(Shape, frozen=True, kw_only=True):
    """Body of `list_group_statuses`: either field."""

    all: bool = False
    group_ids: list[int] | None = None


class SneakPeek(Shape, frozen=True, kw_only=True):
    """Body of `send_sneak_peek`."""

    chat_id: Text
    sneak_peek_text: str


class AddUser(Shape, frozen=True, kw_only=True):
    """Body of `add_user_to_chat`."""

    chat_id: Text
    user_id: Text
    user_type: UserType
    visibility: Visibility
    ignore_requester_presence: bool = False


class RemoveUser(Shape, frozen=True, kw_only=True):
    """Body of `remove_user_from_chat`; customers cannot be removed."""

    chat_id: Text
    user_id: Text
    user_type: Literal["agent"]
    ignore_requester_presence: bool = False


class Target(Shape, frozen=True, kw_only=True):
    """Where a chat goes: group numbers or agents' e-mails."""

    type: Literal["group", "agent"]
    ids: Annotated[list[int | str], Meta(min_length=1)]


class Transfer(Shape, frozen=True, kw_only=True):
    """Body of `transfer_chat`."""

    id: Text
    target: Target | None = None
    ignore_agents_availability: bool = False
    ignore_requester_presence: bool = False


class Empty(Shape, frozen=True, kw_only=True):
    """A body without fields."""


def read(shape: type[T], body: object) -> T:
    """Read a body as a shape, or refuse it."""
    try:
        return convert(body, shape)
    except ValidationError as error:
        raise invalid(str(error)) from error


def plain(value: object) -> Json:
    """Return the fields that were given."""
    fields = to_builtins(value)
    assert isinstance(fields, dict)
    return fields
