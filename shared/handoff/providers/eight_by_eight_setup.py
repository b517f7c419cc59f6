"""What 8x8 needs to know of us: a webhook, and a channel that leads to it.

https://developer.8x8.com/actions-events/docs/webhooks-2
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from handoff.errors import ProviderError, Rejected
from handoff.exchange import Exchange, Json, text
from handoff.providers.eight_by_eight_opening import queue_of
from handoff.providers.eight_by_eight_presence import Presences
from handoff.providers.eight_by_eight_wire import GATEWAY, EightByEightAccount, Wire
from handoff.providers.operating import Finding, Outcome, Plan, Step
from handoff.vocabulary import Presence

NAME = "dialogflow-live-agent-handoff"
VERSION = "Chat Gateway v1.0"
CHANNEL = "EIGHT_BY_EIGHT_CHANNEL_ID"
MOST_PAGES = 10
HELP = "`handoff setup 8x8 --replace` helps"

TellStep = Callable[[Step], None]
TellFinding = Callable[[Finding], None]


class Setup:
    """Finds or makes webhook and channel in one tenant."""

    def __init__(self, account: EightByEightAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire

    def run(self, plan: Plan, tell: TellStep) -> Exchange[None]:
        """Set up all that is missing."""
        webhook = yield from self._webhook(plan, tell)
        yield from self._channel(plan, webhook, tell)
        if not plan.dry:
            yield from self._verify(plan.url, tell)

    def _verify(self, url: str, tell: TellStep) -> Exchange[None]:
        """Let 8x8 try the address; last, for what does not answer yet can still be set up."""
        payload = {"version": VERSION, "notificationVersion": VERSION, "uri": url}
        path = f"{GATEWAY}/webhooks/verify"
        yield from self._wire.call("POST", path, payload, call="verify webhook")
        detail = "8x8 sends a trial to the address now; its Event Log shows the answer"
        tell(Step(what="webhook's address", outcome=Outcome.FOUND, detail=detail))

    def _webhook(self, plan: Plan, tell: TellStep) -> Exchange[str]:
        """Return the webhook's id, empty where it would only be made."""
        found = yield from self._listed("webhooks", lambda one: text(one, "uri") == plan.url)
        if found is not None and _speaks_ours(found):
            tell(Step(what="webhook", outcome=Outcome.FOUND, detail=text(found, "id")))
            return text(found, "id")
        named = found or (
            yield from self._listed("webhooks", lambda one: text(one, "name") == NAME)
        )
        # Which of the two names of the version is enforced is not told.
        payload = {
            "name": NAME,
            "uri": plan.url,
            "version": VERSION,
            "notificationVersion": VERSION,
        }
        if named is not None and not plan.replace:
            detail = f"{text(named, 'id')} {_fault(named, plan.url)}; --replace changes it"
            tell(Step(what="webhook", outcome=Outcome.LEFT, detail=detail))
            raise Rejected("8x8 has a webhook that would have to be changed", code="other_webhook")
        if plan.dry:
            outcome = Outcome.WOULD_CHANGE if named else Outcome.WOULD_MAKE
            tell(Step(what="webhook", outcome=outcome, detail=plan.url))
            return text(named, "id")
        path, method = f"{GATEWAY}/webhooks", "POST"
        if named is not None:
            path, method = f"{path}/{quote(text(named, 'id'), safe='')}", "PUT"
        made = yield from self._wire.call(method, path, payload, call="save webhook")
        outcome = Outcome.CHANGED if named else Outcome.MADE
        own = text(made, "id") or text(named, "id")
        tell(Step(what="webhook", outcome=outcome, detail=own))
        return own

    def _channel(self, plan: Plan, webhook: str, tell: TellStep) -> Exchange[None]:
        """Find the channel by its id, or one of our name that leads here, or make it."""
        own = self._account.channel_id

        def is_ours(one: Json) -> bool:
            leads_here = bool(webhook) and text(one, "webHookId") == webhook
            return text(one, "id") == own if own else text(one, "name") == NAME and leads_here

        found = yield from self._listed("channels", is_ours)
        if found is not None:
            yield from self._led(plan, webhook, found, tell)
            return
        if own:
            raise Rejected(f"8x8 has no channel of the id in {CHANNEL}", code="no_channel")
        queue = queue_of(plan.target or self._account.queue_id)
        if not queue:
            raise Rejected("a new channel needs a queue: --queue, or EIGHT_BY_EIGHT_QUEUE_ID")
        if plan.dry:
            tell(Step(what="channel", outcome=Outcome.WOULD_MAKE, detail=f"{NAME}, queue {queue}"))
            return
        payload = {
            "name": NAME,
            "type": "ChatAPI",
            "webHookId": webhook,
            "routingOptions": {"type": "queue", "id": queue},
        }
        made = yield from self._wire.call(
            "POST", f"{GATEWAY}/channels", payload, call="create channel"
        )
        tell(_channel_step(Outcome.MADE, text(made, "id")))

    def _led(self, plan: Plan, webhook: str, channel: Json, tell: TellStep) -> Exchange[None]:
        """Let a channel that is there lead to the webhook; its queue stays."""
        own, queue = text(channel, "id"), text(channel, "routingOptions", "id")
        if plan.target not in {"", queue}:
            detail = f"{own} leads to queue {queue}; 8x8's Configuration Manager changes that"
            tell(Step(what="channel's queue", outcome=Outcome.LEFT, detail=detail))
        if webhook and text(channel, "webHookId") == webhook:
            tell(_channel_step(Outcome.FOUND, own))
            return
        if not plan.replace:
            detail = f"{own} leads to another webhook; --replace changes it"
            tell(Step(what="channel", outcome=Outcome.LEFT, detail=detail))
            return
        if plan.dry:
            tell(_channel_step(Outcome.WOULD_CHANGE, own))
            return
        names = ("name", "type", "routingOptions")
        kept = {name: channel[name] for name in names if name in channel}
        yield from self._wire.call(
            "PUT",
            f"{GATEWAY}/channels/{quote(own, safe='')}",
            {**kept, "webHookId": webhook},
            call="update channel",
        )
        tell(_channel_step(Outcome.CHANGED, own))

    def _listed(self, name: str, wanted: Callable[[Json], bool]) -> Exchange[Json | None]:
        return self._wire.find(
            f"{GATEWAY}/{name}", name, wanted, call=f"list {name}", most_pages=MOST_PAGES
        )


