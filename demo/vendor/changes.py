"""Counts what changes, so that pages can wait for news."""

import asyncio


class Changes:
    """Count changes, and let pages wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def bump(self) -> None:
        """Count one more and wake everybody."""
        self.count += 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, number: int, seconds: float) -> int:
        """Return the count as soon as it is not `number`, at the latest after some seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self.count == number:
                    await self._next.wait()
        except TimeoutError:
            pass
        return self.count
