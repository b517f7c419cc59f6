"""One fulfillment request in our words, whichever dialect it came in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from handoff.errors import BadRequest, TooLarge
from handoff.exchange import Json, number_text, obj
from handoff.model import Message
from handoff.vocabulary import Dialect, SessionId


class Meaning(StrEnum):
    """What a turn asks of us; the values are the CX tags and ES actions that say so."""

    START = "handoff.start"
    MESSAGE = "handoff.message"
    POLL = "handoff.poll"
    END = "handoff.end"
    AVAILABILITY = "handoff.availability"
    OTHER = ""


def meaning_of(marker: str) -> Meaning:
    """Return what a CX tag or ES action means; anything unknown is the bot's own business."""
    return Meaning(marker) if marker in _MARKERS else Meaning.OTHER


# Dialogflow takes 256 characters of a customer and answers with 64 KiB; names are resource
# names. https://docs.cloud.google.com/dialogflow/quotas
LONGEST_TEXT = 64_000
LONGEST_NAME = 2_000
LONGEST_LINE = 64_000
LONGEST_STATIC = 20_000
LONGEST_VALUE = 2_000
LONGEST_TAG = 35
LARGEST_CARD = 16_000
MOST_LINES = 500

TYPE_NAMES: Mapping[type, str] = {str: "a text", list: "a list", dict: "an object"}

_MARKERS = frozenset(meaning.value for meaning in Meaning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One fulfillment request.

    `id` names this call, `utterance` the customer's input behind it: several webhook calls of
    one input share it. `shown_by_bot` is what the bot shows in this turn so far, `static` its
    messages as they came. `parameters` are readable texts by the agent's own names.
    """

    id: str
    utterance: str
    session: SessionId
    dialect: Dialect
    meaning: Meaning = Meaning.OTHER
    text: str = ""
    language: str = ""
    shown_by_bot: tuple[Message, ...] = ()
    static: Sequence[Json] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    flow: str = ""

    @property
    def said_by_bot(self) -> tuple[str, ...]:
        """Return what the bot shows in words."""
        return tuple(line.text for line in self.shown_by_bot)


def refuse_misshapen(body: Json, shapes: Mapping[str, type]) -> None:
    """Raise BadRequest when a field that we read is there and of another type.

    `shapes` maps a field's dotted path to its type; null is as good as absent.
    """
    for path, kind in shapes.items():
        *parents, name = path.split(".")
        value = obj(body, *parents).get(name)
        if value is not None and not isinstance(value, kind):
            raise BadRequest(f"{path} must be {TYPE_NAMES[kind]}.")


def within_limits(turn: Turn) -> Turn:
    """Return the turn with nothing in it larger than Dialogflow can mean.

    Raises BadRequest for names, TooLarge for a text that could only be kept cut; what is there
    for the agent's information is cut.
    """
    if max(len(turn.id), len(turn.session)) > LONGEST_NAME:
        raise BadRequest(f"A name in the request is longer than {LONGEST_NAME} characters.")
    if _is_too_long(turn.text):
        raise TooLarge(f"The customer's text is larger than {LONGEST_TEXT} bytes.")
    return replace(
        turn,
        language=turn.language[:LONGEST_TAG],
        flow=turn.flow if len(turn.flow) <= LONGEST_NAME else "",
        static=turn.static if len(json.dumps(turn.static)) <= LONGEST_STATIC else (),
        shown_by_bot=tuple(map(_cut, turn.shown_by_bot[:MOST_LINES])),
        parameters={name: value[:LONGEST_VALUE] for name, value in turn.parameters.items()},
    )


def _is_too_long(text: str) -> bool:
    """Say whether a text is too large as it is, or as JSON, where a control character takes six."""
    if len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
        return True
    written = json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")
    return len(written) > 2 * LONGEST_TEXT + 2


def _cut(line: Message) -> Message:
    """Return a line as long as it may be; a card is whole or nothing, as its words remain."""
    fits = line.card is None or len(json.dumps(asdict(line.card))) <= LARGEST_CARD
    return replace(line, text=line.text[:LONGEST_LINE], card=line.card if fits else None)


def session_id(name: str) -> SessionId:
    """Return the session behind a resource name; an old CX Messenger adds ":detectIntent"."""
    parent, separator, tail = name.rpartition("/sessions/")
    own = tail.partition(":")[0]
    if not own:
        raise BadRequest("The session has no name of its own.")
    return SessionId(parent + separator + own)


def parameter_texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return every parameter that has a value, as text."""
    texts = {name: parameter_text(value) for name, value in parameters.items()}
    return {name: value for name, value in texts.items() if value}


def parameter_text(value: Any) -> str:
    """Write one parameter value as a person would read it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case str():
            return value
        case list():
            return ", ".join(filter(None, map(parameter_text, value)))
        case _:  # an object: composite entities keep what the customer typed, or a name
            known = value.get("original") or value.get("name")
            return known if isinstance(known, str) else json.dumps(value, ensure_ascii=False)
