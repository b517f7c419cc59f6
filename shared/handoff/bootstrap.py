"""The one place that wires: settings to stores, providers and edges, once per process."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from handoff import ending, log, settings
from handoff.bridge import Bridge
from handoff.caller_auth import CallerCheck
from handoff.clock import Clock, utc_now
from handoff.customer_chat import CustomerChat, Parts
from handoff.errors import ConfigurationError
from handoff.exchange import Json
from handoff.feed import Feed
from handoff.filing import Filing
from handoff.providers.base import Provider
from handoff.rates import Rates
from handoff.records import Reply
from handoff.registry import PROVIDERS
from handoff.secret_manager import read_in_child
from handoff.settings import LISTEN_TARGETS, Settings
from handoff.store import Store, session_key
from handoff.tokens import Caller
from handoff.transport import Transport
from handoff.variables import Variables
from handoff.vocabulary import ProviderId, SessionId
from handoff.wake_settings import WakeSettings
from handoff.waking import Waker

if TYPE_CHECKING:
    from handoff.scheduler import CloudTasks

# A session that was quiet may make so many seconds' turns at once.
BURST_SECONDS = 10

PROVIDER_IDS = tuple(PROVIDERS)

MakeStore = Callable[[], Store]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a function works with.

    `check` is None where callers prove themselves otherwise, `chat` where no key signs tokens.
    """

    settings: Settings
    bridge: Bridge
    caller: Caller
    check: CallerCheck | None
    waker: Waker
    chat: CustomerChat | None
    close: Callable[[], Awaitable[None]]


class Function:
    """One Cloud Function: its settings from the start, its clients from the first request.

    The functions framework forks after it has loaded the function, and gRPC does not survive
    that: nothing here may open a connection before a request has come.
    """

    def __init__(self, chosen: Settings, make_store: MakeStore, clock: Clock) -> None:
        self.settings = chosen
        self._make_store = make_store
        self._clock = clock
        self._running: Running | None = None

    def chat(self) -> CustomerChat:
        """Return what customers' pages talk to; settings saw to it that there is one."""
        chat = self.running().chat
        if chat is None:
            raise ConfigurationError("HANDOFF_TOKEN_KEY is not set")
        return chat

    def payload(self, session: SessionId, reply: Reply) -> Json | None:
        """Return what an answer tells the customer's page, or None when it has none to tell."""
        pages = self.settings.page
        return pages.payload(session_key(session), reply, self._clock()) if pages else None

    def running(self) -> Running:
        """Return the function at work, made when first asked for."""
        if self._running is None:
            self._running = wire(self.settings, self._make_store(), self._clock)
        return self._running


