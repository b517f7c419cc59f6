"""How a CX agent runs a turn: routes, conditions, events, and the merging of webhook answers.

Wire shapes: https://docs.cloud.google.com/dialogflow/cx/docs/reference/rest/v3/WebhookRequest
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from demo.dialogflow import agent, cx_agent
from demo.dialogflow.cx_agent import Handler, Page
from demo.dialogflow.model import (
    BotSettings,
    Json,
    Outcome,
    Query,
    Result,
    Turn,
    shown,
    with_doubles,
    without_zero_values,
)

MOST_TRANSITIONS = 25
ERROR_EVENTS = ("timeout", "bad-request", "rejected", "unavailable", "not-found")
OUTPUT_ONLY = ("endInteraction", "mixedAudio")

Moved: TypeAlias = Generator[Json, Outcome, bool]
Answered: TypeAlias = Generator[Json, Outcome, Outcome]


@dataclass(slots=True)
class CxSession:
    """Where a session stands: its page, its parameters and the intent matched last."""

    name: str
    last_seen: datetime
    page: Page = cx_agent.MAIN_PAGE
    parameters: Json = field(default_factory=dict)
    last_match: agent.Match | None = None

    def describe(self) -> Json:
        """Give the session's state as JSON."""
        return {
            "parameters": dict(self.parameters),
            "flow": self.page.flow,
            "page": self.page.name,
        }

    def set_parameters(self, changes: Mapping[str, Any]) -> None:
        """Write parameters; null deletes."""
        merged = {**self.parameters, **with_doubles(changes)}
        self.parameters = {name: value for name, value in merged.items() if value is not None}

    def end(self) -> None:
        """Forget everything, as END_SESSION does."""
        self.page, self.parameters, self.last_match = cx_agent.MAIN_PAGE, {}, None


class CxAgent:
    """The CX dialect: opens sessions and runs turns."""

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings
        self.session_ttl: timedelta | None = settings.session_ttl

    def new_response_id(self) -> str:
        """Make the id of an answer."""
        return str(uuid.uuid4())

    def open(self, session_id: str, now: datetime) -> CxSession:
        """Start a session on the default start flow."""
        return CxSession(f"{cx_agent.SESSIONS}/{session_id}", now)

    def run(self, session: CxSession, query: Query, response_id: str, now: datetime) -> Turn:
        """Run one turn."""
        session.last_seen = now
        session.set_parameters(query.parameters)
        turn = _CxTurn(self._settings, session, query, response_id)
        yield from turn.run()
        return turn.result()


