"""The functions as processes, a desk beside them, and customers who each have an agent."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import aiohttp

from demo.hosting import hosted
from demo.providers import PROVIDERS
from handoff.bootstrap import store_maker
from handoff.cli.processes import free_port, listen
from handoff.clock import utc_now
from handoff.store import Store, session_key
from handoff.vocabulary import SessionId
from tests.crash.desk import SIMULATORS, Desk
from tests.crash.ledger import Json
from tests.crash.processes import EVENTS, FULFILLMENT, Instance
from tests.crash.run import OF_THE_MACHINE, STORES
from tests.crash.wire import Asked, session_name
from tests.streams.process import raise_open_files
from tests.whole.house import webhook

SECRET = "a-dialogflow-secret-of-the-streams"
CHAT = "customer_chat"
# Calls that are timed come faster than a customer's.
CONFIG = "[limits]\nturns_per_second = 0\n"
OPENING = 12
# A function's server closes a connection that is unused for two seconds.
KEPT = 1.0
PATIENCE = 60.0
LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One customer's page, and the conversation behind it."""

    session: str
    url: str
    token: str
    after: int = 0
    room: str = ""
    thread: str = ""
    agent: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return what proves whose page it is."""
        return {"Authorization": f"Bearer {self.token}"}


class Served(Instance):
    """A function as a process whose number is known."""

    @property
    def pid(self) -> int:
        """Return the process that watches over the worker."""
        return self._pid

    def tell_to_end(self) -> None:
        """Tell it to end, as the platform does."""
        os.kill(self._pid, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything at work."""

    functions: Mapping[str, Served]
    desk: str
    environ: Mapping[str, str]
    folder: Path

    def address(self, name: str) -> str:
        """Return where a function is."""
        return self.functions[name].address

    def store(self) -> Store:
        """Return the functions' store, to look into it."""
        project = self.environ.get("GOOGLE_CLOUD_PROJECT", "")
        return store_maker(self.environ["HANDOFF_STORE"], project, utc_now)()

    def printed(self, name: str) -> str:
        """Return all that a function has printed."""
        logs = sorted(self.folder.glob(f"{name}-*.log"))
        return "".join(one.read_text(encoding="utf-8", errors="replace") for one in logs)

    async def open(
        self, http: aiohttp.ClientSession, count: int, name: str = "s"
    ) -> Sequence[Page]:
        """Return the pages of so many customers who each talk to an agent."""
        room = asyncio.Semaphore(OPENING)
        # One alone first: an emulator's first answers take seconds.
        pages = [await self._asked(http, f"{name}00000", room)]
        asked = (self._asked(http, f"{name}{number:05d}", room) for number in range(1, count))
        pages += await asyncio.gather(*asked)
        desk = Desk(http, self.desk)
        async with asyncio.timeout(PATIENCE):
            await desk.get("idle")
        await desk.look()
        return [_with_agent(page, desk.open_room(page.session)) for page in pages]

    async def _asked(
        self, http: aiohttp.ClientSession, session: str, room: asyncio.Semaphore
    ) -> Page:
        asked = Asked(
            id=str(uuid.uuid4()),
            session=session,
            dialect="cx",
            tag="handoff.start",
            text="A person, please",
            parameters={"customer_name": session},
        )
        body = json.dumps(asked.body()).encode()
        headers = {"X-Handoff-Secret": SECRET, "Content-Type": "application/json"}
        async with room:
            answer = await _insisted(http, f"{self.address(FULFILLMENT)}/", body, headers)
        messages = json.loads(answer)["fulfillmentResponse"]["messages"]
        [known] = [one["payload"]["handoff"] for one in messages if "payload" in one]
        return Page(session=session, url=known["url"], token=known["token"])

    async def agent_says(
        self, http: aiohttp.ClientSession, page: Page, text: str
    ) -> tuple[float, float]:
        """Let the page's agent write; return when the webhook was sent, and when answered."""
        event = {
            "id": f"{page.thread}_{uuid.uuid4().hex[:12]}",
            "type": "message",
            "visibility": "all",
            "author_id": page.agent,
            "text": text,
        }
        return await self._tell(http, "incoming_event", page, {"event": event})

    async def agent_closes(self, http: aiohttp.ClientSession, page: Page) -> tuple[float, float]:
        """Let the page's agent end the chat."""
        return await self._tell(http, "chat_deactivated", page, {"user_id": page.agent})

    async def _tell(
        self, http: aiohttp.ClientSession, action: str, page: Page, payload: Json
    ) -> tuple[float, float]:
        place = {"chat_id": page.room, "thread_id": page.thread}
        body, sent = webhook(action, {**place, **payload}), time.monotonic()
        await _insisted(http, f"{self.address(EVENTS)}/livechat", body)
        return sent, time.monotonic()