def start(name: str, environ: Mapping[str, str] | None = None) -> Function:
    """Return the function `name`, or end the process with all that is missing in its settings."""
    variables = Variables(os.environ if environ is None else environ, read_in_child)
    serves = {
        "serves_dialogflow": name == "dialogflow_fulfillment",
        "serves_pages": name == "customer_chat",
    }
    try:
        chosen = settings.load(variables, utc_now, **serves)
    except ConfigurationError as error:
        raise SystemExit(f"{name} cannot start:\n{_indented(str(error))}") from None
    log.to_stdout(chosen.project)
    if chosen.wake is not None:
        import handoff.scheduler  # noqa: F401 - here, where nobody waits for Google's packages
    make_store = store_maker(chosen.store, chosen.project, utc_now, chosen.listen_targets)
    return Function(chosen, make_store, utc_now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One provider as an operator handles it; `targets` are those that settings name for it."""

    id: ProviderId
    provider: Provider
    targets: tuple[str, ...] = ()


def desks(environ: Mapping[str, str]) -> tuple[list[Desk], MakeStore]:
    """Return every configured provider, and how to make the store.

    Raises ConfigurationError with all that is missing or wrong.
    """
    chosen, make_store = at_hand(environ)
    targets = chosen.rules.targets.values()
    found = [
        Desk(id=name, provider=one, targets=tuple(ids[name] for ids in targets if name in ids))
        for name, one in chosen.providers.items()
    ]
    return found, make_store


def desk_to_set_up(environ: Mapping[str, str], name: str) -> tuple[Desk, MakeStore]:
    """Return one provider, which may lack what its set-up makes, and how to make the store."""
    variables = Variables(environ, read_in_child)
    chosen = settings.load_for_setup(variables, utc_now, ProviderId(name))
    desk = Desk(id=ProviderId(name), provider=chosen.provider)
    return desk, store_maker(chosen.store, chosen.project, utc_now)


def kept(environ: Mapping[str, str]) -> MakeStore:
    """Return how to make the store, for who only looks; raises ConfigurationError."""
    store, project = settings.load_store(Variables(environ, read_in_child))
    return store_maker(store, project, utc_now)


def at_hand(environ: Mapping[str, str]) -> tuple[Settings, MakeStore]:
    """Return the settings of a function that no Dialogflow calls, and how to make its store.

    Raises ConfigurationError with all that is missing or wrong.
    """
    chosen = settings.load(Variables(environ, read_in_child), utc_now, serves_dialogflow=False)
    return chosen, store_maker(chosen.store, chosen.project, utc_now)


def configured(environ: Mapping[str, str]) -> list[str]:
    """Return the providers that an environment has all required variables of."""
    return [
        name
        for name, entry in PROVIDERS.items()
        if all(environ.get(variable) for variable in entry.required)
    ]


def wire(chosen: Settings, store: Store, clock: Clock) -> Running:
    """Return a bridge over the store and the chosen providers, with its own connections."""
    transport = Transport()
    caller = Caller(transport.send, store, clock)
    tasks = _tasks(chosen.wake) if chosen.wake else None
    bridge = Bridge(
        store=store,
        providers=chosen.providers,
        rules=chosen.rules,
        caller=caller,
        clock=clock,
        schedule=tasks.schedule if tasks else None,
        rates=Rates(chosen.turns_per_second, burst=_burst(chosen.turns_per_second)),
    )

    waker = Waker(bridge, store)
    helps = waker.help_out if chosen.wake is None else None
    feed = Feed(store, helps, ending.when_told)
    chat = _chat(chosen, bridge, store, feed, caller, clock)

    async def close() -> None:
        await feed.close()
        await transport.close()
        await store.close()
        if tasks:
            await tasks.close()

    check = CallerCheck(chosen.caller, clock) if chosen.caller else None
    return Running(
        settings=chosen,
        bridge=bridge,
        caller=caller,
        check=check,
        waker=waker,
        chat=chat,
        close=close,
    )


def _chat(
    chosen: Settings,
    bridge: Bridge,
    store: Store,
    feed: Feed,
    caller: Caller,
    clock: Clock,
) -> CustomerChat | None:
    rate = chosen.turns_per_second
    if chosen.page is None:
        return None
    parts = Parts(
        bridge=bridge,
        store=store,
        feed=feed,
        filing=Filing(bridge, chosen.providers, caller, chosen.rules, clock),
        rules=chosen.rules,
        rates=Rates(rate, burst=_burst(rate)),
        key=chosen.page.key,
        clock=clock,
    )
    return CustomerChat(parts)


def _burst(per_second: float) -> int:
    """Return how many turns may come at once: one at least, or none could ever come."""
    return max(1, round(per_second * BURST_SECONDS))


def _tasks(wake: WakeSettings) -> CloudTasks:
    """Return the scheduler; its package was imported when the process started."""
    from handoff.scheduler import CloudTasks

    return CloudTasks(queue=wake.queue, url=wake.url, endpoint=wake.emulator)


def store_maker(
    store: str, project: str, clock: Clock, listen_targets: int = LISTEN_TARGETS
) -> MakeStore:
    """Return how to make the store that the settings name.

    Its packages are imported here, when the process starts, and no others: Google's take most
    of a second, which the first customer should not wait for.
    """
    kind, _, place = store.partition(":")
    if kind == "sqlite":
        from handoff.sqlite import SqliteStore

        return partial(SqliteStore, place, clock=clock)
    from handoff.firestore import FirestoreStore

    database = place or "(default)"
    return partial(
        FirestoreStore,
        project=project or None,
        database=database,
        clock=clock,
        targets_per_stream=listen_targets,
    )


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" for line in lines.splitlines())
