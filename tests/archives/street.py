"""Functions out of their archives at every stage of a rotation, before one desk and one store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests
from starlette.applications import Starlette

from demo import eight_by_eight, livechat
from demo.hosting import hosted
from demo.providers import PROVIDERS
from handoff.cli.processes import free_port, listen
from tests.archives.conftest import Built
from tests.archives.deployment import (
    PROJECT,
    Site,
    process,
    secret_manager,
    unpack,
    wait_until_up,
)
from tests.archives.town import tell_to_end
from tests.archives.venvs import venv
from tests.whole.house import Json

# Which versions a function is told of at each stage; it sends, or signs with, the first.
FIRST, SECOND = "1", "2"
STAGES: Mapping[str, tuple[str, ...]] = {
    "before": (FIRST,),
    "known": (FIRST, SECOND),
    "sent": (SECOND, FIRST),
    "after": (SECOND,),
}
SESSION = "projects/p/locations/l/agents/a/sessions/of-a-customer"
# What is ours alone, and what a vendor gave: by the field of the simulated account.
OURS = ("HANDOFF_TOKEN_KEY", "DIALOGFLOW_SECRET")
VENDORS: Mapping[str, Mapping[str, str]] = {
    "livechat": {
        "LIVECHAT_WEBHOOK_SECRET": "webhook_secret",
        "LIVECHAT_CLIENT_SECRET": "client_secret",
        "LIVECHAT_REFRESH_TOKEN": "refresh_token",
        "LIVECHAT_BOT_SECRET": "bot_secret",
    },
    "8x8": {
        "EIGHT_BY_EIGHT_API_KEY": "api_key",
        "EIGHT_BY_EIGHT_API_SECRET": "api_secret",
    },
}


def value(name: str, version: str) -> str:
    """Return what a version of a secret holds."""
    return f"version-{version}-of-{name.lower()}"


@dataclass
class Street:
    """One desk, one store, one Secret Manager, and the addresses of what was started."""

    built: Built
    folder: Path
    provider: str
    desk: Starlette
    variables: Mapping[str, str]
    stack: ExitStack
    at: dict[tuple[str, str], str] = field(default_factory=dict)

    def start(self, function: str, stages: Sequence[str]) -> None:
        """Start a function once at each stage of the rotation of all secrets."""
        sites = {stage: self._site(function, stage) for stage in stages}
        begun = [self.stack.enter_context(process(site)) for site in sites.values()]
        self.stack.callback(tell_to_end, begun)  # all at once, before each is waited for
        for one in begun:
            wait_until_up(one)
        self.at |= {(function, stage): site.plan.address for stage, site in sites.items()}

    def turn(self, stage: str, tag: str, text: str, *, secret: str = "") -> requests.Response:
        """Let Dialogflow, with this version of its secret or the first, ask the function."""
        body: Json = {
            "detectIntentResponseId": f"{stage} {tag} {text}",
            "fulfillmentInfo": {"tag": tag},
            "sessionInfo": {"session": SESSION},
            "text": text,
        }
        url = f"{self.at['dialogflow_fulfillment', stage]}/"
        headers = {"X-Handoff-Secret": value("DIALOGFLOW_SECRET", secret or STAGES[stage][0])}
        return requests.post(url, json=body, headers=headers, timeout=30)

    def vendor_takes(self, version: str) -> None:
        """Let the vendor take this version of its secrets from now on, and no other."""
        simulator = self.desk.state.simulator
        simulator.account = replace(simulator.account, **at_vendor(self.provider, version))

    def calls(self) -> list[tuple[str, int | None]]:
        """Return what the vendor was asked, and what it answered; None when nobody heard it."""
        answer = requests.get(f"{self.variables['DESK']}/desk/calls", timeout=30)
        return [(call["action"], call["status"]) for call in answer.json()["calls"]]

    def done(self, stage: str, *actions: str) -> bool:
        """Say whether the vendor has done all this; a poll does what a slow machine left to do."""
        done = [action for action, status in self.calls() if status in {200, 202}]
        if all(done.count(one) >= actions.count(one) for one in actions):
            return True
        self.turn(stage, "handoff.poll", f"news after {len(self.calls())} calls?")
        return False

    def _site(self, function: str, stage: str) -> Site:
        place = self.folder / function
        if not place.exists():
            unpack(Path(self.built[function].path), place)
        told = {
            name: " ".join(f"sm://{PROJECT}/{name}/{version}" for version in STAGES[stage])
            for name in (*OURS, *VENDORS[self.provider])
        }
        return Site(
            name=function,
            folder=place,
            venv=venv(place / "requirements.txt"),
            port=free_port(),
            variables={**self.variables, **told},
        )


def at_vendor(provider: str, version: str) -> Json:
    """Return the secrets of a simulated account."""
    return {field: value(name, version) for name, field in VENDORS[provider].items()}


def simulator(provider: str, version: str) -> Starlette:
    """Return a vendor that takes this version of its secrets."""
    if provider == "livechat":
        return livechat.create_app(livechat.Account(**at_vendor(provider, version)))
    return eight_by_eight.create_app(eight_by_eight.Account(**at_vendor(provider, version)))


@contextmanager
def street(
    built: Built, folder: Path, provider: str = "livechat", taken: str = FIRST
) -> Iterator[Street]:
    """Open a street whose vendor takes one version of its secrets; nothing is started yet."""
    desk = simulator(provider, taken)
    names = (*OURS, *VENDORS[provider])
    kept = {
        f"{name}/{version}": value(name, version) for name in names for version in (FIRST, SECOND)
    }
    with ExitStack() as stack:
        door = stack.enter_context(listen("127.0.0.1", 0))
        stack.enter_context(hosted([(desk, door)]))
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        variables = {
            **PROVIDERS[provider].variables(url, True),
            "DESK": url,
            "SECRET_MANAGER_EMULATOR_HOST": stack.enter_context(secret_manager(kept)),
            "HANDOFF_STORE": f"sqlite:{folder / 'handoff.db'}",
            "HANDOFF_CUSTOMER_CHAT_URL": "https://chat.example",
            "DIALOGFLOW_AUTH": "secret",
        }
        yield Street(built, folder, provider, desk, variables, stack)


def told(answer: requests.Response) -> Json:
    """Return what an answer to Dialogflow tells the page."""
    messages = answer.json()["fulfillmentResponse"]["messages"]
    [found] = [one["payload"]["handoff"] for one in messages if "payload" in one]
    handoff: Json = found
    return handoff
