"""Puts the whole demo together: store, simulators, the functions as processes, the page."""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from demo import dialogflow
from demo.dialogflow.model import BotSettings, Dialect
from demo.emulator import firestore_emulator
from demo.hosting import hosted
from demo.providers import PROVIDERS
from demo.site import Facts, create_app
from handoff.cli import checkout
from handoff.cli.processes import Function, Plan, free_port, listen, running
from handoff.cli.sweeping import swept

HOST = "127.0.0.1"
FULFILLMENT = "dialogflow_fulfillment"
EVENTS = "agent_events"
WAKE = "wake"
CHAT = "customer_chat"
# What a process needs of its machine. A developer's own settings must not find their way in.
OF_THE_MACHINE = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT")

Variables: TypeAlias = Mapping[str, str]
Tell: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for. `port` is the page's; without one there is no page.

    With `polling` the page has only Dialogflow to ask for an agent's words.
    """

    dialect: Dialect = "cx"
    store: str = "sqlite"
    provider: str = "livechat"
    bot: bool = False
    port: int | None = None
    polling: bool = False


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
        page = None
        if options.port is not None:
            page = stack.enter_context(listen(HOST, options.port))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handoff-demo-")))
        store = stack.enter_context(STORES[options.store](folder, tell))
        # Only a page talks to `customer_chat`; the story in the terminal asks Dialogflow alone.
        with_chat = page is not None and not options.polling
        names = (FULFILLMENT, EVENTS, WAKE, *((CHAT,) if with_chat else ()))
        plans = {name: _plan(name, folder) for name in names}
        secret = secrets.token_urlsafe(24)
        bot, desk = stack.enter_context(_simulators(options, plans, secret, page))
        tell(f"Simulators  Dialogflow {options.dialect.upper()} {bot}, {options.provider} {desk}")
        config = folder / "handoff.toml"
        config.write_text(PROVIDERS[options.provider].config + _delivery(page), encoding="utf-8")
        environ = {**_of_the_machine(), **store, **_settings(options, config, desk, secret)}
        environ |= _for_pages(plans[CHAT]) if with_chat else {}
        functions = stack.enter_context(running(list(plans.values()), environ))
        stack.enter_context(swept(HOST, plans[WAKE].port, tell))
        tell("Functions   " + ", ".join(f"{one.name} {one.address}" for one in plans.values()))
        tell(f"Output      {folder}/*.log, until the end")
        yield Demo(bot=bot, desk=desk, page=_address(page) if page else "", functions=functions)


@contextmanager
def _simulators(
    options: Options, plans: Mapping[str, Plan], secret: str, page: socket.socket | None
) -> Iterator[tuple[str, str]]:
    """Serve the bot, the desk and perhaps the page; yield the addresses of the first two."""
    provider = PROVIDERS[options.provider]
    bot = dialogflow.create_app(
        BotSettings(
            dialect=options.dialect,
            webhook_url=f"{plans[FULFILLMENT].address}/",
            webhook_headers={"X-Handoff-Secret": secret},
        )
    )
    desk = provider.simulator(f"{plans[EVENTS].address}/{options.provider}")
    with listen(HOST, 0) as bot_socket, listen(HOST, 0) as desk_socket:
        apps = [(bot, bot_socket), (desk, desk_socket)]
        if page is not None:
            chat = plans[CHAT].address if CHAT in plans else ""
            facts = _facts(options, chat, _address(desk_socket))
            apps.append((create_app(facts, bot=bot, desk=desk), page))
        with hosted(apps):
            yield _address(bot_socket), _address(desk_socket)


def _facts(options: Options, chat: str, desk: str) -> Facts:
    provider = PROVIDERS[options.provider]
    return Facts(
        dialect=options.dialect,
        desk=provider.title,
        store=TITLES[options.store],
        typing=provider.typing,
        chat=chat,
        cdn=desk,
    )


def _settings(options: Options, config: Path, desk: str, secret: str) -> Variables:
    """Return what an operator would set: the provider's variables and how Dialogflow proves itself.

    The secret is new each time: a call without it is refused, on a laptop as in production.
    """
    provider = PROVIDERS[options.provider]
    return {
        **provider.variables(desk, options.bot),
        "HANDOFF_CONFIG": str(config),
        "DIALOGFLOW_AUTH": "secret",
        "DIALOGFLOW_SECRET": secret,
    }


def _for_pages(chat: Plan) -> Variables:
    """Return what lets customers' pages reach the agent without Dialogflow in between."""
    return {
        "HANDOFF_CUSTOMER_CHAT_URL": chat.address,
        "HANDOFF_TOKEN_KEY": secrets.token_urlsafe(32),
    }


def _delivery(page: socket.socket | None) -> str:
    """Return what `handoff.toml` says of the pages that may call `customer_chat`."""
    if page is None:
        return ""
    origins = [f"http://{name}:{page.getsockname()[1]}" for name in (HOST, "localhost")]
    return f"[delivery]\nallowed_origins = {json.dumps(origins)}\n"


def _of_the_machine() -> Variables:
    return {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}


def _plan(name: str, folder: Path) -> Plan:
    log = folder / f"{name}.log"
    return Plan(name=name, source=checkout.source(name), port=free_port(), log=log)


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


@contextmanager
def _sqlite(folder: Path, tell: Tell) -> Iterator[Variables]:
    tell("Store       SQLite, a new file")
    yield {"HANDOFF_STORE": f"sqlite:{folder / 'handoff.db'}"}


@contextmanager
def _firestore(_: Path, tell: Tell) -> Iterator[Variables]:
    with firestore_emulator() as address:
        tell(f"Store       Firestore emulator {address}")
        # A project of its own, as the emulator may be shared.
        project = f"demo-{secrets.token_hex(4)}"
        yield {
            "HANDOFF_STORE": "firestore",
            "FIRESTORE_EMULATOR_HOST": address,
            "GOOGLE_CLOUD_PROJECT": project,
        }


STORES: Mapping[str, Callable[[Path, Tell], AbstractContextManager[Variables]]] = {
    "sqlite": _sqlite,
    "firestore": _firestore,
}
TITLES: Mapping[str, str] = {"sqlite": "SQLite", "firestore": "Firestore"}
