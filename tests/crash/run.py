"""Puts a run together: store, desk, functions, those who talk and the one who kills."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.emulator import firestore_emulator
from demo.hosting import hosted
from demo.providers import PROVIDERS
from handoff.bootstrap import store_maker
from handoff.cli.processes import listen
from handoff.clock import utc_now
from tests.crash import desk
from tests.crash.ledger import Json, Tally
from tests.crash.load import Load
from tests.crash.options import Options
from tests.crash.processes import EVENTS, Instance, hunt, instances, named

SECRET = "a-dialogflow-secret-of-the-crash-test"
# PYTHONPATH: the functions are those of the checkout that runs this.
OF_THE_MACHINE = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run that is over; `folder` has a log of every life of every function."""

    options: Options
    load: Load
    folder: Path
    seconds: float


def run(options: Options) -> Outcome:
    """Play one run and return what came of it."""
    folder = Path(tempfile.mkdtemp(prefix=f"handoff-crash-{options.seed}-"))
    began = time.monotonic()
    with ExitStack() as stack:
        store = stack.enter_context(STORES[options.store](folder))
        at = stack.enter_context(listen("127.0.0.1", 0))
        address = f"http://127.0.0.1:{at.getsockname()[1]}"
        functions = instances(options, folder, _environ(options, folder, address, store))
        [events] = named(functions, EVENTS)
        webhooks = f"{events.address}/{options.provider}"
        stack.enter_context(hosted([(desk.SIMULATORS[options.provider](webhooks), at)]))
        for one in functions:
            one.start()
            stack.callback(one.end)
        load = _play(options, functions, address, store)
    _write_trace(load, folder)
    return Outcome(options=options, load=load, folder=folder, seconds=time.monotonic() - began)


def forget(outcome: Outcome) -> None:
    """Delete what a run left behind; of use when nothing is to be studied."""
    shutil.rmtree(outcome.folder)


def _play(
    options: Options, functions: list[Instance], address: str, store: Mapping[str, str]
) -> Load:
    """Let them talk in a thread, and kill from this one: only it may start processes."""
    project = store.get("GOOGLE_CLOUD_PROJECT", "")
    load = Load(
        options=options,
        functions=functions,
        desk_address=address,
        headers={"X-Handoff-Secret": SECRET},
        store=store_maker(store["HANDOFF_STORE"], project, utc_now)(),
        hunted=threading.Event(),
        tally=Tally(),
    )
    with ThreadPoolExecutor(1) as thread:
        playing = thread.submit(asyncio.run, _and_close(load))
        try:
            hunt(functions, options, load.tally, playing)
        finally:
            load.hunted.set()
        playing.result()
    return load


async def _and_close(load: Load) -> None:
    try:
        await load.play()
    finally:
        await load.store.close()


def _environ(
    options: Options, folder: Path, address: str, store: Mapping[str, str]
) -> Mapping[str, str]:
    config = folder / "handoff.toml"
    config.write_text(desk.CONFIG[options.provider], encoding="utf-8")
    machine = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
    return {
        **machine,
        **PROVIDERS[options.provider].variables(address, False),
        **store,
        "HANDOFF_CONFIG": str(config),
        "DIALOGFLOW_AUTH": "secret",
        "DIALOGFLOW_SECRET": SECRET,
        "HANDOFF_CUSTOMER_CHAT_URL": "https://chat.example",  # the pages know the instances
        "HANDOFF_TOKEN_KEY": SECRET,
    }


def _write_trace(load: Load, folder: Path) -> None:
    """Write all that was done, and every call that the vendor got, in the order of time."""
    lines = [json.dumps(one, ensure_ascii=False) for one in sorted(load.tally.trace, key=_at)]
    (folder / "trace.jsonl").write_text("\n".join(lines), encoding="utf-8")


def _at(entry: Json) -> str:
    at: str = entry["at"]
    return at


@contextmanager
def _sqlite(folder: Path) -> Iterator[Mapping[str, str]]:
    yield {"HANDOFF_STORE": f"sqlite:{folder / 'handoff.db'}"}


@contextmanager
def _firestore(_: Path) -> Iterator[Mapping[str, str]]:
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    with firestore_emulator() as address:
        # Ours too: what is left to do is read from the store.
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        try:
            # A project of its own, as the emulator may be shared.
            yield {
                "HANDOFF_STORE": "firestore",
                "FIRESTORE_EMULATOR_HOST": address,
                "GOOGLE_CLOUD_PROJECT": f"crash-{secrets.token_hex(4)}",
            }
        finally:
            if before is None:
                del os.environ["FIRESTORE_EMULATOR_HOST"]


STORES = {"sqlite": _sqlite, "firestore": _firestore}
