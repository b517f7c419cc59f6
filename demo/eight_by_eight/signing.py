"""Signs webhooks as the gateway does: a detached JWS over a checksum of the body."""

import base64
import json
import time
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from demo.eight_by_eight.account import Account
from demo.rest import Json


class Signer:
    """Hold one throw-away key, and sign with it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self) -> Json:
        """Return the public half as a JWK."""
        numbers = self._key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "kid": self._account.key_id,
            "e": _encoded(numbers.e.to_bytes(3)),
            "n": _encoded(numbers.n.to_bytes(256)),
        }

    def headers(self, body: bytes, event_id: str, attempt: int) -> dict[str, str]:
        """Return the headers of one attempt: another time, counter and signature each."""
        account = self._account
        facts = {
            "checksum": zlib.crc32(body),
            "cid": account.customer_id,
            "eid": event_id,
            "retry": attempt - 1,
            "tid": account.tenant,
            "tt": int(time.time() * 1000),
        }
        return {
            "x-8x8-tenant-id": account.tenant,
            "x-8x8-customer-id": account.customer_id,
            "x-8x8-event-id": event_id,
            "x-8x8-retry": str(facts["retry"]),
            "x-8x8-transmission-time": str(facts["tt"]),
            "x-8x8-signature": self._signature(json.dumps(facts, separators=(",", ":")).encode()),
        }

    def _signature(self, payload: bytes) -> str:
        header = {"b64": False, "crit": ["b64"], "kid": self._account.key_id, "alg": "RS256"}
        protected = _encoded(json.dumps(header, separators=(",", ":")).encode())
        signed = self._key.sign(
            protected.encode() + b"." + payload, padding.PKCS1v15(), hashes.SHA256()
        )
        return f"{protected}..{_encoded(signed)}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
