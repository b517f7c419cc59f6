"""`handoff.toml`: what may stand in it, and what is said about anything else."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from handoff import texts
from handoff.errors import ConfigurationError
from handoff.file_types import KINDS

Table = Mapping[str, Any]

# https://www.rfc-editor.org/rfc/rfc6454#section-6.2
ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
PLACEHOLDER = re.compile(r"\{[^{}]*\}?|\}")

# Dialogflow CX waits 30 seconds at most; a year is long for a customer's words.
LONGEST_TURN = 25
# With less than this no call to a provider would be begun.
SHORTEST_TURN = 1
MOST_HOURS = 24 * 366

# Longer would only keep a customer from the bot.
LONGEST_GRACE = 600

# Nobody waits for a person, or for an answer, longer than a day.
LONGEST_WAIT = 24 * 3600
MOST_TURNS_PER_SECOND = 1000
MOST_TARGETS = 10_000

# What Cloud Run takes in one request, less what stands around a file
# https://cloud.google.com/run/quotas
LARGEST_FILE = 32_000_000

# The ids that settings and addresses use, whether or not a provider is configured
PROVIDER_IDS = frozenset({"livechat", "8x8", "sparkcentral", "cm"})

# What a bot's parameters are called, unless [parameters] says otherwise.
PARAMETERS = frozenset(
    {
        *("handoff_provider", "handoff_target", "handoff_skill"),
        *("customer_name", "customer_email", "customer_phone", "customer_language", "customer_id"),
        *("handoff_state", "handoff_reason", "handoff_id", "handoff_available", "handoff_agent"),
        *("handoff_position", "handoff_wait_seconds", "handoff_missing"),
    }
)


def read(path: Path) -> Table:
    """Return the file's content once every key and value in it is known to be right.

    Raises ConfigurationError with a line for each thing that is wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"HANDOFF_CONFIG: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    problems = check(content)
    if problems:
        raise ConfigurationError("\n".join(f"{path}: {problem}" for problem in problems))
    return content


def check(content: Table) -> list[str]:
    """Return what is wrong with the content, in words."""
    problems = []
    for section, table in content.items():
        if section not in SECTIONS:
            problems.append(_unknown(f"[{section}]", section, SECTIONS))
        elif not isinstance(table, dict):
            problems.append(f"[{section}] must be a section, not {table!r}")
        else:
            problems += SECTIONS[section](section, table)
    return problems


