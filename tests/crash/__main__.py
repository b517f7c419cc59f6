"""Runs the crash test once and prints its table; the exit status says whether it passed."""

from __future__ import annotations

import sys

from demo.emulator import Missing
from tests.crash import report
from tests.crash.options import parse
from tests.crash.run import forget, run


def main() -> int:
    """Play one run."""
    options, as_json = parse()
    try:
        outcome = run(options)
    except Missing as reason:
        print(f"Cannot run: {reason}", file=sys.stderr)
        return 2
    print(report.printed(outcome, as_json=as_json))
    if not report.passed(outcome):
        return 1
    forget(outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main())
