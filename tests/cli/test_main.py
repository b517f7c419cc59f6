"""The `handoff` command as an operator types it."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.providers import PROVIDERS
from handoff.cli.main import main
from handoff.cli.processes import free_port, listen
from tests.processes import ROOT, addresses_in, run, somebody_listens, started

SETTINGS = PROVIDERS["livechat"].variables("http://127.0.0.1:9", False)


def unset() -> dict[str, str]:
    """Return this machine's environment with every setting of ours blank."""
    ours = ("LIVECHAT_", "HANDOFF_", "DIALOGFLOW_", "K_SERVICE")
    return {name: "" for name in os.environ if name.startswith(ours)}


def test_help_lists_the_commands() -> None:
    shown = CliRunner().invoke(main, ["--help"])

    assert shown.exit_code == 0
    assert "demo " in shown.output
    assert "serve " in shown.output


def test_demo_hands_everything_on() -> None:
    shown = run("-m", "handoff.cli.main", "demo", "--help")

    assert shown.returncode == 0
    assert "--dialect {cx,es}" in shown.stdout


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_outside_a_checkout_one_sentence_says_so(command: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "shared" / "handoff", tmp_path / "handoff")

    ended = run("-m", "handoff.cli.main", command, PYTHONPATH=str(tmp_path))

    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: This command needs a checkout")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_tells_the_addresses_and_ends_with_both_functions(
    number: signal.Signals, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    options = ("--fulfillment-port", str(ports[0]), "--events-port", str(ports[1]))
    env = {**unset(), **SETTINGS, "HANDOFF_STORE": f"sqlite:{tmp_path / 'handoff.db'}"}
    with started("-m", "handoff.cli.main", "serve", *options, env=env) as serving:
        printed = serving.read_until("Ctrl-C")
        assert f"Dialogflow's webhook    http://127.0.0.1:{ports[0]}/\n" in printed
        assert f"http://127.0.0.1:{ports[1]}/livechat\n" in printed
        assert all(map(somebody_listens, addresses_in(printed)))

        assert serving.end(number) == 0

        assert not any(map(somebody_listens, addresses_in(printed)))


def test_serve_has_an_address_for_pages_when_there_is_a_key(tmp_path: Path) -> None:
    names = ("--fulfillment-port", "--events-port", "--chat-port")
    ports = [free_port() for _ in names]
    options = [one for pair in zip(names, map(str, ports), strict=True) for one in pair]
    store = {"HANDOFF_STORE": f"sqlite:{tmp_path / 'handoff.db'}", "HANDOFF_TOKEN_KEY": "k" * 32}
    env = {**unset(), **SETTINGS, **store}
    with started("-m", "handoff.cli.main", "serve", *options, env=env) as serving:
        printed = serving.read_until("Ctrl-C")
        assert f"customers' pages        http://127.0.0.1:{ports[2]} " in printed
        assert somebody_listens(("127.0.0.1", ports[2]))
        assert serving.end(signal.SIGTERM) == 0


def test_serve_ends_when_a_function_refuses_its_settings() -> None:
    ports = ("--fulfillment-port", str(free_port()), "--events-port", str(free_port()))

    ended = run("-m", "handoff.cli.main", "serve", *ports, **unset())

    assert ended.returncode == 1
    assert "No provider is configured" in ended.stdout + ended.stderr
    assert "Error: dialogflow_fulfillment has ended with status 1" in ended.stderr


def test_serve_says_which_port_is_taken() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        options = ["serve", "--fulfillment-port", str(free_port()), "--events-port", str(port)]

        ended = run("-m", "handoff.cli.main", *options, **unset(), **SETTINGS)

    assert ended.returncode == 1
    assert (
        ended.stderr == f"Error: Port {port} of 127.0.0.1 cannot be used: Address already in use.\n"
    )
