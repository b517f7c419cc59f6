"""Where the customer's page finds us, and what proves that it is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from handoff.customer_tokens import signed
from handoff.errors import ConfigurationError
from handoff.exchange import Json
from handoff.records import Reply
from handoff.signatures import Secret
from handoff.variables import Variables
from handoff.vocabulary import HandoffId, SessionKey, State

TOKEN_KEY = "HANDOFF_TOKEN_KEY"  # noqa: S105 - the variable's name
CHAT_URL = "HANDOFF_CUSTOMER_CHAT_URL"
PAGE = (TOKEN_KEY, CHAT_URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """What the operator decided. Without a `url` no answer tells a page how to reach us."""

    key: Secret
    url: str = ""

    def payload(self, session: SessionKey, reply: Reply, now: datetime) -> Json | None:
        """Return what a page needs to reach us, for an answer in which a handoff is open."""
        handoff = str(reply.parameters.get("handoff_id") or "")
        state = str(reply.parameters.get("handoff_state") or "")
        if not self.url or not handoff or not State(state).is_open:
            return None
        token = signed(session, HandoffId(handoff), self.key, now)
        return {"handoff": {"id": handoff, "state": state, "url": self.url, "token": token}}


def page_settings(variables: Variables, *, needed: bool) -> PageSettings | None:
    """Return how pages reach us, or None where none shall.

    Raises ConfigurationError when the key is missing although it is `needed`, or the URL is none.
    """
    url = variables.text(CHAT_URL).rstrip("/")
    if url and not _is_address(url):
        raise ConfigurationError(f"{CHAT_URL} must be an http or https URL, not {url!r}")
    if not variables.has(TOKEN_KEY):
        if url or needed:
            raise ConfigurationError(f"{TOKEN_KEY} is not set; it signs the customers' tokens")
        return None
    return PageSettings(key=variables.secret(TOKEN_KEY), url=url)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    odd = parts.username is not None or "?" in url or "#" in url
    return bool(host) and not odd and parts.scheme in {"http", "https"}
