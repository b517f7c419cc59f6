"""The functions as processes that are killed at random moments and come back at once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from handoff.cli import checkout
from handoff.cli.processes import Plan, free_port, running
from tests.crash.ledger import Tally
from tests.crash.options import Options

FULFILLMENT, EVENTS, WAKE = "dialogflow_fulfillment", "agent_events", "wake"
CUSTOMER_CHAT = "customer_chat"
# Now and then the whole machine dies.
ALL_AT_ONCE = 0.15


@dataclass(slots=True)
class Instance:
    """One process, born again after each death; every life has a log of its own."""

    name: str
    port: int
    folder: Path
    environ: Mapping[str, str]
    lives: int = 0
    downs: list[list[float]] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _pid: int = 0

    @property
    def address(self) -> str:
        """Return its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it on its port and return when it answers."""
        self.lives += 1
        log = self.folder / f"{self.name}-{self.port}-{self.lives:03d}.log"
        plan = Plan(name=self.name, source=checkout.source(self.name), port=self.port)
        self._stack = ExitStack()
        [function] = self._stack.enter_context(running([replace(plan, log=log)], self.environ))
        self._pid = function.pid
        if self.downs:
            self.downs[-1][1] = time.monotonic()

    def kill(self) -> None:
        """Kill it and all its workers, as a machine that dies does."""
        self.downs.append([time.monotonic(), float("inf")])
        os.killpg(self._pid, signal.SIGKILL)
        self._stack.close()

    def end(self) -> None:
        """End it for good."""
        self._stack.close()

    def was_down(self, since: float, until: float) -> bool:
        """Say whether it was dead or being born at some time between two moments."""
        return any(begun <= until and ended >= since for begun, ended in self.downs)


def instances(options: Options, folder: Path, environ: Mapping[str, str]) -> list[Instance]:
    """Return every function of the project that a conversation needs, not started yet."""
    names = [FULFILLMENT] * options.instances + [EVENTS]
    names += [CUSTOMER_CHAT] * options.instances if options.pages else []
    if checkout.source(WAKE).is_file():
        names.append(WAKE)
    return [Instance(name, free_port(), folder, environ) for name in names]


def named(all_of_them: Sequence[Instance], name: str) -> list[Instance]:
    """Return the instances of one function."""
    return [one for one in all_of_them if one.name == name]


def hunt(
    all_of_them: Sequence[Instance], options: Options, tally: Tally, load: Future[None]
) -> None:
    """Kill something at each of the chosen moments, and start it again at once."""
    chance = random.Random(f"hunt {options.seed}")
    span = (0.04 * options.seconds, 0.8 * options.seconds)
    moments = sorted(chance.uniform(*span) for _ in range(options.kills))
    began = time.monotonic()
    while moments and not load.done():
        if time.monotonic() - began < moments[0]:
            time.sleep(0.01)  # a random moment is the point of it
            continue
        left = len(moments)
        victims = _victims(all_of_them, chance)[:left]
        del moments[: len(victims)]
        for one in victims:
            one.kill()
            tally.kills[one.name] += 1
            tally.note("killed", name=one.name, port=one.port)
        for one in victims:
            one.start()
            tally.note("back", name=one.name, port=one.port, life=one.lives)


def _victims(all_of_them: Sequence[Instance], chance: random.Random) -> list[Instance]:
    if chance.random() < ALL_AT_ONCE:
        return chance.sample(list(all_of_them), len(all_of_them))
    return [chance.choice(list(all_of_them))]
