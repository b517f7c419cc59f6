"""Where wake-ups are asked for, and where they arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from handoff.errors import ConfigurationError
from handoff.variables import Variables

QUEUE = "HANDOFF_TASKS_QUEUE"
URL = "HANDOFF_WAKE_URL"
WAKE = (QUEUE, URL)

# Named as Google's own libraries name it: https://firebase.google.com/docs/emulator-suite
EMULATOR = "CLOUD_TASKS_EMULATOR_HOST"

# https://docs.cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
QUEUE_NAME = re.compile(
    r"projects/[A-Za-z0-9.:-]+/locations/[a-z0-9-]+/queues/[A-Za-z0-9-]{1,100}", re.ASCII
)
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeSettings:
    """What the operator decided."""

    queue: str
    url: str
    emulator: str = ""


def wake_settings(variables: Variables) -> WakeSettings | None:
    """Return how to ask for a wake-up, or None when the store is the scheduler.

    Raises ConfigurationError that names all that is missing or wrong.
    """
    if not any(variables.has(name) for name in WAKE):
        return None
    chosen = WakeSettings(
        queue=variables.text(QUEUE),
        url=variables.text(URL),
        emulator=variables.text(EMULATOR),
    )
    problems = _problems(chosen)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return chosen


def _problems(chosen: WakeSettings) -> list[str]:
    given = {QUEUE: chosen.queue, URL: chosen.url}
    problems = [
        f"{name} is not set, and goes with {', '.join(WAKE)}"
        for name, value in given.items()
        if not value
    ]
    if chosen.queue and not QUEUE_NAME.fullmatch(chosen.queue):
        form = "projects/<project>/locations/<location>/queues/<queue>"
        problems.append(f"{QUEUE} must be {form}, not {chosen.queue!r}")
    if chosen.url and not _is_target(chosen.url):
        problems.append(f"{URL} must be an https URL (http on this machine only)")
    return problems


def _is_target(url: str) -> bool:
    """Say whether tasks may be sent there: elsewhere an unproven call would be refused anyway."""
    try:
        parts: SplitResult = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or re.search(r"\s", url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
