"""The wire of Dialogflow ES: WebhookRequest in, WebhookResponse out.

https://docs.cloud.google.com/dialogflow/es/docs/fulfillment-webhook
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from handoff.dialogflow import rich
from handoff.dialogflow.turn import (
    Meaning,
    Turn,
    meaning_of,
    parameter_texts,
    refuse_misshapen,
    session_id,
)
from handoff.errors import BadRequest
from handoff.exchange import Json, items, obj, text
from handoff.records import Reply
from handoff.vocabulary import Dialect

CONTEXT = "handoff"

# A context ends after so many turns, or after 20 idle minutes; each answer starts both anew.
LIFESPANS: Mapping[bool | None, int] = {True: 99, False: 0, None: 1}

# An empty list would bring the intent's static texts back; an empty text keeps them away.
SILENCE: Json = {"text": {"text": [""]}}


SHAPES: Mapping[str, type] = {
    "queryResult.queryText": str,
    "queryResult.languageCode": str,
    "queryResult.action": str,
    "queryResult.parameters": dict,
    "queryResult.fulfillmentText": str,
    "queryResult.fulfillmentMessages": list,
    "queryResult.outputContexts": list,
    "queryResult.intent": dict,
    "originalDetectIntentRequest": dict,
}


def recognises(body: Json) -> bool:
    """Say whether a request body is in this dialect."""
    return isinstance(body.get("queryResult"), dict)


def parse(body: Json, start_intents: Collection[str]) -> Turn:
    """Return the turn in a WebhookRequest; raises BadRequest when it has no session or id."""
    refuse_misshapen(body, SHAPES)
    response_id, session = text(body, "responseId"), text(body, "session")
    if not response_id or not session:
        raise BadRequest("responseId and session are required.")
    result = obj(body, "queryResult")
    static = _static_messages(result)
    source = text(body, "originalDetectIntentRequest", "source").upper()
    return Turn(
        id=response_id,
        utterance=response_id,
        session=session_id(session),
        dialect=Dialect.ES,
        meaning=_meaning(result, start_intents),
        text=text(result, "queryText"),
        language=text(result, "languageCode"),
        shown_by_bot=rich.lines(_shown(static, source), response_id),
        static=static,
        parameters=_parameters(result),
    )


def _meaning(result: Json, start_intents: Collection[str]) -> Meaning:
    """Return what the action says, else whether the intent itself asks for a person."""
    meaning = meaning_of(text(result, "action"))
    intent = obj(result, "intent")
    asks = intent.get("liveAgentHandoff") is True or text(intent, "displayName") in start_intents
    return Meaning.START if meaning is Meaning.OTHER and asks else meaning


def _static_messages(result: Json) -> list[Json]:
    """Return the matched intent's own messages, as they came."""
    messages = [known for one in items(result, "fulfillmentMessages") if (known := _known(one))]
    static = text(result, "fulfillmentText")
    return messages or ([{"text": {"text": [static]}}] if static else [])


def _known(message: Any) -> Json:
    """Return the documented part of a message: Dialogflow refuses an answer with anything else.

    https://docs.cloud.google.com/dialogflow/es/docs/reference/rest/v2/projects.agent.intents#Message
    """
    member = next((name for name in MEMBERS if name in obj(message)), "")
    if not member:
        return {}
    platform = text(message, "platform")
    kept: Json = {member: MEMBERS[member](obj(message, member))}
    return {**kept, "platform": platform} if platform in PLATFORMS else kept


def _strings(value: Any, *path: str) -> list[str]:
    return [one for one in items(value, *path) if isinstance(one, str)]


def _card(card: Json) -> Json:
    buttons = [
        {name: text(one, name) for name in ("text", "postback")} for one in items(card, "buttons")
    ]
    return {name: text(card, name) for name in ("title", "subtitle", "imageUri")} | {
        "buttons": buttons
    }


MEMBERS: Mapping[str, Callable[[Json], Json]] = {
    "text": lambda member: {"text": _strings(member, "text")},
    "quickReplies": lambda member: {
        "title": text(member, "title"),
        "quickReplies": _strings(member, "quickReplies"),
    },
    "image": lambda member: {
        name: text(member, name) for name in ("imageUri", "accessibilityText")
    },
    "card": _card,
    "payload": lambda member: member,
}
PLATFORMS = frozenset(
    {
        *("FACEBOOK", "SLACK", "TELEGRAM", "KIK", "SKYPE", "LINE", "VIBER"),
        *("ACTIONS_ON_GOOGLE", "GOOGLE_HANGOUTS"),
    }
)


def _shown(static: list[Json], source: str) -> list[Json]:
    """Return the messages that this channel shows: its own and those for every channel.

    Where there are none, and the channel is not told, one platform's stand for all.
    """
    fallback = text(static[0], "platform") if static else ""
    mine = [one for one in static if text(one, "platform") in {"", source}]
    return mine or [one for one in static if text(one, "platform") == fallback]


def _parameters(result: Json) -> dict[str, str]:
    """Return the turn's parameters over those of our context."""
    contexts = [one for one in items(result, "outputContexts") if _is_ours(one)]
    remembered = parameter_texts(obj(contexts[0], "parameters")) if contexts else {}
    return {**remembered, **parameter_texts(obj(result, "parameters"))}


def _is_ours(context: Any) -> bool:
    return text(context, "name").endswith(f"/contexts/{CONTEXT}")


def render(reply: Reply, turn: Turn, names: Mapping[str, str], payload: Json | None = None) -> Json:
    """Return the WebhookResponse; `names` are the agent's names for our parameters.

    Messages of a webhook replace the intent's own, so a turn that is not muted repeats those.
    """
    answer: Json = {}
    messages = [{"text": {"text": [line]}} for line in reply.texts]
    if reply.mute:
        answer["fulfillmentMessages"] = messages or [SILENCE]
    elif messages:
        answer["fulfillmentMessages"] = [*messages, *turn.static]
    if reply.context is not None or reply.parameters:
        answer["outputContexts"] = [_context(reply, turn, names)]
    if payload:
        answer["payload"] = payload
    return answer


def _context(reply: Reply, turn: Turn, names: Mapping[str, str]) -> Json:
    return {
        "name": f"{turn.session}/contexts/{CONTEXT}",
        "lifespanCount": LIFESPANS[reply.context],
        "parameters": {names.get(name, name): value for name, value in reply.parameters.items()},
    }
