"""The gateway's calls about webhooks, channels and the key that webhooks are signed with."""

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import bad, missing
from demo.eight_by_eight.records import new_id
from demo.eight_by_eight.resources import page
from demo.eight_by_eight.shapes import VERSION, Channel, Trial, Webhook
from demo.eight_by_eight.simulator import Simulator
from demo.rest import Json


def webhooks(simulator: Simulator, call: Call) -> Answer:
    """List webhooks."""
    return page(call, "webhooks", list(simulator.tenant.webhooks.values()))


def webhook(simulator: Simulator, call: Call) -> Answer:
    """Return one webhook."""
    return Answer(body=_one(simulator.tenant.webhooks, call, "Webhook"))


def save_webhook(simulator: Simulator, call: Call) -> Answer:
    """Make a webhook, or write another in its place; its address is tried at once."""
    own = _one(simulator.tenant.webhooks, call, "Webhook")["id"] if call.params else new_id()
    given = call.read(Webhook)
    if not (given.version or given.notification_version):
        raise bad("invalid_version", f"Only {VERSION}")
    hook = {"id": own, "name": given.name, "uri": given.uri, "version": VERSION}
    simulator.tenant.webhooks[own] = hook
    _try(simulator, hook)
    return Answer(body=hook)


def delete_webhook(simulator: Simulator, call: Call) -> Answer:
    """Forget a webhook."""
    del simulator.tenant.webhooks[_one(simulator.tenant.webhooks, call, "Webhook")["id"]]
    return Answer(status=204)


def verify_webhook(simulator: Simulator, call: Call) -> Answer:
    """Try an address."""
    _try(simulator, {"id": "verify", "uri": call.read(Trial).uri})
    return Answer(status=204)


def _try(simulator: Simulator, hook: Json) -> None:
    simulator.send(hook, {"notificationVersion": VERSION, "eventType": "WEB_HOOK_VERIFY"})


def channels(simulator: Simulator, call: Call) -> Answer:
    """List channels."""
    return page(call, "channels", list(simulator.tenant.channels.values()))


def channel(simulator: Simulator, call: Call) -> Answer:
    """Return one channel."""
    return Answer(body=_one(simulator.tenant.channels, call, "Channel"))


def save_channel(simulator: Simulator, call: Call) -> Answer:
    """Make a channel, or write another in its place."""
    tenant = simulator.tenant
    own = _one(tenant.channels, call, "Channel")["id"] if call.params else new_id()
    given = call.read(Channel)
    if given.routing_options.id not in simulator.account.queues:
        raise bad("invalid_queue", "Queue does not exist")
    if given.web_hook_id not in tenant.webhooks:
        raise bad("invalid_webhook", "Webhook does not exist")
    tenant.channels[own] = {
        "id": own,
        "name": given.name,
        "type": given.type,
        "webHookId": given.web_hook_id,
        "routingOptions": {"type": "queue", "id": given.routing_options.id},
    }
    return Answer(body=tenant.channels[own])


def delete_channel(simulator: Simulator, call: Call) -> Answer:
    """Forget a channel."""
    del simulator.tenant.channels[_one(simulator.tenant.channels, call, "Channel")["id"]]
    return Answer(status=204)


def _one(known: dict[str, Json], call: Call, what: str) -> Json:
    if call.params["id"] not in known:
        raise missing(what)
    return known[call.params["id"]]


def key(simulator: Simulator, call: Call) -> Answer:
    """Serve the key that webhooks are signed with."""
    if call.params["kid"] != simulator.account.key_id:
        raise missing("Key")
    return Answer(body=simulator.signer.public())
