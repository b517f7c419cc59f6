"""What agents are called: webhooks tell only their ids, the statistics know the names.

https://developer.8x8.com/analytics/docs/cc-realtime-statistics
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from handoff.clock import Clock
from handoff.errors import ProviderError
from handoff.exchange import Exchange, text
from handoff.providers.eight_by_eight_wire import EightByEightAccount, Wire

NAMES_LAST = timedelta(minutes=10)

# Who is not known is not asked for with every word that its agent says.
ASKED_LASTS = timedelta(minutes=1)
SECONDS = 1.5
MOST_NAMES = 1_000


class Names:
    """Knows the names of one tenant's agents for a while, where they can be asked at all."""

    def __init__(self, account: EightByEightAccount, wire: Wire, clock: Clock) -> None:
        self._account = account
        self._wire = wire
        self._clock = clock
        self._known: dict[str, str] = {}
        self._asked_at = self._known_at = datetime.min.replace(tzinfo=UTC)

    def of(self, agent_id: str) -> Exchange[str]:
        """Return an agent's name; an empty one when it cannot be known."""
        if not agent_id or self._account.api_secret is None:
            return ""
        now = self._clock()
        wanted = agent_id not in self._known or now - self._known_at >= NAMES_LAST
        if wanted and now - self._asked_at >= ASKED_LASTS:
            self._asked_at = now
            yield from self._ask(now)
        return self._known.get(agent_id, "")

    def _ask(self, now: datetime) -> Exchange[None]:
        """Ask for all names; without an answer those we know stay."""
        try:
            listed = yield from self._wire.realtime(
                f"/agents?summary=true&size={MOST_NAMES}", call="agents", seconds=SECONDS
            )
        except ProviderError:
            return
        names = {text(one, "id"): text(one, "name") for one in listed[:MOST_NAMES]}
        self._known = {key: name for key, name in names.items() if key and name}
        self._known_at = now
