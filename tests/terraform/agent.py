"""What must be true of the CX agent: nothing may come between a customer and a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.terraform.offline import Made, resources

Values = dict[str, Any]

LIVE = {
    "sys.no-match-default": "handoff.message",
    "sys.long-utterance": "handoff.message",
    "sys.no-input-default": "handoff.poll",
    "agent_reply_ready": "handoff.poll",
    "customer_leaves": "handoff.end",
}
FAILURES = {"webhook.error", "webhook.error.timeout"}
# Dialogflow keeps these in every flow; unsaid ones would be a difference in every plan.
KEPT = {"sys.no-match-default", "sys.no-input-default"}
OPEN, OVER = {"requested", "waiting", "active"}, {"none", "closed", "failed"}


def problems(made: Made) -> Iterator[str]:
    """Yield what is wrong with the flows, the webhook and the environment."""
    flows = {one["display_name"]: one for one in resources(made, "google_dialogflow_cx_flow")}
    yield from _in_each(flows)
    yield from _live(flows["Live agent"], flows["Default Start Flow"])
    yield from _main(flows["Default Start Flow"], flows["Live agent"])
    yield from _webhook(made)
    yield from _environment(made, flows)


def _in_each(flows: dict[str, Values]) -> Iterator[str]:
    for name, flow in flows.items():
        handlers = {one["event"]: one for one in flow["event_handlers"]}
        for event in sorted((KEPT | FAILURES) - handlers.keys()):
            yield f"{name} does not handle {event}"
        for event, one in handlers.items():
            asked = one["trigger_fulfillment"][0]
            if asked["enable_generative_fallback"]:
                yield f"{name}: a model answers {event}"
            if one["target_flow"] or one["target_page"]:
                yield f"{name}: {event} leads away"
            if event in FAILURES and (asked["webhook"] or not _texts(asked)):
                yield f"{name}: {event} does not simply say something"


def _live(flow: Values, main: Values) -> Iterator[str]:
    handlers = {one["event"]: one["trigger_fulfillment"][0] for one in flow["event_handlers"]}
    tags = {event: one["tag"] for event, one in handlers.items() if event not in FAILURES}
    if tags != LIVE:
        yield f"Live agent says {tags}"
    for event in handlers.keys() & LIVE.keys():
        if handlers[event]["messages"] or not handlers[event]["webhook"]:
            yield f"Live agent answers {event} itself"
    for route in flow["transition_routes"]:
        if route["intent"] or not _leads(route, main, OVER):
            yield f"Live agent is left by {route['intent'] or route['condition']}"


def _main(flow: Values, live: Values) -> Iterator[str]:
    routes = flow["transition_routes"]
    starts = [one for one in routes if one["trigger_fulfillment"] and _tag(one) == "handoff.start"]
    for one in starts:
        if one["target_flow"] or one["target_page"] or not one["intent"]:
            yield "a webhook that fails would leave the customer with nobody"
    if len(starts) != 1 or not any(_leads(one, live, OPEN) for one in routes):
        yield "nothing leads to a person"
    ordered = [bool(one["intent"]) for one in routes]
    if ordered != sorted(ordered, reverse=True):
        yield "conditions are asked before intents"


def _leads(route: Values, flow: Values, states: set[str]) -> bool:
    """Say whether a route leads to this flow in exactly these states."""
    wanted = {f'$session.params.handoff_state = "{state}"' for state in states}
    there = route["target_flow"] == flow["id"] or flow["is_default_start_flow"]
    return there and set((route["condition"] or "").split(" OR ")) == wanted


def _tag(route: Values) -> str:
    return str(route["trigger_fulfillment"][0]["tag"])


def _texts(asked: Values) -> list[str]:
    return [text for one in asked["messages"] for said in one["text"] for text in said["text"]]


def _webhook(made: Made) -> Iterator[str]:
    for one in resources(made, "google_dialogflow_cx_webhook"):
        if one["timeout"] != "5s":
            yield f"a customer waits {one['timeout']} for a bridge that has answered after four"
        called = one["generic_web_service"][0]
        if called["service_agent_auth"] != "ID_TOKEN" or not called["uri"].startswith("https://"):
            yield f"Dialogflow does not prove itself to {called['uri']}"


def _environment(made: Made, flows: dict[str, Values]) -> Iterator[str]:
    versions = {one["id"]: one["parent"] for one in resources(made, "google_dialogflow_cx_version")}
    for one in resources(made, "google_dialogflow_cx_environment"):
        shown = [versions.get(given["version"]) for given in one["version_configs"]]
        if sorted(map(str, shown)) != sorted(flow["id"] for flow in flows.values()):
            yield f"{one['display_name']} does not have a version of every flow"
