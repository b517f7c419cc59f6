"""Sets a provider up and checks all of them, from an operator's terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from handoff import bootstrap
from handoff.bootstrap import Desk, MakeStore
from handoff.clock import utc_now
from handoff.errors import BridgeError, ConfigurationError
from handoff.exchange import Exchange, Request, Response, Send
from handoff.providers.operating import Checks, Finding, Plan, SetsUp, Step
from handoff.store import Store
from handoff.tokens import Caller, Deadline
from handoff.transport import Transport
from handoff.vocabulary import ProviderId

# A command may take a while, one call may not.
COMMAND_SECONDS, CALL_SECONDS = 120.0, 15.0

# A provider that there is not, for what is written only to see whether it can be.
NOBODY = ProviderId("check")

Tell = Callable[[str], None]
KeepSecret = Callable[[str, str], None]


class OperationFailed(Exception):
    """The command could not do what it was asked; the text says why."""


def webhook_url(events_url: str, provider: str) -> str:
    """Return where a provider's webhooks go, below the address of `agent_events`.

    Raises OperationFailed for an address that no vendor could or should send to.
    """
    if not events_url:
        raise OperationFailed("--events-url is needed: the public address of agent_events.")
    place = urlsplit(events_url)
    on_this_machine = place.hostname in {"127.0.0.1", "localhost", "::1"}
    if place.scheme != "https" and not (place.scheme == "http" and on_this_machine):
        raise OperationFailed(f"--events-url must be an https address, not {events_url!r}.")
    if not place.hostname or place.query or place.fragment:
        raise OperationFailed(f"--events-url must be a bare address, not {events_url!r}.")
    return f"{events_url.rstrip('/')}/{provider}"


@contextmanager
def secrets_file(path: Path | None, *, dry: bool) -> Iterator[KeepSecret | None]:
    """Yield how to keep secrets in a new file that only its owner can read; None without a path.

    It is made before anything is made at the vendor: a secret that cannot be kept is lost.
    """
    if path is None or dry:
        yield _forget if path else None
        return
    with _writing(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def keep(name: str, value: str) -> None:
        with _writing(path), path.open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")

    try:
        yield keep
    finally:
        if not path.stat().st_size:
            path.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be written"
        raise OperationFailed(f"--secrets-file {path} must be a new file: {reason}.") from error


def _forget(_name: str, _value: str) -> None:
    """Stand for a file where nothing will be made."""


def set_up(provider: str, plan: Plan, environ: Mapping[str, str], tell: Tell) -> None:
    """Set one provider up, telling each step; raises OperationFailed."""
    try:
        desk, make_store = bootstrap.desk_to_set_up(environ, provider)
    except ConfigurationError as error:
        raise OperationFailed(str(error)) from error
    if not isinstance(desk.provider, SetsUp):
        raise OperationFailed(f"{provider} has nothing that a command could set up.")
    wanted: dict[str, str] = {}

    def told(step: Step) -> None:
        tell(f"{step.outcome:<13}{step.what}{_after(step.detail)}")
        wanted.update(dict([step.variable]) if step.variable else {})

    try:
        asyncio.run(_run(make_store, desk.provider.setup(plan, told)))
    except BridgeError as error:
        raise OperationFailed(f"{error}") from error
    finally:  # what was made before a failure is there all the same
        for name, value in wanted.items():
            if environ.get(name) != value:
                tell(f"\nSet this:  {name}={value}")


def check(only: Sequence[str], events_url: str, environ: Mapping[str, str], tell: Tell) -> bool:
    """Check settings, store and each configured provider, or these; say whether all is right."""
    if events_url:
        webhook_url(events_url, "")
    try:
        desks, make_store = bootstrap.desks(environ)
    except ConfigurationError as error:
        for line in str(error).splitlines():
            tell(f"FAILS  settings: {line}")
        return False
    tell("ok     settings")
    known = [desk.id for desk in desks]
    if unknown := [one for one in only if one not in known]:
        raise OperationFailed(f"Not configured: {', '.join(unknown)}; known: {', '.join(known)}.")
    chosen = [desk for desk in desks if not only or desk.id in only]
    return asyncio.run(_checked(chosen, make_store, events_url, tell))


async def _checked(desks: list[Desk], make_store: MakeStore, events_url: str, tell: Tell) -> bool:
    problems = []

    def told(place: str, finding: Finding) -> None:
        problems.append(bool(finding.problem))
        verdict = "FAILS" if finding.problem else "ok"
        tell(f"{verdict:<7}{place}{finding.what}{_after(finding.problem or finding.detail)}")

    store = make_store()
    transport = Transport()
    try:
        await _check_store(store, partial(told, ""))
        for desk in desks:
            url = webhook_url(events_url, desk.id) if events_url else ""
            await _check_desk(desk, url, Caller(_bounded(transport.send), store, utc_now), told)
    finally:
        await transport.close()
        await store.close()
    return not any(problems)


async def _check_store(store: Store, tell: Callable[[Finding], None]) -> None:
    """Write and read a mark that nobody looks for and that goes by itself in some minutes."""
    try:
        await store.mark_missed(NOBODY, "handoff check")
        await store.was_missed(NOBODY, "handoff check")
    except BridgeError as error:
        tell(Finding(what="store", problem=f"{error}; see HANDOFF_STORE"))
    else:
        tell(Finding(what="store"))


async def _check_desk(
    desk: Desk, url: str, caller: Caller, tell: Callable[[str, Finding], None]
) -> None:
    place = f"{desk.id}: "
    if not isinstance(desk.provider, Checks):
        tell(place, Finding(what="nothing that could be checked"))
        return
    exchange = desk.provider.check(url, desk.targets, partial(tell, place))
    try:
        await caller.run(exchange, Deadline.after(COMMAND_SECONDS))
    except BridgeError as error:
        tell(place, Finding(what="the rest", problem=str(error)))


async def _run(make_store: MakeStore, exchange: Exchange[None]) -> None:
    store, transport = make_store(), Transport()
    try:
        caller = Caller(_bounded(transport.send), store, utc_now)
        await caller.run(exchange, Deadline.after(COMMAND_SECONDS))
    finally:
        await transport.close()
        await store.close()


def _bounded(send: Send) -> Send:
    async def bounded(request: Request, seconds: float) -> Response:
        return await send(request, min(seconds, CALL_SECONDS))

    return bounded


def _after(detail: str) -> str:
    return f": {detail}" if detail else ""
