"""Calling the webhook as Dialogflow does: checks, one retry, faults on demand, and a log.

Deadlines and retries: https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass

from demo.dialogflow.model import (
    BotSettings,
    CallWebhook,
    Clock,
    HttpAnswer,
    HttpCall,
    Json,
    Outcome,
)
from demo.dialogflow.strict import Check, InvalidAnswer

FAILURES = {
    400: "bad-request",
    401: "rejected",
    403: "rejected",
    503: "unavailable",
}
KEPT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong on purpose."""

    repeat: bool = False
    """Every call is made twice with the same id, and the second answer counts."""
    concurrent: bool = False
    """The two calls of a repeat run side by side."""
    timeout: float | None = None
    """The webhook's deadline in seconds, instead of the settings'."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    outcome: Outcome
    record: Json
    may_be_repeated: bool


class Webhook:
    """The agent's webhook resource."""

    def __init__(
        self, settings: BotSettings, post: CallWebhook, *, check: Check, clock: Clock
    ) -> None:
        self._settings = settings
        self._post = post
        self._check = check
        self._clock = clock
        self.faults = Faults()
        self.log: deque[Json] = deque(maxlen=KEPT)

    async def call(self, request: Json) -> tuple[Outcome, list[Json]]:
        """Call once, and once more when that may help; give the outcome and a record per call."""
        attempts = await self._attempts(request)
        return attempts[-1].outcome, [attempt.record for attempt in attempts]

    async def _attempts(self, request: Json) -> list[_Attempt]:
        if self.faults.repeat and self.faults.concurrent:
            return list(await asyncio.gather(self._attempt(request, 1), self._attempt(request, 2)))
        first = await self._attempt(request, 1)
        if not (self.faults.repeat or first.may_be_repeated):
            return [first]
        return [first, await self._attempt(request, 2)]

    async def _attempt(self, request: Json, number: int) -> _Attempt:
        call = self._http_call(request)
        entry: Json = {
            "at": self._clock().isoformat(),
            "attempt": number,
            "url": call.url,
            "headers": dict(call.headers),
            "request": request,
        }
        self.log.append(entry)
        began = time.perf_counter()
        answer, failure = await self._exchange(call)
        ms = round((time.perf_counter() - began) * 1000)
        outcome = (
            Outcome(failure=failure, detail=failure) if answer is None else self._judge(answer)
        )
        status = None if answer is None else answer.status
        error = outcome.detail or None
        entry.update(status=status, ms=ms, error=error, answer=_readable(answer))
        record = {"status": status, "ms": ms, "error": error, "attempt": number}
        transient = failure == "timeout" or (status is not None and status >= 500)
        return _Attempt(outcome, record, transient)

    def _http_call(self, request: Json) -> HttpCall:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Google-Dialogflow",
            **self._settings.webhook_headers,
        }
        timeout = self.faults.timeout
        return HttpCall(
            url=self._settings.webhook_url,
            headers=headers,
            body=json.dumps(request).encode(),
            timeout=self._settings.webhook_timeout if timeout is None else timeout,
        )

    async def _exchange(self, call: HttpCall) -> tuple[HttpAnswer | None, str]:
        try:
            async with asyncio.timeout(call.timeout):
                return await self._post(call), ""
        except TimeoutError:
            return None, "timeout"
        except OSError:
            return None, "not-found"

    def _judge(self, answer: HttpAnswer) -> Outcome:
        if answer.status != 200:
            failure = FAILURES.get(answer.status, "status")
            return Outcome(failure=failure, detail=f"{failure}: webhook answered {answer.status}")
        try:
            return Outcome(self._check(answer.body))
        except InvalidAnswer as error:
            return Outcome(failure="invalid", detail=str(error))


def _readable(answer: HttpAnswer | None) -> object:
    if answer is None:
        return None
    try:
        return json.loads(answer.body)
    except ValueError:
        return answer.body.decode(errors="replace")
