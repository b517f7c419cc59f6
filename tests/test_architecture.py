"""The house rules that a machine can read: which way imports point, and what stays small."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arrows import (
    PACKAGE,
    ROOT,
    ROWS,
    SHARED,
    imports_of,
    module_name,
    sources,
    wrong_arrows,
    wrong_foreigners,
)

VENDORS = re.compile(r"live_?chat|8x8|eight.by.eight|sparkcentral|\bcm\b|cm[._]com", re.IGNORECASE)
MAY_NAME_VENDORS = {"registry", "config_file", "settings", *ROWS["providers"]}

READS_ENVIRONMENT = {"bootstrap", "secret_manager", "cli.serving", "cli.main"}

IMPORT_ALL = """
import importlib, logging, sys, threading
def forbid(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen"}:
        raise AssertionError(f"{event} at import")
sys.addaudithook(forbid)
for name in sys.argv[1:]:
    importlib.import_module(name)
assert threading.active_count() == 1, threading.enumerate()
assert not logging.getLogger("handoff").handlers
assert not logging.getLogger().handlers
"""


def compares_providers(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that compare a provider with a fixed one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(_is_provider, sides)) and any(map(_is_fixed, sides)):
                yield node.lineno
        elif isinstance(node, ast.Match) and _is_provider(node.subject):
            yield node.lineno


def _is_provider(node: ast.expr) -> bool:
    name = getattr(node, "id", getattr(node, "attr", ""))
    return name in {"provider", "provider_id"}


def _is_fixed(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(_is_fixed, node.elts))
    if isinstance(node, ast.Call):
        return any(map(_is_fixed, node.args))
    name = getattr(node, "id", getattr(node, "attr", ""))
    return name.isupper() or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def reads_environment(tree: ast.AST) -> bool:
    """Say whether a source looks at the process's environment."""
    names = {"environ", "environb", "getenv"}
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    imported = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(
        one.attr in names and isinstance(one.value, ast.Name) and one.value.id == "os"
        for one in attributes
    ) or any(
        one.module == "os" and any(alias.name in names for alias in one.names) for one in imported
    )


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources(), ids=by_name)
def test_imports_point_one_way(path: Path) -> None:
    module = module_name(path)
    imports = imports_of(path.read_text(encoding="utf-8"), module)
    assert wrong_arrows(module, imports) + wrong_foreigners(module, imports) == []


def test_every_place_in_the_table_is_taken() -> None:
    known = {module_name(path) for path in sources()}
    named = [one for members in ROWS.values() for one in members if not one.endswith(".*")]
    assert [one for one in named if one not in known] == []
    assert len(named) == len(set(named))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=by_name)
def test_packages_hide_no_imports(path: Path) -> None:
    assert imports_of(path.read_text(encoding="utf-8"), module_name(path)) == set()


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("exchange", "handoff.bridge"),
        ("model", "handoff.events"),
        ("providers.base", "handoff.lifecycle"),
        ("providers.livechat", "handoff.effects"),
        ("lifecycle", "handoff.store"),
        ("lifecycle", "handoff.log"),
        ("outbox", "handoff.turns"),
        ("bridge", "handoff.transport"),
        ("bridge", "handoff.providers.livechat"),
        ("bridge", "handoff.registry"),
        ("transport", "handoff.bridge"),
        ("web", "handoff.bootstrap"),
        ("settings", "handoff.bootstrap"),
        ("bootstrap", "handoff.cli.main"),
        ("cli.check", "handoff.registry"),
        ("main", "handoff.registry"),
    ],
)
def test_reversed_arrow_is_caught(module: str, imported: str) -> None:
    [problem] = wrong_arrows(module, ["json", imported])
    assert problem.startswith(f"{module} ")


def test_right_arrow_is_let_through() -> None:
    assert wrong_arrows("bridge", ["handoff.lifecycle", "handoff.store", "json"]) == []
    assert wrong_arrows("cli.main", ["handoff.cli.check", "handoff.bootstrap"]) == []


def test_module_without_a_place_is_named() -> None:
    [problem] = wrong_arrows("newcomer", ["handoff.model"])
    assert "newcomer has no place: add it to ROWS" in problem


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("bridge", "aiohttp.client"),
        ("cli.main", "requests"),
        ("store", "google.cloud.firestore"),
        ("bridge", "starlette.requests"),
        ("outbox", "asyncio"),
        ("providers.livechat", "time"),
        ("bootstrap", "demo.stage"),
    ],
)
def test_foreigner_in_the_wrong_place_is_caught(module: str, imported: str) -> None:
    assert wrong_foreigners(module, [imported]) == [
        f"{module} must not import {imported.partition('.')[0]}"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "from handoff import bridge",
        "from . import bridge",
        "from .bridge import Bridge",
        "import handoff.bridge as b",
        "def f():\n    from handoff.bridge import Bridge",
        "if TYPE_CHECKING:\n    from handoff.bridge import Bridge",
    ],
)
def test_every_way_of_importing_is_seen(source: str) -> None:
    assert imports_of(source, "exchange") == {"handoff.bridge"}


@pytest.mark.parametrize(
    "source",
    [
        "provider == 'cm'",
        "if job.provider != wire.ID: pass",
        "handoff.provider in {'x'}",
        "provider == ProviderId('x')",
        "match provider:\n    case 'x': pass",
    ],
)
def test_comparison_with_a_provider_is_caught(source: str) -> None:
    assert list(compares_providers(ast.parse(source)))


def test_no_code_compares_providers() -> None:
    found = [
        f"{by_name(path)}:{line}"
        for path in sources()
        for line in compares_providers(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_vendors_are_named_only_in_their_own_modules_and_the_settings() -> None:
    found = [
        f"{by_name(path)}:{number}"
        for path in sources()
        if module_name(path) not in MAY_NAME_VENDORS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if VENDORS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("source", ["os.environ['A']", "os.getenv('A')", "from os import environ"])
def test_reading_the_environment_is_seen(source: str) -> None:
    assert reads_environment(ast.parse(source))


def test_environment_is_read_in_one_place() -> None:
    reading = {
        module_name(path)
        for path in sources()
        if reads_environment(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert reading <= READS_ENVIRONMENT


def test_nothing_happens_at_import() -> None:
    names = [f"handoff.{module_name(path)}" for path in sources() if PACKAGE in path.parents]
    command = [sys.executable, "-c", IMPORT_ALL, *names]
    done = subprocess.run(command, cwd=SHARED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def longer_than(tree: ast.AST, most: int) -> list[str]:
    """Return the functions that have more lines than that."""
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= most
    ]


@pytest.mark.parametrize("folder", ["shared", "functions", "demo"])
def test_files_and_functions_stay_small(folder: str) -> None:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        most = 60 if path.name == "main.py" and folder == "functions" else 300
        found += [by_name(path)] if len(source.splitlines()) > most else []
        found += [f"{by_name(path)}: {one}" for one in longer_than(ast.parse(source), 40)]
    assert found == []


def test_long_function_is_caught() -> None:
    body = "\n".join(["    pass"] * 40)
    assert longer_than(ast.parse(f"def f():\n{body}"), 40) == ["f"]
