"""Serves the functions of a checkout on one machine, for a small installation."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from handoff import bootstrap
from handoff.cli import checkout
from handoff.cli.processes import Plan, ProcessError, free_port, listen, running, watch
from handoff.cli.sweeping import swept

LOOPBACK = "127.0.0.1"

# Without the key that signs pages' tokens there is nothing for a page to call.
TOKEN_KEY = "HANDOFF_TOKEN_KEY"  # noqa: S105 - the variable's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each function listens that others call."""

    fulfillment: int
    events: int
    chat: int


def serve(host: str, ports: Ports, *, tell: Callable[[str], None]) -> None:
    """Run the functions and tell their addresses; raise ProcessError when one has died."""
    plans = [
        _plan("dialogflow_fulfillment", host, ports.fulfillment),
        _plan("agent_events", host, ports.events),
    ]
    if os.environ.get(TOKEN_KEY):
        plans.append(_plan("customer_chat", host, ports.chat))
    if len({plan.port for plan in plans}) < len(plans):
        raise ProcessError("Each function needs a port of its own.")
    for plan in plans:
        # Whoever has the port might answer in our place, and we would think that we are up.
        listen(plan.host, plan.port).close()
    # Nobody but us calls it, and it asks for no proof: it is for this machine alone.
    wake = _plan("wake", LOOPBACK, free_port())
    with running((*plans, wake), os.environ) as functions, swept(wake.host, wake.port, tell):
        _tell_addresses(plans, tell)
        watch(functions)


def _tell_addresses(plans: list[Plan], tell: Callable[[str], None]) -> None:
    fulfillment, events, *chat = plans
    tell("Give these addresses away, each behind your own HTTPS:")
    tell(f"  Dialogflow's webhook    {fulfillment.address}/")
    for name in bootstrap.configured(os.environ):
        tell(f"  webhooks of {name:<12}{events.address}/{name}")
    for plan in chat:
        tell(f"  customers' pages        {plan.address} (HANDOFF_CUSTOMER_CHAT_URL)")
    tell("Ctrl-C ends all functions.")


def _plan(name: str, host: str, port: int) -> Plan:
    return Plan(name=name, source=checkout.source(name), host=host, port=port)
