"""The sweep of a machine of one's own: again and again, and a failure is told once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from handoff.cli.processes import free_port
from handoff.cli.sweeping import swept

EVERY = 0.02
PATIENCE = 10


class Wake(HTTPServer):
    """A function that answers what the test chose, and counts its calls."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = 200
        self.bodies: list[bytes] = []
        self.called = threading.Condition()

    def wait_for(self, calls: int) -> None:
        """Wait until there were so many calls."""
        with self.called:
            assert self.called.wait_for(lambda: len(self.bodies) >= calls, PATIENCE)


class Answer(BaseHTTPRequestHandler):
    """Answers one call."""

    server: Wake

    def do_POST(self) -> None:
        """Note the call and answer it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.end_headers()
        with self.server.called:
            self.server.bodies.append(body)
            self.server.called.notify_all()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def wake() -> Iterator[Wake]:
    server = Wake()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_function_is_called_again_and_again_until_the_end(wake: Wake) -> None:
    said: list[str] = []
    with swept("127.0.0.1", wake.server_port, said.append, EVERY):
        wake.wait_for(3)
    assert set(wake.bodies) == {b"{}"}
    calls = len(wake.bodies)
    assert not [one for one in threading.enumerate() if one.name.startswith("sweep")]
    assert (len(wake.bodies), said) == (calls, [])


def test_failure_is_told_once_until_it_is_over(wake: Wake) -> None:
    said: list[str] = []
    wake.status = 503
    with swept("127.0.0.1", wake.server_port, said.append, EVERY):
        wake.wait_for(3)
        wake.status = 200
        wake.wait_for(len(wake.bodies) + 2)
        wake.status = 500
        wake.wait_for(len(wake.bodies) + 3)
    assert said == ["wake: answered 503", "wake: answered 500"]


def test_function_that_is_not_there_is_told(wake: Wake) -> None:
    said: list[str] = []
    told = threading.Event()

    def tell(line: str) -> None:
        said.append(line)
        told.set()

    with swept("127.0.0.1", free_port(), tell, EVERY):
        assert told.wait(PATIENCE)
    assert said == ["wake: ConnectionRefusedError"]
