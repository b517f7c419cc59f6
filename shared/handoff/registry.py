"""Every provider there is: which variables it needs, and how it is made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handoff.clock import Clock
from handoff.providers import livechat, livechat_wire
from handoff.providers.base import Provider
from handoff.variables import Variables
from handoff.vocabulary import ProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One provider. `together` are optional variables that are only good as a group."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    together: tuple[tuple[str, ...], ...]
    build: Callable[[Variables, Clock], Provider]

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
    ),
}
