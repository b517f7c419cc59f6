"""All functions out of their archives, with everything around them that Google and a desk are."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from google.cloud.firestore import Client, FieldFilter
from starlette.applications import Starlette

from demo import dialogflow, livechat
from demo.dialogflow.model import BotSettings
from demo.hosting import hosted
from demo.providers import PROVIDERS
from handoff.cli.processes import Function, free_port, listen
from terraform import archives
from tests.archives.deployment import (
    PROJECT,
    Site,
    compile_all,
    process,
    secret_manager,
    unpack,
    wait_until_up,
)
from tests.archives.venvs import venv
from tests.crash.desk import RETRIES
from tests.environment import environment
from tests.fake_cloud_tasks import QUEUE, FakeCloudTasks
from tests.whole.house import ACCOUNT, House

DATABASE = "handoff"
WARM_UP_SECONDS = 60.0
KEY = "a-key-of-the-test-that-signs-the-tokens-of-pages"
SECRETS = ("LIVECHAT_CLIENT_SECRET", "LIVECHAT_REFRESH_TOKEN", "LIVECHAT_WEBHOOK_SECRET")

CONFIG = """
[limits]
inactive_warning = 3
[delivery]
allowed_origins = ["https://shop.example"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What runs: the house as other tests know it, the tasks, and each function's place."""

    house: House
    tasks: FakeCloudTasks
    sites: Mapping[str, Site]
    firestore: str

    @contextmanager
    def at_work(self) -> Iterator[House]:
        """Start all functions, and end them with the block."""
        _warm_up(self.firestore)
        with ExitStack() as stack:
            started = [stack.enter_context(process(site)) for site in self.sites.values()]
            stack.callback(tell_to_end, started)  # all at once, before each is waited for
            for one in started:
                wait_until_up(one)
            yield self.house


@contextmanager
def town(folder: Path, built: Sequence[archives.Archive], firestore: str) -> Iterator[Town]:
    """Unpack the archives, and start all that is around them."""
    with ExitStack() as stack:
        bot, desk = (stack.enter_context(listen("127.0.0.1", 0)) for _ in range(2))
        tasks = stack.enter_context(FakeCloudTasks(dispatches=True))
        at_bot, at_desk = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (bot, desk))
        own = {**PROVIDERS["livechat"].variables(at_desk, False), "HANDOFF_TOKEN_KEY": KEY}
        hidden = {name: own[name] for name in (*SECRETS, "HANDOFF_TOKEN_KEY")}
        around = {
            "FIRESTORE_EMULATOR_HOST": firestore,
            "CLOUD_TASKS_EMULATOR_HOST": tasks.address,
            "SECRET_MANAGER_EMULATOR_HOST": stack.enter_context(secret_manager(hidden)),
        }
        references = {name: f"sm://{PROJECT}/{name}" for name in hidden}
        sites = _sites(folder, built, {**own, **references, **around})
        stack.enter_context(hosted([(_bot(sites), bot), (_desk(sites), desk)]))
        plans = {name: site.plan for name, site in sites.items()}
        house = House(folder, "cx", "livechat", at_bot, at_desk, plans, references)
        house.private |= set(hidden.values())
        yield Town(house=house, tasks=tasks, sites=sites, firestore=firestore)


def _warm_up(address: str) -> None:
    """Let the emulator do once what it will be asked: its very first calls take seconds."""
    with environment(FIRESTORE_EMULATOR_HOST=address):
        client = Client(project="warm-up", database=DATABASE)
    some = client.collection("some")
    batch = client.batch()
    batch.create(some.document(), {"wake_at": 1})
    batch.commit(timeout=WARM_UP_SECONDS)
    list(some.where(filter=FieldFilter("wake_at", "<", 2)).stream(timeout=WARM_UP_SECONDS))
    client.close()  # type: ignore[no-untyped-call]


def tell_to_end(functions: Sequence[Function]) -> None:
    """Tell all to end, and wait for none."""
    for one in functions:
        one.tell_to_end()


def _sites(
    folder: Path, built: Sequence[archives.Archive], variables: Mapping[str, str]
) -> Mapping[str, Site]:
    """Unpack every archive, and tell each function what Terraform tells it."""
    sites = {}
    for one in built:
        place = unpack(Path(one.path), folder / one.function)
        packages = venv(place / "requirements.txt")
        sites[one.function] = Site(
            name=one.function, folder=place, venv=packages, port=free_port(), variables=variables
        )
    at = {name: f"http://127.0.0.1:{site.port}" for name, site in sites.items()}
    told = {
        **variables,
        # One of their own: the emulator is every test's.
        "GOOGLE_CLOUD_PROJECT": f"archives-{secrets.token_hex(4)}",
        "HANDOFF_CONFIG": "handoff.toml",
        "HANDOFF_STORE": f"firestore:{DATABASE}",
        "HANDOFF_TASKS_QUEUE": QUEUE,
        "HANDOFF_WAKE_URL": at["wake"],
        "HANDOFF_CUSTOMER_CHAT_URL": at["customer_chat"],
    }
    placed = {name: replace(site, variables=told) for name, site in sites.items()}
    for site in placed.values():
        compile_all(site)
    return placed


def _bot(sites: Mapping[str, Site]) -> Starlette:
    url = f"http://127.0.0.1:{sites['dialogflow_fulfillment'].port}/"
    return dialogflow.create_app(BotSettings(dialect="cx", webhook_url=url))


def _desk(sites: Mapping[str, Site]) -> Starlette:
    url = f"http://127.0.0.1:{sites['agent_events'].port}/livechat"
    return livechat.create_app(replace(ACCOUNT, webhook_url=url, retry_intervals=RETRIES))
