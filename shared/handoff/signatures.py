"""Proofs of who is calling: shared secrets, Google's identity tokens, detached signatures."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt

from handoff.errors import Unauthenticated

# https://docs.cloud.google.com/docs/authentication/token-types#id
GOOGLE_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
CLOCK_SKEW_SECONDS = 30

# What we let a stranger put into an address before anything is proved.
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")

# A detached JWS: header and signature, with nothing between them.
DETACHED = re.compile(r"[A-Za-z0-9_-]{1,2048}\.\.[A-Za-z0-9_-]{1,2048}")
UNENCODED: Mapping[str, Any] = {"alg": "RS256", "b64": False, "crit": ["b64"]}


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of ours. `read` returns all that are live; the first is the one we send."""

    read: Callable[[], Sequence[str]] = field(repr=False)

    @property
    def current(self) -> str:
        """Return the one to send."""
        return next(iter(self.read()), "")

    def accepts(self, given: str) -> bool:
        """Say whether `given` is any of the live ones, in constant time."""
        return matches_any(given, self.read())


def plain_secret(value: str) -> Secret:
    """Return a secret that is this value for as long as the process lives."""
    return Secret(lambda: (value,))


def matches_any(given: str, accepted: Collection[str]) -> bool:
    """Say whether `given` is one of `accepted`, in a time that tells nothing about them."""
    sent = _raw(given)
    results = [hmac.compare_digest(sent, _raw(one)) for one in accepted if one]
    return any(results)


def _raw(value: str) -> bytes:
    """Return the bytes of a value, also of one that came from the environment as no text."""
    return value.encode("utf-8", "surrogatepass")


def basic_password(authorization: str) -> str:
    """Return the password in a Basic `Authorization` header, or an empty string."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2]


def bearer_token(authorization: str) -> str:
    """Return the token in a Bearer `Authorization` header, or an empty string."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCaller:
    """Whom an identity token must name, and for which of our addresses."""

    emails: Collection[str] = field(default_factory=tuple)
    audiences: Collection[str] = field(default_factory=tuple)


def key_id(token: str) -> str:
    """Return the id of the key that signed `token`; raises Unauthenticated when it is no JWT."""
    try:
        return str(jwt.get_unverified_header(token).get("kid") or "")
    except jwt.PyJWTError:
        raise Unauthenticated("The identity token cannot be read.") from None


def verify_id_token(token: str, keys: Mapping[str, Any], expected: ExpectedCaller) -> None:
    """Check a Google-signed identity token against `keys` (key id to JWK).

    Raises Unauthenticated when signature, issuer, time, audience or e-mail is not as expected.
    https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook
    """
    key = keys.get(key_id(token))
    if not isinstance(key, dict):
        raise Unauthenticated("The identity token is signed by an unknown key.")
    try:
        claims = jwt.decode(
            token,
            jwt.PyJWK(key),
            algorithms=["RS256"],
            audience=list(expected.audiences),
            issuer=GOOGLE_ISSUERS,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
    except jwt.PyJWTError:
        raise Unauthenticated("The identity token is not valid here.") from None
    if claims.get("email_verified") is not True or claims.get("email") not in expected.emails:
        raise Unauthenticated("The identity token names another caller.")


def detached_key_id(signature: str) -> str:
    """Return the id of the key behind a detached JWS, which nothing proves yet.

    Raises Unauthenticated for a signature that `verify_detached` would refuse with any key.
    """
    if not DETACHED.fullmatch(signature):
        raise Unauthenticated("The signature cannot be read.")
    try:
        header = jwt.get_unverified_header(signature)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unauthenticated("The signature cannot be read.") from None
    if any(header.get(name) != value for name, value in UNENCODED.items()):
        raise Unauthenticated("The signature is of another kind.")
    found = header.get("kid")
    if not isinstance(found, str) or not KEY_ID.fullmatch(found):
        raise Unauthenticated("The signature names no key.")
    return found


def verify_detached(signature: str, payload: bytes, key: Mapping[str, Any]) -> None:
    """Check a detached JWS over `payload`, unencoded, made with the RSA key `key` (a JWK).

    Raises Unauthenticated for anything that is not exactly that.
    https://datatracker.ietf.org/doc/html/rfc7797
    """
    detached_key_id(signature)
    if key.get("kty") != "RSA":
        raise Unauthenticated("The key is of another kind.")
    try:
        public = jwt.PyJWK({name: key.get(name) for name in ("kty", "n", "e")}, algorithm="RS256")
        jwt.PyJWS(options={"enforce_minimum_key_length": True}).decode_complete(
            signature, public, algorithms=["RS256"], detached_payload=payload
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Unauthenticated("The signature does not fit.") from None
