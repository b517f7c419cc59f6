"""One webhook of 8x8, from bytes to events: proved first, then read, then named."""

from __future__ import annotations

from dataclasses import replace

from handoff.clock import Clock
from handoff.errors import BadRequest, Unauthenticated
from handoff.events import Event
from handoff.exchange import Exchange, Inbound, parse_object, text
from handoff.providers.eight_by_eight_names import Names
from handoff.providers.eight_by_eight_signature import SignatureCheck
from handoff.providers.eight_by_eight_webhooks import VERIFICATION, news, speaker, translate
from handoff.providers.eight_by_eight_wire import EightByEightAccount, Wire

SIGNATURE = "x-8x8-signature"


class Inbox:
    """Takes the webhooks of one tenant."""

    def __init__(self, account: EightByEightAccount, wire: Wire, clock: Clock) -> None:
        self._check = SignatureCheck(account, wire, clock)
        self._names = Names(account, wire, clock)

    def receive(self, request: Inbound) -> Exchange[tuple[Event, ...]]:
        """Verify the raw bytes, then translate them.

        Raises Unauthenticated, or Unavailable while the key to check with cannot be had.
        """
        if _is_unsigned_verification(request):
            return ()
        event_id = yield from self._check.verify(request)
        told = news(parse_object(request.body), event_id)
        agent = speaker(told)
        if not agent:
            return translate(told)
        name = yield from self._names.of(agent)
        return translate(replace(told, name=name))


def _is_unsigned_verification(request: Inbound) -> bool:
    """Say whether this only tries our address, which may come unsigned and has no effect."""
    if SIGNATURE in request.headers:
        return False
    try:
        body = parse_object(request.body)
    except BadRequest:
        raise Unauthenticated("The webhook is not signed.") from None
    return text(body, "eventType") == VERIFICATION and "conversationId" not in body
