"""Calls `wake` again and again on this machine, as Cloud Scheduler does in the cloud."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

# Nobody pays for a sweep here, and a customer waits for the next attempt.
EVERY_SECONDS = 1.0
ANSWER_SECONDS = 60.0


@contextmanager
def swept(
    host: str, port: int, tell: Callable[[str], None], every: float = EVERY_SECONDS
) -> Iterator[None]:
    """Sweep in a thread until the block is left; the first of several failures is told."""
    over = threading.Event()
    work = (host, port, tell, every, over)
    thread = threading.Thread(target=_sweep, args=work, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(every + 1)


def _sweep(
    host: str, port: int, tell: Callable[[str], None], every: float, over: threading.Event
) -> None:
    well = True
    while not over.wait(every):
        problem = _problem(host, port)
        if problem and well and not over.is_set():
            tell(f"wake: {problem}")
        well = not problem


def _problem(host: str, port: int) -> str:
    """Call once; return what went wrong, or nothing."""
    call = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    with closing(call):
        try:
            call.request("POST", "/", b"{}", {"Content-Type": "application/json"})
            status = call.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
    return "" if status == http.client.OK else f"answered {status}"
