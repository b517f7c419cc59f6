"""How an ES agent runs a turn: intents, contexts with lifespans, static answers as the fallback.

Wire shapes: https://docs.cloud.google.com/dialogflow/es/docs/fulfillment-webhook
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from demo.dialogflow import agent, es_agent
from demo.dialogflow.es_agent import EsIntent
from demo.dialogflow.model import (
    BotSettings,
    InvalidQuery,
    Json,
    Outcome,
    Query,
    Result,
    Turn,
    shown,
    with_doubles,
    without_zero_values,
)

CONTEXT_LIFE = timedelta(minutes=20)
DEFAULT_LIFESPAN = 5
CONTEXT_ID = re.compile(r"[a-z0-9_%-]{1,250}")
COUNTERS = "__system_counters__"
MOST_FOLLOW_UPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """An active context: how many queries and until when it lives."""

    lifespan: int
    expires_at: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class EsSession:
    """Where a session stands: its contexts and the count of consecutive queries not matched."""

    name: str
    last_seen: datetime
    contexts: dict[str, Context] = field(default_factory=dict)
    no_match: int = 0

    def describe(self) -> Json:
        """Give the session's state as JSON."""
        listed = [
            {"name": name, "lifespan": context.lifespan, "parameters": dict(context.parameters)}
            for name, context in self.contexts.items()
        ]
        return {"contexts": listed}

    def set_context(self, name: str, lifespan: int, parameters: Mapping[str, Any]) -> None:
        """Activate, renew or (lifespan 0) remove a context."""
        self.contexts.pop(name, None)
        if lifespan > 0:
            expires_at = self.last_seen + CONTEXT_LIFE
            values = with_doubles(parameters)
            context = Context(lifespan=lifespan, expires_at=expires_at, parameters=values)
            self.contexts[name] = context

    def forget_expired(self, now: datetime) -> None:
        """Drop the contexts whose time is over."""
        alive = {name: c for name, c in self.contexts.items() if now < c.expires_at}
        self.contexts = alive

    def count_query(self) -> None:
        """Let this query use up one of every context's lifespan; 0 is active for the last time."""
        self.contexts = {
            name: replace(context, lifespan=context.lifespan - 1)
            for name, context in self.contexts.items()
            if context.lifespan > 0
        }


class EsAgent:
    """The ES dialect: opens sessions and runs turns."""

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings
        self.session_ttl: timedelta | None = None
        """A session is nothing but its contexts, which expire by themselves."""

    def new_response_id(self) -> str:
        """Make the id of an answer; in ES it is longer than a UUID."""
        return f"{uuid.uuid4()}-{uuid.uuid4().hex[:8]}"

    def open(self, session_id: str, now: datetime) -> EsSession:
        """Start a session without contexts."""
        return EsSession(f"{es_agent.PROJECT}/sessions/{session_id}", now)

    def run(self, session: EsSession, query: Query, response_id: str, now: datetime) -> Turn:
        """Run one turn."""
        _refuse_invalid(query)
        session.last_seen = now
        session.forget_expired(now)
        session.count_query()
        if query.parameters:
            session.set_context(es_agent.CUSTOMER, DEFAULT_LIFESPAN, query.parameters)
        selected, match = _select(query, session)
        if selected is None:
            return Result([], [], None, [], _state(session, selected, {}))
        fallback = selected.is_fallback
        session.no_match = session.no_match + 1 if fallback else 0
        turn = _EsTurn(self._settings, session, query, response_id, selected, match)
        return (yield from turn.run())


