"""The end of the process, told in time to those whose waiting would hold it up."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def when_told(end: Callable[[], None]) -> None:
    """Call `end` on this event loop as soon as the process is told to end.

    The server ends when the last answer is complete, and an answer that lasts for hours is
    nothing that it could hurry: on the platform it has ten seconds.
    https://docs.cloud.google.com/run/docs/container-contract#instance-shutdown
    """
    if threading.current_thread() is not threading.main_thread():
        return  # no thread but that one is told
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number: int, _frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)
        # Whoever had to know before us has to know now.
        signal.signal(number, before)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, told)
