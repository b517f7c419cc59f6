"""Recognises the dialect of a request and answers in the same one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from handoff.dialogflow import cx, es
from handoff.dialogflow.turn import Turn, within_limits
from handoff.errors import BadRequest
from handoff.exchange import Json
from handoff.records import Reply
from handoff.vocabulary import Dialect


def parse(body: Json, start_intents: Collection[str]) -> Turn:
    """Return the turn in a WebhookRequest of CX or ES.

    Raises BadRequest when it is neither, TooLarge when it holds more than Dialogflow sends.
    """
    if cx.recognises(body):
        return within_limits(cx.parse(body))
    if es.recognises(body):
        return within_limits(es.parse(body, start_intents))
    raise BadRequest("The body is a WebhookRequest neither of Dialogflow CX nor of ES.")


def render(reply: Reply, turn: Turn, names: Mapping[str, str], payload: Json | None = None) -> Json:
    """Return the WebhookResponse in the turn's dialect; `payload` is for the customer's page."""
    if turn.dialect is Dialect.CX:
        return cx.render(reply, names, payload)
    return es.render(reply, turn, names, payload)
