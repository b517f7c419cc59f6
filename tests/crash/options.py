"""What a run can be told: sizes, store, vendor, and what is made to go wrong."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

OF_THE_VENDOR = ("slow", "fail", "throttle", "drop", "repeat", "disorder", "late")
OF_DIALOGFLOW = ("again", "twice", "hasty", "polls")
KINDS = (*OF_THE_VENDOR, *OF_DIALOGFLOW)
# With `disorder` there is no telling in which order agents' words were taken. `polls` asks for what
# is not promised: an empty poll is remembered by the instance that answered it, and no other.
UNUSUAL = frozenset({"disorder", "polls"})
USUAL = tuple(kind for kind in KINDS if kind not in UNUSUAL)

FAULTS_HELP = f"""
what goes wrong, by name and with commas, or `none` (default: {", ".join(USUAL)}).
The vendor is slow, fails (503, before or after the effect), throttles (429), drops connections
without an answer, sends webhooks again (repeat) or in another order (disorder), or has its effect
only when nobody waits for it any more (late). Dialogflow makes a call again after its answer
(again), twice at the same time (twice), gives up early and repeats it (hasty); with `polls` it does
the last two to polls as well. Known: {", ".join(KINDS)}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for; `messages` are each side's in one handoff."""

    store: str = "sqlite"
    provider: str = "livechat"
    dialect: str = "both"
    conversations: int = 12
    at_once: int = 25
    messages: int = 8
    kills: int = 8
    seconds: float = 25.0
    seed: int = 1
    instances: int = 2
    pages: float = 0.5
    faults: Sequence[str] = USUAL

    @property
    def in_order(self) -> bool:
        """Say whether agents' words are told in the order they were written."""
        return "disorder" not in self.faults

    @property
    def talk_seconds(self) -> float:
        """Return about how long the talk of one conversation takes."""
        return 0.6 * self.seconds * min(1.0, self.at_once / self.conversations)


def parse(arguments: Sequence[str] | None = None) -> tuple[Options, bool]:
    """Return the options, and whether the table is wanted as JSON."""
    given = vars(_parser().parse_args(arguments))
    as_json = given.pop("json")
    return Options(**given), as_json


def _parser() -> argparse.ArgumentParser:
    usual = Options()
    made = argparse.ArgumentParser(
        prog="python -m tests.crash",
        description="Kills the functions at random moments while many customers talk to agents, "
        "and compares afterwards what was said with what arrived, line by line.",
    )
    add = made.add_argument
    add("--store", choices=("sqlite", "firestore"), default=usual.store)
    add("--provider", choices=("livechat", "8x8"), default=usual.provider)
    add("--dialect", choices=("cx", "es", "both"), default=usual.dialect)
    for name, words in SIZES.items():
        default = getattr(usual, name)
        explained = f"{words} (default: {default})"
        add(f"--{name.replace('_', '-')}", type=_positive, default=default, help=explained)
    add("--kills", type=int, default=usual.kills, help="how many times something is killed")
    seconds = "about how long customers talk; kills and messages are spread over it"
    add("--seconds", type=float, default=usual.seconds, help=seconds)
    share = "how many of the customers have a page that listens, from 0 to 1"
    add("--pages", type=float, default=usual.pages, help=f"{share} (default: {usual.pages})")
    add("--seed", type=int, default=usual.seed, help="another seed is another run")
    add("--faults", type=_kinds, default=usual.faults, help=FAULTS_HELP)
    add("--json", action="store_true", help="print the table as JSON")
    return made


SIZES = {
    "conversations": "how many customers ask for a person",
    "at_once": "how many of them at the same time, at most",
    "messages": "how many lines each side writes in one handoff",
    "instances": "how many processes answer Dialogflow, and as many the pages",
}


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _kinds(text: str) -> tuple[str, ...]:
    wanted = tuple(one for one in text.split(",") if one not in {"", "none"})
    unknown = [one for one in wanted if one not in KINDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return wanted
