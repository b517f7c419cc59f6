"""`python -m demo` as a person starts it: the story, the page, and how both end."""

from __future__ import annotations

import http.client
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.providers import PROVIDERS
from demo.rest import call
from tests.processes import ROOT, addresses_in, run, somebody_listens, started

PAGES = ROOT / "demo" / "pages"
SINKS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """Give the address of a page that runs."""
    with started("-m", "demo", "--port", "0") as demo:
        printed = demo.read_until("Open http")
        yield re.findall(r"Open (http://\S+)/ ", printed)[0]


@pytest.mark.parametrize("dialect", ["cx", "es"])
@pytest.mark.parametrize("store", ["sqlite", "firestore"])
@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_whole_story_happens_and_nothing_is_left_behind(
    dialect: str, store: str, provider: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    emulator = request.getfixturevalue("firestore") if store == "firestore" else ""

    chosen = ("--provider", provider, "--dialect", dialect, "--store", store)
    ended = run("-m", "demo", "--script", *chosen, TMPDIR=str(tmp_path))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All 22 steps happened" in ended.stdout
    own = [one for one in addresses_in(ended.stdout) if f"{one[0]}:{one[1]}" != emulator]
    assert len(own) == 5, "two simulators, three functions"
    assert not any(map(somebody_listens, own))
    assert list(tmp_path.iterdir()) == []


def test_transcript_may_come_as_a_note_by_the_vendors_bot() -> None:
    ended = run("-m", "demo", "--script", "--bot")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Bridge bot (note): Before this chat" in ended.stdout


def test_developers_own_settings_do_not_reach_the_functions() -> None:
    """With a bot and without its secret no function would start."""
    own = {"HANDOFF_CONFIG": "/nowhere.toml", "LIVECHAT_BOT_ID": "mine"}

    with started("-m", "demo", "--port", "0", env=own) as demo:
        assert "Functions" in demo.read_until("Open http")


def test_taken_port_is_one_sentence_and_status_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = run("-m", "demo", "--port", str(port))

    assert ended.returncode == 1
    assert (
        ended.stderr == f"demo: Port {port} of 127.0.0.1 cannot be used: Address already in use.\n"
    )
    assert ended.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["Open http", "Simulators", "Store"])
def test_page_ends_at_once_with_all_it_started(
    number: signal.Signals, moment: str, tmp_path: Path
) -> None:
    with started("-m", "demo", "--port", "0", env={"TMPDIR": str(tmp_path)}) as demo:
        printed = demo.read_until(moment)

        status = demo.end(number)

        assert status == 0, demo.printed
        assert "Traceback" not in demo.printed
        assert not any(map(somebody_listens, addresses_in(printed)))
        assert list(tmp_path.iterdir()) == []


def test_story_that_is_cut_short_has_not_happened() -> None:
    with started("-m", "demo", "--script") as demo:
        demo.read_until("Simulators")

        assert demo.end(signal.SIGINT) == 130


@pytest.mark.parametrize("name", ["", *sorted(one.name for one in PAGES.iterdir())])
def test_page_and_its_parts_are_served(page: str, name: str) -> None:
    client = http.client.HTTPConnection(page.removeprefix("http://"))

    client.request("GET", f"/{name}")
    answer = client.getresponse()

    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.read()
    client.close()


def test_page_reaches_both_simulators_under_its_own_address(page: str) -> None:
    answer = call("POST", f"{page}/bot/sessions/from-the-page/query", {"event": "WELCOME"})

    assert answer["messages"]
    assert answer["webhook_errors"] == []
    assert call("GET", f"{page}/vendor/desk/agents")["agents"]
    assert call("GET", f"{page}/config.json")["dialect"] == "CX"


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_page_shows_the_desk_that_was_asked_for(provider: str) -> None:
    with started("-m", "demo", "--port", "0", "--provider", provider) as demo:
        page = re.findall(r"Open (http://\S+)/ ", demo.read_until("Open http"))[0]

        assert call("GET", f"{page}/config.json")["desk"] == PROVIDERS[provider].title
        groups = call("GET", f"{page}/vendor/desk/agents")["groups"]
        assert {"Billing", "Technical"} <= {one["name"] for one in groups}


@pytest.mark.parametrize("simulator", ["livechat", "eight_by_eight"])
def test_simulator_runs_on_its_own(simulator: str) -> None:
    with started("-m", f"demo.{simulator}", "--port", "0") as alone:
        address = re.findall(r"http://\S+", alone.read_until("http"))[0]

        assert call("GET", f"{address}/desk/agents")["agents"]
        assert alone.end(signal.SIGINT) == 0


@pytest.mark.parametrize("module", sorted(PAGES.glob("*.js")), ids=lambda path: path.name)
def test_what_people_write_never_becomes_markup(module: Path) -> None:
    source = module.read_text(encoding="utf-8")

    assert [sink for sink in SINKS if sink in source] == []


@pytest.mark.parametrize("part", sorted(PAGES.iterdir()), ids=lambda path: path.name)
def test_page_needs_nothing_from_elsewhere(part: Path) -> None:
    source = part.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")

    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", source) == []
