"""Prints how large the archives are and how long the functions out of them take to start.

python -m tests.archives [starts of each function]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.archives.cold_starts import measure


def main() -> None:
    """Measure all functions and print a table."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("| function | archive | alive after | first work done after | of the processor |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="handoff-") as folder:
        for archive, start in measure(Path(folder), times):
            seconds = (start.alive, start.worked, start.busy)
            told = " | ".join(f"{one:.1f} s" for one in seconds)
            print(f"| `{archive.function}` | {archive.size / 1000:.0f} kB | {told} |", flush=True)


if __name__ == "__main__":
    main()