class Check:
    """Looks whether one tenant is ready."""

    def __init__(self, account: EightByEightAccount, wire: Wire, presences: Presences) -> None:
        self._account = account
        self._wire = wire
        self._presences = presences

    def run(self, url: str, targets: Sequence[str], tell: TellFinding) -> Exchange[None]:
        """Tell of credentials, channel, webhook, statistics and schedule."""
        path = f"{GATEWAY}/channels/{quote(self._account.channel_id, safe='')}"
        try:
            channel = yield from self._wire.call("GET", path, call="channel")
        except ProviderError as error:
            tell(Finding(what="key, tenant and channel", problem=str(error)))
            return
        tell(Finding(what="key, tenant and channel", detail=text(channel, "name")))
        yield from self._check_webhook(url, text(channel, "webHookId"), tell)
        if not (self._account.api_secret or self._account.gateway_statistics):
            detail = "not asked: neither EIGHT_BY_EIGHT_API_SECRET nor statistics are set"
            tell(Finding(what="queues", detail=detail))
        else:
            default = self._account.queue_id or text(channel, "routingOptions", "id")
            for target in dict.fromkeys(filter(None, (default, *targets))):
                yield from self._check_queue(target, tell)
        yield from self._check_schedule(tell)

    def _check_webhook(self, url: str, webhook: str, tell: TellFinding) -> Exchange[None]:
        if not webhook:
            tell(Finding(what="webhook", problem=f"the channel has none; {HELP}"))
            return
        path = f"{GATEWAY}/webhooks/{quote(webhook, safe='')}"
        try:
            found = yield from self._wire.call("GET", path, call="webhook")
        except ProviderError as error:
            tell(Finding(what="webhook", problem=f"{error}; {HELP}"))
            return
        fault = _fault(found, url)
        problem = f"it {fault}; {HELP}" if fault else ""
        tell(Finding(what="webhook", detail=text(found, "uri"), problem=problem))

    def _check_queue(self, target: str, tell: TellFinding) -> Exchange[None]:
        what = f"queue {target}"
        queue = queue_of(target)
        if not queue:
            tell(Finding(what=what, detail="a script, which cannot be asked for"))
            return
        try:
            counted = yield from self._presences.counted(queue)
        except ProviderError as error:
            tell(Finding(what=what, problem=str(error)))
            return
        known = counted.agents is not None
        detail = f"{counted.agents:.0f} agents can be given chats" if known else ""
        tell(Finding(what=what, detail=detail, problem="" if known else "it tells no agents"))

    def _check_schedule(self, tell: TellFinding) -> Exchange[None]:
        presence = yield from self._presences.schedule()
        if presence is None:
            return
        understood = presence is not Presence.UNKNOWN
        detail = {Presence.YES: "open now", Presence.NO: "closed now"}.get(presence, "")
        problem = "" if understood else "its status cannot be read: EIGHT_BY_EIGHT_SCHEDULE_ID"
        tell(Finding(what=f"schedule {self._account.schedule_id}", detail=detail, problem=problem))


def _channel_step(outcome: Outcome, own: str) -> Step:
    return Step(what="channel", outcome=outcome, detail=own, variable=(CHANNEL, own))


def _speaks_ours(webhook: Json) -> bool:
    """Say whether a webhook sends the events that we read; older ones have other words."""
    return text(webhook, "version") in {"", VERSION}


def _fault(webhook: Json, url: str) -> str:
    """Tell what is wrong with a webhook; without `url` only what is wrong in itself."""
    goes = text(webhook, "uri")
    if url and goes != url:
        return f"goes to {goes}, not to {url}"
    return "" if _speaks_ours(webhook) else f"is for {text(webhook, 'version')}, not for {VERSION}"
