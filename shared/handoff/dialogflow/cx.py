"""The wire of Dialogflow CX: WebhookRequest in, WebhookResponse out.

https://docs.cloud.google.com/dialogflow/cx/docs/reference/rest/v3/WebhookRequest
"""

from __future__ import annotations

from collections.abc import Mapping

from handoff.dialogflow import rich
from handoff.dialogflow.turn import (
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

# Exactly one of these carries the customer's input; intents and events are not words.
SPOKEN = ("text", "transcript", "dtmfDigits")


SHAPES: Mapping[str, type] = {
    "text": str,
    "transcript": str,
    "dtmfDigits": str,
    "languageCode": str,
    "messages": list,
    "fulfillmentInfo": dict,
    "fulfillmentInfo.tag": str,
    "sessionInfo.parameters": dict,
    "pageInfo": dict,
}


def recognises(body: Json) -> bool:
    """Say whether a request body is in this dialect."""
    return isinstance(body.get("sessionInfo"), dict)


def parse(body: Json) -> Turn:
    """Return the turn in a WebhookRequest; raises BadRequest when it has no session or id."""
    refuse_misshapen(body, SHAPES)
    response_id = text(body, "detectIntentResponseId")
    session = text(body, "sessionInfo", "session")
    if not response_id or not session:
        raise BadRequest("detectIntentResponseId and sessionInfo.session are required.")
    tag = text(body, "fulfillmentInfo", "tag")
    return Turn(
        id=f"{response_id} {tag}",
        utterance=response_id,
        session=session_id(session),
        dialect=Dialect.CX,
        meaning=meaning_of(tag),
        text=next(filter(None, (text(body, name) for name in SPOKEN)), ""),
        language=text(body, "languageCode"),
        shown_by_bot=rich.lines(items(body, "messages"), response_id),
        parameters=parameter_texts(obj(body, "sessionInfo", "parameters")),
        flow=text(body, "pageInfo", "currentPage").partition("/pages/")[0],
    )


def render(reply: Reply, names: Mapping[str, str], payload: Json | None = None) -> Json:
    """Return the WebhookResponse; `names` are the agent's names for our parameters.

    A `payload` without rich content is not shown by any widget; a script on the page reads it.
    """
    answer: Json = {}
    messages = [{"text": {"text": [line]}} for line in reply.texts] + _marker(reply)
    messages += [{"payload": payload}] if payload else []
    if messages or reply.mute:
        answer["fulfillmentResponse"] = {"messages": messages}
    if reply.mute:
        answer["fulfillmentResponse"]["mergeBehavior"] = "REPLACE"
    if reply.parameters:
        written = {names.get(name, name): value for name, value in reply.parameters.items()}
        answer["sessionInfo"] = {"parameters": written}
    if reply.return_to:
        answer["targetFlow"] = reply.return_to
    return answer


def _marker(reply: Reply) -> list[Json]:
    """Return the message that tells whoever called Dialogflow that a person takes over."""
    if not reply.started:
        return []
    return [{"liveAgentHandoff": {"metadata": {"id": reply.started, "provider": reply.provider}}}]
