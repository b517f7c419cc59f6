"""An RSA key that plays Google's, and identity tokens signed with it."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AGENT = "service-1@gcp-sa-dialogflow.iam.gserviceaccount.com"
AUDIENCE = "https://fulfillment.example/"
ISSUER = "https://accounts.google.com"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(kid: str, key: rsa.RSAPrivateKey = PRIVATE) -> dict[str, Any]:
    """Return the key as Google publishes it."""
    found: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {**found, "kid": kid, "alg": "RS256", "use": "sig"}


def token(kid: str = "k1", key: rsa.RSAPrivateKey = PRIVATE, **changed: Any) -> str:
    """Return Dialogflow's token; a claim that is None is left out."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now - 5,
        "exp": now + 3600,
        "email": AGENT,
        "email_verified": True,
    }
    given = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(given, key, algorithm="RS256", headers={"kid": kid})
