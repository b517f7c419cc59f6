"""Runs the test of the streams once and prints its table; the exit status says how it went."""

from __future__ import annotations

import asyncio
import sys

from demo.emulator import Missing
from handoff.cli.processes import interrupt_when_told_to_end
from tests.crash.ledger import Json
from tests.streams import report
from tests.streams.hold import hold
from tests.streams.options import Options, parse
from tests.streams.talk import talk


def main() -> int:
    """Play one run."""
    interrupt_when_told_to_end()
    options, as_json = parse()
    try:
        figures, findings = _played(options)
    except Missing as reason:
        print(f"Cannot run: {reason}", file=sys.stderr)
        return 2
    print(report.printed(figures, findings, as_json=as_json))
    return 1 if findings else 0


def _played(options: Options) -> tuple[Json, list[str]]:
    if options.hold:
        held = asyncio.run(hold(options))
        return report.of_hold(options, held), held.findings
    run = asyncio.run(talk(options))
    return report.of_talk(options, run), run.findings


if __name__ == "__main__":
    sys.exit(main())
