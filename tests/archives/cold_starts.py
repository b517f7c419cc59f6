"""How long a function takes out of its archive to be alive, and to have done its first work."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from handoff.cli.processes import Function
from terraform import archives
from tests.archives.deployment import Site, process, wait_until_up
from tests.archives.town import CONFIG, Town, town
from tests.emulator import firestore_emulator
from tests.whole.house import House, webhook
from tests.whole.pages import Page

TURN = {
    "detectIntentResponseId": "first",
    "fulfillmentInfo": {"tag": "other"},
    "sessionInfo": {"session": "projects/p/locations/l/agents/a/sessions/cold"},
    "text": "Good morning",
    "languageCode": "en",
}
CLOSED = {"chat_id": "of-somebody-else", "thread_id": "t", "user_id": "u"}
Work = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds from the start of the process to its first answers, and those of the processor.

    The processor's do not grow because others use it too.
    """

    alive: float
    worked: float
    busy: float


def measure(folder: Path, times: int) -> Iterator[tuple[archives.Archive, Start]]:
    """Yield each function's archive and the median of its starts, one at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "handoff.toml"
    config.write_text(CONFIG, encoding="utf-8")
    built = archives.build(archives.functions(), folder / "built", config)
    with firestore_emulator() as firestore, town(folder / "town", built, firestore) as one:
        work = _work(one)
        for archive in built:
            site = one.sites[archive.function]
            found = [_start(site, work[archive.function]) for _ in range(times)]
            yield archive, _median(found)


def _median(found: Sequence[Start]) -> Start:
    return Start(
        alive=statistics.median(one.alive for one in found),
        worked=statistics.median(one.worked for one in found),
        busy=statistics.median(one.busy for one in found),
    )


def _work(one: Town) -> Mapping[str, Work]:
    """Return a call of each function that reads or writes the store."""
    with one.at_work() as house:
        page = _page(house)
    headers = {"Authorization": f"Bearer {page.token}"}

    def post(path: str, body: object) -> Work:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        return lambda url: requests.post(url + path, raw, headers=kind, timeout=60).status_code

    return {
        "dialogflow_fulfillment": post("/", TURN),
        "agent_events": post("/livechat", webhook("chat_deactivated", CLOSED)),
        "customer_chat": lambda url: (
            requests.get(f"{url}/v1/events?after=0", headers=headers, timeout=60).status_code
        ),
        "wake": post("/", {}),
    }


def _page(house: House) -> Page:
    house.say("opening hours")
    return Page.of(house, house.say("Can I talk to someone?"))


def _start(site: Site, work: Work) -> Start:
    began, busy = time.monotonic(), _busy()
    with process(site) as one:
        wait_until_up(one)
        alive = time.monotonic() - began
        _do(work, site, one)
        worked = time.monotonic() - began
    return Start(alive=alive, worked=worked, busy=_busy() - busy)


def _busy() -> float:
    """Return the processor's seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _do(work: Work, site: Site, one: Function) -> None:
    status = work(site.plan.address)
    one.raise_if_dead()
    assert status == 200, f"{site.name} answered {status}"
