"""What an event may hold when somebody sends one: every field by name and type, nothing else."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from demo.livechat.records import Visibility

TEXT_LIMIT = 16 * 1024

Text = Annotated[str, Meta(min_length=1)]
Properties = dict[str, dict[str, Any]]


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A body that refuses what it does not know."""


class EventShape(Shape, tag_field="type", frozen=True, kw_only=True):
    """What all events have; which of the two audience fields is allowed depends on the API."""

    custom_id: str | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET
    recipients: Visibility | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET


class Postback(Shape, frozen=True, kw_only=True):
    """Which button of a rich message was pressed."""

    id: Text
    thread_id: Text
    event_id: Text
    type: str | UnsetType = UNSET
    value: str | UnsetType = UNSET
    ecommerce: dict[str, Any] | UnsetType = UNSET


class Message(EventShape, tag="message", frozen=True, kw_only=True):
    """A text."""

    text: Text
    postback: Postback | UnsetType = UNSET


class File(EventShape, tag="file", frozen=True, kw_only=True):
    """A file that was uploaded before."""

    url: Text
    alternative_text: str | UnsetType = UNSET


class Element(Shape, frozen=True, kw_only=True):
    """A card of a rich message."""

    title: str | UnsetType = UNSET
    subtitle: str | UnsetType = UNSET
    image: dict[str, Any] | UnsetType = UNSET
    buttons: Annotated[list[dict[str, Any]], Meta(max_length=13)] | UnsetType = UNSET


class RichMessage(EventShape, tag="rich_message", frozen=True, kw_only=True):
    """Cards and buttons."""

    template_id: Literal["cards", "quick_replies", "sticker", "ecommerce"]
    elements: Annotated[list[Element], Meta(max_length=10)]


class Custom(EventShape, tag="custom", frozen=True, kw_only=True):
    """Anything."""

    content: dict[str, Any]


class FilledForm(EventShape, tag="filled_form", frozen=True, kw_only=True):
    """An answered survey."""

    form_id: Text
    fields: list[dict[str, Any]]


class Form(EventShape, tag="form", frozen=True, kw_only=True):
    """A survey to answer."""

    form_id: Text
    fields: list[dict[str, Any]]


class SystemMessage(EventShape, tag="system_message", frozen=True, kw_only=True):
    """A notice without an author."""

    system_message_type: Text
    text: str | UnsetType = UNSET
    text_vars: dict[str, str] | UnsetType = UNSET


AnyEvent = Message | File | RichMessage | Custom | FilledForm | Form | SystemMessage
