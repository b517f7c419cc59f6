"""Writes the tables and pictures that come from code: `python docs/generate.py`.

Everything between `<!-- generated: NAME -->` and `<!-- end -->` in a Markdown file is replaced.
A test fails when a file is not what this would write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path

from handoff import events
from handoff.clock import utc_now
from handoff.events import Event, Unrecognized
from handoff.lifecycle import ENDINGS, TRANSITIONS
from handoff.providers.base import Capabilities
from handoff.registry import GATEWAY, PROVIDERS, STATISTICS
from handoff.texts import TEXTS
from handoff.variables import Variables
from handoff.vocabulary import ProviderId, Reason, State

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, it is not on the path
from tests import costs

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/settings.md", "docs/texts.md", "docs/events.md", "docs/deploy.md")
BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

ABILITIES: Mapping[str, str] = {
    "availability": "asked before a handoff whether somebody is there",
    "queue_position": "tells place and wait in the queue",
    "agent_names": "tells agents' names",
    "transcript_as_note": "transcript where only agents read",
    "typing_to_agent": "customer's typing reaches the agent",
    "typing_to_customer": "agent's typing reaches the customer",
    "presence_to_agent": "the agent sees the customer's page leave and come back",
    "files_to_customer": "agent's files reach the customer (as links)",
    "files_to_agent": "customer's files reach the agent",
    "rich_messages": "agent's cards and buttons (as text with links)",
    "shared_secret_webhooks": "webhooks carry a shared secret",
    "signed_webhooks": "webhooks are signed",
    "signed_time": "webhooks sign their time, so that old ones are refused",
    "hosts_channel": "owns the customer's channel",
    "leaving_ends": "tells no end: the last agent's leaving, confirmed, is it",
}


def capabilities() -> str:
    """Return the table of what each provider can do."""
    built = {name: _capabilities(name) for name in PROVIDERS}
    lines = [_row("ability", *built), _row("---", *("---" for _ in built))]
    for one in fields(Capabilities):
        marks = ("yes" if getattr(can, one.name) else "–" for can in built.values())
        lines.append(_row(ABILITIES[one.name], *marks))
    return "\n".join(lines)


def vocabulary() -> str:
    """Return the table of what each provider can tell, in its own words."""
    kinds = [one for one in vars(events).values() if _is_kind(one)]
    lines = [_row("event", "means", *PROVIDERS), _row("---", "---", *("---" for _ in PROVIDERS))]
    for kind in kinds:
        words = [
            "<br>".join(word for word, meant in entry.says.items() if kind in meant) or "–"
            for entry in PROVIDERS.values()
        ]
        meaning = (kind.__doc__ or "").partition(".")[0]
        lines.append(_row(f"`{kind.__name__}`", meaning, *words))
    return "\n".join(lines)


def _is_kind(one: object) -> bool:
    is_event = isinstance(one, type) and issubclass(one, Event)
    return is_event and one not in {Event, Unrecognized}


def states() -> str:
    """Return the transition table as a picture."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for cause, moves in TRANSITIONS.items():
        for before, after in moves.items():
            if before is not after:
                arrows.setdefault((before, after), []).append(cause.__name__)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> requested: handoff.start"]
    lines += [f"    {a} --> {b}: {', '.join(causes)}" for (a, b), causes in arrows.items()]
    lines += ["    closed --> [*]", "    failed --> [*]", "```"]
    return "\n".join(lines)


def reasons() -> str:
    """Return why a handoff can end, and the text the customer gets."""
    lines = [_row("handoff_reason", "text"), _row("---", "---")]
    lines += [_row(f"`{reason}`", f"`{ENDINGS[reason]}`") for reason in Reason]
    return "\n".join(lines)


def texts() -> str:
    """Return every text in every language."""
    blocks = []
    for language, table in TEXTS.items():
        lines = [f"### {language}\n", _row("name", "default"), _row("---", "---")]
        lines += [_row(f"`{name}`", text) for name, text in table.items()]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def variables() -> str:
    """Return which variables make a provider configured."""
    lines = [_row("provider", "required", "optional"), _row("---", "---", "---")]
    for name, entry in PROVIDERS.items():
        lines.append(_row(f"`{name}`", _code(entry.required), _code(entry.optional)))
    return "\n".join(lines)


GENERATORS: Mapping[str, Callable[[], str]] = {
    "capabilities": capabilities,
    "states": states,
    "vocabulary": vocabulary,
    "reasons": reasons,
    "texts": texts,
    "variables": variables,
    "costs": costs.table,
}


def rewritten(page: str) -> str:
    """Return a page with its generated blocks made anew."""

    def block(match: re.Match[str]) -> str:
        return f"{match[1]}\n{GENERATORS[match[2]]()}\n\n{match[3]}"

    return BLOCK.sub(block, page)


def _capabilities(name: ProviderId) -> Capabilities:
    """Return what a provider can do, with every optional variable set."""
    entry = PROVIDERS[name]
    filled = {**dict.fromkeys(entry.variables, "1"), STATISTICS: GATEWAY}
    return replace(entry.build(Variables(filled, lambda _: {}), utc_now).capabilities)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(names: tuple[str, ...]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def main() -> int:
    """Rewrite every page; return 0."""
    for name in PAGES:
        path = ROOT / name
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
