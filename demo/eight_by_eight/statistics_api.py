"""Who is there: the realtime metrics and their token, the gateway's own statistics, schedules."""

import base64
import time
from urllib.parse import parse_qs

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import bad_metrics, denied, missing
from demo.eight_by_eight.records import ACCEPTING, OFFLINE, PAUSING, Seat, utc_now
from demo.eight_by_eight.resources import metrics_page
from demo.eight_by_eight.simulator import Simulator
from demo.rest import Json

PRODUCT = "analytics-cc"


def token(simulator: Simulator, call: Call) -> Answer:
    """Give a token for the realtime metrics; its lifetime is a text, its products are two."""
    account = simulator.account
    pair = base64.b64encode(f"{account.api_key}:{account.api_secret}".encode()).decode()
    if call.headers.get("authorization") != f"Basic {pair}":
        raise denied()
    form = parse_qs(call.raw.decode(errors="replace"))
    if form.get("grant_type") != ["client_credentials"]:
        raise bad_metrics("grant_type must be client_credentials")
    body = {
        "access_token": simulator.tokens.issue(),
        "expires_in": str(account.token_seconds),
        "issued_at": str(int(time.time() * 1000)),
        "api_product_list": f"[{PRODUCT}]",
        "api_product_list_json": [PRODUCT],
        "scope": "",
    }
    return Answer(body=body)


def queue_metrics(simulator: Simulator, call: Call) -> Answer:
    """Tell of one queue, in a list all the same."""
    return Answer(body=[_row(simulator, call, call.params["queue"])])


def queues_metrics(simulator: Simulator, call: Call) -> Answer:
    """Tell of some queues or of all; one wrong id fails the whole request."""
    wanted = call.query.getlist("queue-ids") or list(simulator.account.queues)
    return metrics_page(call, [_row(simulator, call, one) for one in wanted])


def _row(simulator: Simulator, call: Call, queue: str) -> Json:
    names = simulator.account.queues
    if queue not in names:
        raise bad_metrics(f"queue {queue} is not valid")
    row: Json = {"id": queue, "name": names[queue]}
    if call.query.get("summary") == "true":
        return row
    wanted = call.query.getlist("metrics")
    metrics = [
        {"key": name, "value": value}
        for name, value in _metrics(simulator, queue).items()
        if not wanted or name in wanted
    ]
    return {**row, "metrics": metrics}


def _metrics(simulator: Simulator, queue: str) -> dict[str, int]:
    """Return the metrics that this simulator has; the vendor has more. Times in milliseconds."""
    tenant, seats = simulator.tenant, _seats(simulator, queue)
    free = [one for one in seats if one.status == ACCEPTING and not tenant.load(one)]
    return {
        "enabled.rt": sum(one.status != OFFLINE for one in seats),
        "eligible.rt": sum(one.status == ACCEPTING for one in seats),
        "availableIdle.rt": len(free),
        "onBreak.rt": sum(one.status == PAUSING for one in seats),
        "interactionsWaitInQueue.rt": len(tenant.waiting(queue)),
        "interactionsLongestWaitInQueue.rt": int(_longest_wait(simulator, queue) * 1000),
    }


def _seats(simulator: Simulator, queue: str) -> list[Seat]:
    return [one for one in simulator.tenant.seats.values() if queue in one.queues]


def _longest_wait(simulator: Simulator, queue: str) -> float:
    waiting = simulator.tenant.waiting(queue)
    return (utc_now() - waiting[0].since).total_seconds() if waiting else 0.0


def agents(simulator: Simulator, call: Call) -> Answer:
    """Tell the agents' names, which nothing else does."""
    seats = simulator.tenant.seats.values()
    return metrics_page(call, [{"id": one.id, "name": one.name} for one in seats])


def queue_statistics(simulator: Simulator, call: Call) -> Answer:
    """Tell of one queue as the gateway does."""
    if call.params["queue"] not in simulator.account.queues:
        raise missing("Queue")
    return Answer(body={"queue": _counts(simulator, call.params["queue"])})


def queues_statistics(simulator: Simulator, _: Call) -> Answer:
    """Tell of all queues; a tenant's only one comes without a list, as XML once had it."""
    counts = [_counts(simulator, one) for one in simulator.account.queues]
    return Answer(body={"queue": counts if len(counts) > 1 else counts[0]})


def _counts(simulator: Simulator, queue: str) -> Json:
    """Return what is counted; the id is a number, and times are in seconds."""
    tenant, seats = simulator.tenant, _seats(simulator, queue)
    at_work = [one for one in seats if one.status == ACCEPTING]
    busy = sum(tenant.load(one) > 0 for one in at_work)
    return {
        "queue-id": int(queue),
        "queue-name": simulator.account.queues[queue],
        "media-type": "chat",
        "queue-size": len(tenant.waiting(queue)),
        "longest-wait-time": int(_longest_wait(simulator, queue)),
        "assigned-agent-count": len(seats),
        "enabled-agent-count": sum(one.status != OFFLINE for one in seats),
        "agent-count-waitTransact": len(at_work) - busy,
        "agent-count-busy": busy,
        "agent-count-onBreak": sum(one.status == PAUSING for one in seats),
        "agent-count-loggedOut": sum(one.status == OFFLINE for one in seats),
    }


def schedule(simulator: Simulator, call: Call) -> Answer:
    """Tell whether a schedule is open now: 0, -1, or a choice of the tenant's own."""
    schedules = simulator.tenant.schedules
    if call.params["id"] not in schedules:
        raise missing("Schedule")
    return Answer(body={"schedule-status": {"status": schedules[call.params["id"]]}})


def schedules(simulator: Simulator, _: Call) -> Answer:
    """List the schedules."""
    known = [{"id": own, "name": own} for own in simulator.tenant.schedules]
    return Answer(body={"schedules": {"schedule": known}})
