"""The tables of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tests.crash.ledger import Json
from tests.streams.hold import Held
from tests.streams.options import Options
from tests.streams.talk import Talk

MOST_SHOWN = 20


def distribution(seconds: Sequence[float]) -> Mapping[str, float]:
    """Return p50, p90, p99 and the largest, in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return {name: round(1000 * ordered[round(part * last)], 1) for name, part in places.items()}


def of_talk(options: Options, run: Talk) -> Json:
    """Return what is in the table of a talk."""
    return {
        "store": options.store,
        "streams": options.streams,
        "messages": len(run.sent),
        "messages a second": round(len(run.sent) / (run.seconds or 1.0), 1),
        "heard": run.heard,
        "stream opened, ms": distribution(run.opening),
        "webhook answered, ms": distribution(run.answering),
        "webhook sent to heard, ms": distribution(run.from_sent),
        "webhook answered to heard, ms": distribution(run.from_answered),
        "findings": len(run.findings),
    }


def of_hold(options: Options, run: Held) -> Json:
    """Return what is in the table of held streams."""
    series = {"before": run.before, "while they open": run.storm, "meanwhile": run.during}
    return {
        "store": options.store,
        "streams held": run.streams,
        "stream opened, ms": distribution(run.opening),
        "processor to open one, ms": round(1000 * run.work, 2),
        "idle, KiB": round(run.idle),
        "all open, KiB": round(run.open),
        "most, KiB": round(run.most),
        "KiB each": round(run.each, 1),
        "processor used meanwhile": f"{run.busy:.0%}",
        **{
            f"{call} {when}, ms": distribution(took)
            for when, calls in series.items()
            for call, took in calls.items()
        },
        "times slower": {name: round(one, 2) for name, one in run.slower.items()},
        "freed after they vanished, s": _rounded(run.freed),
        "all written as left, s": _rounded(run.left),
        "for pages that do not read, KiB": f"{run.deaf:.0f} of {run.unread:.0f}",
        "told to end: all let go, s": _rounded(run.let_go),
        "told to end: process gone, s": _rounded(run.gone),
        "findings": len(run.findings),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def printed(figures: Json, findings: Sequence[str], *, as_json: bool = False) -> str:
    """Return the table, and below it what was wrong."""
    if as_json:
        return json.dumps({**figures, "passed": not findings}, ensure_ascii=False)
    width = max(map(len, figures))
    table = [f"{name:<{width}}  {_words(value)}" for name, value in figures.items()]
    return "\n".join([*table, *findings[:MOST_SHOWN]])


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value)
