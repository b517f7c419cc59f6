"""Serves the functions of a checkout on one machine, for a small installation."""

from __future__ import annotations

import os
from collections.abc import Callable

from handoff import bootstrap
from handoff.cli import checkout
from handoff.cli.processes import Plan, ProcessError, free_port, listen, running, watch
from handoff.cli.sweeping import swept

LOOPBACK = "127.0.0.1"


def serve(
    host: str, fulfillment_port: int, events_port: int, *, tell: Callable[[str], None]
) -> None:
    """Run the functions and tell their addresses; raise ProcessError when one has died."""
    if fulfillment_port == events_port:
        raise ProcessError("The functions need two different ports.")
    fulfillment = _plan("dialogflow_fulfillment", host, fulfillment_port)
    events = _plan("agent_events", host, events_port)
    for plan in (fulfillment, events):
        # Whoever has the port might answer in our place, and we would think that we are up.
        listen(plan.host, plan.port).close()
    # Nobody but us calls it, and it asks for no proof: it is for this machine alone.
    wake = _plan("wake", LOOPBACK, free_port())
    with (
        running((fulfillment, events, wake), os.environ) as functions,
        swept(wake.host, wake.port, tell),
    ):
        tell("Give these addresses away, each behind your own HTTPS:")
        tell(f"  Dialogflow's webhook    {fulfillment.address}/")
        for name in bootstrap.configured(os.environ):
            tell(f"  webhooks of {name:<12}{events.address}/{name}")
        tell("Ctrl-C ends all functions.")
        watch(functions)


def _plan(name: str, host: str, port: int) -> Plan:
    return Plan(name=name, source=checkout.source(name), host=host, port=port)
