"""Whose desk the demo can show: a simulator each, and the variables that lead functions to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from starlette.applications import Starlette

from demo import eight_by_eight, livechat

BILLING = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProvider:
    """One vendor. `simulator` is told where its webhooks go; every simulator has a `/desk` API.

    `variables` is told where the simulator is, and whether the transcript is written by a bot of
    the vendor's as a note that only agents see. `config` is what `handoff.toml` says. `typing`
    is whether the desk tells that an agent types.
    """

    title: str
    simulator: Callable[[str], Starlette]
    variables: Callable[[str, bool], Mapping[str, str]]
    config: str = ""
    typing: bool = False


def _livechat(webhook_url: str) -> Starlette:
    return livechat.create_app(replace(livechat.Account(), webhook_url=webhook_url))


def _livechat_variables(address: str, bot: bool) -> Mapping[str, str]:
    account = livechat.Account()
    variables = {
        "LIVECHAT_ORGANIZATION_ID": account.organization_id,
        "LIVECHAT_CLIENT_ID": account.client_id,
        "LIVECHAT_CLIENT_SECRET": account.client_secret,
        "LIVECHAT_REFRESH_TOKEN": account.refresh_token,
        "LIVECHAT_WEBHOOK_SECRET": account.webhook_secret,
        "LIVECHAT_GROUP_ID": BILLING,
        "LIVECHAT_API_URL": address,
        "LIVECHAT_ACCOUNTS_URL": address,
    }
    if bot:
        variables["LIVECHAT_BOT_ID"] = account.bot_id
        variables["LIVECHAT_BOT_SECRET"] = account.bot_secret
    return variables


def _eight_by_eight(webhook_url: str) -> Starlette:
    account = replace(eight_by_eight.Account(), webhook_url=webhook_url)
    return eight_by_eight.create_app(account)


def _eight_by_eight_variables(address: str, _bot: bool) -> Mapping[str, str]:
    account = eight_by_eight.Account()
    return {
        "EIGHT_BY_EIGHT_API_KEY": account.api_key,
        "EIGHT_BY_EIGHT_API_SECRET": account.api_secret,
        "EIGHT_BY_EIGHT_TENANT": account.tenant,
        "EIGHT_BY_EIGHT_CHANNEL_ID": account.channel_id,
        "EIGHT_BY_EIGHT_QUEUE_ID": next(iter(account.queues)),
        "EIGHT_BY_EIGHT_SCHEDULE_ID": next(iter(account.schedules)),
        "EIGHT_BY_EIGHT_API_URL": address,
    }


PROVIDERS: Mapping[str, DemoProvider] = {
    "livechat": DemoProvider(title="LiveChat", simulator=_livechat, variables=_livechat_variables),
    "8x8": DemoProvider(
        title="8x8",
        simulator=_eight_by_eight,
        variables=_eight_by_eight_variables,
        typing=True,
        # Nobody who looks at a demo wants to wait so long for the end of a chat.
        config="[limits]\nleave_grace = 1\n",
    ),
}
