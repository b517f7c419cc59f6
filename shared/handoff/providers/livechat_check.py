"""Whether LiveChat is ready: credentials, webhooks, groups, bot.

https://platform.text.com/docs/management/configuration-api/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from handoff.errors import ProviderError, Rejected
from handoff.exchange import Exchange, Json, text
from handoff.providers.livechat_configuration import (
    ACTIONS,
    Configuration,
    Wanted,
    wanted,
)
from handoff.providers.livechat_wire import LiveChatAccount, Wire, is_group
from handoff.providers.operating import Finding

MINTING = "customers:own"

TellFinding = Callable[[Finding], None]


class Check:
    """Looks whether one organization is ready."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire
        self._api = Configuration(account, wire)

    def run(self, url: str, targets: Sequence[str], tell: TellFinding) -> Exchange[None]:
        """Tell of credentials, webhooks, groups and the bot."""
        problem = yield from _trouble(self._credentials())
        tell(Finding(what="credentials", problem=problem))
        if problem:
            return
        try:
            registered = yield from self._api.webhooks()
        except ProviderError as error:
            tell(Finding(what="webhooks", problem=str(error)))
        else:
            yield from self._webhooks(registered, url, tell)
        yield from self._groups(targets, tell)
        if self._account.bot is not None:
            # The cheapest call that only the bot's own token opens.
            problem = yield from _trouble(self._wire.agent("list_chats", {"limit": 1}))
            tell(Finding(what="bot", detail=self._account.bot.id, problem=problem))

    def _credentials(self) -> Exchange[None]:
        """Raise for tokens of another organization, or that can make no customers."""
        told = yield from self._wire.token_info()
        if text(told, "organization_id") not in {"", self._account.organization_id}:
            raise Rejected("the refresh token is not of LIVECHAT_ORGANIZATION_ID")
        scopes = re.split(r"[\s,]+", text(told, "scope"))
        if scopes != [""] and MINTING not in scopes:
            raise Rejected(f"the app needs the scope {MINTING}, granted by an administrator")

    def _webhooks(self, registered: list[Json], url: str, tell: TellFinding) -> Exchange[None]:
        for action in ACTIONS:
            same = [one for one in registered if text(one, "action") == action]
            tell(_webhook_finding(action, wanted(self._account, url), same))
        problem = yield from _trouble(self._flowing())
        tell(Finding(what="webhooks of the organization", problem=problem))

    def _flowing(self) -> Exchange[None]:
        if not (yield from self._api.flowing()):
            raise Rejected("they are switched off; `handoff setup livechat` switches them on")

    def _groups(self, targets: Sequence[str], tell: TellFinding) -> Exchange[None]:
        try:
            listed = yield from self._api.listed("list_groups")
        except ProviderError as error:
            tell(Finding(what="groups", problem=str(error)))
            return
        names = {text(one, "id"): text(one, "name") for one in listed}
        for target in dict.fromkeys((self._account.group_id, *targets)):
            known = is_group(target) and str(int(target)) in names
            problem = "" if known else "there is no such group"
            detail = names[str(int(target))] if known else ""
            tell(Finding(what=f"group {target}", detail=detail, problem=problem))


def _webhook_finding(action: str, want: Wanted, same: list[Json]) -> Finding:
    faults = [want.faults(one) for one in same]
    right = [text(one, "url") for one, fault in zip(same, faults, strict=True) if not fault]
    wrong = "; ".join(f"it {fault}" for fault in faults) or "it is not registered"
    problem = "" if right else f"{wrong}: `handoff setup livechat` helps"
    return Finding(what=f"webhook {action}", detail=", ".join(right), problem=problem)


def _trouble(exchange: Exchange[object]) -> Exchange[str]:
    """Return what is wrong with an exchange, or nothing."""
    try:
        yield from exchange
    except ProviderError as error:
        return str(error)
    return ""
