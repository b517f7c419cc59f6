"""The API of the simulated agent: sessions, and `detect_intent` over them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from demo.dialogflow.cx import CxAgent
from demo.dialogflow.es import EsAgent
from demo.dialogflow.model import (
    BotSettings,
    CallWebhook,
    Clock,
    Json,
    Query,
    Result,
    Session,
    Turn,
)
from demo.dialogflow.strict import checker
from demo.dialogflow.webhook import Webhook


class _Agent(Protocol):
    session_ttl: timedelta | None

    def new_response_id(self) -> str: ...

    def open(self, session_id: str, now: datetime) -> Any: ...

    def run(self, session: Any, query: Query, response_id: str, now: datetime) -> Turn: ...


class Dialogflow:
    """One agent with its sessions and its webhook: `detect_intent` is the API."""

    def __init__(self, settings: BotSettings, *, call_webhook: CallWebhook, clock: Clock) -> None:
        self._agent: _Agent = CxAgent(settings) if settings.dialect == "cx" else EsAgent(settings)
        self._sessions: dict[str, Session] = {}
        self._clock = clock
        self.webhook = Webhook(settings, call_webhook, check=checker(settings.dialect), clock=clock)

    async def detect_intent(self, session_id: str, query: Query) -> Json:
        """Run one turn and give what the caller of detectIntent sees."""
        now = self._clock()
        session = self.session(session_id) or self._agent.open(session_id, now)
        self._sessions[session_id] = session
        response_id = self._agent.new_response_id()
        result, calls = await self._drive(self._agent.run(session, query, response_id, now))
        return {
            "response_id": response_id,
            "messages": result.messages,
            "payloads": result.payloads,
            "intent": result.intent,
            **result.state,
            "webhook": calls,
            "webhook_errors": result.errors,
        }

    def session(self, session_id: str) -> Session | None:
        """Find a session that has not expired."""
        session, ttl = self._sessions.get(session_id), self._agent.session_ttl
        if session is None or (ttl is not None and self._clock() - session.last_seen >= ttl):
            return None
        return session

    async def _drive(self, turn: Turn) -> tuple[Result, list[Json]]:
        calls: list[Json] = []
        try:
            request = next(turn)
            while True:
                outcome, records = await self.webhook.call(request)
                calls.extend(records)
                request = turn.send(outcome)
        except StopIteration as done:
            return done.value, calls
