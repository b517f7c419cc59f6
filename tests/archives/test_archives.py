"""What is in an archive, what is not, and that the same sources always give the same bytes."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from terraform import archives
from tests.archives.conftest import Built
from tests.archives.town import CONFIG

SCRIPT = archives.ROOT / "terraform" / "archives.py"
NAME = re.compile(r"([a-z_]+)-([0-9a-f]{16})\.zip")
PINNED = re.compile(
    r"(?m)^([a-z0-9-]+)(\[[a-z,]+\])?==\S+( ; .+?)? \\\n"
    r"(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+"
)

# So the buildpack sees whether the framework is there; it would install one of its own otherwise.
# https://github.com/GoogleCloudPlatform/buildpacks/blob/main/pkg/python/dependencies.go
FRAMEWORK = re.compile(r"(?m)^functions-framework\b([^-]|$)")

# What people's commands, tests and the demo are made of.
NOT_IMPORTED = {"click", "demo", "tests", "pytest", "hypothesis", "playwright", "terraform"}


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def content(archive: archives.Archive) -> dict[str, bytes]:
    with zipfile.ZipFile(archive.path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def requirements(built: Built) -> str:
    [text] = {content(one)["requirements.txt"].decode() for one in built.values()}
    return text


def test_same_sources_give_the_same_bytes_whoever_builds_where(
    built: Built, tmp_path: Path
) -> None:
    config = tmp_path / "handoff.toml"
    config.write_text(CONFIG, encoding="utf-8")
    before = os.umask(0o077)
    try:
        elsewhere = {"LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7"}
        done = run("--out", "out", "--config", str(config), cwd=tmp_path, **elsewhere)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    again = {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    assert again == {Path(one.path).name: Path(one.path).read_bytes() for one in built.values()}


def test_order_of_the_files_does_not_matter() -> None:
    files = {"b.py": b"2", "a/c.py": b"3", "a.py": b"1"}
    assert archives.zipped(files) == archives.zipped(dict(reversed(files.items())))
    assert archives.zipped(files) != archives.zipped({**files, "b.py": b"4"})


def test_name_holds_function_and_hash(built: Built) -> None:
    assert set(built) >= {"agent_events", "customer_chat", "dialogflow_fulfillment", "wake"}
    for name, one in built.items():
        raw = Path(one.path).read_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        assert (one.size, one.sha256) == (len(raw), digest)
        found = NAME.fullmatch(Path(one.path).name)
        assert found is not None
        assert found.groups() == (name, digest[:16])


def test_archive_holds_what_a_function_needs_and_nothing_else(built: Built) -> None:
    package = {
        path.relative_to(archives.SHARED).as_posix(): path.read_bytes()
        for path in archives.PACKAGE.rglob("*")
        if path.suffix in {".py", ".js"} and path.relative_to(archives.PACKAGE).parts[0] != "cli"
    }
    assert {"handoff/bootstrap.py", "handoff/browser/handoff-messenger.js"} <= set(package)
    for name, one in built.items():
        files = content(one)
        del files["requirements.txt"]
        main = (archives.ROOT / "functions" / name / "main.py").read_bytes()
        assert files == {**package, "main.py": main, "handoff.toml": CONFIG.encode()}


def test_files_are_for_everybody_to_read_and_as_old_as_a_zip_can_say(built: Built) -> None:
    for one in built.values():
        with zipfile.ZipFile(one.path) as opened:
            entries = opened.infolist()
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
        assert [entry.filename for entry in entries] == sorted(one.filename for one in entries)


def test_without_a_file_of_settings_there_is_none(tmp_path: Path) -> None:
    [one] = archives.build(["wake"], tmp_path)
    assert "handoff.toml" not in content(one)


def test_every_requirement_is_pinned_with_its_hashes(built: Built) -> None:
    text = requirements(built)
    assert "".join(one.group() for one in PINNED.finditer(text)) == text
    assert FRAMEWORK.search(text)


def test_requirements_are_those_of_functions_alone(built: Built) -> None:
    project = tomllib.loads((archives.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = {one.group(1) for one in PINNED.finditer(requirements(built))}
    assert names >= {_name(one) for one in project["project"]["dependencies"]}
    tools = {_name(one) for one in project["dependency-groups"]["dev"]} - {"pyyaml"}
    assert names & tools == set()
    assert names & {"dialogflow-live-agent-handoff", "google-cloud-dialogflow-cx"} == set()


def test_nothing_in_an_archive_imports_what_only_people_use(built: Built) -> None:
    for one in built.values():
        for name, source in content(one).items():
            if name.endswith(".py"):
                assert imported(source) & NOT_IMPORTED == set(), name


def imported(source: bytes) -> set[str]:
    """Return the first names of all that a source imports, wherever it does."""
    tree = list(ast.walk(ast.parse(source)))
    plain = {alias.name for one in tree if isinstance(one, ast.Import) for alias in one.names}
    named = {one.module or "" for one in tree if isinstance(one, ast.ImportFrom)}
    return {one.partition(".")[0] for one in plain | named}


def test_older_archives_of_the_same_function_go(tmp_path: Path) -> None:
    old, other = tmp_path / f"wake-{'0' * 16}.zip", tmp_path / f"agent_events-{'0' * 16}.zip"
    own = tmp_path / "wake-notes.zip"
    for path in (old, other, own):
        path.write_bytes(b"")
    [one] = archives.build(["wake"], tmp_path)
    assert set(tmp_path.iterdir()) == {Path(one.path), other, own}


def test_one_line_is_printed_for_each(tmp_path: Path) -> None:
    done = run("--out", str(tmp_path), "wake", "agent_events", cwd=tmp_path)
    line = r"(?m)^(\w+)-[0-9a-f]{16}\.zip  [0-9]+ bytes  sha256 [0-9a-f]{64}$"
    assert re.findall(line, done.stdout) == ["wake", "agent_events"]


def test_the_same_can_be_had_as_json(tmp_path: Path) -> None:
    done = run("--out", str(tmp_path), "--json", "wake", cwd=tmp_path)
    [told] = json.loads(done.stdout)
    assert told["function"] == "wake"
    assert (told["size"], told["sha256"]) == (
        Path(told["path"]).stat().st_size,
        hashlib.sha256(Path(told["path"]).read_bytes()).hexdigest(),
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wakke"], "no such function: wakke; known: agent_events, customer_chat,"),
        (["--config", "nowhere.toml"], "cannot read nowhere.toml"),
        (["--config", "wrong.toml"], "wrong.toml: [limit]"),
    ],
)
def test_what_cannot_be_built_is_said_and_nothing_is_built(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text("[limit]\naccept = 1\n", encoding="utf-8")
    done = run("--out", "out", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_sizes(built: Built, record_property: Callable[[str, object], None]) -> None:
    for name, one in built.items():
        record_property(name, one.size)
        assert one.size < 2_000_000, f"{name} has become large: what is in it?"


def _name(requirement: str) -> str:
    return re.split(r"[\[><=;~ ]", requirement, maxsplit=1)[0]
