"""Whether somebody is there, asked of what is configured: schedule, statistics of the queue.

https://developer.8x8.com/analytics/docs/cc-realtime-statistics
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import quote, urlencode

from handoff.errors import ProviderError, Rejected
from handoff.exchange import Exchange, Json, items, obj, text
from handoff.providers.base import Availability
from handoff.providers.eight_by_eight_opening import queue_of
from handoff.providers.eight_by_eight_wire import GATEWAY, EightByEightAccount, Wire
from handoff.vocabulary import Presence

# Nobody waits long for the answer to "is anyone there?".
SECONDS = 1.5

# What `/status` says. "Choice #1" to "#6" are treatments of the tenant's own: not open.
OPEN, CLOSED, CHOICE = "0", "-1", "Choice"

METRICS = ("eligible.rt", "interactionsWaitInQueue.rt", "interactionsLongestWaitInQueue.rt")

# Agents who can be given work, now or after the chats they have; the rest are away.
AT_WORK = ("agent-count-waitTransact", "agent-count-busy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue as the statistics show it; None: not told. `longest_wait` is in seconds."""

    agents: float | None = None
    waiting: float | None = None
    longest_wait: float | None = None


UNKNOWN_QUEUE = Queue()
WORST_FIRST = (Presence.NO, Presence.UNKNOWN, Presence.YES)


class Presences:
    """Asks one tenant. Remembers the channel's own queue once told."""

    def __init__(self, account: EightByEightAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire
        self._channel_queue = ""

    def ask(self, target: str) -> Exchange[Availability]:
        """Say whether somebody is there for `target`: closed is no, half an answer is unknown."""
        schedule = yield from self.schedule()
        if schedule is Presence.NO or not self._has_statistics:
            return Availability(presence=schedule or Presence.UNKNOWN, target=target)
        where, queue = yield from self._queue(target)
        parts = {presence for presence in (schedule, _presence(queue)) if presence is not None}
        presence = next(one for one in WORST_FIRST if one in parts)
        waiting, wait = queue.waiting, queue.longest_wait
        return Availability(
            presence=presence,
            target=where,
            position=None if waiting is None else int(waiting) + 1,
            wait_seconds=None if wait is None else int(wait),
        )

    @property
    def _has_statistics(self) -> bool:
        return self._account.api_secret is not None or self._account.gateway_statistics

    def schedule(self) -> Exchange[Presence | None]:
        """Return whether the schedule is open now; None where there is none to ask."""
        schedule = self._account.schedule_id
        if not schedule:
            return None
        path = f"/cc/v1/schedules/{quote(schedule, safe='')}/status"
        try:
            answer = yield from self._wire.call("GET", path, call="schedule", seconds=SECONDS)
        except ProviderError:
            return Presence.UNKNOWN
        status = text(answer, "schedule-status", "status")
        shut = status == CLOSED or status.startswith(CHOICE)
        return Presence.YES if status == OPEN else Presence.NO if shut else Presence.UNKNOWN

    def _queue(self, target: str) -> Exchange[tuple[str, Queue]]:
        """Return the queue and where the handoff goes; a queue that is none gives way."""
        queue_id = queue_of(target) if target else (yield from self._default())
        if not queue_id:
            return target, UNKNOWN_QUEUE
        try:
            return target, (yield from self.counted(queue_id))
        except Rejected:
            default = yield from self._default()
            if not target or default in {"", queue_id}:
                return target, UNKNOWN_QUEUE
        except ProviderError:
            return target, UNKNOWN_QUEUE
        try:
            return self._account.queue_id, (yield from self.counted(default))
        except ProviderError:
            return target, UNKNOWN_QUEUE

    def _default(self) -> Exchange[str]:
        """Return the default queue: ours, or else the channel's own."""
        if self._account.queue_id or self._channel_queue:
            return queue_of(self._account.queue_id) or self._channel_queue
        path = f"{GATEWAY}/channels/{quote(self._account.channel_id, safe='')}"
        try:
            channel = yield from self._wire.call("GET", path, call="channel", seconds=SECONDS)
        except ProviderError:
            return ""
        self._channel_queue = text(channel, "routingOptions", "id")
        return self._channel_queue

    def counted(self, queue_id: str) -> Exchange[Queue]:
        """Return a queue as the configured statistics show it; raises when it has none."""
        if not self._account.gateway_statistics:
            return (yield from self._realtime(queue_id))
        path = f"/cc/v1/stats/rt/queue/{quote(queue_id, safe='')}"
        answer = yield from self._wire.call("GET", path, call="queue statistics", seconds=SECONDS)
        listed = items(answer, "queue") or [answer.get("queue")]
        return _gateway(next((obj(one) for one in listed if _is(obj(one), queue_id)), {}))

    def _realtime(self, queue_id: str) -> Exchange[Queue]:
        query = urlencode([("metrics", one) for one in METRICS])
        path = f"/queues/{quote(queue_id, safe='')}?{query}"
        found = yield from self._wire.realtime(path, call="queue metrics", seconds=SECONDS)
        listed = (items(one, "metrics") for one in found if text(one, "id") in {"", queue_id})
        metrics = [obj(one) for one in next(listed, [])]
        values = {text(one, "key"): _number(one.get("value")) for one in metrics}
        agents, waiting, wait = (values.get(name) for name in METRICS)
        # The unit is not told; the size of the samples and the metrics beside say milliseconds.
        seconds = None if wait is None else wait / 1000
        return Queue(agents=agents, waiting=waiting, longest_wait=seconds)


def _is(queue: Json, queue_id: str) -> bool:
    return text(queue, "queue-id") in {"", queue_id}


def _gateway(counts: Json) -> Queue:
    at_work = [_number(counts.get(name)) for name in AT_WORK]
    known = [one for one in at_work if one is not None]
    return Queue(
        agents=sum(known) if len(known) == len(AT_WORK) else None,
        waiting=_number(counts.get("queue-size")),
        longest_wait=_number(counts.get("longest-wait-time")),
    )


def _presence(queue: Queue) -> Presence:
    """A number that is missing is no zero."""
    if queue.agents is None:
        return Presence.UNKNOWN
    return Presence.YES if queue.agents > 0 else Presence.NO


def _number(value: Any) -> float | None:
    """Return a count, which may be written as a text."""
    try:
        number = float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
    sane = number is not None and isfinite(number) and 0 <= number < 1e12
    return number if sane and not isinstance(value, bool) else None
