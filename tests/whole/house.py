"""The functions as processes, the simulators beside them, and what a test may do to both."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import requests
from starlette.applications import Starlette

from demo import dialogflow, eight_by_eight, livechat
from demo.dialogflow.model import BotSettings
from demo.hosting import hosted
from demo.providers import PROVIDERS
from handoff.cli import checkout
from handoff.cli.processes import Function, Plan, free_port, listen, running
from tests import marks
from tests.crash.desk import RETRIES

T = TypeVar("T")
Json = dict[str, Any]

SECRET = "a-dialogflow-secret-of-the-test"
ACCOUNT = livechat.Account()
PATIENCE = 30.0
SECRETS = ("_SECRET", "_TOKEN", "_KEY")

# How a token looks in a request, wherever it comes from.
CREDENTIALS = ("Authorization: ", "Bearer dal:", "Basic OmE", "X-API-Key: ")
ALL = ("dialogflow_fulfillment", "agent_events", "wake")
TABLES = ("sessions", "conversations", "deliveries", "dead_letters", "tokens")


@dataclass
class House:
    """Everything at work, and all that was said, sent and shown: none of it may be logged."""

    folder: Path
    dialect: str
    provider: str
    bot: str
    desk: str
    plans: Mapping[str, Plan]
    environ: Mapping[str, str]
    stack: ExitStack = field(default_factory=ExitStack)
    functions: dict[str, Function] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    printed_before: str = ""

    def start(self) -> None:
        """Start the functions, on the ports they had before."""
        self.printed_before = self.logs()
        self.stack = ExitStack()
        started = self.stack.enter_context(running(list(self.plans.values()), self.environ))
        self.functions = {one.plan.name: one for one in started}

    def kill(self) -> None:
        """Kill every instance at once, as a machine that dies does."""
        for function in self.functions.values():
            os.killpg(function.pid, signal.SIGKILL)
        self.stack.close()

    def say(self, text: str, session: str = "s1", **more: Any) -> Json:
        """Say something to the bot and return what its widget would show."""
        self.private.add(text)
        return self.query({"text": text, **more}, session)

    def poll(self, session: str = "s1") -> list[str]:
        """Ask for news and return the texts."""
        return texts(self.say_nothing(session))

    def say_nothing(self, session: str = "s1") -> Json:
        """Ask for news and return the whole answer."""
        return self.query({"event": "agent_reply_ready"}, session)

    def query(self, body: Json, session: str) -> Json:
        """Make one turn; an answer of ours that Dialogflow would refuse fails the test."""
        answer = requests.post(f"{self.bot}/sessions/{session}/query", json=body, timeout=30)
        shown: Json = answer.json()
        self.private |= {session, *marks.texts(body), *marks.texts(shown.get("messages"))}
        assert not shown["webhook_errors"], shown
        return shown

    def at_desk(self, path: str, body: Json | None = None) -> Json:
        """Do something at the desk, or see what is there."""
        url = f"{self.desk}/desk/{path}"
        self.private |= marks.texts(body)
        answer = requests.post(url, json=body, timeout=30) if body is not None else None
        answer = answer if answer is not None else requests.get(url, timeout=30)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def chat(self) -> Json:
        """Return the one chat at the desk, once no webhook is on its way."""
        self.at_desk("idle")
        [one] = self.at_desk("chats")["chats"]
        chat: Json = one
        return chat

    def do(self, deed: str, **body: Any) -> None:
        """Let the agent of the one chat do something, and wait until its webhooks are answered."""
        chat = self.chat()
        agent = next(one["id"] for one in chat["agents"] if one["visibility"] == "all")
        self.private |= set(marks.strings(body))
        self.at_desk(f"chats/{chat['id']}/{deed}", {"agent": agent, **body})
        self.at_desk("idle")

    def agent_says(self, text: str) -> None:
        """Let the agent of the one chat write."""
        self.do("say", text=text)

    def calls(self, action: str) -> list[Json]:
        """Return the calls of one action that reached the vendor."""
        found: list[Json] = self.at_desk(f"calls?action={action}")["calls"]
        return found

    def event(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Send bytes as a webhook of the vendor and return the status."""
        url = f"{self.plans['agent_events'].address}/{self.provider}"
        self.private |= marks.in_body(body) | marks.texts(dict(headers or {}))
        return requests.post(url, data=body, headers=headers, timeout=30).status_code

    def turn(self, body: bytes, **headers: str) -> requests.Response:
        """Send bytes as Dialogflow does."""
        url = f"{self.plans['dialogflow_fulfillment'].address}/"
        sent = {"X-Handoff-Secret": SECRET, "Content-Type": "application/json", **headers}
        self.private |= marks.in_body(body) | set(headers.values())
        return requests.post(url, data=body, headers=sent, timeout=30)

    def sweep(self, **body: str) -> Json:
        """Call `wake`, as Cloud Scheduler does, or as Cloud Tasks with the name of a session."""
        answer = requests.post(f"{self.plans['wake'].address}/", json=body, timeout=60)
        answer.raise_for_status()
        woken: Json = answer.json()
        return woken

    def stored(self) -> str:
        """Return all that the store holds, as text."""
        with closing(sqlite3.connect(self.folder / "handoff.db")) as db:
            return repr([db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES])

    def logs(self) -> str:
        """Return all that the functions printed."""
        files = [plan.log for plan in self.plans.values() if plan.log and plan.log.exists()]
        return self.printed_before + "".join(one.read_text(errors="replace") for one in files)

    def lines(self) -> list[Json]:
        """Return the log's lines; one that is not of ours fails the test."""
        found = [json.loads(line) for line in self.logs().splitlines()]
        assert [one for one in found if not one.keys() >= {"severity", "event"}] == []
        return found

    def secrets(self) -> set[str]:
        """Return every secret that the functions were given, and every token they got."""
        given = {value for name, value in self.environ.items() if name.endswith(SECRETS)}
        if not (self.folder / "handoff.db").exists():
            return given
        with closing(sqlite3.connect(self.folder / "handoff.db")) as db:
            return given | {value for (value,) in db.execute("SELECT value FROM tokens")}

    def prove_silence(self) -> None:
        """Fail if anything private is in a log: what was said, sent, shown, given or got."""
        leaks = marks.found({*self.private, *self.secrets(), *CREDENTIALS}, self.logs())
        assert not leaks, f"these are in the logs: {leaks}"