@dataclass(slots=True)
class _EsTurn:
    settings: BotSettings
    session: EsSession
    query: Query
    response_id: str
    intent: EsIntent
    match: agent.Match | None
    errors: list[str] = field(default_factory=list)
    follow_ups: int = 0

    def run(self) -> Turn:
        """Ask the webhook; where it fails or says nothing, the static answer stands."""
        outcome = _without_odd_parts((yield self._request()), self.session.name)
        if outcome.detail:
            self.errors.append(outcome.detail)
        answer = outcome.answer or {}
        for context in answer.get("outputContexts", []):
            self.session.set_context(
                _context_id(context["name"]),
                context.get("lifespanCount", 0),
                context.get("parameters", {}),
            )
        if self._follows(answer.get("followupEventInput", {})):
            return (yield from self.run())
        return self._result(answer)

    def _follows(self, event: Json) -> bool:
        """Go on with the intent of a follow-up event, as the same turn."""
        following = _event_intent(event.get("name", ""), self.session)
        self.follow_ups += 1
        if following is None or self.follow_ups > MOST_FOLLOW_UPS:
            return False
        self.intent, self.match = following, None
        return True

    def _result(self, answer: Json) -> Result:
        messages = self._messages(answer) or _static(self.intent)
        payloads = [answer["payload"]] if "payload" in answer else []
        state = _state(self.session, self.intent, self._parameters())
        drawn = [shown(message) for message in messages]
        return Result(drawn, payloads, self.intent.name, self.errors, state)

    def _messages(self, answer: Json) -> list[Json]:
        sent = answer.get("fulfillmentMessages", [])
        platform = self.settings.source.upper()
        own = [message for message in sent if platform and message.get("platform") == platform]
        messages = own or [message for message in sent if "platform" not in message]
        if messages or not answer.get("fulfillmentText"):
            return messages
        return [{"text": {"text": [answer["fulfillmentText"]]}}]

    def _parameters(self) -> Json:
        customer = self.session.contexts.get(es_agent.CUSTOMER)
        given = {} if customer is None else customer.parameters
        found = {} if self.match is None else self.match.resolved()
        return {name: found.get(name, given.get(name, "")) for name in self.intent.parameters}

    def _request(self) -> Json:
        payload = self.settings.payload if self.query.payload is None else self.query.payload
        original = {"source": self.settings.source, "payload": with_doubles(payload or {})}
        return {
            "responseId": self.response_id,
            "session": self.session.name,
            "queryResult": self._query_result(),
            "originalDetectIntentRequest": {
                k: v for k, v in original.items() if v or k != "source"
            },
        }

    def _query_result(self) -> Json:
        statics = _static(self.intent)
        said = {
            "queryText": self.query.text or self.query.event,
            "action": self.intent.action,
            "fulfillmentText": self.intent.text,
            "fulfillmentMessages": statics,
            "outputContexts": self._active_contexts(),
            "intent": self._intent(),
            "intentDetectionConfidence": 1.0 if self.match is None else self.match.confidence,
            "languageCode": self.settings.language,
        }
        parameters = with_doubles(self._parameters())
        return {
            **without_zero_values(said),
            "parameters": parameters,
            "allRequiredParamsPresent": True,
        }

    def _intent(self) -> Json:
        return without_zero_values(
            {
                "name": f"{es_agent.PROJECT}/intents/{self.intent.id}",
                "displayName": self.intent.name,
                "isFallback": self.intent.is_fallback,
                "liveAgentHandoff": self.intent.live_agent_handoff,
            }
        )

    def _active_contexts(self) -> list[Json]:
        active = [
            self._context(name, lifespanCount=context.lifespan, parameters=dict(context.parameters))
            for name, context in self.session.contexts.items()
        ]
        counts = {"no-input": 0.0, "no-match": float(self.session.no_match)}
        return [*active, self._context(COUNTERS, parameters=counts)]

    def _context(self, name: str, **values: Any) -> Json:
        return without_zero_values({"name": f"{self.session.name}/contexts/{name}", **values})


def _refuse_invalid(query: Query) -> None:
    if query.text is None:
        return
    if not query.text.strip():
        raise InvalidQuery("Input text not set.")
    if len(query.text) > agent.LONGEST_MATCHED_TEXT:
        raise InvalidQuery("Text length must not exceed 256 characters.")


def _select(query: Query, session: EsSession) -> tuple[EsIntent | None, agent.Match | None]:
    if query.event is not None:
        return _event_intent(query.event, session), None
    candidates = _candidates(session)
    by_phrases = {i.understands.name: i for i in candidates if i.understands is not None}
    understood = [i.understands for i in candidates if i.understands is not None]
    match = agent.match(query.text or "", understood)
    if match is not None:
        return by_phrases[match.intent.name], match
    return next(intent for intent in candidates if intent.is_fallback), None


def _event_intent(event: str, session: EsSession) -> EsIntent | None:
    return next((intent for intent in _candidates(session) if event in intent.events), None)


def _candidates(session: EsSession) -> Sequence[EsIntent]:
    """List the intents whose input contexts are all active, those that ask for most first."""
    possible = [i for i in es_agent.INTENTS if session.contexts.keys() >= set(i.input_contexts)]
    return sorted(possible, key=lambda intent: -len(intent.input_contexts))


def _static(intent: EsIntent) -> list[Json]:
    return [{"text": {"text": [intent.text]}}] if intent.text else []


def _state(session: EsSession, intent: EsIntent | None, parameters: Json) -> Json:
    action = "" if intent is None else intent.action
    return {"action": action, "parameters": parameters, **session.describe()}


def _context_id(name: str) -> str:
    return name.rpartition("/")[2].lower()


def _without_odd_parts(outcome: Outcome, session_name: str) -> Outcome:
    """Refuse an answer whose contexts are not this session's."""
    for context in (outcome.answer or {}).get("outputContexts", []):
        name = context.get("name", "")
        proper = name.rpartition("/")[0] == f"{session_name}/contexts"
        if not proper or not CONTEXT_ID.fullmatch(_context_id(name)):
            return Outcome(failure="invalid", detail=f"no such context: {name}")
    return outcome
