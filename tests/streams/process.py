"""What Linux knows of a running function: its worker, its memory, its open files."""

from __future__ import annotations

import resource
from pathlib import Path

PROC = Path("/proc")


def raise_open_files() -> None:
    """Allow this process and those it starts as many open files as the machine lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def is_running(pid: int) -> bool:
    """Say whether a process has not ended yet, whoever has taken note of that."""
    try:
        return _read(pid, "stat").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Worker:
    """The one process that serves a function; the one that was started only watches over it."""

    def __init__(self, parent: int) -> None:
        [self.pid] = map(int, _read(parent, f"task/{parent}/children").split())

    @property
    def memory(self) -> float:
        """Return the memory in use, in KiB."""
        return self._status("VmRSS")

    @property
    def most_memory(self) -> float:
        """Return the most memory that was in use since `forget_most_memory`, in KiB."""
        return self._status("VmHWM")

    def forget_most_memory(self) -> None:
        """Begin again to look for the most."""
        # https://docs.kernel.org/filesystems/proc.html: 5 resets the peak resident set size.
        (PROC / str(self.pid) / "clear_refs").write_text("5", encoding="ascii")

    @property
    def files(self) -> int:
        """Return how many files and connections are open."""
        return sum(1 for _ in (PROC / str(self.pid) / "fd").iterdir())

    @property
    def seconds(self) -> float:
        """Return the processor's time that was used."""
        ticks = _read(self.pid, "stat").rpartition(")")[2].split()
        return (int(ticks[11]) + int(ticks[12])) / 100

    def _status(self, name: str) -> float:
        lines = _read(self.pid, "status").splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _read(pid: int, name: str) -> str:
    return (PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace")