def _unknown(shown: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    return f"{shown} is unknown" + (f"; did you mean {near[0]!r}?" if near else "")


def _fixed(**types: Callable[[str, Any], str]) -> Callable[[str, Table], list[str]]:
    """Return the check of a section whose keys are these, each with the check of its value."""

    def check_section(section: str, table: Table) -> list[str]:
        problems = []
        for key, value in table.items():
            name = f"[{section}] {key}"
            problem = types[key](name, value) if key in types else _unknown(name, key, types)
            problems += [problem] if problem else []
        return problems

    return check_section


def _strings(name: str, value: Any) -> str:
    right = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return "" if right else f"{name} must be a list of texts, not {value!r}"


def _kinds(name: str, value: Any) -> str:
    """Refuse a content type whose files could not be told from others."""
    if problem := _strings(name, value):
        return problem
    unknown = [one for one in value if one not in KINDS]
    return _unknown(f"{name} {unknown[0]!r}", unknown[0], KINDS) if unknown else ""


def _whole(least: int, most: int) -> Callable[[str, Any], str]:
    check_number = _number(least, most)

    def check_value(name: str, value: Any) -> str:
        problem = check_number(name, value)
        return problem or ("" if value == int(value) else f"{name} must be whole, not {value!r}")

    return check_value


def _number(least: float, most: float) -> Callable[[str, Any], str]:
    def check_value(name: str, value: Any) -> str:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        right = is_number and least <= value <= most
        return "" if right else f"{name} must be a number from {least} to {most}, not {value!r}"

    return check_value


def _number_or_off(least: float, most: float) -> Callable[[str, Any], str]:
    check_number = _number(least, most)

    def check_value(name: str, value: Any) -> str:
        problem = check_number(name, value)
        off = value == 0 and value is not False
        return f"{problem}; 0: no limit" if problem and not off else ""

    return check_value


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def check_value(name: str, value: Any) -> str:
        return "" if value in choices else f"{name} must be one of {choices}, not {value!r}"

    return check_value


def _text(name: str, value: Any) -> str:
    return "" if isinstance(value, str) else f"{name} must be a text, not {value!r}"


def _attributes(section: str, table: Table) -> list[str]:
    return [p for key, value in table.items() if (p := _text(f"[{section}] {key}", value))]


def _parameters(section: str, table: Table) -> list[str]:
    unknown = [
        _unknown(f"[{section}] {key}", key, PARAMETERS) for key in sorted(table.keys() - PARAMETERS)
    ]
    names = list(table.values())
    twice = sorted({str(one) for one in names if names.count(one) > 1})
    doubled = [f"[{section}] two of our parameters cannot both be {one!r}" for one in twice]
    return unknown + doubled + _attributes(section, table)


def _origins(name: str, value: Any) -> str:
    """Refuse what no browser would send as the origin of a page."""
    if problem := _strings(name, value):
        return problem
    odd = [one for one in value if one != "*" and not ORIGIN.fullmatch(one)]
    example = "https://www.example.com"
    return f"{name} must be origins such as {example}, without a path, not {odd}" if odd else ""


def _targets(section: str, table: Table) -> list[str]:
    problems = []
    for name, ids in table.items():
        shown = f"[{section}.{name}]"
        if not isinstance(ids, dict):
            problems.append(f"{shown} must be a section of provider ids, not {ids!r}")
            continue
        problems += [
            _unknown(f"{shown} {one}", one, PROVIDER_IDS) for one in ids.keys() - PROVIDER_IDS
        ]
        problems += _attributes(f"{section}.{name}", ids)
    return problems


def _texts(section: str, table: Table) -> list[str]:
    problems = []
    for language, own in table.items():
        shown = f"[{section}.{language}]"
        if not isinstance(own, dict):
            problems.append(f"{shown} must be a section of texts, not {own!r}")
            continue
        problems += [
            _unknown(f"{shown} {one}", one, texts.NAMES) for one in own.keys() - texts.NAMES
        ]
        problems += _attributes(f"{section}.{language}", own)
        problems += [
            p for key, value in own.items() if (p := _placeholders(f"{shown} {key}", value))
        ]
    return problems


def _placeholders(name: str, value: Any) -> str:
    """Refuse a placeholder that would reach the customer as it stands."""
    rest = str(value)
    for known in texts.PLACEHOLDERS:
        rest = rest.replace(known, "")
    strange = PLACEHOLDER.search(rest)
    return f"{name} has the unknown placeholder {strange[0]!r}" if strange else ""


SECTIONS: Mapping[str, Callable[[str, Table], list[str]]] = {
    "providers": _fixed(order=_strings, unknown_availability=_one_of("open", "closed")),
    "dialogflow": _fixed(start_intents=_strings),
    "parameters": _parameters,
    "attributes": _attributes,
    "targets": _targets,
    "limits": _fixed(
        turn=_number_or_off(SHORTEST_TURN, LONGEST_TURN),
        accept=_number(0, LONGEST_WAIT),
        inactive_warning=_number(0, LONGEST_WAIT),
        inactive=_number(0, LONGEST_WAIT),
        page_gone=_number(0, LONGEST_WAIT),
        leave_grace=_number(0, LONGEST_GRACE),
        turns_per_second=_number(0, MOST_TURNS_PER_SECOND),
    ),
    "delivery": _fixed(allowed_origins=_origins, listen_targets=_whole(1, MOST_TARGETS)),
    "files": _fixed(largest=_whole(0, LARGEST_FILE), types=_kinds),
    "words": _fixed(leave=_strings),
    "retention": _fixed(texts_hours=_number(1, MOST_HOURS)),
    "texts": _texts,
}
