"""Carries webhooks out: in order per chat, three retries, and whatever faults are set."""

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from demo.rest import Json
from demo.vendor.faults import Disorder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One webhook on its way to one address; `headers` are made anew for every attempt.

    `taken_by` are the answers that say that it need not come again.
    """

    url: str
    webhook_id: str
    action: str
    chat_id: str | None
    body: bytes
    headers: Callable[[int], Mapping[str, str]] = lambda _attempt: {}
    taken_by: range = range(200, 201)


@dataclass(slots=True)
class Courier:
    """Deliver parcels from tasks of its own, so that no API call waits for a receiver."""

    timeout: float
    retry_intervals: tuple[float, ...]
    attempts: list[Json] = field(default_factory=list)
    _lanes: dict[tuple[str, str | None], deque[Parcel]] = field(default_factory=dict)
    _window: list[Parcel] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    def send(self, parcel: Parcel, *, times: int, disorder: Disorder | None) -> None:
        """Take a parcel; return before it is delivered."""
        copies = [parcel] * times
        if disorder is not None:
            if not self._window:
                self._start(self._spill(disorder))
            self._window.extend(copies)
            return
        lane = (parcel.url, parcel.chat_id)
        if lane not in self._lanes:
            self._lanes[lane] = deque()
            self._start(self._drive(lane))
        self._lanes[lane].extend(copies)

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Give up whatever is on its way."""
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lanes.clear()
        self._window.clear()
        self.attempts.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(self, lane: tuple[str, str | None]) -> None:
        while self._lanes[lane]:
            await self._deliver(self._lanes[lane].popleft())
        del self._lanes[lane]

    async def _spill(self, disorder: Disorder) -> None:
        await asyncio.sleep(disorder.seconds)
        parcels, self._window = self._window, []
        for parcel in shuffled(parcels, disorder.seed):
            await self._deliver(parcel)

    async def _deliver(self, parcel: Parcel) -> None:
        for attempt, pause in enumerate((*self.retry_intervals, None), start=1):
            status = await self._post(parcel, parcel.headers(attempt))
            self._note(parcel, attempt, status)
            if status in parcel.taken_by:
                return
            if pause is not None:
                await asyncio.sleep(pause)
        log.warning("webhook given up action=%s chat=%s", parcel.action, parcel.chat_id)

    async def _post(self, parcel: Parcel, own: Mapping[str, str]) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"Content-Type": "application/json", **own}
        limit = aiohttp.ClientTimeout(total=self.timeout)
        try:
            async with self._session.post(
                parcel.url, data=parcel.body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _note(self, parcel: Parcel, attempt: int, status: int | None) -> None:
        self.attempts.append(
            {
                "webhook_id": parcel.webhook_id,
                "action": parcel.action,
                "chat_id": parcel.chat_id,
                "attempt": attempt,
                "status": status,
            }
        )


def shuffled(parcels: list[Parcel], seed: int) -> list[Parcel]:
    """Return the parcels in another order, the same for the same seed."""
    order = list(parcels)
    random.Random(seed).shuffle(order)
    return order if order != parcels else order[1:] + order[:1]


def packed(body: Json) -> bytes:
    """Freeze a webhook's body, so that later changes cannot reach it."""
    return json.dumps(body, ensure_ascii=False).encode()
