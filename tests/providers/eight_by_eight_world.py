"""The tenant, queues, people and keys that 8x8's tests are about."""

from __future__ import annotations

import base64
import functools
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from handoff.exchange import Inbound, Json, Response
from handoff.model import Customer, Handoff, Message
from handoff.providers.base import Conversation, Opening
from handoff.providers.eight_by_eight import EightByEight
from handoff.providers.eight_by_eight_wire import ID, EightByEightAccount, Wire
from handoff.signatures import plain_secret
from handoff.vocabulary import ConversationRef, HandoffId, Participant
from tests.fakes import FixedClock

SAMPLES = Path(__file__).parent.parent / "samples" / "eight_by_eight"

TENANT, CUSTOMER = "larkfieldcc01", "larkfield-cust-77"
CHANNEL, RETURNS, REFUNDS = "Ch4rW0odQzKp", "214", "231"
ROOM = ConversationRef("Wq7ZkT2mRcyXh0")
KIRA, TOM = "agKp3vW9tYQ", "agZt81LmnHs"
HANDOFF = HandoffId("ho-58c1")
KEY_ID = "kLrk-7f3a"
API = "https://api.8x8.com"
ROOMS = f"{API}/chat-gateway/v1/conversations"

NOW = datetime(2026, 11, 21, 10, 6, 15, tzinfo=UTC)
ACCOUNT = EightByEightAccount(
    api_key=plain_secret("eght_EXAMPLE"), tenant=TENANT, channel_id=CHANNEL, queue_id=RETURNS
)
WITH_SECRET = replace(ACCOUNT, api_secret=plain_secret("EXAMPLE-secret"))
MARA = Customer(
    name="Mara Ives",
    email="mara.ives@example.org",
    phone="+441632960123",
    language="en-GB",
    id="crm-58",
)
HANDED = Handoff(
    id=HANDOFF,
    provider=ID,
    started_at=NOW,
    customer=MARA,
    attributes={"Order": "LF-20931", "Company": "Larkfield"},
    request="Yes. I would like to talk to a person.",
)
TALK = (
    Message(author=Participant.CUSTOMER, text="My new sofa came with a broken leg."),
    Message(author=Participant.BOT, text="Is this about order LF-20931?"),
)
OPENING = Opening(handoff=HANDED, contact=None, transcript=TALK)
PLACE = Conversation(ref=ROOM, thread=None, contact=None)


def clock() -> FixedClock:
    """Return a clock that stands at the time of the samples."""
    return FixedClock(NOW)


def desk(account: EightByEightAccount = ACCOUNT) -> EightByEight:
    """Return the provider."""
    return EightByEight(account, clock())


def wire(account: EightByEightAccount = ACCOUNT) -> Wire:
    """Return how it is called."""
    return Wire(account, clock())


@functools.cache
def private_key(name: str = "") -> rsa.RSAPrivateKey:
    """Return a throw-away key, another one for another name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(name: str = "") -> Json:
    """Return the public half as the gateway serves it."""
    written = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {"kty": "RSA", "e": written["e"], "kid": KEY_ID, "n": written["n"]}


def key_answer(name: str = "") -> Response:
    """Return the answer to who asks for the key."""
    return Response(status=200, body=json.dumps(jwk(name)).encode())


def signature(payload: bytes, header: Mapping[str, Any] | None = None, key: str = "") -> str:
    """Return a detached signature over a payload."""
    usual = {"b64": False, "crit": ["b64"], "kid": KEY_ID, "alg": "RS256"}
    protected = _encoded(json.dumps(usual if header is None else header).encode())
    signed = private_key(key).sign(
        protected.encode() + b"." + payload, padding.PKCS1v15(), hashes.SHA256()
    )
    return f"{protected}..{_encoded(signed)}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(body: Json | bytes, key: str = "", **changes: Any) -> Inbound:
    """Return a webhook as 8x8 sends it. `changes` are made to what is signed and said of it."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    facts = {
        "checksum": zlib.crc32(raw),
        "cid": CUSTOMER,
        "eid": "eV5nB2xQTiKd0aYf",
        "retry": 0,
        "tid": TENANT,
        "tt": int(NOW.timestamp() * 1000),
        **changes,
    }
    headers = {
        "content-type": "application/json",
        "x-8x8-tenant-id": str(facts["tid"]),
        "x-8x8-customer-id": str(facts["cid"]),
        "x-8x8-event-id": str(facts["eid"]),
        "x-8x8-transmission-time": str(facts["tt"]),
        "x-8x8-retry": str(facts["retry"]),
        "x-8x8-signature": signature(json.dumps(facts, separators=(",", ":")).encode(), key=key),
    }
    return Inbound(method="POST", path="/8x8", headers=headers, body=raw)


def sample(name: str) -> Json:
    """Return the body of a sample."""
    body: Json = _recorded(name)["body"]
    return body


def webhook(name: str) -> Inbound:
    """Return a sample as the request it was, signed with our key and sent just now."""
    headers = _recorded(name)["headers"]
    raw = json.dumps(sample(name), ensure_ascii=False, separators=(",", ":")).encode()
    return signed(raw, eid=headers["x-8x8-event-id"], retry=int(headers["x-8x8-retry"]))


def _recorded(name: str) -> Json:
    recorded: Json = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return recorded


def event(kind: str, when: int = 1795255575120, **data: Any) -> Json:
    """Return a webhook's body in the shape of the gateway."""
    body: Json = {"eventType": kind, "conversationId": ROOM, "timestamp": when}
    return {**body, "data": data} if data else body


def words(text: str = "Which leg arrived damaged?", **data: Any) -> Json:
    """Return the body that brings an agent's words."""
    sender = {"id": KIRA, "type": "agent"}
    return event("MESSAGE", **{"isEcho": False, "sender": sender, "text": text, **data})


def accepted(status: int = 202, **body: Any) -> Response:
    """Return an answer that says yes."""
    return Response(status=status, body=json.dumps(body).encode() if body else b"")


def refused(status: int, errors: Any = None, **more: Any) -> Response:
    """Return an error as the gateway writes it, in whichever shape."""
    body: Json = {"message": "In the vendor's words", **more}
    body |= {"errors": errors} if errors is not None else {}
    return Response(status=status, body=json.dumps(body).encode())
