"""What LiveChat needs to know of us: webhooks, a property, perhaps a bot.

https://platform.text.com/docs/management/configuration-api/
"""

from __future__ import annotations

from collections.abc import Callable

from handoff.errors import Unavailable
from handoff.exchange import Exchange, Json, text
from handoff.providers.livechat_configuration import ACTIONS, Configuration, wanted
from handoff.providers.livechat_wire import LiveChatAccount, Wire
from handoff.providers.operating import Outcome, Plan, Step

MOST_PER_ACTION = 3
PROPERTY = "handoff_id"
BOT_NAME = "Handoff"

TellStep = Callable[[Step], None]


class Setup:
    """Registers in one organization what is missing."""

    def __init__(self, account: LiveChatAccount, wire: Wire) -> None:
        self._account = account
        self._api = Configuration(account, wire)

    def run(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        """Set up webhooks, the property and, where its secret can be kept, the bot."""
        registered = yield from self._api.webhooks()
        for action in ACTIONS:
            same = [one for one in registered if text(one, "action") == action]
            yield from self._webhook(plan, action, same, tell)
        yield from self._switch_on(plan, tell)
        yield from self._property(plan, tell)
        yield from self._bot(plan, tell)

    def _webhook(self, plan: Plan, action: str, same: list[Json], tell: TellStep) -> Exchange[None]:
        """Find or register one action; others are taken away only when told to."""
        what, want = f"webhook {action}", wanted(self._account, plan.url)
        wrong = [(one, fault) for one in same if (fault := want.faults(one))]
        right = len(same) > len(wrong)
        if right:
            tell(Step(what=what, outcome=Outcome.FOUND, detail=plan.url))
        for _, fault in wrong if not plan.replace else ():
            detail = f"another one {fault}; --replace takes it away"
            tell(Step(what=what, outcome=Outcome.LEFT, detail=detail))
        gone = [one for one, _ in wrong] if plan.replace else []
        if right and not gone:
            return
        if not plan.dry:
            yield from self._register(plan.url, action, gone, needed=not right)
        made = Outcome.WOULD_MAKE if plan.dry else Outcome.MADE
        changed = Outcome.WOULD_CHANGE if plan.dry else Outcome.CHANGED
        tell(Step(what=what, outcome=changed if gone else made, detail=plan.url))

    def _register(self, url: str, action: str, gone: list[Json], *, needed: bool) -> Exchange[None]:
        """Register before the old ones go, so that nothing is missed, where there is room."""
        crowded = len(gone) >= MOST_PER_ACTION
        for one in gone[:1] if crowded else ():
            yield from self._api.call("unregister_webhook", {"id": text(one, "id")})
        if needed:
            payload: Json = {
                "action": action,
                "url": url,
                "secret_key": self._account.webhook_secret.current,
                "type": "license",
                "description": wanted(self._account, url).mark,
            }
            yield from self._api.call("register_webhook", payload)
        for one in gone[1:] if crowded else gone:
            yield from self._api.call("unregister_webhook", {"id": text(one, "id")})

    def _switch_on(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        what = "webhooks of the organization"
        if (yield from self._api.flowing()):
            tell(Step(what=what, outcome=Outcome.FOUND, detail="switched on"))
            return
        if not plan.dry:
            yield from self._api.call("enable_license_webhooks")
        outcome = Outcome.WOULD_CHANGE if plan.dry else Outcome.CHANGED
        tell(Step(what=what, outcome=outcome, detail="switched on"))

    def _property(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        what = f"property {PROPERTY}"
        if PROPERTY in (yield from self._api.call("list_properties")):
            tell(Step(what=what, outcome=Outcome.FOUND))
            return
        if not plan.dry:
            # A chat is written as the customer, so the customer's token has to be let in.
            rights = {"customer": ["read", "write"], "agent": ["read"]}
            access = {"chat": rights, "thread": rights}
            payload = {"name": PROPERTY, "type": "string", "access": access}
            yield from self._api.call("register_property", payload)
        tell(Step(what=what, outcome=Outcome.WOULD_MAKE if plan.dry else Outcome.MADE))

    def _bot(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        """Make the bot, whose secret is shown once: not without a place to keep it."""
        if self._account.bot is not None:
            tell(Step(what="bot", outcome=Outcome.FOUND, detail=self._account.bot.id))
            return
        if plan.keep_secret is None:
            detail = "not wanted: its secret is shown once, --secrets-file says where to keep it"
            tell(Step(what="bot", outcome=Outcome.LEFT, detail=detail))
            return
        bots = yield from self._api.listed("list_bots")
        known = [text(one, "id") for one in bots if text(one, "name") == BOT_NAME]
        if known:
            detail = f"{known[0]} is there, and nobody can read its secret again"
            tell(Step(what="bot", outcome=Outcome.LEFT, detail=detail))
            return
        if plan.dry:
            tell(Step(what="bot", outcome=Outcome.WOULD_MAKE, detail=BOT_NAME))
            return
        yield from self._make_bot(plan.keep_secret, tell)

    def _make_bot(self, keep: Callable[[str, str], None], tell: TellStep) -> Exchange[None]:
        # A bot of this priority never gets a chat by itself.
        groups = [{"id": int(self._account.group_id), "priority": "supervisor"}]
        payload = {"name": BOT_NAME, "groups": groups, "default_group_priority": "supervisor"}
        made = yield from self._api.call("create_bot", payload)
        own, secret = text(made, "id"), text(made, "secret")
        if not own or not secret:
            raise Unavailable("livechat made a bot without telling its id and secret")
        keep("LIVECHAT_BOT_SECRET", secret)
        tell(Step(what="bot", outcome=Outcome.MADE, detail=own, variable=("LIVECHAT_BOT_ID", own)))
