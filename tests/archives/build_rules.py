"""What Cloud Build says of a build when it is submitted, said before.

Its shape is Google's own protobuf; the rules beside it are those of
https://docs.cloud.google.com/build/docs/build-config-file-schema and
https://docs.cloud.google.com/build/docs/configuring-builds/substitute-variable-values
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from google.cloud.devtools.cloudbuild_v1.types import Build, BuildStep
from google.protobuf.json_format import ParseDict, ParseError

Json = Mapping[str, Any]

# `$NAME`, `${NAME}`, and `$$`, which is a dollar sign.
USE = re.compile(r"\$(?:\$|\{(?P<braced>[^}]*)\}|(?P<plain>[A-Za-z_][A-Za-z0-9_]*))")
OWN = re.compile(r"_[A-Z0-9_]{1,99}")
BUILT_IN = frozenset(
    {
        *("PROJECT_ID", "BUILD_ID", "PROJECT_NUMBER", "LOCATION"),
        *("TRIGGER_NAME", "COMMIT_SHA", "REVISION_ID", "SHORT_SHA", "REPO_NAME", "REPO_FULL_NAME"),
        *("BRANCH_NAME", "TAG_NAME", "REF_NAME", "TRIGGER_BUILD_CONFIG_PATH"),
        *("SERVICE_ACCOUNT_EMAIL", "SERVICE_ACCOUNT"),
    }
)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VERSION = re.compile(r"projects/[^/]+(/locations/[^/]+)?/secrets/[^/]+/versions/[^/]+")
IMAGE = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*(:[\w.-]+|@sha256:[0-9a-f]{64})")
SCRIPT = re.compile(r"terraform/scripts/[\w-]+\.(sh|py)")
AT_ONCE = "-"
USUAL_SECONDS, LONGEST_SECONDS = 600, 24 * 3600
MOST_STEPS = 300


def read(text: str) -> Json:
    """Return a build file's content, as JSON has it."""
    content = yaml.safe_load(text)
    assert isinstance(content, dict)
    return content


def problems(content: Json, root: Path) -> list[str]:
    """Return why Cloud Build would refuse this build, or why a step in it could not run."""
    message = Build.pb(Build())
    try:
        ParseDict(dict(content), message)
    except ParseError as error:
        return [f"not a build: {error}"]
    build = Build(message)
    found = (
        _steps(build),
        _order(build.steps),
        _substitutions(content),
        _secrets(build),
        _times(build),
        _scripts(build.steps, root),
    )
    return list(chain.from_iterable(found))


def _steps(build: Build) -> Iterator[str]:
    if not 0 < len(build.steps) <= MOST_STEPS:
        yield f"{len(build.steps)} steps: there must be 1 to {MOST_STEPS}"
    ids = [step.id for step in build.steps]
    yield from (f"two steps are called {one}" for one in {*ids} if one and ids.count(one) > 1)
    for place, step in enumerate(build.steps):
        name = step.id or f"step {place}"
        if not step.id:
            yield f"{name} has no id"
        if not IMAGE.fullmatch(step.name):
            yield f"{name}: {step.name!r} is no image with a tag"
        if step.script and (step.args or step.entrypoint):
            yield f"{name} has a script and a command"
        yield from (f"{name}: {one!r} is no NAME=value" for one in step.env if not _is_set(one))
        if Path(step.dir_).is_absolute() or ".." in Path(step.dir_).parts:
            yield f"{name} leaves the workspace: {step.dir_}"


def _is_set(variable: str) -> bool:
    name, sign, _ = variable.partition("=")
    return bool(sign and VARIABLE.fullmatch(name))


def _order(steps: Sequence[BuildStep]) -> Iterator[str]:
    """Yield what waits for a step that is not there before it."""
    before: set[str] = set()
    for step in steps:
        wanted = list(step.wait_for)
        if AT_ONCE in wanted and len(wanted) > 1:
            yield f"{step.id} waits for nobody and somebody"
        for one in wanted:
            if one != AT_ONCE and one not in before:
                yield f"{step.id} waits for {one}, which is no earlier step"
        before.add(step.id)


def _substitutions(content: Json) -> Iterator[str]:
    declared = set(content.get("substitutions", {}))
    yield from (f"{one} cannot be set: _NAME" for one in declared if not OWN.fullmatch(one))
    rest = json.dumps({name: one for name, one in content.items() if name != "substitutions"})
    used = {one["braced"] or one["plain"] for one in USE.finditer(rest)} - {None}
    yield from (f"{one} is used and not declared" for one in used - declared - BUILT_IN)
    yield from (f"{one} is declared and not used" for one in declared - used)


def _secrets(build: Build) -> Iterator[str]:
    available = build.available_secrets.secret_manager
    names = [one.env for one in available]
    yield from (f"two secrets are called {one}" for one in {*names} if names.count(one) > 1)
    for one in available:
        if not VERSION.fullmatch(USE.sub("x", one.version_name)):
            yield f"{one.env}: {one.version_name!r} is no version of a secret"
    used = {name for step in build.steps for name in step.secret_env}
    used |= set(build.options.secret_env)
    yield from (f"secret {one} is used and not declared" for one in used - set(names))
    yield from (f"secret {one} is declared and not used" for one in set(names) - used)
    common = set(map(_name, build.options.env))
    for step in build.steps:
        both = {*map(_name, step.env), *common} & set(step.secret_env)
        yield from (f"{step.id}: {one} is a variable and a secret" for one in both)


def _name(variable: str) -> str:
    return variable.partition("=")[0]


def _times(build: Build) -> Iterator[str]:
    whole = _seconds(build.timeout) or USUAL_SECONDS
    if not 0 < whole <= LONGEST_SECONDS:
        yield f"timeout: {whole:.0f} s is not within a day"
    for step in build.steps:
        if _seconds(step.timeout) > whole:
            yield f"{step.id} may take longer than the build"
    if build.service_account and not (build.options.logging or build.logs_bucket):
        yield "a build with its own account says where its log goes"


def _seconds(given: Any) -> float:
    """Return a duration as the wrapped protobuf hands it out; nothing is 0."""
    return given.total_seconds() if isinstance(given, timedelta) else 0.0


def _scripts(steps: Sequence[BuildStep], root: Path) -> Iterator[str]:
    """Yield steps that are more than one line, and scripts that are not there."""
    for step in steps:
        if len(step.args) != 1 or step.entrypoint not in {"bash", "sh"} or step.script:
            yield f"{step.id} is not one call of a script"
        for one in step.args:
            if not SCRIPT.fullmatch(one):
                yield f"{step.id}: {one} is none of terraform/scripts"
            elif not (root / one).is_file():
                yield f"{step.id}: {one} does not exist"
            elif not os.access(root / one, os.X_OK):
                yield f"{step.id}: {one} is not executable"
