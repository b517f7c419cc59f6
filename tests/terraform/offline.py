"""Terraform in a copy of the folder, with the real provider or a stand-in that is given.

Plans and what is made of them are judged with the provider mocked by Terraform itself: the schema
is the provider's own, and no cloud is asked, so that it works wherever the provider can be had.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "terraform"
HERE = Path(__file__).parent
VARIABLES = HERE / "whole.tfvars"
MOCKED = HERE / "whole.tftest.hcl"

# Beside the checkout, for machines that cannot download the provider; never part of it.
BESIDE = ROOT.parent / "shared" / "tools" / "terraform-offline" / "terraform-offline"
SECONDS = 300

LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*", "terraform.tfvars")

Made = list[dict[str, Any]]
"""Resources, each with its `type` and its `values`."""


@functools.cache
def command() -> str:
    """Return what runs Terraform here, and say which provider that means.

    Skips with the reason where there is none; in CI that is a failure.
    """
    stand_in = Path(os.environ.get("TERRAFORM_OFFLINE") or BESIDE)
    if shutil.which("terraform") is None:
        return _nothing("terraform is not installed")
    if stand_in.is_file():
        print("Terraform with a stand-in for the provider")
        return str(stand_in)
    print("Terraform with the real provider")
    return "terraform"


def asks_a_cloud() -> bool:
    """Say whether an ordinary plan would ask Google, who knows nothing of the project of a test."""
    return command() == "terraform"


def _nothing(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mocked:
    """What Terraform planned, what it made of that, and all that it printed.

    `changed` are the addresses that the next plan, of the same, would change.
    """

    planned: Made
    made: Made
    changed: list[str]
    outputs: dict[str, Any]
    printed: str


class Workspace:
    """A copy of the module that may be planned, applied and spoilt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "terraform"
        shutil.copytree(FOLDER, self.folder, ignore=LEFT_OUT)
        ready = self.run("init", "-input=false", "-backend=false")
        if ready.returncode and command() == "terraform" and not os.environ.get("CI"):
            pytest.skip("the provider cannot be downloaded here")
        assert ready.returncode == 0, ready.stdout + ready.stderr

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one Terraform command; `variables` come by the environment, as secrets do."""
        given = {f"TF_VAR_{name}": value for name, value in variables.items()}
        return subprocess.run(
            [command(), f"-chdir={self.folder}", *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "TF_IN_AUTOMATION": "1", "TF_CLI_ARGS": "-no-color", **given},
        )

    def output(self, *arguments: str, **variables: str) -> str:
        """Run one command that must work, and return what it printed."""
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def mocked(self, variables: Path = VARIABLES, **given: str) -> Mocked:
        """Plan and make everything with these variables; raises AssertionError if that fails."""
        (self.folder / "mocked").mkdir(exist_ok=True)
        shutil.copy(MOCKED, self.folder / "mocked")
        asked = ("-test-directory=mocked", "-json", "-verbose", f"-var-file={variables}")
        self.output("init", "-input=false", "-backend=false", asked[0])
        printed = self.output("test", *asked, **given)
        said = [json.loads(line) for line in printed.splitlines()]
        before, after = [one["test_plan"] for one in said if one["type"] == "test_plan"]
        [state] = [one["test_state"] for one in said if one["type"] == "test_state"]
        return Mocked(
            planned=_planned(before),
            made=_made(state["root_module"]),
            changed=[one["address"] for one in _changes(after)],
            outputs={name: one["value"] for name, one in state["outputs"].items()},
            printed=printed,
        )

    def spoil(self, name: str, old: str, new: str) -> None:
        """Put a mistake into one file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _planned(plan: dict[str, Any]) -> Made:
    """Return the resources of a plan as they would be, also those inside modules."""
    return [
        {"address": one["address"], "type": one["type"], "values": one["change"]["after"]}
        for one in _changes(plan)
        if one["mode"] == "managed"
    ]


def _changes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in plan["resource_changes"] if one["change"]["actions"] != ["no-op"]]


def _made(module: dict[str, Any]) -> Made:
    here = [one for one in module.get("resources", []) if one["mode"] == "managed"]
    return [*here, *(one for child in module.get("child_modules", []) for one in _made(child))]


def resources(made: Made, kind: str) -> list[dict[str, Any]]:
    """Return what is known of all resources of a kind."""
    return [one["values"] for one in made if one["type"] == kind]
