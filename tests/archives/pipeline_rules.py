"""What this pipeline's steps have to be: each its own script, in an image that can run it.

Cloud Build would take a build in which a step calls another's script; it would only deploy wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tests.archives.build_rules import Json

TERRAFORM = "hashicorp/terraform"
CLOUD = "gcr.io/google.com/cloudsdktool/google-cloud-cli"
PYTHON = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One step: what it calls, where, and after whom."""

    script: str
    image: str
    after: tuple[str, ...]
    may_fail: bool = False
    secrets: bool = False


# The images have no bash (Terraform's), no gcloud (Python's), no `make` (Python's slim ones).
STEPS: Mapping[str, Wanted] = {
    "terraform": Wanted(script="tools.sh", image=TERRAFORM, after=("-",)),
    "emulator": Wanted(script="tools.sh", image=CLOUD, after=("-",)),
    "test": Wanted(script="test.sh", image=PYTHON, after=("terraform", "emulator")),
    "archives": Wanted(script="build.sh", image=PYTHON, after=("test",)),
    "plan": Wanted(script="plan.sh", image=CLOUD, after=("archives",), secrets=True),
    "apply": Wanted(script="apply.sh", image=CLOUD, after=("plan",), may_fail=True, secrets=True),
    "smoke": Wanted(script="smoke.sh", image=CLOUD, after=("apply",), may_fail=True),
    "settle": Wanted(script="settle.sh", image=CLOUD, after=("smoke",), secrets=True),
}

# What every script is told.
TOLD = {
    "PROJECT": "$PROJECT_ID",
    "BUILD_ID": "$BUILD_ID",
    "STATE_BUCKET": "${_STATE_BUCKET}",
    "TFVARS": "${_TFVARS}",
    "REGION": "${_REGION}",
    "CONFIG": "${_CONFIG}",
    "APPLY": "${_APPLY}",
}
# What the shell, or a person at a machine of their own, tells the scripts.
FROM_ELSEWHERE = {"PATH", "HOME", "PWD", "BASH_SOURCE", "CLOUD_SDK", "PATIENCE"}
READ = re.compile(r"\$\{?([A-Z][A-Z_]*)")

# All tests take half an hour on such a machine, a deployment and the way back ten minutes each.
LEAST_SECONDS = 3600


def unmeant(content: Json, root: Path) -> list[str]:
    """Return where a build is not the pipeline that is meant."""
    steps = {step.get("id"): step for step in content["steps"]}
    if list(steps) != list(STEPS):
        return [f"the steps are {', '.join(map(str, steps))}"]
    found = [_step(name, step, root) for name, step in steps.items()]
    return list(chain(*found, _versions(steps, root), _options(content, root)))


def _step(name: str, step: Json, root: Path) -> Iterator[str]:
    wanted = STEPS[name]
    script = f"terraform/scripts/{wanted.script}"
    if step.get("args") != [script]:
        yield f"{name} does not call {script}"
    if step["name"].partition(":")[0] != wanted.image or "slim" in step["name"]:
        yield f"{name} runs in {step['name']}"
    first = (root / script).read_text(encoding="utf-8").splitlines()[0]
    if not re.fullmatch(rf"#!.*[/ ]{step.get('entrypoint')}", first):
        yield f"{name} is run by {step.get('entrypoint')}, and begins with {first}"
    if tuple(step.get("waitFor", ())) != wanted.after:
        yield f"{name} waits for {step.get('waitFor')}"
    if bool(step.get("allowFailure")) != wanted.may_fail or "allowExitCodes" in step:
        yield f"{name} may {'not ' if wanted.may_fail else ''}fail"
    if bool(step.get("secretEnv")) != wanted.secrets:
        yield f"{name} is {'not ' if wanted.secrets else ''}told the secrets"
    if step.get("env"):
        yield f"{name} is told something of its own"


def _versions(steps: Mapping[str, Json], root: Path) -> Iterator[str]:
    """Yield a Python that is not the functions' own, and a Terraform that the module refuses."""
    terraform = root / "terraform"
    [runtime] = re.findall(r'"python3(\d+)"', (terraform / "functions.tf").read_text("utf-8"))
    needed = _version((terraform / "versions.tf").read_text("utf-8"))
    for name, wanted in STEPS.items():
        image = steps[name]["name"]
        found = _version(image.partition(":")[2])
        if wanted.image == PYTHON and found != (3, int(runtime)):
            yield f"{name} runs in {image}, and the functions in Python 3.{runtime}"
        if wanted.image == TERRAFORM and found < needed:
            yield f"{name} runs in {image}, which is too old"


def _version(text: str) -> tuple[int, ...]:
    """Return the first number of the form 1.2 in a text."""
    found = re.search(r"(\d+)\.(\d+)", text)
    assert found is not None, text
    return tuple(map(int, found.groups()))


def _options(content: Json, root: Path) -> Iterator[str]:
    options = content["options"]
    told = dict(one.split("=", 1) for one in options["env"])
    wrong = sorted(name for name in {*told, *TOLD} if told.get(name) != TOLD.get(name))
    yield from (f"{name} is told as {told.get(name)}" for name in wrong)
    scripts = [one.read_text("utf-8") for one in (root / "terraform/scripts").glob("*.sh")]
    read = {name for one in scripts for name in READ.findall(one)}
    yield from (f"{name} is read and not told" for name in read - set(told) - FROM_ELSEWHERE)
    if options.get("logging") != "CLOUD_LOGGING_ONLY":
        yield "nobody could read what a build has printed"
    if int(content.get("timeout", "600s").removesuffix("s")) < LEAST_SECONDS:
        yield f"{content.get('timeout')} is too short for all tests and a deployment"
