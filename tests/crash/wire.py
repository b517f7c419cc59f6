"""Dialogflow's webhook calls as bytes on the wire, in both dialects, and what answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.crash.ledger import Json

OPEN = ("requested", "waiting", "active")
CX_SESSIONS = "projects/crash/locations/europe-west1/agents/tulip/sessions"
ES_SESSIONS = "projects/crash/agent/sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One turn: `id` is the same in every repeat of it."""

    id: str
    session: str
    dialect: str
    tag: str = ""
    text: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> Json:
        """Return the webhook request."""
        return _cx(self) if self.dialect == "cx" else _es(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the customer is shown, and what the bot knows from then on."""

    texts: tuple[str, ...]
    parameters: Mapping[str, object]
    page: Mapping[str, str] | None = None
    """What the page is told of the handoff: its id, and the token to follow it with."""

    @property
    def state(self) -> str:
        """Return the state of the handoff."""
        return str(self.parameters.get("handoff_state", "none"))


def session_name(session: str, dialect: str) -> str:
    """Return the session's resource name."""
    return f"{CX_SESSIONS if dialect == 'cx' else ES_SESSIONS}/{session}"


def answer_of(body: Json, dialect: str) -> Answer:
    """Return what a webhook's answer means."""
    if dialect == "cx":
        messages = body.get("fulfillmentResponse", {}).get("messages", [])
        parameters = body.get("sessionInfo", {}).get("parameters", {})
    else:
        messages = body.get("fulfillmentMessages", [])
        contexts = body.get("outputContexts", [])
        parameters = contexts[0]["parameters"] if contexts else {}
    texts = [text for one in messages for text in one.get("text", {}).get("text", [])]
    payloads = [one.get("payload", {}).get("handoff") for one in (body, *messages)]
    page = next(filter(None, payloads), None)
    return Answer(tuple(text for text in texts if text), parameters, page)


def _cx(asked: Asked) -> Json:
    parameters = dict(asked.parameters)
    return {
        "detectIntentResponseId": asked.id,
        "fulfillmentInfo": {"tag": asked.tag},
        "sessionInfo": {
            "session": session_name(asked.session, "cx"),
            "parameters": parameters,
        },
        "languageCode": "en",
        **({"text": asked.text} if asked.text else {"triggerEvent": "news"}),
    }


def _es(asked: Asked) -> Json:
    return {
        "responseId": asked.id,
        "session": session_name(asked.session, "es"),
        "queryResult": {
            "queryText": asked.text or "news",
            "action": asked.tag,
            "parameters": dict(asked.parameters),
            "languageCode": "en",
            "allRequiredParamsPresent": True,
        },
        "originalDetectIntentRequest": {"payload": {}},
    }
