"""What a customer's page proves itself with: a signed token that names one handoff, and ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from handoff.errors import Unauthenticated
from handoff.exchange import Json
from handoff.signatures import Secret
from handoff.vocabulary import HandoffId, SessionKey

# A page gets a fresh one with any answer once half of this has passed.
LASTS = timedelta(hours=4)

ALGORITHM = "HS256"
AUDIENCE = "customer_chat"
CLAIMS = ("aud", "exp", "iat", "sub", "session")

# The year 3000: what lies beyond is no time that we have written.
LATEST = 32_503_680_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a token says: whose page it is, and since when it is valid."""

    session: SessionKey
    handoff: HandoffId
    issued_at: datetime

    def is_old(self, now: datetime) -> bool:
        """Say whether the page should get a fresh token."""
        return now - self.issued_at > LASTS / 2


def signed(session: SessionKey, handoff: HandoffId, key: Secret, now: datetime) -> str:
    """Return a token for the page of one handoff."""
    claims = {
        "aud": AUDIENCE,
        "sub": handoff,
        "session": session,
        "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()),
    }
    return jwt.encode(claims, _bytes(key.current), algorithm=ALGORITHM)


def verified(token: str, key: Secret, now: datetime) -> Ticket:
    """Return what a token of ours says; raises Unauthenticated for any other, or an old one."""
    for live in filter(None, key.read()):
        claims = _claims(token, live)
        if claims is not None:
            break
    else:
        raise Unauthenticated("The token is missing, or not one of ours.")
    if claims["exp"] <= now.timestamp():
        raise Unauthenticated("The token has expired.")
    return Ticket(
        session=SessionKey(claims["session"]),
        handoff=HandoffId(claims["sub"]),
        issued_at=datetime.fromtimestamp(claims["iat"], tz=now.tzinfo),
    )


def _claims(token: str, key: str) -> Json | None:
    """Return the claims of a token that this key has signed; when it ends is not looked at."""
    try:
        claims = dict(
            jwt.decode(
                token,
                _bytes(key),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False},
            )
        )
    except (jwt.PyJWTError, ValueError):
        return None
    times = claims["iat"], claims["exp"]
    are_times = all(isinstance(one, int) and 0 <= one < LATEST for one in times)
    return claims if are_times and isinstance(claims["session"], str) else None


def _bytes(key: str) -> bytes:
    """Return a key of the length that the algorithm wants, whatever was made up for a secret."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
