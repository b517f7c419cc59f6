"""The one place that wires: settings to stores, providers and edges, once per process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from handoff import log, settings
from handoff.bridge import Bridge
from handoff.caller_auth import CallerCheck
from handoff.clock import Clock, utc_now
from handoff.errors import ConfigurationError
from handoff.secret_manager import read_in_child
from handoff.settings import Settings
from handoff.store import Store
from handoff.tokens import Caller
from handoff.transport import Transport
from handoff.variables import Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a function works with. `check` is None where callers prove themselves otherwise."""

    settings: Settings
    bridge: Bridge
    caller: Caller
    check: CallerCheck | None


class Function:
    """One Cloud Function: its settings from the start, its clients from the first request.

    The functions framework forks after it has loaded the function, and gRPC does not survive
    that: nothing here may open a connection before a request has come.
    """

    def __init__(self, chosen: Settings, clock: Clock) -> None:
        self.settings = chosen
        self._clock = clock
        self._running: Running | None = None

    def running(self) -> Running:
        """Return the function at work, made when first asked for."""
        if self._running is None:
            self._running = wire(self.settings, self._clock)
        return self._running


def start(name: str, environ: Mapping[str, str] | None = None) -> Function:
    """Return the function `name`, or end the process with all that is missing in its settings."""
    variables = Variables(os.environ if environ is None else environ, read_in_child)
    serves_dialogflow = name == "dialogflow_fulfillment"
    try:
        chosen = settings.load(variables, utc_now, serves_dialogflow=serves_dialogflow)
    except ConfigurationError as error:
        raise SystemExit(f"{name} cannot start:\n{_indented(str(error))}") from None
    log.to_stdout()
    return Function(chosen, utc_now)


def wire(chosen: Settings, clock: Clock) -> Running:
    """Return a bridge over the chosen store and providers, with clients of its own."""
    store = make_store(chosen, clock)
    caller = Caller(Transport().send, store, clock)
    bridge = Bridge(
        store=store,
        providers=chosen.providers,
        rules=chosen.rules,
        caller=caller,
        clock=clock,
    )
    check = CallerCheck(chosen.caller, clock) if chosen.caller else None
    return Running(settings=chosen, bridge=bridge, caller=caller, check=check)


def make_store(chosen: Settings, clock: Clock) -> Store:
    """Return the store that the settings name; only its own packages are imported."""
    kind, _, place = chosen.store.partition(":")
    if kind == "sqlite":
        from handoff.sqlite import SqliteStore

        return SqliteStore(place, clock=clock)
    from handoff.firestore import FirestoreStore

    return FirestoreStore(
        project=chosen.project or None, database=place or "(default)", clock=clock
    )


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" for line in lines.splitlines())
