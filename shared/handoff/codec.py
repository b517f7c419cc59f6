"""How the values that are kept become JSON text, and come back from it."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

from handoff.deliveries import Delivery
from handoff.errors import StoreError
from handoff.model import Session
from handoff.store import DeadLetter

# A Firestore document may have 1 048 576 bytes with its name and its other fields:
# https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
# SQLite refuses the same, so that nothing works on a laptop and fails in the cloud.
MAX_BYTES = 1_000_000

Kept = Session | Delivery | DeadLetter
T = TypeVar("T", Session, Delivery, DeadLetter)


def encode(value: Kept, where: str) -> str:
    """Return the JSON text of `value`; `where` names the document when it cannot be kept."""
    text = _to_json(value)
    if len(text) > MAX_BYTES:
        raise StoreError(f"{where} is larger than {MAX_BYTES} bytes")
    return text.decode()


def decode(text: object, kind: type[T], where: str) -> T:
    """Return the value in a stored text.

    Fields it does not know are ignored and fields that are missing take their defaults, so
    that two revisions of the product read each other's documents.
    """
    if not isinstance(text, str):
        raise StoreError(f"{where} has no readable data")
    try:
        return _from_json(text, kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Without the cause: its message may quote what a customer said.
        raise StoreError(f"{where} has no readable data") from None


def _to_json(value: Kept) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # Half of an emoji (a lone surrogate) is legal in JSON, where it is written as an escape.
        return json.dumps(msgspec.to_builtins(value)).encode()


def _from_json(text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # The escape of a lone surrogate again: only the standard library reads it.
        return msgspec.convert(json.loads(text), kind)
