"""Which way imports may point: a table of all modules, and the checks that read it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = ROOT / "shared"
PACKAGE = SHARED / "handoff"

# Every module has its place in one row; inside a row a module may import those before it.
# `name.*` stands for a whole package.
ROWS: Mapping[str, Sequence[str]] = {
    "words": (
        *("errors", "vocabulary", "records"),
        *("deliveries", "model", "events"),
        *("exchange", "texts", "signatures", "customer_tokens", "words", "file_types"),
    ),
    "clock": ("clock",),
    "log": ("log",),
    "contracts": ("providers.base", "providers.operating"),
    "storage": ("store", "codec", "documents"),
    "dialects": (
        *("dialogflow.turn", "dialogflow.rich"),
        *("dialogflow.cx", "dialogflow.es", "dialogflow.wire"),
    ),
    "decisions": (
        "bounds",
        "earlier",
        "rules",
        "effects",
        "jobs",
        "life",
        "leaving",
        "reading",
        "facts",
        "late",
        "lifecycle",
        "outbox",
        "failures",
        "opening",
        "standing",
        "relay",
        "page",
        "timers",
        "page_events",
        "turns",
    ),
    "providers": (
        "providers.file_forms",
        "providers.livechat_errors",
        "providers.livechat_payloads",
        "providers.livechat_wire",
        "providers.livechat_webhooks",
        "providers.livechat_reading",
        "providers.livechat_opening",
        "providers.livechat_configuration",
        "providers.livechat_setup",
        "providers.livechat_check",
        "providers.livechat",
        "providers.eight_by_eight_errors",
        "providers.eight_by_eight_wire",
        "providers.eight_by_eight_signature",
        "providers.eight_by_eight_cards",
        "providers.eight_by_eight_webhooks",
        "providers.eight_by_eight_names",
        "providers.eight_by_eight_inbox",
        "providers.eight_by_eight_history",
        "providers.eight_by_eight_reading",
        "providers.eight_by_eight_opening",
        "providers.eight_by_eight_presence",
        "providers.eight_by_eight_setup",
        "providers.eight_by_eight",
    ),
    "edges": (
        *("sqlite_schema", "sqlite_watch", "sqlite"),
        *("firestore_facts", "firestore_listen", "firestore_stream", "firestore_watch"),
        *("firestore", "scheduler"),
        *("transport", "secret_manager", "forms", "uploads", "web"),
    ),
    "work": (
        *("deadline", "tokens", "rates", "sessions"),
        *("performing", "asking", "replaying", "told", "bridge", "waking"),
        *("attaching", "filing", "ending", "presence", "feed", "customer_chat"),
    ),
    "pages": ("scripts", "event_stream", "chat_web"),
    "settings": (
        *("variables", "config_file", "caller_auth", "store_settings"),
        *("wake_settings", "page_settings"),
        *("registry", "settings"),
    ),
    "wiring": ("bootstrap",),
    "commands": ("cli.*",),
    "main": ("main",),
}

# Which rows a row may import from, beside itself.
SEES: Mapping[str, set[str]] = {
    "words": set(),
    "clock": set(),
    "log": set(),
    "contracts": {"words"},
    "storage": {"words"},
    "dialects": {"words"},
    "decisions": {"words", "contracts", "dialects"},
    "providers": {"words", "clock", "contracts"},
    "edges": {"words", "clock", "log", "storage"},
    "work": {"words", "clock", "log", "contracts", "storage", "dialects", "decisions"},
    "pages": {"words", "clock", "log", "edges", "work"},
    "settings": {"words", "clock", "log", "contracts", "decisions", "providers"},
    "wiring": {"words", "clock", "log", "contracts", "storage", "edges", "work", "settings"},
    "commands": set(ROWS) - {"main", "providers"},
    "main": {"words", "log", "dialects", "edges", "work", "pages", "wiring"},
}
KNOWS_THE_REGISTRY = {"settings", "bootstrap"}

# What is not ours, and who alone may import it.
FOREIGN: Mapping[str, set[str]] = {
    "aiohttp": {"transport"},
    "requests": {"transport"},
    "google": {"firestore_listen", "firestore", "scheduler", "secret_manager"},
    "grpc": {"firestore_listen", "firestore", "scheduler", "secret_manager"},
    "starlette": {"web", "event_stream", "chat_web", "main"},
    "python_multipart": {"forms"},
    "functions_framework": {"main"},
    "sqlite3": {"sqlite_watch", "sqlite"},
    "demo": set(),
    "tests": set(),
}
PURE_ROWS = ("words", "contracts", "storage", "dialects", "decisions", "providers")
IMPURE = {"asyncio", "os", "time", "random", "secrets", "uuid", "socket", "threading", "logging"}


def module_name(path: Path) -> str:
    """Return a file's name in the table: `providers.base`; `main` for a function's entry."""
    if PACKAGE not in path.parents:
        return path.stem
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def sources() -> list[Path]:
    """Return our modules, without the packages' empty first files, and the functions' entries."""
    shared = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    return sorted([*shared, *(ROOT / "functions").glob("*/main.py")])


def imports_of(source: str, module: str) -> set[str]:
    """Return all that a source imports, also inside functions, by absolute names."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ["handoff", *module.split(".")][: -node.level] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            found |= {_target(start, alias.name) for alias in node.names}
    return found


def _target(start: str, name: str) -> str:
    """Return the module that `from start import name` reaches."""
    inside = SHARED.joinpath(*start.split("."), name)
    is_module = inside.with_suffix(".py").exists() or inside.is_dir()
    return f"{start}.{name}" if is_module else start


def row_of(module: str) -> tuple[str, int] | None:
    """Return a module's row and its place in it."""
    for row, members in ROWS.items():
        for place, member in enumerate(members):
            package = member.removesuffix(".*")
            if module == member or (member != package and f"{module}.".startswith(f"{package}.")):
                return row, place
    return None


def wrong_arrows(module: str, imports: Iterable[str]) -> list[str]:
    """Return what is wrong with a module's imports of our own modules."""
    here = row_of(module)
    if here is None:
        return [f"{module} has no place: add it to ROWS, in the lowest row that sees its imports"]
    ours = (one.removeprefix("handoff.") for one in imports if one.startswith("handoff."))
    return [problem for one in sorted(ours) if (problem := _wrong_arrow(module, here, one))]


def _wrong_arrow(module: str, here: tuple[str, int], other: str) -> str:
    there = row_of(other)
    if there is None:
        return f"{module} imports {other}, which has no place in ROWS"
    if other == "registry" and module not in KNOWS_THE_REGISTRY:
        return f"{module} imports the registry, which only {sorted(KNOWS_THE_REGISTRY)} may"
    same_row = here[0] == there[0]
    before = there[1] < here[1] or ROWS[here[0]][here[1]].endswith(".*")
    if before if same_row else there[0] in SEES[here[0]]:
        return ""
    return f"{module} ({here[0]}) must not import {other} ({there[0]})"


def wrong_foreigners(module: str, imports: Iterable[str]) -> list[str]:
    """Return what a module imports of others' packages and must not."""
    here = row_of(module)
    impure = IMPURE if here is not None and here[0] in PURE_ROWS else set()
    tops = sorted({one.partition(".")[0] for one in imports})
    return [
        f"{module} must not import {top}"
        for top in tops
        if top in impure or module not in FOREIGN.get(top, {module})
    ]
