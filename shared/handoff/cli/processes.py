"""Runs functions as the platform does: each its own process, known to be up, surely ended."""

from __future__ import annotations

import http.client
import ipaddress
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

START_SECONDS = 30.0
END_SECONDS = 5.0
LAST_LINES = 15
_TOLD_TO_END = threading.Event()
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Below those that systems give by themselves to servers and to outgoing calls: Linux from 32768 on,
# others from 49152 on.
PORTS = range(20_000, 32_000)
# More than one process has in use at a time, fewer than it may have files open.
MOST_HELD = 64
_HELD: deque[socket.socket] = deque()


class ProcessError(Exception):
    """A function cannot be started or has died; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One function to run. Without `log` its output goes where ours goes."""

    name: str
    source: Path
    port: int
    host: str = "127.0.0.1"
    log: Path | None = None

    @property
    def address(self) -> str:
        """Return its address without a path."""
        return f"http://{self.host}:{self.port}"


class Function:
    """One function that runs as a process."""

    def __init__(self, plan: Plan, process: subprocess.Popen[bytes]) -> None:
        self.plan = plan
        self.pid = process.pid
        self._process = process

    def raise_if_dead(self) -> None:
        """Raise ProcessError with the last lines when the process has ended."""
        status = self._process.poll()
        if status is not None:
            lines = "".join(f"\n  {line}" for line in self._last_lines())
            raise ProcessError(f"{self.plan.name} has ended with status {status}{lines}")

    def answers(self) -> bool:
        """Say whether `GET /healthz` is answered."""
        probe = http.client.HTTPConnection(_reachable(self.plan.host), self.plan.port, timeout=2)
        with closing(probe), suppress(OSError, http.client.HTTPException):
            probe.request("GET", "/healthz")
            return probe.getresponse().status == http.client.OK
        return False

    def tell_to_end(self) -> None:
        """Ask the process and its workers to end, without waiting for it."""
        _signal(self.pid, signal.SIGTERM)

    def end(self) -> None:
        """End the process and its workers; one that does not listen is killed."""
        self.tell_to_end()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        _signal(self.pid, signal.SIGKILL)
        self._process.wait()

    def _last_lines(self) -> Sequence[str]:
        if self.plan.log is None:
            return ()
        with self.plan.log.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip() for line in deque(lines, maxlen=LAST_LINES)]


@contextmanager
def running(plans: Sequence[Plan], environ: Mapping[str, str]) -> Iterator[tuple[Function, ...]]:
    """Run the functions and yield once all answer; end them however the block is left."""
    with ExitStack() as stack:
        functions = [_begin(stack, plan, environ) for plan in plans]
        stack.callback(_tell_to_end, functions)  # all at once, before each is waited for
        _wait_until_up(functions)
        yield tuple(functions)


def _begin(stack: ExitStack, plan: Plan, environ: Mapping[str, str]) -> Function:
    """Start a function that ends with the stack.

    Its server keeps a control socket in the user's folder; a folder for each, else functions that
    start at the same time take it from each other and print that as an error.
    """
    with signals_held_back():
        own = stack.enter_context(tempfile.TemporaryDirectory(prefix="handoff-"))
        function = _start(plan, {**environ, "XDG_RUNTIME_DIR": own})
        stack.callback(function.end)
    return function


def _tell_to_end(functions: Sequence[Function]) -> None:
    for one in functions:
        one.tell_to_end()


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Let no signal come between a process that starts and the note that it has to be ended."""
    caught: list[int] = []
    before = {one: signal.signal(one, lambda number, _: caught.append(number)) for one in ENDING}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number in caught:
            signal.raise_signal(number)


def watch(functions: Sequence[Function]) -> None:
    """Return never; raise ProcessError as soon as one of the functions has died."""
    while True:
        raise_if_told_to_end()
        for function in functions:
            function.raise_if_dead()
        time.sleep(0.3)


def interrupt_when_told_to_end() -> None:
    """Make every way of being ended a KeyboardInterrupt, which leaves all `with` blocks in order.

    A shell starts its background jobs deaf to Ctrl-C's signal, which must not stay so; but `nohup`
    means what it says.
    """
    for one in ENDING:
        wanted = one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN
        if wanted:
            signal.signal(one, _interrupt)


def raise_if_told_to_end() -> None:
    """Raise KeyboardInterrupt when a signal came: one that hits a destructor is swallowed there."""
    if _TOLD_TO_END.is_set():
        raise KeyboardInterrupt


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _TOLD_TO_END.set()
    raise KeyboardInterrupt


def free_port() -> int:
    """Return a port of the loopback interface where nobody listens and which nobody else gets.

    Between now and the moment when somebody listens there, the port is marked: its namesake of UDP
    is held by this process, so that whoever looks in the same way, in any process, takes another.
    """
    for _ in PORTS:
        port = PORTS[secrets.randbelow(len(PORTS))]
        with suppress(OSError):
            _hold(_marked(port))
            return port
    raise ProcessError(f"No port from {PORTS.start} to {PORTS.stop - 1} is free.")


def _marked(port: int) -> socket.socket:
    """Return the mark of a port; raise OSError when it has one or is in use."""
    mark = socket.socket(type=socket.SOCK_DGRAM)
    try:
        mark.bind(("127.0.0.1", port))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        mark.close()
        raise
    return mark


def _hold(mark: socket.socket) -> None:
    _HELD.append(mark)
    if len(_HELD) > MOST_HELD:
        _HELD.popleft().close()


def listen(host: str, port: int) -> socket.socket:
    """Listen on a port, or say in one sentence why that cannot be."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        # What `create_server` adds to the reason names the port once more.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ProcessError(f"Port {port} of {host} cannot be used: {reason}.") from error


def _start(plan: Plan, environ: Mapping[str, str]) -> Function:
    output = plan.log.open("wb") if plan.log else None
    command = [_framework(), "--source", str(plan.source), "--target", plan.name]
    command += ["--host", plan.host, "--port", str(plan.port)]
    # A group of its own: Ctrl-C in the terminal is ours to pass on, and workers end with it.
    process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
        command,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    if output:
        output.close()
    return Function(plan, process)


def _framework() -> str:
    """Return the functions framework of the interpreter that runs us, else of the PATH."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("functions-framework", path=beside) or shutil.which("functions-framework")
    if found is None:
        raise ProcessError("`functions-framework` was not found; `make setup` installs it.")
    return found


def _wait_until_up(functions: Sequence[Function]) -> None:
    give_up = time.monotonic() + START_SECONDS
    for function in functions:
        while not function.answers():
            raise_if_told_to_end()
            function.raise_if_dead()
            if time.monotonic() > give_up:
                raise ProcessError(f"{function.plan.name} did not answer in {START_SECONDS:.0f} s")
            time.sleep(0.05)


def _reachable(host: str) -> str:
    """Return an address at which a server that listens on `host` can be asked."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            return "127.0.0.1"
    return host


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
