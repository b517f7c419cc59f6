"""What LiveChat needs to know of us: webhooks, perhaps a bot, a property.

https://platform.text.com/docs/management/configuration-api/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from handoff.errors import ProviderError
from handoff.exchange import Exchange, Json, items, obj, text
from handoff.providers.livechat_webhooks import KINDS
from handoff.providers.livechat_wire import LiveChatAccount, Wire, is_group
from handoff.providers.operating import Finding, Outcome, Plan, Step

PROPERTY = "handoff_id"
BOT_NAME = "Handoff"

TellStep = Callable[[Step], None]
TellFinding = Callable[[Finding], None]


class App:
    """Our app in one organization, as the Configuration API knows it."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire

    def call(self, action: str, payload: Json) -> Exchange[Json]:
        """Make one call in the name of the app."""
        owned = {"owner_client_id": self._account.client_id, **payload}
        return self._wire.configuration(action, owned)

    def registered(self) -> Exchange[list[Json]]:
        """Return the webhooks of the whole organization; those of bots are others."""
        listed = objects((yield from self.call("list_webhooks", {})))
        return [one for one in listed if text(one, "type") in {"", "license"}]

    def flows(self) -> Exchange[bool]:
        """Say whether webhooks are switched on."""
        state = yield from self.call("get_license_webhooks_state", {})
        return state.get("license_webhooks_enabled") is True


class Setup:
    """Registers in one organization what is missing."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._account = account
        self._app = App(account, wire)

    def run(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        """Set up webhooks, the property and, where its secret can be kept, the bot."""
        registered = yield from self._app.registered()
        for action in KINDS:
            same = [one for one in registered if text(one, "action") == action]
            yield from self._webhook(plan, action, same, tell)
        yield from self._enabled(plan, tell)
        yield from self._property(plan, tell)
        yield from self._bot(plan, tell)

    def _webhook(self, plan: Plan, action: str, same: list[Json], tell: TellStep) -> Exchange[None]:
        what = f"webhook {action}"
        if any(text(one, "url") == plan.url for one in same):
            tell(Step(what=what, outcome=Outcome.FOUND))
            return
        if same and not plan.replace:
            detail = "there is one for another address too; --replace takes it away"
            tell(Step(what=what, outcome=Outcome.LEFT, detail=detail))
        for one in same if plan.replace and not plan.dry else ():
            yield from self._app.call("unregister_webhook", {"id": text(one, "id")})
            tell(Step(what=what, outcome=Outcome.CHANGED, detail="the old one is gone"))
        if plan.dry:
            tell(Step(what=what, outcome=Outcome.WOULD_MAKE, detail=plan.url))
            return
        payload: Json = {
            "action": action,
            "url": plan.url,
            "secret_key": self._account.webhook_secret.current,
            "type": "license",
        }
        yield from self._app.call("register_webhook", payload)
        tell(Step(what=what, outcome=Outcome.MADE, detail=plan.url))

    def _enabled(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        if (yield from self._app.flows()):
            tell(Step(what="webhooks of the organization", outcome=Outcome.FOUND, detail="on"))
            return
        outcome = Outcome.WOULD_CHANGE if plan.dry else Outcome.CHANGED
        if not plan.dry:
            yield from self._app.call("enable_license_webhooks", {})
        tell(Step(what="webhooks of the organization", outcome=outcome, detail="switched on"))

    def _property(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        known = yield from self._app.call("list_properties", {})
        if PROPERTY in known:
            tell(Step(what=f"property {PROPERTY}", outcome=Outcome.FOUND))
            return
        outcome = Outcome.WOULD_MAKE if plan.dry else Outcome.MADE
        if not plan.dry:
            access = {"chat": {"agent": ["read"]}, "thread": {"agent": ["read"]}}
            payload = {"name": PROPERTY, "type": "string", "access": access}
            yield from self._app.call("register_property", payload)
        tell(Step(what=f"property {PROPERTY}", outcome=outcome))

    def _bot(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        """Make the bot, whose secret is shown once: not without a place to keep it."""
        if self._account.bot is not None:
            tell(Step(what="bot", outcome=Outcome.FOUND, detail=self._account.bot.id))
            return
        if plan.keep_secret is None:
            detail = "its secret is shown once; --secrets-file says where to keep it"
            tell(Step(what="bot", outcome=Outcome.LEFT, detail=detail))
            return
        if plan.dry:
            tell(Step(what="bot", outcome=Outcome.WOULD_MAKE))
            return
        # A bot of this priority never gets a chat by itself.
        groups = [{"id": int(self._account.group_id), "priority": "supervisor"}]
        payload = {"name": BOT_NAME, "groups": groups, "default_group_priority": "supervisor"}
        made = yield from self._app.call("create_bot", payload)
        plan.keep_secret("LIVECHAT_BOT_SECRET", text(made, "secret"))
        own = text(made, "id")
        tell(Step(what="bot", outcome=Outcome.MADE, detail=own, variable=("LIVECHAT_BOT_ID", own)))


class Check:
    """Looks whether one organization is ready."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire
        self._app = App(account, wire)

    def run(self, url: str, targets: Sequence[str], tell: TellFinding) -> Exchange[None]:
        """Tell of credentials, webhooks, groups and the bot."""
        try:
            registered = yield from self._app.registered()
        except ProviderError as error:
            tell(Finding(what="credentials", problem=str(error)))
            return
        tell(Finding(what="credentials"))
        for action in KINDS:
            tell(_webhook_finding(action, url, registered))
        flows = yield from self._app.flows()
        off = "" if flows else "they are switched off; `handoff setup livechat` switches them on"
        tell(Finding(what="webhooks of the organization", problem=off))
        yield from self._check_groups(targets, tell)

    def _check_groups(self, targets: Sequence[str], tell: TellFinding) -> Exchange[None]:
        try:
            listed = yield from self._wire.configuration("list_groups", {})
        except ProviderError as error:
            tell(Finding(what="groups", problem=str(error)))
            return
        names = {text(one, "id"): text(one, "name") for one in objects(listed)}
        for target in dict.fromkeys((self._account.group_id, *targets)):
            known = is_group(target) and target in names
            problem = "" if known else "there is no such group"
            tell(Finding(what=f"group {target}", detail=names.get(target, ""), problem=problem))


def _webhook_finding(action: str, url: str, registered: list[Json]) -> Finding:
    urls = [text(one, "url") for one in registered if text(one, "action") == action]
    problem = "" if urls else "it is not registered; `handoff setup livechat` does that"
    if urls and url and url not in urls:
        problem = f"it goes to {', '.join(urls)}, not to {url}"
    return Finding(what=f"webhook {action}", detail=", ".join(urls), problem=problem)


def objects(answer: Json) -> list[Json]:
    """Return the objects of a list, which `configuration` wraps."""
    return [obj(one) for one in items(answer, "all")]
