"""Which tests begin first, how many run at a time, and for which no line is counted."""

from __future__ import annotations

import os
from collections.abc import Sequence

# What takes longest, so that nothing long is left when all else is done. The rest follows by name.
LONGEST: Sequence[str] = (
    "tests/crash/",
    "tests/demo/test_script.py",
    "tests/whole/",
    "tests/pages/",
    "tests/browser/",
    "tests/streams/",
    "tests/archives/",
    "tests/terraform/",
    "tests/cli/",
    "tests/test_growth.py",
    "tests/test_bootstrap.py",
    "tests/demo/",
)

# Counting lines takes as long as the tests themselves. These play what others play too: over
# processes, which nobody counts in, or again and again with more of the same.
UNCOUNTED = (
    "tests/crash/",
    "tests/demo/",
    "tests/whole/",
    "tests/pages/",
    "tests/browser/",
    "tests/streams/",
    "tests/archives/",
    "tests/terraform/",
    "tests/cli/",
    "tests/test_bootstrap.py",
    "tests/test_growth.py::test_flood",
    "tests/test_growth.py::test_thousand",
    "tests/test_interleavings",
    "tests/test_long_inputs.py",
)


def place(test: str) -> int:
    """Return a number that is smaller for a test that begins earlier."""
    early = (number for number, name in enumerate(LONGEST) if test.startswith(name))
    return next(early, len(LONGEST))


def counts(test: str) -> bool:
    """Say whether the lines that a test runs are to be counted."""
    return not test.startswith(UNCOUNTED)


def workers() -> int:
    """Return how many tests run at a time: one more than there are processors, as many wait."""
    return (os.cpu_count() or 1) + 1
