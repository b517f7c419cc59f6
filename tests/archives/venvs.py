"""Environments for archives, made as the buildpack makes them, once for what they hold."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A pipeline may keep this folder between its runs.
FOLDER = Path(os.environ.get("HANDOFF_VENVS") or ROOT / ".handoff" / "venvs")
DONE = "complete"
INSTALL_SECONDS = 500.0

# How pip says that nobody answers where packages come from, and not that one is missing or wrong.
UNREACHABLE = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "NameResolutionError",
    "ProxyError",
    "Network is unreachable",
)

Fill = Callable[[Path], None]


class Unreachable(Exception):
    """The package index does not answer."""


def venv(requirements: Path, folder: Path = FOLDER) -> Path:
    """Return an environment with exactly these requirements, made when there is none yet."""
    content = requirements.read_bytes()
    key = hashlib.sha256(content + sys.version.encode()).hexdigest()[:16]
    return kept(folder, key, lambda place: install(requirements, place, os.environ))


def kept(folder: Path, key: str, fill: Fill) -> Path:
    """Return a folder that `fill` filled to its end, once, whoever else wants it meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / key
    with _alone(folder / f"{key}.lock"):
        if not (place / DONE).exists():
            # What somebody began who was killed.
            shutil.rmtree(place, ignore_errors=True)
            fill(place)
            (place / DONE).touch()
    return place


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait for the lock; the system takes it from whoever dies."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(requirements: Path, place: Path, environ: Mapping[str, str]) -> None:
    """Make an environment and install the requirements by their hashes; raises Unreachable.

    https://github.com/GoogleCloudPlatform/buildpacks/blob/main/pkg/python/python.go
    """
    _run([sys.executable, "-m", "venv", str(place)], environ)
    python = str(place / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    # Into a new place, so that nothing has to be upgraded or installed once more.
    wanted = ["install", "--quiet", "--require-hashes", "--requirement", str(requirements)]
    _run([*pip, *wanted, "--no-warn-script-location"], environ)
    _run([*pip, "check"], environ)


def _run(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(
        command,
        env={name: value for name, value in environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return
    said = done.stdout + done.stderr
    if any(sign in said for sign in UNREACHABLE):
        raise Unreachable("the package index does not answer")
    raise AssertionError(f"{command[1:4]} failed:\n{said[-2000:]}")
