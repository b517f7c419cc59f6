"""What 1 000 handoffs cost on Google Cloud: counted over the real bridge, times list prices.

`python -m tests.costs` prints the table of docs/deploy.md.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from handoff import page
from handoff.dialogflow.turn import Meaning
from handoff.events import Closer
from tests.fakes import FixedClock
from tests.heart import READING, Bench, closed, handoff_of, joined, replied, seconds

# Dollars, list prices of the dearest ordinary locations, seen in November 2026.
# https://cloud.google.com/firestore/pricing https://cloud.google.com/run/pricing
READ, WRITE, DELETE = 0.06e-5, 0.18e-5, 0.02e-5
REQUEST, CPU_SECOND, GIB_SECOND = 0.40e-6, 24e-6, 2.5e-6
TASK = 0.40e-6

# One handoff: so many turns of the bot before it, so many messages each way, so long a stream.
BOT_TURNS, MESSAGES, MINUTES = 3, 10, 10
RENEWALS = MINUTES * 60 // 40

# The time of an instance that one call takes when nobody shares it, at half a GiB.
CALL_SECONDS = 0.2
HANDOFFS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What was used for one handoff."""

    reads: int
    writes: int
    requests: int


async def handoff(*, with_page: bool) -> Bill:
    """Play one handoff and return what it used."""
    bench, requests = Bench(FixedClock(), READING), 0
    for number in range(BOT_TURNS):
        await bench.say(f"question {number}", f"b{number}")
    await bench.start()
    await bench.tell(joined())
    for number in range(MESSAGES):
        await bench.say(f"words {number}", f"m{number}")
        await bench.tell(replied(f"answer {number}", number))
    requests += BOT_TURNS + 2 + 2 * MESSAGES
    if with_page:
        await _streamed(bench)
        requests += 1
    await bench.tell(closed(Closer.AGENT))
    await bench.say("back at the bot", "after", Meaning.MESSAGE)
    reads, writes = bench.store.taken()
    if with_page:  # the Listen stream is billed a read for each time it tells of the session
        reads += 2 * MESSAGES + RENEWALS
    await bench.store.close()
    return Bill(reads=reads, writes=writes, requests=requests + 2)


async def _streamed(bench: Bench) -> None:
    """Let a page read, and say that it still does, as often as it would in that time."""
    name, now = handoff_of(await bench.session()).id, bench.clock()
    for number in range(RENEWALS):
        held = await bench.bridge.load((await bench.session()).key)
        assert held is not None
        until = now + seconds(90 + number)
        stays = partial(page.reading, handoff=name, reader="tab", after=0, until=until, now=now)
        await bench.bridge.note(held, stays)


def table() -> str:
    """Return what 1 000 handoffs cost, by what is paid for."""
    lines = [
        f"| {HANDOFFS:,} handoffs | by Dialogflow alone | with a page |",
        "| --- | ---: | ---: |",
    ]
    bills = [asyncio.run(handoff(with_page=one)) for one in (False, True)]
    rows = [
        ("documents read", [one.reads for one in bills], READ),
        ("documents written", [one.writes for one in bills], WRITE),
        ("documents deleted when they expire", [4, 4], DELETE),
        ("requests", [one.requests for one in bills], REQUEST),
        ("wake-ups", [2, 2], TASK),
    ]
    call = CALL_SECONDS * (CPU_SECOND + GIB_SECOND / 2)
    rows.append(("instance time of calls", [one.requests for one in bills], call))
    stream = MINUTES * 60 * (CPU_SECOND + GIB_SECOND) / 10
    rows.append(("instance time of streams, ten at once", [0, 1], stream))
    totals = [0.0, 0.0]
    for name, counts, price in rows:
        costs = [HANDOFFS * count * price for count in counts]
        totals = [total + cost for total, cost in zip(totals, costs, strict=True)]
        cells = [
            f"{count * HANDOFFS:,} = ${cost:.2f}" for count, cost in zip(counts, costs, strict=True)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append(f"| **together** | **${totals[0]:.2f}** | **${totals[1]:.2f}** |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
