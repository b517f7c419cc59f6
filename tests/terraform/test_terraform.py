"""The whole of Google Cloud as Terraform would make it, looked at from outside."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.terraform import policy
from tests.terraform.offline import FOLDER, VARIABLES, Workspace, command, resources

MARKED = "marked-value-of-a-secret"
NAMES = ("HANDOFF_TOKEN_KEY", "LIVECHAT_CLIENT_SECRET", "EIGHT_BY_EIGHT_API_KEY")
VALUES = json.dumps(dict.fromkeys(NAMES, MARKED))
OUTPUTS = {
    "urls",
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
def plan(whole: Workspace) -> dict[str, Any]:
    return whole.plan(secret_values=VALUES)


def test_every_file_is_formatted() -> None:
    asked = [command(), f"-chdir={FOLDER}", "fmt", "-check", "-recursive"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_module_is_valid(whole: Workspace) -> None:
    assert "Success" in whole.output("validate")


def test_its_own_tests_pass(whole: Workspace) -> None:
    said = whole.output("test")
    assert "0 failed" in said, said


def test_plan_gives_no_more_than_is_needed(plan: dict[str, Any]) -> None:
    assert policy.problems(plan) == []


def test_nothing_runs_on_this_machine() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.tf"))
    assert not [one for one in ("null_resource", "local-exec", "remote-exec") if one in said]


def test_flow_with_a_person_has_nothing_that_speaks(plan: dict[str, Any]) -> None:
    [live] = [
        one
        for one in resources(plan, "google_dialogflow_cx_flow")
        if one["display_name"] == "Live agent"
    ]
    assert [one for one in live["transition_routes"] if one["intent"]] == []
    asked = {one["event"]: one["trigger_fulfillment"][0] for one in live["event_handlers"]}
    tags = {event: one["tag"] for event, one in asked.items() if one["tag"]}
    assert tags == {
        "sys.no-match-default": "handoff.message",
        "sys.long-utterance": "handoff.message",
        "sys.no-input-default": "handoff.poll",
        "agent_reply_ready": "handoff.poll",
        "customer_leaves": "handoff.end",
    }
    assert not any(asked[event]["messages"] for event in tags)
    assert all(asked[event]["messages"] for event in ("webhook.error", "webhook.error.timeout"))


def test_route_that_hands_over_has_no_target(plan: dict[str, Any]) -> None:
    [main] = [
        one for one in resources(plan, "google_dialogflow_cx_flow") if one["is_default_start_flow"]
    ]
    starts = [
        one
        for one in main["transition_routes"]
        if one["trigger_fulfillment"] and one["trigger_fulfillment"][0]["tag"] == "handoff.start"
    ]
    [start] = starts
    assert not start.get("target_flow")
    assert not start.get("target_page")


def test_what_was_made_holds_no_secret_and_tells_its_addresses(tmp_path: Path) -> None:
    one = Workspace(tmp_path)
    given = (f"-var-file={VARIABLES}", "-input=false", "-auto-approve")
    one.output("apply", *given, secret_values=VALUES)
    state = (one.folder / "terraform.tfstate").read_text(encoding="utf-8")
    assert MARKED not in state
    told = json.loads(one.output("output", "-json"))
    assert told.keys() == OUTPUTS
    assert told["private"]["value"] == ["dialogflow_fulfillment", "wake"]
    assert told["webhooks"]["value"].keys() == {"livechat", "8x8"}
    again = one.run("plan", "-detailed-exitcode", *given[:2], secret_values=VALUES)
    assert again.returncode == 0, again.stdout
    one.output("destroy", *given, secret_values=VALUES)
    assert json.loads((one.folder / "terraform.tfstate").read_text())["resources"] == []


MISTAKES: dict[str, tuple[str, str, str]] = {
    "misspelt argument": ("functions.tf", "available_memory", "avaliable_memory"),
    "wrong reference": ("outputs.tf", "google_monitoring_dashboard.this", "google_dashboard.this"),
    "wake for everybody": ("locals.tf", '["serviceAccount:${local.waker}"]', "local.everyone"),
    "words for ever": ("firestore.tf", '"deliveries", "dead_letters"]', '"dead_letters"]'),
    "value in the state": ("secrets.tf", "secret_data_wo         =", "secret_data ="),
    "too many rights": ("firestore.tf", "roles/datastore.user", "roles/owner"),
    "index that is needed": ("firestore.tf", 'sessions = "data"', 'sessions = "wake_at"'),
    "unknown field of a log": ("monitoring.tf", "jsonPayload.waited", "jsonPayload.wiated"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_found(mistake: str, tmp_path: Path) -> None:
    one = Workspace(tmp_path)
    one.spoil(*MISTAKES[mistake])
    planned = one.run(
        "plan", "-input=false", "-out=plan", f"-var-file={VARIABLES}", secret_values=VALUES
    )
    if planned.returncode == 0:
        assert policy.problems(json.loads(one.output("show", "-json", "plan")))
