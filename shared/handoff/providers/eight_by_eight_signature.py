"""Whether a webhook is from 8x8: a detached signature over a checksum of its body.

https://developer.8x8.com/actions-events/docs/validating-webhook-events
"""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from handoff.clock import Clock
from handoff.errors import ProviderError, Unauthenticated, Unavailable
from handoff.exchange import Exchange, Inbound, Json, Request, Response, text
from handoff.providers.eight_by_eight_errors import failure
from handoff.providers.eight_by_eight_wire import (
    GATEWAY,
    EightByEightAccount,
    Wire,
    compact,
    json_object,
)
from handoff.signatures import detached_key_id, matches_any, verify_detached

# Each attempt is sent and signed anew, so an honest one is seconds old.
WINDOW = timedelta(minutes=5)

KEY_LASTS = timedelta(hours=1)
MOST_KEYS = 16

# 8x8 waits for our answer meanwhile.
KEY_SECONDS = 5

# A key that does not exist is not asked for again at once, and inventing more of them does not
# make us ask without end.
UNKNOWN_LASTS = timedelta(minutes=1)
MOST_UNKNOWN = 10

# As JSON writes one, so that what is signed and what is sent cannot differ.
NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")

# Answers that say there is no such key. With any other we do not know.
NO_SUCH_KEY = frozenset({400, 404, 410, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A key as it was fetched."""

    key: Json
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A key that was asked for and did not come; `missing` when there is none."""

    until: datetime
    missing: bool = False


class SignatureCheck:
    """Checks webhooks of one tenant; keeps the keys it fetched for a while."""

    def __init__(self, account: EightByEightAccount, wire: Wire, clock: Clock) -> None:
        self._account = account
        self._wire = wire
        self._clock = clock
        self._keys: OrderedDict[str, _Kept] = OrderedDict()
        self._asked: dict[str, _Asked] = {}

    def verify(self, request: Inbound) -> Exchange[str]:
        """Return the event's id once the raw body is proved to be 8x8's, fresh and for us.

        Raises Unauthenticated, or Unavailable when the key cannot be had at the moment.
        """
        signature = _header(request, "signature")
        payload = self._signed(request)
        key = yield from self._key(detached_key_id(signature))
        verify_detached(signature, payload, key)
        return _header(request, "event-id")

    def _signed(self, request: Inbound) -> bytes:
        """Return what has to be signed, in the vendor's order, once time and tenant are right."""
        sent, tenant = _number(request, "transmission-time"), _header(request, "tenant-id")
        try:
            age = self._clock() - datetime.fromtimestamp(sent / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            raise Unauthenticated("The webhook's time cannot be one.") from None
        if abs(age) > WINDOW:
            raise Unauthenticated("The webhook is too old, or from the future.")
        if not matches_any(tenant, (self._account.tenant,)):
            raise Unauthenticated("The webhook is for another tenant.")
        return compact(
            {
                "checksum": zlib.crc32(request.body),
                "cid": _header(request, "customer-id"),
                "eid": _header(request, "event-id"),
                "retry": _number(request, "retry"),
                "tid": tenant,
                "tt": sent,
            }
        )

    def _key(self, key_id: str) -> Exchange[Json]:
        now = self._clock()
        kept = self._keys.get(key_id)
        if kept is not None and now < kept.until:
            return kept.key
        self._admit(key_id, now)
        key = _key_in((yield from self._answer(key_id)))
        if key is None:
            self._keys.pop(key_id, None)
            self._asked[key_id] = _Asked(until=now + UNKNOWN_LASTS, missing=True)
            raise Unauthenticated("The webhook is signed by an unknown key.")
        self._keep(key_id, _Kept(key=key, until=now + KEY_LASTS))
        return key

    def _admit(self, key_id: str, now: datetime) -> None:
        """Let a key be asked for, unless it is missing or too many others did not come lately.

        One that came before may always be asked for: a flood of inventions must not lock it out.
        """
        self._asked = {name: one for name, one in self._asked.items() if now < one.until}
        asked = self._asked.get(key_id)
        if asked is not None and asked.missing:
            raise Unauthenticated("The webhook is signed by an unknown key.")
        if asked is not None or key_id in self._keys:
            return
        if len(self._asked) >= MOST_UNKNOWN:
            raise Unavailable("8x8: too many unknown keys a minute", certain=True)
        self._asked[key_id] = _Asked(until=now + UNKNOWN_LASTS)

    def _answer(self, key_id: str) -> Exchange[Response]:
        path = f"{GATEWAY}/jwk/{quote(key_id, safe='')}/public"
        request = Request(method="GET", url=path, seconds=KEY_SECONDS)
        try:
            return (yield self._wire.keyed(request))
        except ProviderError as error:
            raise Unavailable(str(error), code=error.code, certain=True) from error

    def _keep(self, key_id: str, kept: _Kept) -> None:
        self._asked.pop(key_id, None)
        self._keys[key_id] = kept
        self._keys.move_to_end(key_id)
        while len(self._keys) > MOST_KEYS:
            self._keys.popitem(last=False)


def _key_in(response: Response) -> Json | None:
    """Return the key in an answer, None when there is no such key.

    Raises Unavailable when the answer does not tell: 8x8 has to repeat its webhook.
    """
    if response.status in NO_SUCH_KEY:
        return None
    if not 200 <= response.status < 300:
        error = failure(response, "key")
        raise Unavailable(str(error), code=error.code, certain=True)
    key = json_object(response.body)
    if text(key, "kty") != "RSA" or not (text(key, "n") and text(key, "e")):
        raise Unavailable("8x8 answered key with something else", certain=True)
    return key


def _header(request: Inbound, name: str) -> str:
    value = request.headers.get(f"x-8x8-{name}", "").strip()
    if not value:
        raise Unauthenticated(f"The webhook has no x-8x8-{name}.")
    return value


def _number(request: Inbound, name: str) -> int:
    written = _header(request, name)
    if not NUMBER.fullmatch(written):
        raise Unauthenticated(f"x-8x8-{name} is no number.")
    return int(written)
