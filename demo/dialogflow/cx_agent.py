"""The CX bot as data: flows, pages, routes and event handlers, with the live-agent flow.

Shape and evaluation rules: https://docs.cloud.google.com/dialogflow/cx/docs/concept/handler
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.dialogflow import agent

AGENT_NAME = (
    "projects/tulip-demo/locations/europe-west1/agents/5f0a2f6e-1111-4c2b-9d3e-aaaaaaaa0001"
)
SESSIONS = f"{AGENT_NAME}/environments/0e9d8c7b-3333-4a6b-9c5d-cccccccc0003/sessions"
MAIN_FLOW = f"{AGENT_NAME}/flows/00000000-0000-0000-0000-000000000000"
LIVE_FLOW = f"{AGENT_NAME}/flows/9a8b7c6d-5555-4e4f-8a9b-eeeeeeee0005"
MAIN = f"{MAIN_FLOW}/pages/START_PAGE"
LIVE = f"{LIVE_FLOW}/pages/START_PAGE"
AVAILABILITY = f"{MAIN_FLOW}/pages/4d5e6f70-8888-4c3d-9e4f-cdcdcdcd0009"
END_SESSION = "END_SESSION"
END_FLOW = "END_FLOW"


@dataclass(frozen=True, slots=True)
class Condition:
    """`$session.params.<parameter> = <one of values>`; without a parameter always true."""

    parameter: str = ""
    values: tuple[str, ...] = ()

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Evaluate against the session's parameters as they are now."""
        return not self.parameter or parameters.get(self.parameter) in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """What is said (of the cases the first that holds), which tag is called, where it leads."""

    texts: tuple[str, ...] = ()
    cases: tuple[tuple[Condition, str], ...] = ()
    tag: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, or a flow's start page together with the handlers of the flow."""

    name: str
    flow: str
    display_name: str = "Start Page"
    entry: Handler = Handler()
    intents: Mapping[str, Handler] = field(default_factory=dict)
    conditions: tuple[tuple[Condition, Handler], ...] = ()
    events: Mapping[str, Handler] = field(default_factory=dict)


ALWAYS = Condition()
WITH_A_COLLEAGUE = Condition("handoff_state", ("requested", "waiting", "active"))
WITHOUT_A_COLLEAGUE = Condition("handoff_state", ("none", "closed", "failed"))


def _observed(text: str, tag: str) -> Handler:
    """Answer statically and let the webhook observe the turn.

    The target is the page itself: so a failing webhook stays silent, and the condition routes are
    evaluated again with the parameters the webhook wrote.
    """
    return Handler(texts=(text,) if text else (), tag=tag, target=MAIN)


MAIN_PAGE = Page(
    name=MAIN,
    flow="Main",
    intents={
        agent.WELCOME_INTENT.name: _observed(agent.WELCOME, "welcome"),
        agent.HOURS_INTENT.name: _observed(agent.HOURS, "faq"),
        agent.RETURNS_INTENT.name: _observed(agent.RETURNS, "faq"),
        agent.AVAILABILITY_INTENT.name: Handler(tag="handoff.availability", target=AVAILABILITY),
        agent.AGENT_INTENT.name: Handler(texts=(agent.ONE_MOMENT,), tag="handoff.start"),
    },
    conditions=((WITH_A_COLLEAGUE, Handler(target=LIVE)),),
    events={
        "WELCOME": _observed(agent.WELCOME, "welcome"),
        "sys.no-match-default": _observed(agent.FALLBACK, "fallback"),
        "sys.no-input-default": _observed(agent.SILENCE, "fallback"),
        "agent_reply_ready": _observed("", "handoff.poll"),
        "customer_leaves": _observed("", "handoff.end"),
        "webhook.error": Handler(texts=(agent.UNREACHABLE,)),
        "webhook.error.timeout": Handler(texts=(agent.UNREACHABLE,)),
    },
)

AVAILABILITY_PAGE = Page(
    name=AVAILABILITY,
    flow="Main",
    display_name="Availability",
    entry=Handler(
        cases=(
            (Condition("handoff_available", ("yes",)), agent.SOMEBODY_THERE),
            (Condition("handoff_available", ("no",)), agent.NOBODY_THERE),
            (ALWAYS, agent.PERHAPS_THERE),
        )
    ),
    conditions=((ALWAYS, Handler(target=MAIN)),),
)

# No intent routes: nothing can steal a message. No targets: a failing webhook is heard of.
LIVE_PAGE = Page(
    name=LIVE,
    flow="Live agent",
    conditions=(
        (WITHOUT_A_COLLEAGUE, Handler(texts=(agent.ASSISTANT_AGAIN,), tag="back", target=MAIN)),
    ),
    events={
        "sys.no-match-default": Handler(tag="handoff.message"),
        "sys.long-utterance": Handler(tag="handoff.message"),
        "sys.no-input-default": Handler(tag="handoff.poll"),
        "agent_reply_ready": Handler(tag="handoff.poll"),
        "customer_leaves": Handler(tag="handoff.end"),
        "webhook.error": Handler(texts=(agent.NOT_DELIVERED,)),
        "webhook.error.timeout": Handler(texts=(agent.NOT_DELIVERED,)),
    },
)

PAGES: Mapping[str, Page] = {page.name: page for page in (MAIN_PAGE, AVAILABILITY_PAGE, LIVE_PAGE)}


def target_named(resource: str) -> str | None:
    """Find the page that a `targetFlow` or `targetPage` means; None when there is no such page."""
    if resource in (MAIN_FLOW, LIVE_FLOW):
        return f"{resource}/pages/START_PAGE"
    flow, _, page = resource.partition("/pages/")
    if flow in (MAIN_FLOW, LIVE_FLOW) and page in (END_SESSION, END_FLOW):
        return page
    return resource if resource in PAGES else None
