"""Functions start as in production, or say in one go all that keeps them from it."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import test_secret_manager
from tests.emulator import free_port
from tests.test_secret_manager import FakeSecretManager, name

ROOT = Path(__file__).parent.parent
FUNCTIONS = sorted(one.parent.name for one in (ROOT / "functions").glob("*/main.py"))
FULFILLMENT = "dialogflow_fulfillment"
START_SECONDS = 60.0
REQUIRED = {
    "LIVECHAT_ORGANIZATION_ID": "org",
    "LIVECHAT_CLIENT_ID": "client",
    "LIVECHAT_CLIENT_SECRET": "top-secret",
    "LIVECHAT_REFRESH_TOKEN": "top-secret",
    "LIVECHAT_WEBHOOK_SECRET": "top-secret",
}

manager = test_secret_manager.fake


def command(function: str, port: int) -> list[str]:
    source = ROOT / "functions" / function / "main.py"
    given = ["--source", str(source), "--target", function, "--host", "127.0.0.1"]
    return [sys.executable, "-m", "functions_framework", *given, "--port", str(port)]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "shared"), "HANDOFF_TOKEN_KEY": "top-secret", **given}


def refusal(function: str, given: Mapping[str, str], folder: Path) -> list[str]:
    """Return what a function says that does not start; it says that well."""
    done = subprocess.run(
        command(function, free_port()),
        env=environment(given),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "top-secret" not in done.stderr
    first, *lines = done.stderr.splitlines()
    assert first == f"{function} cannot start:"
    return [one.strip() for one in lines]


@contextlib.contextmanager
def started(function: str, given: Mapping[str, str], folder: Path) -> Iterator[int]:
    """Yield the port of a function that answers."""
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command(function, port), env=environment(given), cwd=folder, stdout=log, stderr=log
        )
    try:
        give_up = time.monotonic() + START_SECONDS
        while status(port, "GET", "/healthz") != 200:
            ended = process.poll() is not None or time.monotonic() > give_up
            assert not ended, (folder / "log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def status(port: int, method: str, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, b"{" if method == "POST" else None, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_without_variables_names_what_a_provider_needs(
    function: str, tmp_path: Path
) -> None:
    said = "\n".join(refusal(function, {}, tmp_path))
    assert [one for one in REQUIRED if one not in said] == []


def test_what_pages_talk_to_does_not_start_without_the_key_of_their_tokens(tmp_path: Path) -> None:
    said = refusal("customer_chat", {**REQUIRED, "HANDOFF_TOKEN_KEY": ""}, tmp_path)
    assert said == ["HANDOFF_TOKEN_KEY is not set; it signs the customers' tokens"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_half_configured_provider_names_the_rest(function: str, tmp_path: Path) -> None:
    said = refusal(function, {"LIVECHAT_CLIENT_ID": "x"}, tmp_path)
    missing = [one for one in REQUIRED if one != "LIVECHAT_CLIENT_ID"]
    assert said == [f"{one} is not set (provider livechat)" for one in missing]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bot_without_its_secret_names_it(function: str, tmp_path: Path) -> None:
    [said] = refusal(function, {**REQUIRED, "LIVECHAT_BOT_ID": "bot"}, tmp_path)
    assert said.startswith("LIVECHAT_BOT_SECRET is not set")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wrong_store_is_named(function: str, tmp_path: Path) -> None:
    [said] = refusal(function, {**REQUIRED, "HANDOFF_STORE": "mysql:x"}, tmp_path)
    assert said.startswith("HANDOFF_STORE must be firestore")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_unknown_key_is_named_with_its_nearest_neighbour(function: str, tmp_path: Path) -> None:
    (tmp_path / "h.toml").write_text("[limits]\nturm = 3")
    [said] = refusal(function, {**REQUIRED, "HANDOFF_CONFIG": "h.toml"}, tmp_path)
    assert said == "h.toml: [limits] turm is unknown; did you mean 'turn'?"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_missing_secret_file_is_named(function: str, tmp_path: Path) -> None:
    given = {**REQUIRED, "LIVECHAT_WEBHOOK_SECRET": "file:gone"}
    said = refusal(function, given, tmp_path)
    assert said == ["LIVECHAT_WEBHOOK_SECRET: the file gone is missing or empty"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_missing_secrets_are_named_with_their_variables(
    function: str, manager: FakeSecretManager, tmp_path: Path
) -> None:
    manager.secrets[name("good")] = b"top-secret"
    given = {
        **REQUIRED,
        "LIVECHAT_CLIENT_SECRET": "sm://p/good",
        "LIVECHAT_REFRESH_TOKEN": "sm://p/away",
        "LIVECHAT_WEBHOOK_SECRET": "sm://p/gone",
        "SECRET_MANAGER_EMULATOR_HOST": manager.address,
    }
    assert refusal(function, given, tmp_path) == [
        "LIVECHAT_REFRESH_TOKEN: sm://p/away: not found",
        "LIVECHAT_WEBHOOK_SECRET: sm://p/gone: not found",
    ]


def test_nobody_is_let_in_unproven_on_the_platform(tmp_path: Path) -> None:
    given = {**REQUIRED, "K_SERVICE": "f", "DIALOGFLOW_AUTH": "none"}
    [said] = refusal(FULFILLMENT, given, tmp_path)
    assert said.startswith("DIALOGFLOW_AUTH=none")


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "h.toml").write_text("[limts]")
    given = {
        "LIVECHAT_CLIENT_ID": "x",
        "LIVECHAT_CLIENT_SECRET": "file:gone",
        "DIALOGFLOW_AUTH": "id-token",
        "HANDOFF_STORE": "mysql",
        "HANDOFF_CONFIG": "h.toml",
    }
    said = "\n".join(refusal(FULFILLMENT, given, tmp_path))
    expected = ("LIVECHAT_REFRESH_TOKEN", "LIVECHAT_CLIENT_SECRET", "DIALOGFLOW_AUDIENCE")
    wrong = (*expected, "DIALOGFLOW_SERVICE_AGENT", "HANDOFF_STORE", "[limts]")
    assert [one for one in wrong if one not in said] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_starts_with_one_providers_variables_alone(function: str, tmp_path: Path) -> None:
    path = "/v1/end" if function == "customer_chat" else "/livechat"
    with started(function, REQUIRED, tmp_path) as port:
        assert status(port, "POST", path) in {400, 401}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_platforms_defaults_need_no_store_to_start(function: str, tmp_path: Path) -> None:
    given = {**REQUIRED, "K_SERVICE": "f", "GOOGLE_CLOUD_PROJECT": "tulip"}
    with started(function, given, tmp_path) as port:
        assert status(port, "GET", "/healthz") == 200


def test_start_and_health_leave_no_trace(tmp_path: Path) -> None:
    with started(FULFILLMENT, REQUIRED, tmp_path):
        assert [one.name for one in tmp_path.iterdir()] == ["log"]


def test_secrets_from_the_manager_and_from_a_file_both_serve(
    manager: FakeSecretManager, tmp_path: Path
) -> None:
    manager.secrets |= {name("new"): b"n3w\n", name("old"): b"0ld"}
    (tmp_path / "hook").write_text("top-secret\n")
    given = {
        **REQUIRED,
        "LIVECHAT_WEBHOOK_SECRET": "file:hook",
        "DIALOGFLOW_AUTH": "secret",
        "DIALOGFLOW_SECRET": "sm://p/new sm://p/old",
        "SECRET_MANAGER_EMULATOR_HOST": manager.address,
    }
    with started(FULFILLMENT, given, tmp_path) as port:
        answers = [
            status(port, "POST", "/", **{"X-Handoff-Secret": one}) for one in ("n3w", "0ld", "x")
        ]
    assert answers == [400, 400, 401]
