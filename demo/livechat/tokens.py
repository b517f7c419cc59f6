"""Every token the licence has handed out, and what each allows."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from demo.livechat.account import Account

Kind = Literal["agent", "customer", "bot", "pat"]

BOT_SCOPES = frozenset({"chats--access:rw", "agents-bot--my:rw", "customers:rw"})
BOT_TOKEN_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who a token speaks for."""

    kind: Kind
    subject: str
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = None


class Tokens:
    """Issue, find and revoke tokens."""

    def __init__(self, account: Account, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._clock = clock
        self._live: dict[str, Grant] = {}

    def issue_agent(self) -> str:
        """Return an access token; beyond the cap the oldest dies without a word."""
        owner = self._account.agents[0].email if self._account.agents else self._account.account_id
        token = self._add(
            self._opaque(), Grant(kind="agent", subject=owner, scopes=self._account.scopes)
        )
        live = [t for t, grant in self._live.items() if grant.kind == "agent"]
        for old in live[: -self._account.live_tokens]:
            del self._live[old]
        return token

    def issue_customer(self, entity_id: str, seconds: int | None = None) -> str:
        """Return a customer's access token."""
        return self._add(self._opaque(), Grant(kind="customer", subject=entity_id), seconds)

    def issue_bot(self, bot_id: str) -> str:
        """Return a bot's token; the bot's former one ends, as was observed."""
        self._live = {
            token: grant
            for token, grant in self._live.items()
            if (grant.kind, grant.subject) != ("bot", bot_id)
        }
        token = ".".join(secrets.token_urlsafe(size) for size in (27, 60, 32))
        grant = Grant(kind="bot", subject=bot_id, scopes=BOT_SCOPES)
        return self._add(token, grant, int(BOT_TOKEN_LIFE.total_seconds()))

    def find(self, header: str | None) -> Grant | None:
        """Return whom an Authorization header speaks for, unless it is unknown or expired."""
        scheme, _, credential = (header or "").partition(" ")
        if scheme == "Basic":
            return self._personal(credential)
        grant = self._live.get(credential.strip()) if scheme == "Bearer" else None
        if grant is None or (grant.expires_at is not None and grant.expires_at <= self._clock()):
            return None
        return grant

    def kind_of(self, header: str | None) -> str:
        """Name the kind of a header for the call log, never the token."""
        if not header:
            return "none"
        grant = self.find(header)
        return grant.kind if grant else "unknown"

    def revoke(self, kind: str) -> None:
        """End all tokens of a kind, or with `all` every one."""
        self._live = {t: g for t, g in self._live.items() if kind not in (g.kind, "all")}

    def revoke_token(self, token: str) -> None:
        """End one token."""
        self._live.pop(token, None)

    def _opaque(self) -> str:
        return f"{self._account.region}:{secrets.token_urlsafe(24)}"

    def _add(self, token: str, grant: Grant, seconds: int | None = None) -> str:
        life = timedelta(seconds=seconds or self._account.token_seconds)
        self._live[token] = Grant(
            kind=grant.kind,
            subject=grant.subject,
            scopes=grant.scopes,
            expires_at=self._clock() + life,
        )
        return token

    def _personal(self, credential: str) -> Grant | None:
        expected = f"{self._account.account_id}:{self._account.personal_access_token}"
        if credential != base64.b64encode(expected.encode()).decode():
            return None
        owner = self._account.agents[0].email if self._account.agents else self._account.account_id
        # Minting customers is the one thing a personal token cannot do.
        return Grant(kind="pat", subject=owner, scopes=self._account.scopes - {"customers:own"})
