"""Whose desk the demo can show: a simulator each, and the variables that lead functions to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from starlette.applications import Starlette

from demo import livechat

BILLING = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProvider:
    """One vendor. `simulator` is told where its webhooks go; every simulator has a `/desk` API.

    `variables` is told where the simulator is, and whether the transcript is written by a bot of
    the vendor's as a note that only agents see.
    """

    title: str
    simulator: Callable[[str], Starlette]
    variables: Callable[[str, bool], Mapping[str, str]]


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


PROVIDERS: Mapping[str, DemoProvider] = {
    "livechat": DemoProvider(title="LiveChat", simulator=_livechat, variables=_livechat_variables),
}
