"""The tokens for the statistics: each lives for its time, also when a later one is given."""

import secrets
import time


class Tokens:
    """Give tokens, and know which of them live."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new token."""
        token = secrets.token_urlsafe(16)
        self._ends[token] = time.monotonic() + self._seconds
        return token

    def is_alive(self, token: str) -> bool:
        """Say whether a token is still good."""
        return time.monotonic() < self._ends.get(token, 0.0)

    def revoke_all(self) -> None:
        """End every token."""
        self._ends.clear()