@dataclass(slots=True)
class _CxTurn:
    settings: BotSettings
    session: CxSession
    query: Query
    response_id: str
    match: agent.Match | None = None
    queue: list[Json] = field(default_factory=list)
    payloads: list[Json] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    transitions: int = 0

    def run(self) -> Generator[Json, Outcome, None]:
        """Evaluate in Dialogflow's order: intent route, condition routes, event handler."""
        page = self.session.page
        route = self._intent_route(page)
        if route is not None and (yield from self._handle(route)):
            return
        if (yield from self._conditions()) or route is not None:
            return
        handler = page.events.get(self._event(page))
        if handler is not None:
            yield from self._handle(handler)

    def result(self) -> Result:
        intent = None if self.match is None else self.match.intent.name
        visible = [message for message in self.queue if self._for_this_channel(message)]
        messages = [shown(message) for message in visible]
        return Result(messages, self.payloads, intent, self.errors, self.session.describe())

    def _intent_route(self, page: Page) -> Handler | None:
        text = self.query.text
        if not text or len(text) > agent.LONGEST_MATCHED_TEXT:
            return None
        self.match = agent.match(text, [i for i in agent.INTENTS if i.name in page.intents])
        if self.match is None:
            return None
        self.session.last_match = self.match
        self.session.set_parameters(self.match.resolved())
        return page.intents[self.match.intent.name]

    def _event(self, page: Page) -> str:
        if self.query.event is not None:
            return self.query.event
        if not self.query.text:
            return "sys.no-input-default"
        too_long = len(self.query.text) > agent.LONGEST_MATCHED_TEXT
        if too_long and "sys.long-utterance" in page.events:
            return "sys.long-utterance"
        return "sys.no-match-default"

    def _conditions(self) -> Moved:
        for condition, handler in self.session.page.conditions:
            if condition.holds(self.session.parameters):
                moved = yield from self._handle(handler)
                if moved:
                    return True
        return False

    def _handle(self, handler: Handler) -> Moved:
        """Say, call, move on; a webhook's failure is heard of only where nothing leads on."""
        page = self.session.page
        outcome = yield from self._fulfill(handler, "HANDLER_PROMPT")
        target = self._target(outcome) or handler.target
        if target:
            yield from self._enter(target)
            return True
        if outcome.failure:
            self._say(_error_handler(page, outcome.failure), "HANDLER_PROMPT")
        return False

    def _enter(self, target: str) -> Moved:
        self.transitions += 1
        if self.transitions > MOST_TRANSITIONS:
            self.errors.append("too many transitions in one turn")
            return False
        if target == cx_agent.END_SESSION:
            self.session.end()
            self.queue.append({"endInteraction": {}})
            return True
        self.session.page = cx_agent.PAGES.get(target, cx_agent.MAIN_PAGE)
        yield from self._fulfill(self.session.page.entry, "ENTRY_PROMPT")
        return (yield from self._conditions())

    def _fulfill(self, handler: Handler, kind: str) -> Answered:
        self._say(handler, kind)
        if not handler.tag:
            return Outcome()
        outcome = _without_odd_parts((yield self._request(handler.tag)))
        if outcome.detail:
            self.errors.append(outcome.detail)
        if outcome.answer is not None:
            self._merge(outcome.answer)
        return outcome

    def _say(self, handler: Handler, kind: str) -> None:
        held = (text for when, text in handler.cases if when.holds(self.session.parameters))
        for text in [*handler.texts, *list(held)[:1]]:
            words = {"text": [text], "redactedText": [text]}
            self.queue.append({"text": words, "responseType": kind, "source": "VIRTUAL_AGENT"})

    def _merge(self, answer: Json) -> None:
        fulfillment = answer.get("fulfillmentResponse", {})
        if fulfillment.get("mergeBehavior") == "REPLACE":
            self.queue.clear()
        self.queue.extend(fulfillment.get("messages", []))
        self.session.set_parameters(answer.get("sessionInfo", {}).get("parameters", {}))
        if "payload" in answer:
            self.payloads.append(answer["payload"])

    def _target(self, outcome: Outcome) -> str | None:
        answer = outcome.answer or {}
        return cx_agent.target_named(answer.get("targetFlow") or answer.get("targetPage") or "")

    def _for_this_channel(self, message: Json) -> bool:
        return message.get("channel", "") in ("", self.settings.channel)

    def _request(self, tag: str) -> Json:
        language, page = self.settings.language, self.session.page
        payload = self.settings.payload if self.query.payload is None else self.query.payload
        return without_zero_values(
            {
                "detectIntentResponseId": self.response_id,
                "intentInfo": self._intent_info(),
                "pageInfo": {
                    "currentPage": page.name,
                    "displayName": page.display_name,
                    "formInfo": {},
                },
                "sessionInfo": without_zero_values(
                    {"session": self.session.name, "parameters": dict(self.session.parameters)}
                ),
                "fulfillmentInfo": {"tag": tag},
                "messages": list(self.queue),
                "payload": with_doubles(payload),
                "text": self.query.text,
                "triggerEvent": self.query.event,
                "languageCode": language,
                "languageInfo": {
                    "inputLanguageCode": language,
                    "resolvedLanguageCode": language,
                    "confidenceScore": 1.0,
                },
            }
        )

    def _intent_info(self) -> Json | None:
        match = self.session.last_match if self.settings.stale_intent else self.match
        if match is None:
            return None
        return without_zero_values(
            {
                "lastMatchedIntent": f"{cx_agent.AGENT_NAME}/intents/{match.intent.id}",
                "displayName": match.intent.name,
                "confidence": match.confidence,
                "parameters": {
                    name: {"originalValue": said, "resolvedValue": meant}
                    for name, (said, meant) in match.values.items()
                },
            }
        )


def _error_handler(page: Page, failure: str) -> Handler:
    fine = f"webhook.error.{failure}" if failure in ERROR_EVENTS else "webhook.error"
    return page.events.get(fine) or page.events.get("webhook.error") or Handler()


def _without_odd_parts(outcome: Outcome) -> Outcome:
    """Refuse an answer that is well formed but means nothing to this agent."""
    answer = outcome.answer or {}
    target = answer.get("targetFlow") or answer.get("targetPage")
    if target and cx_agent.target_named(target) is None:
        return Outcome(failure="invalid", detail=f"no such target: {target}")
    messages = answer.get("fulfillmentResponse", {}).get("messages", [])
    if any(kind in message for message in messages for kind in OUTPUT_ONLY):
        return Outcome(failure="invalid", detail="a webhook sends no output-only message")
    return outcome
