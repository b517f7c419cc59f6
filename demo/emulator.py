"""Starts Google's Firestore emulator for the demo and the tests, or says what is missing."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from handoff.cli.processes import free_port, signals_held_back

LAUNCHER = Path("platform/cloud-firestore-emulator/cloud_firestore_emulator")
# Debian's and RPM's place, Google's archive, snap.
INSTALLATIONS = (
    "/usr/lib/google-cloud-sdk",
    "~/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
)
START_SECONDS = 60.0
# A document that is not there. The first answer takes seconds on a busy machine, as long as the
# start itself: nobody's turn is to wait for that.
DOCUMENT = "/v1/projects/nobody/databases/(default)/documents/a/b"


class Missing(Exception):
    """Why there is no emulator on this machine."""


@contextlib.contextmanager
def firestore_emulator() -> Iterator[str]:
    """Yield `host:port` of an emulator: the one that runs already, or one of our own."""
    if running := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        yield running
        return
    address = f"127.0.0.1:{free_port()}"
    with contextlib.ExitStack() as stack:
        with signals_held_back():
            process = _start(address)
            stack.callback(_stop, process)
        _wait_until_it_answers(process, address)
        yield address


def _start(address: str) -> subprocess.Popen[bytes]:
    # A session of its own: the launchers start Java as a grandchild, which must end with them.
    return subprocess.Popen(
        _command(address),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _command(address: str) -> list[str]:
    if shutil.which("java") is None:
        raise Missing("the Firestore emulator needs `java` on the PATH")
    host, _, port = address.partition(":")
    if (launcher := _launcher()) is not None:
        return [str(launcher), "start", f"--host={host}", f"--port={port}"]
    if shutil.which("gcloud") is None:
        raise Missing("neither the emulator's launcher nor `gcloud` was found")
    return ["gcloud", "emulators", "firestore", "start", f"--host-port={address}", "--quiet"]


def _launcher() -> Path | None:
    """Return the emulator's own script; it starts in half the time that gcloud takes."""
    roots = [Path(one).expanduser() for one in INSTALLATIONS]
    if gcloud := shutil.which("gcloud"):
        roots.insert(0, Path(gcloud).resolve().parent.parent)
    return next((root / LAUNCHER for root in roots if (root / LAUNCHER).is_file()), None)


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise Missing(f"the emulator ended at once with status {process.returncode}")
        if _answers(address, give_up - time.monotonic()):
            return
        time.sleep(0.05)
    raise Missing(f"the emulator did not answer within {START_SECONDS:.0f} s")


def _answers(address: str, within: float) -> bool:
    call = http.client.HTTPConnection(address, timeout=max(within, 1.0))
    with contextlib.closing(call), contextlib.suppress(OSError, http.client.HTTPException):
        call.request("GET", DOCUMENT)
        return call.getresponse().status == http.client.NOT_FOUND
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
