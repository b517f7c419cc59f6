"""Puts the whole demo together: store, simulators, the functions as processes, the page."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from demo import dialogflow
from demo.dialogflow.model import Dialect
from demo.emulator import firestore_emulator
from demo.hosting import hosted
from demo.providers import PROVIDERS
from demo.site import Facts, create_app
from handoff.cli import checkout
from handoff.cli.processes import Function, Plan, free_port, listen, running

HOST = "127.0.0.1"
FULFILLMENT = "dialogflow_fulfillment"
EVENTS = "agent_events"
# What a process needs of its machine. A developer's own settings must not find their way in.
OF_THE_MACHINE = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT")

Variables: TypeAlias = Mapping[str, str]
Tell: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for. `port` is the page's; without one there is no page."""

    dialect: Dialect = "cx"
    store: str = "sqlite"
    provider: str = "livechat"
    bot: bool = False
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The demo at work: its addresses and its function processes."""

    bot: str
    desk: str
    page: str
    functions: tuple[Function, ...]


@contextmanager
def launched(options: Options, tell: Tell) -> Iterator[Demo]:
    """Start everything, yield it at work, and end everything."""
    with ExitStack() as stack:
        # First of all, so that a port that is taken is known at once.
        page_socket = None
        if options.port is not None:
            page_socket = stack.enter_context(listen(HOST, options.port))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handoff-demo-")))
        store = stack.enter_context(STORES[options.store](folder, tell))
        provider = PROVIDERS[options.provider]
        fulfillment, events = (_plan(name, folder) for name in (FULFILLMENT, EVENTS))
        secret = secrets.token_urlsafe(24)

        bot_socket = stack.enter_context(listen(HOST, 0))
        desk_socket = stack.enter_context(listen(HOST, 0))
        bot = dialogflow.create_app(_bot(options.dialect, fulfillment.address, secret))
        desk = provider.simulator(f"{events.address}/{options.provider}")
        apps = [(bot, bot_socket), (desk, desk_socket)]
        if page_socket is not None:
            facts = Facts(dialect=options.dialect, desk=provider.title, store=options.store)
            apps.append((create_app(facts, bot=bot, desk=desk), page_socket))
        stack.enter_context(hosted(apps))
        tell(f"Simulators are up: Dialogflow {options.dialect.upper()}, {provider.title}")

        environ = {
            **{name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ},
            **store,
            **provider.variables(_address(desk_socket), options.bot),
            "DIALOGFLOW_AUTH": "secret",
            "DIALOGFLOW_SECRET": secret,
        }
        functions = stack.enter_context(running((fulfillment, events), environ))
        names = ", ".join(one.plan.name for one in functions)
        tell(f"Functions are up: {names} (their output is in {folder})")
        yield Demo(
            bot=_address(bot_socket),
            desk=_address(desk_socket),
            page=_address(page_socket) if page_socket else "",
            functions=functions,
        )
