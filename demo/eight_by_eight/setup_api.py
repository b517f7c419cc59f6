"""The gateway's calls about webhooks, channels and keys; schedules and statistics."""

import base64
import secrets
from urllib.parse import parse_qs, urlsplit

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import bad, denied, missing
from demo.eight_by_eight.records import new_id
from demo.eight_by_eight.resources import VERSION, obj, page, text
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
    body = call.json()
    hook = {"id": own, "name": text(body, "name", longest=256), "uri": _uri(body)}
    hook["version"] = body.get("notificationVersion") or body.get("version")
    if hook["version"] != VERSION:
        raise bad("invalid_version", "Only Chat Gateway v1.0")
    simulator.tenant.webhooks[own] = hook
    _try(simulator, hook)
    return Answer(body=hook)


def delete_webhook(simulator: Simulator, call: Call) -> Answer:
    """Forget a webhook."""
    del simulator.tenant.webhooks[_one(simulator.tenant.webhooks, call, "Webhook")["id"]]
    return Answer(status=204)


def verify_webhook(simulator: Simulator, call: Call) -> Answer:
    """Try an address."""
    body = call.json()
    _try(simulator, {"id": "verify", "uri": _uri(body)})
    return Answer(status=204)


def _try(simulator: Simulator, hook: Json) -> None:
    simulator.send(hook, {"notificationVersion": VERSION, "eventType": "WEB_HOOK_VERIFY"})


def _uri(body: Json) -> str:
    uri = text(body, "uri", longest=2000)
    if urlsplit(uri).scheme not in {"http", "https"}:
        raise bad("invalid_field", "`uri` must be an address")
    return uri


def channels(simulator: Simulator, call: Call) -> Answer:
    """List channels."""
    return page(call, "channels", list(simulator.tenant.channels.values()))


def channel(simulator: Simulator, call: Call) -> Answer:
    """Return one channel."""
    return Answer(body=_one(simulator.tenant.channels, call, "Channel"))


def save_channel(simulator: Simulator, call: Call) -> Answer:
    """Make a channel, or write another in its place."""
    tenant, body = simulator.tenant, call.json()
    own = _one(tenant.channels, call, "Channel")["id"] if call.params else new_id()
    routing = obj(body, "routingOptions")
    if routing.get("type") != "queue" or routing.get("id") not in simulator.account.queues:
        raise bad("invalid_queue", "Queue does not exist")
    if body.get("webHookId") not in tenant.webhooks:
        raise bad("invalid_webhook", "Webhook does not exist")
    if text(body, "type", longest=25, required=False) not in {"", "ChatAPI"}:
        raise bad("invalid_type", "Only ChatAPI can be made")
    made = {
        "id": own,
        "name": text(body, "name", longest=255),
        "type": "ChatAPI",
        "webHookId": body["webHookId"],
        "routingOptions": routing,
    }
    tenant.channels[own] = made
    return Answer(body=made)


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


def token(simulator: Simulator, call: Call) -> Answer:
    """Give a token for the statistics; its lifetime is a text."""
    account = simulator.account
    pair = base64.b64encode(f"{account.api_key}:{account.api_secret}".encode()).decode()
    form = parse_qs(call.raw.decode())
    if call.headers.get("authorization") != f"Basic {pair}":
        raise denied()
    if form.get("grant_type") != ["client_credentials"]:
        raise bad("unsupported_grant_type")
    simulator.token = secrets.token_urlsafe(16)
    return Answer(body={"access_token": simulator.token, "expires_in": "1799", "scope": ""})


def queue_metrics(simulator: Simulator, call: Call) -> Answer:
    """Tell of one queue; a wrong id fails the whole request."""
    return Answer(body=[_metrics(simulator, call.params["queue"])])


def queues_metrics(simulator: Simulator, _: Call) -> Answer:
    """Tell of all queues."""
    return Answer(body=[_metrics(simulator, one) for one in simulator.account.queues])


def _metrics(simulator: Simulator, queue: str) -> Json:
    names = simulator.account.queues
    if queue not in names:
        raise bad("invalid_queue", "unknown queue")
    tenant = simulator.tenant
    seats = [one for one in tenant.seats.values() if queue in one.queues]
    values = {
        "enabled.rt": len(seats),
        "eligible.rt": sum(one.accepting for one in seats),
        "interactionsWaitInQueue.rt": len(tenant.waiting(queue)),
        "interactionsLongestWaitInQueue.rt": 0,
    }
    metrics = [{"key": name, "value": value} for name, value in values.items()]
    return {"id": queue, "name": names[queue], "metrics": metrics}


def agents(simulator: Simulator, _: Call) -> Answer:
    """Tell the agents' names, which nothing else does."""
    seats = simulator.tenant.seats.values()
    return Answer(body=[{"id": one.id, "name": one.name} for one in seats])


def queue_statistics(simulator: Simulator, call: Call) -> Answer:
    """Tell of one queue as the gateway does, with its id a number."""
    queue, tenant = call.params["queue"], simulator.tenant
    if queue not in simulator.account.queues:
        raise missing("Queue")
    seats = [one for one in tenant.seats.values() if queue in one.queues and one.accepting]
    busy = [one for one in seats if tenant.load(one)]
    counts = {
        "queue-id": int(queue),
        "queue-name": simulator.account.queues[queue],
        "queue-size": len(tenant.waiting(queue)),
        "longest-wait-time": 0,
        "agent-count-waitTransact": len(seats) - len(busy),
        "agent-count-busy": len(busy),
    }
    return Answer(body={"queue": counts})


def schedule(simulator: Simulator, call: Call) -> Answer:
    """Tell whether a schedule is open now."""
    schedules = simulator.tenant.schedules
    if call.params["id"] not in schedules:
        raise missing("Schedule")
    return Answer(body={"schedule-status": {"status": schedules[call.params["id"]]}})


def schedules(simulator: Simulator, _: Call) -> Answer:
    """List the schedules."""
    known = [{"id": own, "name": own} for own in simulator.tenant.schedules]
    return Answer(body={"schedules": {"schedule": known}})
