"""The pipeline's file is one that Cloud Build takes, and one that it would refuse is seen here."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.archives.build_rules import problems, read
from tests.archives.pipeline_rules import STEPS, unmeant

ROOT = Path(__file__).parent.parent
FILE = ROOT / "cloudbuild.yaml"

Content = dict[str, Any]
Change = Callable[[Content], object]


@pytest.fixture
def content() -> Content:
    return dict(read(FILE.read_text(encoding="utf-8")))


def step(content: Content, name: str) -> Content:
    found: Content = next(one for one in content["steps"] if one["id"] == name)
    return found


def test_cloud_build_takes_it(content: Content) -> None:
    assert problems(content, ROOT) == []


def test_it_is_the_pipeline_that_is_meant(content: Content) -> None:
    assert unmeant(content, ROOT) == []


def test_steps_come_in_the_order_of_a_deployment() -> None:
    wanted = ["test", "archives", "plan", "apply", "smoke", "settle"]
    assert [one for one in STEPS if one in wanted] == wanted
    for before, after in pairwise(wanted):
        assert STEPS[after].after == (before,)


def test_nothing_is_deployed_unless_the_trigger_says_so(content: Content) -> None:
    assert content["substitutions"]["_APPLY"] == "false"


def test_every_substitution_is_explained_at_the_top(content: Content) -> None:
    top = FILE.read_text(encoding="utf-8").partition("substitutions:")[0]
    assert re.findall(r"(?m)^#   (_[A-Z_]+)  ", top) == list(content["substitutions"])


def set_in(which: str, /, **changes: Any) -> Change:
    return lambda content: step(content, which).update(changes)


MISTAKES: dict[str, tuple[Change, str]] = {
    "field misspelt": (set_in("plan", secretenv=["A"]), "not a build: .*secretenv"),
    "field of another place": (lambda one: one.update(waitFor=["plan"]), "not a build"),
    "timeout in minutes": (lambda one: one.update(timeout="20m"), "not a build"),
    "timeout without its s": (lambda one: one.update(timeout=1200), "not a build"),
    "timeout of two days": (lambda one: one.update(timeout="172800s"), "not within a day"),
    "step longer than all": (set_in("test", timeout="9000s"), "test may take longer"),
    "machine that is none": (
        lambda one: one["options"].update(machineType="E2_HIGHCPU_9"),
        "not a build: .*E2_HIGHCPU_9",
    ),
    "no steps": (lambda one: one.update(steps=[]), "0 steps"),
    "same id twice": (set_in("smoke", id="apply"), "two steps are called apply"),
    "no id": (lambda one: step(one, "settle").pop("id"), "step 7 has no id"),
    "no image": (set_in("plan", name=""), "plan: '' is no image"),
    "image without a tag": (set_in("plan", name="python"), "plan: 'python' is no image"),
    "waits for nobody known": (set_in("plan", waitFor=["archive"]), "plan waits for archive"),
    "waits for a later one": (set_in("plan", waitFor=["smoke"]), "plan waits for smoke"),
    "waits for itself": (set_in("plan", waitFor=["plan"]), "plan waits for plan"),
    "waits for all and none": (
        set_in("emulator", waitFor=["-", "terraform"]),
        "emulator waits for nobody and somebody",
    ),
    "substitution unknown": (
        lambda one: one["options"]["env"].append("A=${_ARCHIVE}"),
        "_ARCHIVE is used and not declared",
    ),
    "built-in misspelt": (
        lambda one: one["options"]["env"].append("A=$PROJECTID"),
        "PROJECTID is used and not declared",
    ),
    "substitution unused": (
        lambda one: one["substitutions"].update(_MORE="1"),
        "_MORE is declared and not used",
    ),
    "substitution without _": (
        lambda one: one["substitutions"].update(MORE="1"),
        "MORE cannot be set",
    ),
    "secret unknown": (set_in("plan", secretEnv=["TF_VAR_other"]), "secret TF_VAR_other is used"),
    "secret unused": (
        lambda one: one["availableSecrets"]["secretManager"].append(
            {"versionName": "projects/p/secrets/s/versions/1", "env": "B"}
        ),
        "secret B is declared and not used",
    ),
    "secret without a version": (
        lambda one: one["availableSecrets"]["secretManager"][0].update(
            versionName="projects/p/secrets/s"
        ),
        "is no version of a secret",
    ),
    "secret that is a variable": (
        lambda one: one["options"]["env"].append("TF_VAR_secret_values={}"),
        "plan: TF_VAR_secret_values is a variable and a secret",
    ),
    "variable without a value": (set_in("plan", env=["DEBUG"]), "plan: 'DEBUG' is no NAME=value"),
    "outside of the workspace": (set_in("plan", dir="../x"), "plan leaves the workspace"),
    "account without a log": (
        lambda one: (one.update(serviceAccount="a"), one["options"].pop("logging")),
        "where its log goes",
    ),
    "script that is not there": (
        set_in("plan", args=["terraform/scripts/plans.sh"]),
        "plan: terraform/scripts/plans.sh does not exist",
    ),
    "script that may not run": (
        set_in("plan", args=["terraform/scripts/common.sh"]),
        "common.sh is not executable",
    ),
    "more than one line": (set_in("plan", args=["-c", "a && b"]), "plan is not one call"),
    "script and command": (set_in("plan", script="echo"), "plan has a script and a command"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_seen(content: Content, mistake: str) -> None:
    change, words = MISTAKES[mistake]
    broken = copy.deepcopy(content)
    change(broken)
    found = problems(broken, ROOT)
    assert [one for one in found if re.search(words, one)] != [], found


UNMEANT: dict[str, tuple[Change, str]] = {
    "script of another step": (
        set_in("apply", args=["terraform/scripts/plan.sh"]),
        "apply does not call terraform/scripts/apply.sh",
    ),
    "nothing settled": (lambda one: one["steps"].pop(), "the steps are terraform, .*, smoke$"),
    "kept without a look": (
        set_in("settle", args=["terraform/scripts/keep.sh"]),
        "settle does not call terraform/scripts/settle.sh",
    ),
    "tests before their tools": (set_in("test", waitFor=["emulator"]), "test waits for"),
    "smoke test before the deployment": (set_in("smoke", waitFor=["plan"]), "smoke waits for"),
    "order left to the list": (lambda one: step(one, "plan").pop("waitFor"), "plan waits for None"),
    "failure of a test forgiven": (set_in("test", allowFailure=True), "test may fail"),
    "failure of the end forgiven": (set_in("settle", allowFailure=True), "settle may fail"),
    "failure that nobody settles": (set_in("smoke", allowFailure=False), "smoke may not fail"),
    "failure forgiven by its number": (set_in("plan", allowExitCodes=[1]), "plan may fail"),
    "secrets for who needs none": (
        set_in("test", secretEnv=["TF_VAR_secret_values"]),
        "test is told the secrets",
    ),
    "no secrets on the way back": (
        lambda one: step(one, "settle").pop("secretEnv"),
        "settle is not told the secrets",
    ),
    "deployed without being asked": (
        set_in("apply", env=["APPLY=true"]),
        "apply is told something of its own",
    ),
    "image without gcloud": (set_in("plan", name="python:3.12-trixie"), "plan runs in python"),
    "image without make": (set_in("test", name="python:3.12-slim"), "test runs in python"),
    "Python that is not the functions'": (
        set_in("test", name="python:3.11-trixie"),
        "test runs in .*, and the functions in Python 3.12",
    ),
    "Terraform that is too old": (
        set_in("terraform", name="hashicorp/terraform:1.9.8"),
        "terraform .* is too old",
    ),
    "shell that the image lacks": (set_in("terraform", entrypoint="bash"), "is run by bash"),
    "shell that knows no lists": (set_in("plan", entrypoint="sh"), "plan is run by sh"),
    "region for settings": (
        lambda one: one["options"].update(
            env=[each.replace("=${_REGION}", "=${_CONFIG}") for each in one["options"]["env"]]
        ),
        "REGION is told as",
    ),
    "state lost unnoticed": (
        lambda one: one["options"]["env"].remove("BUILD_ID=$BUILD_ID"),
        "BUILD_ID is read and not told",
    ),
    "more told than is meant": (
        lambda one: one["options"]["env"].append("SECRET=${_SECRET_VALUES}"),
        "SECRET is told as",
    ),
    "no log": (lambda one: one["options"].update(logging="NONE"), "nobody could read"),
    "time for no deployment": (lambda one: one.update(timeout="600s"), "600s is too short"),
    "usual time": (lambda one: one.pop("timeout"), "None is too short"),
}


@pytest.mark.parametrize("mistake", UNMEANT)
def test_pipeline_that_is_not_meant_is_seen(content: Content, mistake: str) -> None:
    change, words = UNMEANT[mistake]
    change(content)
    found = unmeant(content, ROOT)
    assert [one for one in found if re.search(words, one)] != [], found


def test_two_dollars_are_one(content: Content) -> None:
    content["options"]["env"].append("A=$$HOME and $$ more")
    assert problems(content, ROOT) == []
