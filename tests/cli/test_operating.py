"""`handoff setup` and `handoff check` against the simulated vendors."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from demo.hosting import hosted
from demo.providers import PROVIDERS
from handoff.cli.main import main
from tests.environment import environment

EVENTS = "http://127.0.0.1:9/base"  # nobody listens there
SECRETS = ("demo-client-secret", "demo-refresh-token", "demo-webhook-secret", "eght_demo-key")
CHANNEL = "EIGHT_BY_EIGHT_CHANNEL_ID"
WRITES = ("register", "create", "update", "enable", "unregister", "save", "verify")


@dataclass
class Vendor:
    """One simulated vendor and the variables that lead to it."""

    id: str
    address: str
    variables: dict[str, str]

    def run(self, *arguments: str, without: str = "", **more: str) -> Result:
        """Run the command as a person would; nothing secret may be printed."""
        known = {name: value for name, value in self.variables.items() if name != without}
        with environment(**{**known, **more}):
            done = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
        assert not [one for one in SECRETS if one in done.output]
        return done

    def setup(self, *arguments: str, without: str = "", **more: str) -> Result:
        options = ("--events-url", EVENTS, *arguments)
        return self.run("setup", self.id, *options, without=without, **more)

    def check(self, *arguments: str, **more: str) -> Result:
        return self.run("check", *arguments, **more)

    def wrote(self) -> list[str]:
        """Return the calls so far that make or change something."""
        calls = requests.get(f"{self.address}/desk/calls", timeout=30).json()["calls"]
        return [one["action"] for one in calls if one["action"].startswith(WRITES)]


def vendor(name: str, address: str, folder: Path) -> Vendor:
    variables = {
        **PROVIDERS[name].variables(address, False),
        "HANDOFF_STORE": f"sqlite:{folder / 'handoff.db'}",
    }
    return Vendor(name, address, variables)


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Mapping[str, Vendor]]:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as one,
        closing(socket.create_server(("127.0.0.1", 0))) as two,
    ):
        places = dict(zip(PROVIDERS, (one, two), strict=True))
        apps: list[Any] = [(PROVIDERS[name].simulator(EVENTS), at) for name, at in places.items()]
        addresses = {n: f"http://127.0.0.1:{at.getsockname()[1]}" for n, at in places.items()}
        requested = {n: vendor(n, address, tmp_path) for n, address in addresses.items()}
        with hosted(apps):
            yield requested


@pytest.fixture(params=list(PROVIDERS))
def any_vendor(request: pytest.FixtureRequest, vendors: Mapping[str, Vendor]) -> Vendor:
    return vendors[request.param]


@pytest.fixture
def eight(vendors: Mapping[str, Vendor]) -> Vendor:
    return vendors["8x8"]


@pytest.fixture
def livechat(vendors: Mapping[str, Vendor]) -> Vendor:
    return vendors["livechat"]


def test_second_setup_finds_everything_and_makes_nothing(any_vendor: Vendor) -> None:
    first = any_vendor.setup("--replace")
    assert first.exit_code == 0, first.output
    assert "made" in first.output
    wrote = any_vendor.wrote()
    second = any_vendor.setup("--replace")
    assert second.exit_code == 0, second.output
    assert "made" not in second.output
    assert [one for one in any_vendor.wrote()[len(wrote) :] if one != "verify_webhook"] == []


def test_dry_run_changes_nothing_and_says_what_it_would(any_vendor: Vendor) -> None:
    done = any_vendor.setup("--dry-run")
    assert done.exit_code == 0, done.output
    assert "would make" in done.output
    assert any_vendor.wrote() == []


def test_check_is_green_after_the_setup(any_vendor: Vendor) -> None:
    any_vendor.setup("--replace")
    done = any_vendor.check("--events-url", EVENTS)
    assert (done.exit_code, "FAILS" in done.output) == (0, False), done.output
    assert done.output.startswith("ok     settings\nok     store\n")


def test_check_is_red_before_the_setup(any_vendor: Vendor) -> None:
    done = any_vendor.check("--events-url", EVENTS)
    assert done.exit_code == 1
    [*_, problem] = [line for line in done.output.splitlines() if line.startswith("FAILS")]
    assert f"{any_vendor.id}: webhook" in problem


@pytest.mark.parametrize(
    ("name", "variable"),
    [("livechat", "LIVECHAT_REFRESH_TOKEN"), ("8x8", "EIGHT_BY_EIGHT_API_KEY")],
)
def test_wrong_credentials_are_one_line(
    vendors: Mapping[str, Vendor], name: str, variable: str
) -> None:
    one = vendors[name]
    done = one.check(**{variable: "a-wrong-secret"})
    assert done.exit_code == 1
    assert done.output.count("FAILS") == 1, done.output
    assert "a-wrong-secret" not in done.output
    broken = one.setup(**{variable: "a-wrong-secret"})
    assert (broken.exit_code, "Error: " in broken.output) == (1, True)


@pytest.mark.parametrize(
    ("name", "target", "shown"),
    [
        ("livechat", "99", "group 99: there is no such group"),
        ("8x8", "99", "queue 99: 8x8 refused"),
    ],
)
def test_target_that_does_not_exist_is_named(
    vendors: Mapping[str, Vendor], name: str, target: str, shown: str, tmp_path: Path
) -> None:
    config = tmp_path / "handoff.toml"
    config.write_text(f'[targets.sales]\n"{name}" = "{target}"\n', encoding="utf-8")
    done = vendors[name].check(HANDOFF_CONFIG=str(config))
    assert done.exit_code == 1
    assert f"FAILS  {name}: {shown}" in done.output


def test_dead_host_is_one_line_without_a_traceback(any_vendor: Vendor) -> None:
    gone = {name: "http://127.0.0.1:9" for name in any_vendor.variables if name.endswith("_URL")}
    done = any_vendor.check(**gone)
    assert (done.exit_code, done.output.count("FAILS")) == (1, 1), done.output
    assert "Traceback" not in done.output


def test_store_that_cannot_be_read_is_one_line(any_vendor: Vendor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 1000)
    done = any_vendor.check(HANDOFF_STORE=f"sqlite:{broken}")
    assert done.exit_code == 1
    assert "FAILS  store: " in done.output
    assert "HANDOFF_STORE" in done.output


def test_missing_settings_are_one_line_each(eight: Vendor) -> None:
    done = eight.run("check", without="EIGHT_BY_EIGHT_TENANT")
    assert done.exit_code == 1
    assert done.output == ("FAILS  settings: EIGHT_BY_EIGHT_TENANT is not set (provider 8x8)\n")


def test_setup_makes_the_channel_that_is_not_there_yet_and_says_what_to_set(eight: Vendor) -> None:
    done = eight.setup(without=CHANNEL)
    assert done.exit_code == 0, done.output
    own = done.output.rpartition(f"{CHANNEL}=")[2].strip()
    assert own
    again = eight.setup(without=CHANNEL)
    assert f"found        channel: {own}" in again.output
    assert eight.check("--events-url", EVENTS, **{CHANNEL: own}).exit_code == 0


def test_new_channel_needs_a_queue(eight: Vendor) -> None:
    del eight.variables["EIGHT_BY_EIGHT_QUEUE_ID"]
    refused = eight.setup(without=CHANNEL)
    assert (refused.exit_code, "--queue" in refused.output) == (1, True)
    assert eight.setup("--queue", "231", without=CHANNEL).exit_code == 0


def test_what_leads_elsewhere_is_left_alone_without_the_word(eight: Vendor) -> None:
    done = eight.setup()
    assert "left alone   channel" in done.output
    assert eight.check("--events-url", EVENTS).exit_code == 1


def test_bots_secret_goes_into_a_file_and_never_to_the_terminal(
    livechat: Vendor, tmp_path: Path
) -> None:
    assert "left alone   bot" in livechat.setup().output
    kept = tmp_path / "secrets"
    done = livechat.setup("--secrets-file", str(kept))
    assert done.exit_code == 0, done.output
    name, _, secret = kept.read_text(encoding="utf-8").strip().partition("=")
    assert (name, bool(secret), secret in done.output) == ("LIVECHAT_BOT_SECRET", True, False)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Set this:  LIVECHAT_BOT_ID=" in done.output


def test_second_bot_is_not_made_and_no_empty_file_stays(livechat: Vendor, tmp_path: Path) -> None:
    livechat.setup("--secrets-file", str(tmp_path / "first"))
    again = livechat.setup("--secrets-file", str(tmp_path / "second"))
    assert (again.exit_code, livechat.wrote().count("create_bot")) == (0, 1)
    assert "nobody can read its secret again" in again.output
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("name", ["taken", "no-folder/secrets"])
def test_file_that_cannot_be_new_is_refused_before_anything_is_made(
    livechat: Vendor, tmp_path: Path, name: str
) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    done = livechat.setup("--secrets-file", str(tmp_path / name))
    assert (done.exit_code, "must be a new file" in done.output) == (1, True)
    assert livechat.wrote() == []
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_dry_run_makes_no_file(livechat: Vendor, tmp_path: Path) -> None:
    done = livechat.setup("--dry-run", "--secrets-file", str(tmp_path / "secrets"))
    assert "would make   bot" in done.output
    assert list(tmp_path.glob("secrets*")) == []


def test_new_webhook_secret_is_seen_and_brought(livechat: Vendor) -> None:
    renewed = {"LIVECHAT_WEBHOOK_SECRET": "a-new-secret"}
    livechat.setup()
    seen = livechat.check(**renewed)
    assert (seen.exit_code, seen.output.count("was made with another secret")) == (1, 6)
    done = livechat.setup("--replace", **renewed)
    assert (done.exit_code, done.output.count("changed      webhook ")) == (0, 6)
    assert livechat.check("--events-url", EVENTS, **renewed).exit_code == 0
    assert "a-new-secret" not in seen.output + done.output


def test_bot_with_a_wrong_secret_is_one_line(livechat: Vendor) -> None:
    livechat.setup()
    bot = {"LIVECHAT_BOT_ID": "nobody", "LIVECHAT_BOT_SECRET": "a-wrong-secret"}
    done = livechat.check(**bot)
    assert (done.exit_code, done.output.count("FAILS")) == (1, 1)
    assert "FAILS  livechat: bot: livechat refused issue_bot_token" in done.output
    assert "a-wrong-secret" not in done.output


def test_check_of_one_provider_leaves_the_others(vendors: Mapping[str, Vendor]) -> None:
    livechat, eight = vendors["livechat"], vendors["8x8"]
    livechat.setup()
    assert livechat.check("livechat", **eight.variables).exit_code == 0
    refused = livechat.check("8x8")
    assert (refused.exit_code, "Not configured: 8x8" in refused.output) == (1, True)


def test_what_was_made_before_a_failure_is_told(eight: Vendor) -> None:
    faults: Any = {"fail": [{"action": "verify_webhook", "status": 400, "type": "bad", "times": 1}]}
    requests.post(f"{eight.address}/desk/faults", json=faults, timeout=30).raise_for_status()
    done = eight.setup(without=CHANNEL)
    assert (done.exit_code, f"Set this:  {CHANNEL}=" in done.output) == (1, True)


def test_store_that_cannot_be_written_is_one_line(any_vendor: Vendor, tmp_path: Path) -> None:
    any_vendor.setup("--replace")
    read_only = tmp_path / "handoff.db"
    with closing(sqlite3.connect(read_only)) as holding:
        holding.execute("BEGIN EXCLUSIVE")
        done = any_vendor.check()
    assert done.exit_code == 1
    assert "FAILS  store: " in done.output


@pytest.mark.parametrize(
    "url", ["http://events.example", "ftp://x", "events.example", "https://", "https://a?b=c", ""]
)
def test_address_that_no_vendor_could_use_is_refused(livechat: Vendor, url: str) -> None:
    done = livechat.run("setup", "livechat", "--events-url", url)
    assert done.exit_code == 1
    assert "--events-url" in done.output


def test_unknown_provider_is_told_which_are_known(livechat: Vendor) -> None:
    done = livechat.run("setup", "8x9", "--events-url", EVENTS)
    assert done.exit_code == 1
    assert "'8x9' is no provider; known are livechat, 8x8" in done.output
