"""Turns at providers that hang, timed from outside: first byte written to last byte read."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from demo.dialogflow.strict import checker
from demo.providers import PROVIDERS
from handoff.cli import checkout
from handoff.cli.processes import Function, Plan, free_port
from tests.whole.hanging import hanging
from tests.whole.house import SECRET, House, Json, house, until

FULFILLMENT = "dialogflow_fulfillment"
FRAMEWORK = Path(sys.executable).with_name("functions-framework")
SESSIONS = "projects/p/locations/l/agents/a/sessions"
HEADERS = {"X-Handoff-Secret": SECRET, "Content-Type": "application/json"}

# What the customer's turn needs of the provider, by the session that is ready for it: first the
# turn itself, then what the customer does while the provider goes on hanging.
START, MESSAGE, POLL, ASK = "start", "message", "poll", "availability"
CALLS: Mapping[str, Sequence[str]] = {
    "first opening": (START, MESSAGE, POLL),
    "later opening": (START, POLL, MESSAGE),
    "message": (MESSAGE, MESSAGE, POLL),
    "message, token ended": (MESSAGE, MESSAGE, POLL),
    "availability": (ASK, START, POLL),
}

CX = checker("cx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One turn as Dialogflow sees it."""

    seconds: float
    status: int
    body: bytes

    @property
    def parameters(self) -> Json:
        """Return what the answer writes; one that Dialogflow would refuse fails the test."""
        written: Json = CX(self.body).get("sessionInfo", {}).get("parameters", {})
        return written


def turn_of(session: str, meaning: str) -> bytes:
    """Return a turn as CX asks it."""
    name = f"{SESSIONS}/{session}"
    body = {
        "detectIntentResponseId": str(uuid.uuid4()),
        "sessionInfo": {"session": name, "parameters": {}},
        "fulfillmentInfo": {"tag": f"handoff.{meaning}"},
        "text": "" if meaning == POLL else f"words of {session} {time.monotonic_ns()}",
        "languageCode": "en",
    }
    return json.dumps(body).encode()


def timed(port: int, session: str, meaning: str) -> Timed:
    """Make one turn over a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.connect()
        began = time.monotonic()
        line.request("POST", "/", turn_of(session, meaning), HEADERS)
        answer = line.getresponse()
        body = answer.read()
        return Timed(seconds=time.monotonic() - began, status=answer.status, body=body)


def prepare(folder: Path, provider: str) -> Path:
    """Let a good provider bring each session to where the turn comes; return the store."""
    with house(folder, provider=provider) as one:
        port = one.plans[FULFILLMENT].port
        for session in ("message", "later opening"):
            assert timed(port, session, START).status == 200
        before = _tokens(folder)
        assert timed(port, "message, token ended", START).status == 200
        made = _tokens(folder) - before
        assert timed(port, "later opening", "end").status == 200
        one.at_desk("idle")
        until(lambda: _nothing_is_left(one))
    _forget(folder, made)
    return folder / "handoff.db"


def _nothing_is_left(one: House) -> bool:
    """Say whether the opening and leaving are told to the desk, to the last job."""
    port = one.plans[FULFILLMENT].port
    states = [
        timed(port, name, POLL).parameters.get("handoff_state")
        for name in ("message", "later opening", "message, token ended")
    ]
    return states == ["active", "none", "active"]


def _tokens(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "handoff.db")) as db:
        return {name for (name,) in db.execute("SELECT id FROM tokens")}


def _forget(folder: Path, tokens: set[str]) -> None:
    """Take tokens away: of this customer one has to be asked for again."""
    with closing(sqlite3.connect(folder / "handoff.db")) as db, db:
        db.executemany("DELETE FROM tokens WHERE id = ?", [(one,) for one in tokens])
    with closing(sqlite3.connect(folder / "handoff.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


Table = Mapping[tuple[str, str, str], Sequence[Timed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One function whose provider hangs, from its first moment."""

    provider: str
    kind: str
    function: Function
    store: Path


def measure(folder: Path, wanted: Mapping[str, Sequence[str]]) -> Table:
    """Make every call at every wanted kind of every provider, all at once.

    Each kind has its own process, and its own copy of the store that the good provider left.
    """
    with ExitStack() as stack:
        places = [
            _place(stack, _made(folder / f"{provider} {number}"), provider, kind)
            for provider, kinds in wanted.items()
            for number, kind in enumerate(kinds)
        ]
        stack.callback(_tell_to_end, places)  # all at once, before each is waited for
        for one in places:
            until(one.function.answers)
        # Long enough for nobody to be taken for one who waited for the start.
        stores = {name: prepare(_made(folder / f"good {name}"), name) for name in wanted}
        for one in places:
            shutil.copy(stores[one.provider], one.store)  # opened by the first turn, not before
        return _measured(places)


def _measured(places: Sequence[Place]) -> Table:
    with ThreadPoolExecutor(len(places) * len(CALLS)) as pool:
        made = {
            (one.provider, one.kind, call): pool.submit(_turns, one.function.plan.port, call)
            for one in places
            for call in CALLS
        }
        return {name: future.result() for name, future in made.items()}


def _turns(port: int, call: str) -> Sequence[Timed]:
    return [timed(port, call, meaning) for meaning in CALLS[call]]


def _place(stack: ExitStack, folder: Path, provider: str, kind: str) -> Place:
    bad = stack.enter_context(hanging(kind, folder))
    store = folder / "handoff.db"
    function = spawned(folder, {**environ_of(provider, bad.url, store), **bad.environ})
    stack.callback(function.end)
    return Place(provider=provider, kind=kind, function=function, store=store)


def _tell_to_end(places: Sequence[Place]) -> None:
    for one in places:
        os.killpg(one.function.pid, signal.SIGTERM)


def environ_of(provider: str, url: str, store: Path) -> Mapping[str, str]:
    """Return what a function is started with whose provider is at this address."""
    return {
        "HANDOFF_STORE": f"sqlite:{store}",
        "DIALOGFLOW_AUTH": "secret",
        "DIALOGFLOW_SECRET": SECRET,
        **PROVIDERS[provider].variables(url, False),
    }


def spawned(folder: Path, environ: Mapping[str, str], name: str = FULFILLMENT) -> Function:
    """Start a function as the platform does, without waiting for it."""
    log = folder / f"{name}.log"
    plan = Plan(name=name, source=checkout.source(name), port=free_port(), log=log)
    command = [str(FRAMEWORK), "--source", str(plan.source), "--target", name]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", plan.host, "--port", str(plan.port)],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Function(plan, process)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@contextmanager
def function(folder: Path, url: str, **more: str) -> Iterator[Function]:
    """Give a function that has just started, whose LiveChat is at this address."""
    environ = {**environ_of("livechat", url, folder / "handoff.db"), **more}
    one = spawned(folder, environ)
    try:
        until(one.answers)
        yield one
    finally:
        one.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """A first turn that waited for its process: seconds since that was started."""

    accepted: float
    answered: float
    turn: Timed


def cold_start(folder: Path, environ: Mapping[str, str]) -> ColdStart:
    """Start a function and let a turn that opens a handoff wait for it, as the platform does."""
    began = time.monotonic()
    one = spawned(folder, environ)
    try:
        until(lambda: _is_open(one.plan.port))
        accepted = time.monotonic() - began
        turn = timed(one.plan.port, "cold", START)
        return ColdStart(accepted=accepted, answered=time.monotonic() - began, turn=turn)
    finally:
        one.end()


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
