"""The table of a run, and what a person needs who wants to know why it failed."""

from __future__ import annotations

import json
from collections import Counter

from tests.crash.ledger import Json
from tests.crash.run import Outcome

SLOWEST_ALLOWED = 4.5
MOST_SHOWN = 40


def figures(outcome: Outcome) -> Json:
    """Return what is in the table."""
    load, options = outcome.load, outcome.options
    tally, verdict = load.tally, load.verdict
    return {
        "store": options.store,
        "provider": options.provider,
        "seed": options.seed,
        "seconds": round(outcome.seconds),
        "conversations": len(load.talks),
        "handoffs": sum(talk.handoffs for talk in load.talks),
        "messages to agents": sum(line.accepted for talk in load.talks for line in talk.said),
        "messages to customers": sum(line.accepted for talk in load.talks for line in talk.written),
        "customers with a page": sum(talk.has_page for talk in load.talks),
        "streams": tally.streams,
        "turns": tally.turns,
        "kills": tally.kills.total(),
        "kills by function": dict(tally.kills),
        "faults injected": tally.faults.total(),
        "faults by kind": dict(tally.faults),
        "turns repeated": tally.unanswered.total(),
        "repeated because of": dict(tally.unanswered),
        "webhooks given up": load.given_up,
        "dead letters": len(load.letters),
        "slowest turn": round(_slowest(outcome), 2),
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "disordered": len(verdict.disordered),
        "other findings": len(verdict.other),
    }


def passed(outcome: Outcome) -> bool:
    """Say whether nothing was lost, doubled or disordered, and no turn was slow."""
    in_time = _slowest(outcome) <= SLOWEST_ALLOWED
    return outcome.load.verdict.is_clean and in_time and not outcome.load.letters


def printed(outcome: Outcome, *, as_json: bool = False) -> str:
    """Return the table, and below it what failed."""
    shown = figures(outcome)
    if as_json:
        return json.dumps({**shown, "passed": passed(outcome)}, ensure_ascii=False)
    width = max(map(len, shown))
    table = [f"{name:<{width}}  {_words(value)}" for name, value in shown.items()]
    return "\n".join([*table, *([] if passed(outcome) else _findings(outcome))])


def _findings(outcome: Outcome) -> list[str]:
    load, verdict = outcome.load, outcome.load.verdict
    letters = [
        f"{one.job.kind} {one.job.text!r} of {one.session}: {one.reason}" for one in load.letters
    ]
    slow = [f"{seconds:.2f} s {what}" for seconds, what in load.tally.slowest]
    named = {
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "disordered": verdict.disordered,
        "other": verdict.other,
        "dead letter": letters,
        "slowest": slow,
    }
    lines = [f"{name}: {one}" for name, found in named.items() for one in found[:MOST_SHOWN]]
    return ["", f"Failed with --seed {outcome.options.seed}; logs are in {outcome.folder}", *lines]


def _words(value: object) -> str:
    if isinstance(value, dict):
        counts = Counter(value).most_common()
        return ", ".join(f"{name} {count}" for name, count in counts) or "-"
    return str(value)


def _slowest(outcome: Outcome) -> float:
    return max((seconds for seconds, _ in outcome.load.tally.slowest), default=0.0)
