"""Prints the slowest answer seen for each kind of hanging provider: `python -m` this module."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.whole.deadlines import CALLS, Table, measure
from tests.whole.hanging import KINDS

PROVIDERS = ("livechat", "8x8")


def rendered(table: Table) -> str:
    """Return the table in Markdown: seconds, of the call and of the turns after it."""
    head = ["provider", "it", *CALLS, "slowest"]
    rows = [head, ["---"] * len(head)]
    for provider, kind in dict.fromkeys((provider, kind) for provider, kind, _ in table):
        slowest = [max(one.seconds for one in table[provider, kind, call]) for call in CALLS]
        rows.append([provider, kind, *(f"{one:.2f}" for one in (*slowest, max(slowest)))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Measure every kind, one provider after the other, and print."""
    with tempfile.TemporaryDirectory() as folder:
        for provider in PROVIDERS:
            print(rendered(measure(Path(folder) / provider, {provider: KINDS})))


if __name__ == "__main__":
    main()
