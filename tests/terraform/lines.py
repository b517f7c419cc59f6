"""What the code writes to its log, read off its source: each event with the fields it can have."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

from handoff.vocabulary import JobKind
from tests.terraform.offline import ROOT

WRITES = {"info", "warning", "error", "write"}  # `write` is one of the others, chosen before
EVERY_LINE = {"event", "message", "milliseconds"}


@functools.cache
def written() -> Mapping[str, frozenset[str]]:
    """Return every event of the log with its fields, those of `log.about` among them."""
    calls = [one for path in _sources() for one in _calls(path)]
    everywhere = {name for called, call in calls if called == "about" for name in _fields(call)}
    found: dict[str, set[str]] = {}
    for called, call in calls:
        for event in _events(call) if called in WRITES else ():
            found.setdefault(event, EVERY_LINE | everywhere).update(_fields(call))
    return {event: frozenset(fields) for event, fields in found.items()}


@functools.cache
def words() -> frozenset[str]:
    """Return every text in the source: an outcome that is none of them is never written."""
    trees = [ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in _sources()]
    nodes = (one for tree in trees for one in tree if isinstance(one, ast.Constant))
    return frozenset(one.value for one in nodes if isinstance(one.value, str))


def _sources() -> list[Path]:
    return sorted((ROOT / "shared").rglob("*.py"))


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that may write a line, with the name of what is called."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == "log":
            yield called.attr, node
        elif isinstance(called, ast.Name) and called.id in WRITES:
            yield called.id, node


def _events(call: ast.Call) -> Iterator[str]:
    """Yield what the line may be about; `job.{kind}` is one for each kind of job."""
    if not call.args:
        return
    first = call.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first.value
    elif isinstance(first, ast.JoinedStr) and ast.unparse(first) == "f'job.{job.kind}'":
        yield from (f"job.{kind}" for kind in JobKind)


def _fields(call: ast.Call) -> Iterator[str]:
    yield from (one.arg for one in call.keywords if one.arg)
