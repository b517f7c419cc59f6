"""Commands of the project as real processes, and what they leave behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS = 60.0


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python …` in the checkout to its end, for a terminal of a usual width."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120", **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Started:
    """A process that runs, and the lines that it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""

    def read_until(self, words: str) -> str:
        """Return all that is printed up to a line with certain words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if words in line:
                return self.printed
        raise AssertionError(f"it ended without {words!r}:\n{self.printed}")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=10)
        self.printed += rest
        return self.process.returncode


@contextlib.contextmanager
def started(*command: str, env: Mapping[str, str] | None = None) -> Iterator[Started]:
    """Start `python …` in the checkout; whatever happens, it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Started(process)
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.terminate()
            process.communicate(timeout=10)
        process.kill()


def addresses_in(printed: str) -> list[tuple[str, int]]:
    """Return every loopback address that was printed."""
    found = re.findall(r"http://(127\.0\.0\.1):(\d+)", printed)
    return [(host, int(port)) for host, port in found]


def somebody_listens(address: tuple[str, int]) -> bool:
    """Say whether a connection is accepted."""
    with contextlib.suppress(OSError), socket.create_connection(address, 1):
        return True
    return False