def browser() -> aiohttp.ClientSession:
    """Return what calls the functions, for as many customers and agents as there are."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT))


@contextmanager
def stage(store: str, names: Sequence[str] = (FULFILLMENT, EVENTS, CHAT)) -> Iterator[Stage]:
    """Start everything on loopback; end everything."""
    raise_open_files()
    folder = Path(tempfile.mkdtemp(prefix="handoff-streams-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        variables = stack.enter_context(STORES[store](folder))
        at = stack.enter_context(listen("127.0.0.1", 0))
        desk = f"http://127.0.0.1:{at.getsockname()[1]}"
        ports = {name: free_port() for name in names}
        environ = _environ(folder, desk, ports) | dict(variables)
        functions = {name: Served(name, port, folder, environ) for name, port in ports.items()}
        webhooks = f"{functions[EVENTS].address}/livechat"
        stack.enter_context(hosted([(SIMULATORS["livechat"](webhooks), at)]))
        for one in functions.values():
            one.start()
            stack.callback(one.end)
        yield Stage(functions=functions, desk=desk, environ=environ, folder=folder)


async def readers(store: Store, page: Page) -> int:
    """Return how many readers of a page are there, as the store knows."""
    name = session_name(page.session, "cx")
    stored = await store.load(session_key(SessionId(name)))
    handoff = stored.session.handoff if stored and stored.session else None
    until = handoff.page.readers.values() if handoff and handoff.page else ()
    return sum(at > utc_now() for at in until)


async def all_left(place: Stage, pages: Sequence[Page], began: float) -> float | None:
    """Return how long after a moment the store knew of no reader any more."""
    store, left = place.store(), list(pages)
    try:
        while time.monotonic() - began < PATIENCE:
            left = [page for page in left if await readers(store, page)]
            if not left:
                return time.monotonic() - began
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await store.close()
    return None


async def until(seconds: float, look: Callable[[], bool]) -> float | None:
    """Return after how many seconds something was so, or None."""
    began = time.monotonic()
    while not look():
        if time.monotonic() - began > seconds:
            return None
        await asyncio.sleep(LOOK_EVERY)
    return time.monotonic() - began


async def _insisted(
    http: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str] | None = None
) -> bytes:
    """Call until it is taken, as Dialogflow and vendors do: a busy machine is slow."""
    give_up = time.monotonic() + PATIENCE
    while True:
        async with http.post(url, data=body, headers=headers) as response:
            if response.status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > give_up:
                response.raise_for_status()
                return await response.read()
        await asyncio.sleep(LOOK_EVERY)


def _with_agent(page: Page, room: Json | None) -> Page:
    assert room is not None, f"{page.session} has no agent"
    agent = next(one["id"] for one in room["agents"] if one["visibility"] == "all")
    return replace(page, room=room["id"], thread=room["thread_id"], agent=agent)


def _environ(folder: Path, desk: str, ports: Mapping[str, int]) -> dict[str, str]:
    config = folder / "handoff.toml"
    config.write_text(CONFIG, encoding="utf-8")
    machine = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
    return {
        **machine,
        **PROVIDERS["livechat"].variables(desk, False),
        "HANDOFF_CONFIG": str(config),
        "HANDOFF_TOKEN_KEY": "a-key-of-the-streams-that-signs-tokens",
        "HANDOFF_CUSTOMER_CHAT_URL": f"http://127.0.0.1:{ports[CHAT]}",
        "DIALOGFLOW_AUTH": "secret",
        "DIALOGFLOW_SECRET": SECRET,
    }
