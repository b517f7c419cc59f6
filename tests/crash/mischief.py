"""Makes the vendor's side go wrong for short whiles, one way at a time, and counts it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping

from tests.crash.desk import Desk
from tests.crash.ledger import Json, Tally
from tests.crash.options import OF_THE_VENDOR, Options

NOTHING: Json = {
    "slow": None,
    "fail": None,
    "drop": None,
    "repeat": None,
    "disorder": None,
}
Make = Callable[[random.Random], Json]


def _slow(chance: random.Random) -> Json:
    when, longest = chance.choice((("before", 2.0), ("after", 6.0)))
    return {"slow": {"seconds": chance.choice((0.2, 0.5, 1.0, longest)), "when": when}}


def _fail(chance: random.Random) -> Json:
    when = chance.choice(("before", "after"))
    fault = {"type": "service_unavailable", "status": 503, "when": when}
    return {"fail": {"times": chance.randint(1, 6), **fault}}


def _throttle(chance: random.Random) -> Json:
    fault = {"type": "too_many_requests", "status": 429, "retry_after": 1}
    return {"fail": {"times": chance.randint(1, 4), **fault}}


def _drop(chance: random.Random) -> Json:
    when = chance.choice(("before", "after"))
    return {"drop": {"times": chance.randint(1, 4), "when": when}}


FAULTS: Mapping[str, Make] = {
    "slow": _slow,
    "fail": _fail,
    "throttle": _throttle,
    "drop": _drop,
    "late": lambda _: {"slow": {"seconds": 6.0, "when": "before"}},
    "repeat": lambda chance: {"repeat": chance.randint(2, 3)},
    "disorder": lambda chance: {"disorder": {"seconds": 0.5, "seed": chance.randrange(1000)}},
}


async def make_trouble(desk: Desk, options: Options, tally: Tally) -> None:
    """Set a fault, end it, set another, as long as customers talk."""
    until = time.monotonic() + options.seconds
    chance = random.Random(f"mischief {options.seed}")
    kinds = [kind for kind in OF_THE_VENDOR if kind in options.faults]
    while kinds and time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.1, 0.8))
        await _spoil(desk, chance.choice(kinds), chance, tally)


async def make_peace(desk: Desk) -> None:
    """End every fault."""
    await desk.post("faults", NOTHING)


async def _spoil(desk: Desk, kind: str, chance: random.Random, tally: Tally) -> None:
    before = await _last_call(desk)
    asked = FAULTS[kind](chance)
    tally.note("fault", fault=asked)
    await desk.post("faults", asked)
    await asyncio.sleep(chance.uniform(0.3, 1.5))
    left = await desk.get("faults")
    await make_peace(desk)
    tally.note("fault over")
    tally.faults[kind] += await _hit(desk, asked, left, before)


async def _hit(desk: Desk, asked: Json, left: Json, before: int) -> int:
    """Return how many calls a fault has spoilt; of webhooks, how many times it was set."""
    if "slow" in asked:
        return await _last_call(desk) - before
    [(name, fault)] = asked.items()
    if name not in {"fail", "drop"}:
        return 1
    times: int = fault["times"] - sum(one["times"] for one in left[name])
    return times


async def _last_call(desk: Desk) -> int:
    """Return the number of the newest call."""
    calls: list[Json] = (await desk.get("calls"))["calls"]
    return len(calls)
