"""What docs/deploy.md tells people to type and to name is there, and nothing is left untold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.registry import PROVIDERS
from tests.archives.street import OURS, VENDORS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
MODULE = "\n".join(
    one.read_text(encoding="utf-8") for one in sorted((ROOT / "terraform").glob("*.tf"))
)
SECRET = re.compile(
    r"\b(?:LIVECHAT|EIGHT_BY_EIGHT|DIALOGFLOW|HANDOFF)_[A-Z_]*(?:SECRET|KEY|TOKEN)\b"
)


def section(title: str) -> str:
    """Return what stands under a heading."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def declared(kind: str) -> set[str]:
    """Return the names of the module's variables or outputs."""
    return set(re.findall(rf'(?m)^{kind} "([a-z_]+)"', MODULE))


def test_every_alert_has_its_row_and_every_row_its_alert() -> None:
    alerts = set(re.findall(r'(?m)^\s+title\s+= "([^"$]+)"$', MODULE))
    rows = re.findall(r"(?m)^\| ([a-z ]+) \| [^|]+ \| ([^|]+) \|$", section("When an alert comes"))
    assert {name for name, _ in rows} - {"alert"} == alerts
    assert all(len(advice) > 40 for name, advice in rows if name != "alert")


def test_every_secret_can_be_rotated_and_a_test_does_it() -> None:
    tested = {*OURS, *(name for names in VENDORS.values() for name in names)}
    assert set(SECRET.findall(section("Rotate a secret"))) == tested
    quoted = set(re.findall(r'"([A-Z_]+)"', MODULE))
    assert {name for name in quoted if SECRET.fullmatch(name)} == tested
    read = {name for entry in PROVIDERS.values() for name in entry.variables}
    assert {name for name in read if SECRET.fullmatch(name)} == tested - set(OURS)


def test_outputs_and_variables_that_are_named_are_there() -> None:
    outputs = set(re.findall(r"output -raw ([a-z_]+)", PAGE))
    outputs |= set(re.findall(r"outputs? `([a-z_]+)`", PAGE))
    assert {"events_url", "store", "dialogflow_webhook", "script"} <= outputs <= declared("output")
    said = set(re.findall(r"`([a-z]+(?:_[a-z]+)*) = ", PAGE))
    assert {"dialogflow_auth", "customer_chat", "min_instances"} <= said <= declared("variable")


@pytest.mark.parametrize("script", ["archives", "es_agent"])
def test_scripts_take_the_options_that_are_named(script: str) -> None:
    lines = [line for line in PAGE.splitlines() if f"terraform/{script}.py" in line]
    assert lines
    command = [sys.executable, str(ROOT / "terraform" / f"{script}.py"), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    named = {one for line in lines for one in re.findall(r" (--[a-z-]+)", line)}
    assert named <= set(re.findall(r"--[a-z-]+", told))


def test_files_that_are_named_are_there() -> None:
    named = set(re.findall(r"\b(?:terraform|tests)/[\w/.-]+\.(?:py|sh|example)\b", PAGE))
    assert {"terraform/archives.py", "terraform/scripts/rollback.sh"} <= named
    assert [one for one in sorted(named) if not (ROOT / one).is_file()] == []


def test_state_is_moved_to_where_the_pipeline_looks_for_it() -> None:
    scripts = (ROOT / "terraform" / "scripts" / "common.sh").read_text(encoding="utf-8")
    [written] = re.findall(r"printf ('terraform \{.*\}\\n')", scripts)
    assert f'printf {written} "$STATE_BUCKET" > terraform/backend_override.tf' in PAGE


def test_substitutions_that_are_named_are_those_of_the_pipeline() -> None:
    pipeline = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![A-Z])_[A-Z_]+\b", PAGE))
    assert {"_STATE_BUCKET", "_TFVARS", "_APPLY"} <= named
    assert named <= set(re.findall(r"(?m)^  (_[A-Z_]+): ", pipeline))
