"""Every provider there is: which variables it needs, and how it is made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handoff.clock import Clock
from handoff.errors import ConfigurationError
from handoff.events import Event
from handoff.providers import (
    eight_by_eight,
    eight_by_eight_webhooks,
    eight_by_eight_wire,
    livechat,
    livechat_webhooks,
    livechat_wire,
)
from handoff.providers.base import Provider
from handoff.variables import Variables
from handoff.vocabulary import ProviderId

# Who is there can be asked by the gateway's key alone, where 8x8 has opened that for it; or with
# the secret, which is the default once that is set.
STATISTICS = "EIGHT_BY_EIGHT_QUEUE_STATISTICS"
GATEWAY, REALTIME = "gateway", "realtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One provider. `together` are optional variables that are only good as a group.

    `made_by_setup` are required ones whose values only the set-up brings about. `says` tells which
    of our events each of the vendor's words can mean.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    together: tuple[tuple[str, ...], ...]
    build: Callable[[Variables, Clock], Provider]
    says: Mapping[str, tuple[type[Event], ...]]
    made_by_setup: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Return every variable that belongs to this provider."""
        return self.required + self.optional


def _url(variables: Variables, name: str, default: str) -> str:
    return variables.text(name, default).rstrip("/")


def _livechat(variables: Variables, clock: Clock) -> Provider:
    bot = variables.text("LIVECHAT_BOT_ID")
    account = livechat_wire.LiveChatAccount(
        organization_id=variables.text("LIVECHAT_ORGANIZATION_ID"),
        client_id=variables.text("LIVECHAT_CLIENT_ID"),
        client_secret=variables.secret("LIVECHAT_CLIENT_SECRET"),
        refresh_token=variables.secret("LIVECHAT_REFRESH_TOKEN"),
        webhook_secret=variables.secret("LIVECHAT_WEBHOOK_SECRET"),
        group_id=variables.text("LIVECHAT_GROUP_ID", livechat_wire.EVERYBODY),
        bot=livechat_wire.Bot(id=bot, secret=variables.secret("LIVECHAT_BOT_SECRET"))
        if bot
        else None,
        api_url=_url(variables, "LIVECHAT_API_URL", livechat_wire.API_URL),
        accounts_url=variables.text("LIVECHAT_ACCOUNTS_URL", livechat_wire.ACCOUNTS_URL).rstrip(
            "/"
        ),
        api_version=variables.text("LIVECHAT_API_VERSION", livechat_wire.API_VERSION),
    )
    return livechat.LiveChat(account, clock)


def _eight_by_eight(variables: Variables, clock: Clock) -> Provider:
    has_secret = variables.has("EIGHT_BY_EIGHT_API_SECRET")
    statistics = variables.text(STATISTICS).strip().lower()
    if statistics not in {"", GATEWAY, REALTIME}:
        says = f"{STATISTICS} must be {GATEWAY} or {REALTIME}, or not set: {statistics!r}"
        raise ConfigurationError(says)
    if statistics == REALTIME and not has_secret:
        raise ConfigurationError(f"{STATISTICS}={REALTIME} needs EIGHT_BY_EIGHT_API_SECRET")
    account = eight_by_eight_wire.EightByEightAccount(
        api_key=variables.secret("EIGHT_BY_EIGHT_API_KEY"),
        tenant=variables.text("EIGHT_BY_EIGHT_TENANT").strip(),
        channel_id=variables.text("EIGHT_BY_EIGHT_CHANNEL_ID").strip(),
        queue_id=variables.text("EIGHT_BY_EIGHT_QUEUE_ID").strip(),
        api_url=_url(variables, "EIGHT_BY_EIGHT_API_URL", eight_by_eight_wire.API_URL),
        api_secret=variables.secret("EIGHT_BY_EIGHT_API_SECRET") if has_secret else None,
        schedule_id=variables.text("EIGHT_BY_EIGHT_SCHEDULE_ID").strip(),
        gateway_statistics=statistics == GATEWAY,
    )
    return eight_by_eight.EightByEight(account, clock)


PROVIDERS: Mapping[ProviderId, Entry] = {
    livechat_wire.ID: Entry(
        required=(
            "LIVECHAT_ORGANIZATION_ID",
            "LIVECHAT_CLIENT_ID",
            "LIVECHAT_CLIENT_SECRET",
            "LIVECHAT_REFRESH_TOKEN",
            "LIVECHAT_WEBHOOK_SECRET",
        ),
        optional=(
            "LIVECHAT_GROUP_ID",
            "LIVECHAT_BOT_ID",
            "LIVECHAT_BOT_SECRET",
            "LIVECHAT_API_URL",
            "LIVECHAT_ACCOUNTS_URL",
            "LIVECHAT_API_VERSION",
        ),
        together=(("LIVECHAT_BOT_ID", "LIVECHAT_BOT_SECRET"),),
        build=_livechat,
        says=livechat_webhooks.SAYS,
    ),
    eight_by_eight_wire.ID: Entry(
        required=(
            "EIGHT_BY_EIGHT_API_KEY",
            "EIGHT_BY_EIGHT_TENANT",
            "EIGHT_BY_EIGHT_CHANNEL_ID",
        ),
        optional=(
            "EIGHT_BY_EIGHT_QUEUE_ID",
            "EIGHT_BY_EIGHT_API_SECRET",
            "EIGHT_BY_EIGHT_SCHEDULE_ID",
            STATISTICS,
            "EIGHT_BY_EIGHT_API_URL",
        ),
        together=(),
        build=_eight_by_eight,
        says=eight_by_eight_webhooks.SAYS,
        made_by_setup=("EIGHT_BY_EIGHT_CHANNEL_ID",),
    ),
}
