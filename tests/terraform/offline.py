"""Terraform in a copy of the folder, with the real provider or a stand-in that is given."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "terraform"
VARIABLES = Path(__file__).parent / "whole.tfvars"

# Beside the checkout, for machines that cannot download the provider; never part of it.
BESIDE = ROOT.parent / "shared" / "tools" / "terraform-offline" / "terraform-offline"
SECONDS = 300

LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*", "terraform.tfvars")


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


def _nothing(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


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

    def plan(self, **variables: str) -> dict[str, Any]:
        """Return the plan of everything as JSON."""
        self.output("plan", "-input=false", "-out=plan", f"-var-file={VARIABLES}", **variables)
        found: dict[str, Any] = json.loads(self.output("show", "-json", "plan"))
        return found

    def spoil(self, name: str, old: str, new: str) -> None:
        """Put a mistake into one file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def resources(plan: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return what a plan knows of all resources of a kind, also inside modules."""
    found: list[dict[str, Any]] = []
    modules = [plan["planned_values"]["root_module"]]
    while modules:
        module = modules.pop()
        found += [one["values"] for one in module.get("resources", []) if one["type"] == kind]
        modules += module.get("child_modules", [])
    return found
