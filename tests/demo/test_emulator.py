"""The Firestore emulator is there once it answers, and gone with the block."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.emulator import LAUNCHER, Missing, firestore_emulator
from tests.environment import environment
from tests.processes import somebody_listens

# Takes connections at once, as the real one does, and answers when it is warm.
SLOW = """
import http.server, pathlib, sys, threading
[port] = [one.partition("=")[2] for one in sys.argv if one.startswith("--port=")]
warm = threading.Event()

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        warm.wait()
        pathlib.Path(__file__).with_name("answered").touch()
        self.send_error(404)

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Answer)
threading.Timer(0.3, warm.set).start()
server.serve_forever()
"""


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Path]:
    """Give the place of a launcher that is preferred to every other."""
    place = tmp_path / LAUNCHER
    for one in (tmp_path / "bin" / "gcloud", tmp_path / "bin" / "java", place):
        one.parent.mkdir(parents=True, exist_ok=True)
        one.touch(mode=0o700)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with environment(PATH=path, FIRESTORE_EMULATOR_HOST=None):
        yield place


def test_nobody_waits_for_its_first_answer(launcher: Path) -> None:
    launcher.write_text(f"#!{sys.executable}\n{SLOW}")

    with firestore_emulator() as address:
        assert launcher.with_name("answered").exists()

    host, _, port = address.partition(":")
    assert not somebody_listens((host, int(port)))


def test_one_that_ends_at_once_is_missing(launcher: Path) -> None:
    launcher.write_text("#!/bin/sh\nexit 7\n")

    with pytest.raises(Missing, match="ended at once with status 7"), firestore_emulator():
        pass


def test_one_that_runs_already_is_used() -> None:
    with environment(FIRESTORE_EMULATOR_HOST="127.0.0.1:9"), firestore_emulator() as address:
        assert address == "127.0.0.1:9"