def _livechat(webhook_url: str) -> Starlette:
    account = replace(ACCOUNT, webhook_url=webhook_url, retry_intervals=RETRIES)
    return livechat.create_app(account)


def _eight_by_eight(webhook_url: str) -> Starlette:
    usual = eight_by_eight.Account()
    account = replace(usual, webhook_url=webhook_url, retry_intervals=RETRIES)
    return eight_by_eight.create_app(account)


# The demo's vendors give a webhook up in seconds, in which a busy machine starts no function.
SIMULATORS = {"livechat": _livechat, "8x8": _eight_by_eight}


@contextmanager
def house(
    folder: Path,
    dialect: Literal["cx", "es"] = "cx",
    provider: str = "livechat",
    functions: Sequence[str] = ("dialogflow_fulfillment", "agent_events"),
    **variables: str,
) -> Iterator[House]:
    """Start everything on loopback and SQLite; end everything. `wake` is there when asked for."""
    plans = {
        name: Plan(
            name=name,
            source=checkout.source(name),
            port=free_port(),
            log=folder / f"{name}.log",
        )
        for name in functions
    }
    settings = BotSettings(
        dialect=dialect,
        webhook_url=f"{plans['dialogflow_fulfillment'].address}/",
        webhook_headers={"X-Handoff-Secret": SECRET},
    )
    simulator = SIMULATORS[provider](f"{plans['agent_events'].address}/{provider}")
    apps = [dialogflow.create_app(settings), simulator]
    with listen("127.0.0.1", 0) as bot, listen("127.0.0.1", 0) as desk:
        addresses = [f"http://127.0.0.1:{one.getsockname()[1]}" for one in (bot, desk)]
        own = PROVIDERS[provider].variables(addresses[1], False)
        placed = {name: _placed(value, plans) for name, value in variables.items()}
        environ = {"PATH": os.environ["PATH"], **own, **_environ(folder), **placed}
        with hosted(list(zip(apps, (bot, desk), strict=True))):
            one = House(folder, dialect, provider, addresses[0], addresses[1], plans, environ)
            one.start()
            try:
                yield one
            finally:
                one.stack.close()
            one.prove_silence()
            if "GUNICORN_LOG_LEVEL" not in variables:  # by default the server says nothing
                one.lines()


def _placed(value: str, plans: Mapping[str, Plan]) -> str:
    """Put the address of a function in the place of its name in braces."""
    for name, plan in plans.items():
        value = value.replace(f"{{{name}}}", plan.address)
    return value


def _environ(folder: Path) -> Mapping[str, str]:
    return {
        "HANDOFF_STORE": f"sqlite:{folder / 'handoff.db'}",
        "DIALOGFLOW_AUTH": "secret",
        "DIALOGFLOW_SECRET": SECRET,
    }


def texts(shown: Json) -> list[str]:
    """Return the texts that a widget would show; an empty one is nothing to see."""
    return [one["text"] for one in shown["messages"] if one.get("text")]


def state(shown: Json) -> Json:
    """Return what the bot knows of the handoff, wherever its dialect keeps it."""
    contexts = [one["parameters"] for one in shown.get("contexts", []) if one["name"] == "handoff"]
    known = contexts[0] if contexts else shown["parameters"]
    return {name: value for name, value in known.items() if name.startswith("handoff_")}


def until(look: Callable[[], T]) -> T:
    """Look until there is something, and return it."""
    give_up = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)
    return found


def webhook(action: str, payload: Json, secret: str = ACCOUNT.webhook_secret) -> bytes:
    """Return a webhook's body as the vendor writes it."""
    body = {
        "webhook_id": "3f9a60d2c85b4e17a0d9f6b1e2c47835",
        "secret_key": secret,
        "action": action,
        "organization_id": ACCOUNT.organization_id,
        "payload": payload,
        "additional_data": {},
    }
    return json.dumps(body).encode()
