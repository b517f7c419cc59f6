"""What a run can be told: sizes, store, and whether streams are held or talked on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for; `hold` is 0 for a talk."""

    store: str = "sqlite"
    streams: int = 200
    messages: int = 5
    pause: float = 4.0
    hold: int = 0
    at_once: int = 0
    calls: int = 60
    seconds: float = 12.0


def parse(arguments: Sequence[str] | None = None) -> tuple[Options, bool]:
    """Return the options, and whether the table is wanted as JSON."""
    given = vars(_parser().parse_args(arguments))
    as_json = given.pop("json")
    return Options(**given), as_json


def _parser() -> argparse.ArgumentParser:
    usual = Options()
    made = argparse.ArgumentParser(
        prog="python -m tests.streams",
        description="Opens many streams of events on customer_chat and lets agents write on all of "
        "them at once: did every stream get every message once and in order, and how fast? "
        "With --hold: what do so many open streams cost, and are they freed?",
    )
    made.add_argument("--store", choices=("sqlite", "firestore"), default=usual.store)
    for name, (kind, words) in SIZES.items():
        default = getattr(usual, name)
        explained = f"{words} (default: {default})"
        made.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, help=explained)
    made.add_argument("--json", action="store_true", help="print the table as JSON")
    return made


SIZES = {
    "streams": (int, "how many customers listen, and agents write to them"),
    "messages": (int, "how many messages each agent writes"),
    "pause": (float, "seconds between two messages of one agent, on the average"),
    "hold": (int, "hold so many streams open, and measure the function instead"),
    "at_once": (int, "how many streams are being opened at the same time; 0: all"),
    "calls": (int, "with --hold: how many other calls of each kind are timed"),
    "seconds": (float, "with --hold: over how many seconds those calls are spread"),
}
