"""LiveChat's Configuration API as our app asks it, and how its registrations have to be.

https://platform.text.com/docs/management/configuration-api/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from handoff.errors import Rejected, Unavailable
from handoff.exchange import Exchange, Json, obj, text
from handoff.providers.livechat_webhooks import KINDS
from handoff.providers.livechat_wire import LiveChatAccount, Wire

# All that we understand, unfiltered: the customer's own words are told by their author, and a
# filter for agents' words would keep the system messages back that say why a chat ended.
ACTIONS = tuple(KINDS)
MARK = "dialogflow-live-agent-handoff, secret "

# https://platform.text.com/docs/authorization/scopes/
SCOPES: Mapping[str, str] = {
    "list_webhooks": "webhooks.configuration:rw",
    "register_webhook": "webhooks.configuration:rw",
    "unregister_webhook": "webhooks.configuration:rw",
    "get_license_webhooks_state": "webhooks.state:ro",
    "enable_license_webhooks": "webhooks.state:rw",
    "list_properties": "properties.configuration:rw",
    "register_property": "properties.configuration:rw",
    "list_bots": "agents-bot--my:ro",
    "create_bot": "agents-bot--my:rw",
    "list_groups": "groups--all:ro",
}
NO_RIGHT = "authorization"  # the token is good, and a scope is missing
WITHOUT_OWNER = frozenset({"list_bots", "list_groups"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a registration has to be. LiveChat changes none, and never shows a secret again.

    So `mark` stands in its description: it tells with which secret it was made. One that somebody
    made by hand has none, and is believed.
    """

    url: str
    mark: str

    def faults(self, webhook: Json) -> str:
        """Tell what is wrong with a registration; agents' words alone are enough for us."""
        goes = text(webhook, "url")
        kept = {(name, str(value)) for name, value in obj(webhook, "filters").items() if value}
        filtered = sorted(name for name, _ in kept - {("author_type", "agent")})
        described = text(webhook, "description")
        told = [
            f"goes to {goes}" if self.url and goes != self.url else "",
            f"has the filter {', '.join(filtered)}" if filtered else "",
            "was made with another secret"
            if described.startswith(MARK) and described != self.mark
            else "",
        ]
        return " and ".join(filter(None, told))


def wanted(account: LiveChatAccount, url: str) -> Wanted:
    """Return how our registrations have to be; a few digits of a hash give no secret away."""
    hashed = hashlib.sha256(f"{MARK}{account.webhook_secret.current}".encode("utf-8", "replace"))
    return Wanted(url=url, mark=f"{MARK}{hashed.hexdigest()[:8]}")


class Configuration:
    """The Configuration API, asked as our app."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._client_id = account.client_id
        self._wire = wire

    def call(self, action: str, payload: Json | None = None) -> Exchange[Json]:
        """Make one call; a refusal for want of a right names the scope."""
        owner = {} if action in WITHOUT_OWNER else {"owner_client_id": self._client_id}
        try:
            return (yield from self._wire.configuration(action, {**owner, **(payload or {})}))
        except Rejected as error:
            if error.code != NO_RIGHT:
                raise
            scope = SCOPES[action]
            raise Rejected(f"{error}; the app needs the scope {scope}", code=error.code) from error

    def listed(self, action: str, payload: Json | None = None) -> Exchange[list[Json]]:
        """Return a list's objects; no list at all must not pass for an empty one."""
        answer = yield from self.call(action, payload)
        found = answer.get("all")
        if not isinstance(found, list):
            raise Unavailable(f"livechat answered {action} without a list", certain=True)
        return [obj(one) for one in found]

    def webhooks(self) -> Exchange[list[Json]]:
        """Return our app's registrations; those of bots end when the bot is away."""
        found = yield from self.listed("list_webhooks")
        return [one for one in found if text(one, "type") in {"", "license"}]

    def flowing(self) -> Exchange[bool]:
        """Say whether the organization's webhooks are switched on."""
        state = yield from self.call("get_license_webhooks_state")
        return state.get("license_webhooks_enabled") is True
