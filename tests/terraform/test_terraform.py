"""The whole of Google Cloud as Terraform would make it, looked at from outside."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from handoff.errors import ConfigurationError
from tests.terraform import agent, order, policy, rights, starting
from tests.terraform.mistakes import FOUND, REFUSED, TESTED
from tests.terraform.offline import (
    FOLDER,
    VARIABLES,
    Mocked,
    Workspace,
    asks_a_cloud,
    command,
)

MARKED = "marked-value-of-a-secret"
NAMES = ("HANDOFF_TOKEN_KEY", "LIVECHAT_CLIENT_SECRET", "EIGHT_BY_EIGHT_API_KEY")
VALUES = json.dumps(dict.fromkeys(NAMES, MARKED))
OUTPUTS = {
    "urls",
    "services",
    "private",
    "dialogflow_webhook",
    "webhooks",
    "events_url",
    "script",
    "dashboard",
    "store",
    "dialogflow_cx",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Give a workspace that nobody spoils."""
    return Workspace(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def seen(whole: Workspace) -> Mocked:
    return whole.mocked(secret_values=VALUES)


def test_every_file_is_formatted() -> None:
    asked = [command(), f"-chdir={FOLDER}", "fmt", "-check", "-recursive"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_module_is_valid(whole: Workspace) -> None:
    assert "Success" in whole.output("validate")


def test_its_own_tests_pass(whole: Workspace) -> None:
    said = whole.output("test")
    assert "0 failed" in said, said


def test_plan_gives_no_more_than_is_needed(seen: Mocked) -> None:
    assert policy.problems(seen.planned) == []


def test_what_is_made_gives_no_more_than_is_needed(seen: Mocked) -> None:
    assert policy.problems(seen.made) == []


def test_everybody_has_the_rights_they_need_and_no_other(seen: Mocked) -> None:
    assert list(rights.problems(seen.made)) == []


def test_functions_start_with_what_they_are_told(seen: Mocked) -> None:
    assert list(starting.problems(seen.made)) == []


def test_agent_keeps_out_of_the_way_of_a_person(seen: Mocked) -> None:
    assert list(agent.problems(seen.made)) == []


def test_nothing_is_asked_of_an_api_that_is_off(whole: Workspace) -> None:
    assert list(order.problems(whole.output("graph"))) == []


def test_secret_whose_value_was_forgotten_stops_a_function(seen: Mocked) -> None:
    [given] = re.findall(
        r'secret_data_wo += lookup\(var\.secret_values, each\.value\.name, "(.*)"\)',
        (FOLDER / "secrets.tf").read_text(encoding="utf-8"),
    )
    environ = starting.environments(seen.made)["dialogflow_fulfillment"]
    with pytest.raises(ConfigurationError, match=r"HANDOFF_TOKEN_KEY: .*: the secret is empty"):
        starting.settings("dialogflow_fulfillment", environ, value=given)


def test_nothing_runs_on_this_machine() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.tf"))
    assert not [one for one in ("null_resource", "local-exec", "remote-exec") if one in said]


def test_nothing_that_is_kept_holds_a_secret(seen: Mocked) -> None:
    assert MARKED not in seen.printed


def test_it_tells_its_addresses(seen: Mocked) -> None:
    assert seen.outputs.keys() == OUTPUTS
    assert seen.outputs["private"] == ["dialogflow_fulfillment", "wake"]
    assert seen.outputs["webhooks"].keys() == {"livechat", "8x8"}


def test_example_needs_nothing_else(whole: Workspace) -> None:
    example = FOLDER / "terraform.tfvars.example"
    made = whole.mocked(example, secret_values="{}", archives="tests/archives").made
    assert {one["values"]["name"] for one in made if one["type"].endswith("2_function")} == {
        "handoff-agent-events",
        "handoff-customer-chat",
        "handoff-dialogflow-fulfillment",
        "handoff-wake",
    }


def test_what_is_made_stays_and_goes(seen: Mocked, tmp_path: Path) -> None:
    assert seen.changed == []
    if asks_a_cloud():  # and Google knows nothing of this project
        return
    one = Workspace(tmp_path)
    given = (f"-var-file={VARIABLES}", "-input=false", "-auto-approve")
    one.output("apply", *given, secret_values=VALUES)
    assert MARKED not in (one.folder / "terraform.tfstate").read_text(encoding="utf-8")
    again = one.run("plan", "-detailed-exitcode", *given[:2], secret_values=VALUES)
    assert again.returncode == 0, again.stdout
    one.output("destroy", *given, secret_values=VALUES)
    assert json.loads((one.folder / "terraform.tfstate").read_text())["resources"] == []


@pytest.mark.parametrize("mistake", REFUSED)
def test_mistake_is_refused(mistake: str, tmp_path: Path) -> None:
    one = Workspace(tmp_path)
    one.spoil(*REFUSED[mistake])
    with pytest.raises(AssertionError):
        one.mocked(secret_values=VALUES)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give what is wrong where every mistake was made that Terraform takes."""
    one = Workspace(tmp_path_factory.mktemp("spoilt"))
    for mistake, _ in FOUND.values():
        one.spoil(*mistake)
    made = one.mocked(secret_values=VALUES).made
    looked = (policy, rights, starting, agent)
    lines = [line for look in looked for line in look.problems(made)]
    return lines + list(order.problems(one.output("graph")))


@pytest.mark.parametrize("mistake", FOUND)
def test_mistake_is_found(mistake: str, found: list[str]) -> None:
    _, words = FOUND[mistake]
    assert any(words in line for line in found), "\n".join(found)


def test_mistake_is_found_by_its_own_tests(tmp_path: Path) -> None:
    one = Workspace(tmp_path)
    for mistake, _ in TESTED.values():
        one.spoil(*mistake)
    said = one.run("test", "-filter=tests/policy.tftest.hcl").stdout
    failed = re.findall(r'run "(\w+)"\.\.\. fail', said)
    assert sorted(failed) == sorted(name for _, name in TESTED.values())
