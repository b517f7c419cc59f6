"""Remembers every API call on the wire, without tokens and secrets."""

from dataclasses import dataclass, field
from datetime import datetime

from demo.rest import Json

SECRETS = ("client_secret", "refresh_token", "bot_secret", "secret_key", "code", "token")


@dataclass(slots=True)
class Journal:
    """Keep calls in the order of their arrival."""

    calls: list[Json] = field(default_factory=list)

    def open(self, call: Json, at: datetime) -> int:
        """Note a call that has arrived; return its number."""
        number = len(self.calls) + 1
        entry = {"n": number, "at": at.isoformat(), **call, "status": None, "error": None}
        self.calls.append(entry)
        return number

    def close(self, number: int, *, status: int | None, error: str | None) -> None:
        """Note what was answered; no status means that nobody heard an answer."""
        self.calls[number - 1] |= {"status": status, "error": error}


def redacted(body: object) -> object:
    """Hide the values that open doors."""
    if not isinstance(body, dict):
        return body
    return {key: "***" if key in SECRETS else value for key, value in body.items()}
