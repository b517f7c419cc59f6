"""Queue and target of wake-ups: both or neither, of the right form, all that is wrong at once."""

from __future__ import annotations

import pytest

from handoff.errors import ConfigurationError
from handoff.variables import Variables
from handoff.wake_settings import WakeSettings, wake_settings

QUEUE = "projects/tulip/locations/europe-west1/queues/wake"
URL = "https://wake-x.a.run.app"
BOTH = {"HANDOFF_TASKS_QUEUE": QUEUE, "HANDOFF_WAKE_URL": URL}


def chosen(**environ: str) -> WakeSettings | None:
    return wake_settings(Variables(environ, lambda _: {}))


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        chosen(**environ)
    return str(caught.value).splitlines()


def test_nothing_set_leaves_it_to_the_store() -> None:
    assert chosen() is None
    assert chosen(HANDOFF_TASKS_QUEUE=" ", CLOUD_TASKS_EMULATOR_HOST="127.0.0.1:9") is None


def test_queue_and_target_are_enough() -> None:
    assert chosen(**BOTH) == WakeSettings(queue=QUEUE, url=URL)


def test_emulator_may_be_named() -> None:
    found = chosen(**BOTH, CLOUD_TASKS_EMULATOR_HOST="127.0.0.1:9")
    assert found == WakeSettings(queue=QUEUE, url=URL, emulator="127.0.0.1:9")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("HANDOFF_TASKS_QUEUE", ["HANDOFF_WAKE_URL"]),
        ("HANDOFF_WAKE_URL", ["HANDOFF_TASKS_QUEUE"]),
    ],
)
def test_half_of_it_names_the_rest(given: str, missing: list[str]) -> None:
    said = problems(**{given: BOTH[given]})
    assert [one.partition(" is not set")[0] for one in said] == missing


@pytest.mark.parametrize(
    "queue",
    [
        "wake",
        "projects/tulip/locations/europe-west1/queues",
        "projects/tulip/locations/europe-west1/queues/",
        "projects/tulip/locations/europe-west1/queues/wake_up",
        "projects/tulip/locations/europe-west1/queues/wake/tasks",
        "projects//locations/europe-west1/queues/wake",
        f"projects/tulip/locations/europe-west1/queues/{'x' * 101}",
    ],
)
def test_queue_of_another_form_is_refused(queue: str) -> None:
    [said] = problems(HANDOFF_TASKS_QUEUE=queue, HANDOFF_WAKE_URL=URL)
    assert said.startswith("HANDOFF_TASKS_QUEUE must be projects/<project>/locations/")


@pytest.mark.parametrize(
    "url",
    [
        "wake.example",
        "/wake",
        "ftp://wake.example",
        "http://wake.example",
        "http://127.0.0.1.example",
        "https://",
        "https://:443",
        "https://wake.example:port",
        "https://[::1",
        "https://me:secret@wake.example",
        "https://wake.example/a b",
    ],
)
def test_target_that_no_task_may_go_to_is_refused(url: str) -> None:
    [said] = problems(HANDOFF_TASKS_QUEUE=QUEUE, HANDOFF_WAKE_URL=url)
    assert said.startswith("HANDOFF_WAKE_URL must be an https URL")
    assert "secret" not in said


@pytest.mark.parametrize(
    "url",
    [
        "https://europe-west1-tulip.cloudfunctions.net/wake",
        "https://wake.example:8443/",
        "http://localhost:8083",
        "http://127.0.0.1:8083/",
        "http://[::1]:8083",
    ],
)
def test_target_may_be_secure_or_near(url: str) -> None:
    found = chosen(HANDOFF_TASKS_QUEUE=QUEUE, HANDOFF_WAKE_URL=url)
    assert found is not None
    assert found.url == url


def test_all_that_is_wrong_is_named_at_once() -> None:
    said = problems(HANDOFF_TASKS_QUEUE="wake", HANDOFF_WAKE_URL="wake")
    names = ["HANDOFF_TASKS_QUEUE", "HANDOFF_WAKE_URL"]
    assert [one.partition(" ")[0] for one in said] == names
