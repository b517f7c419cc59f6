"""The ES bot as data: intents with contexts, actions and static answers, all with the webhook on.

Contexts: https://docs.cloud.google.com/dialogflow/es/docs/contexts-input-output
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.dialogflow import agent

PROJECT = "projects/tulip-es/agent"
HANDOFF = "handoff"
CUSTOMER = "customer"
"""The caller's parameters arrive in this context (`queryParams.contexts`)."""

ASKING = "I am asking. Say agent to talk to a person."

HANDOFF_PARAMETERS = (
    "topic",
    "order_number",
    "handoff_provider",
    "handoff_target",
    "handoff_skill",
    "customer_id",
    "customer_name",
    "customer_email",
    "customer_phone",
    "customer_language",
)
"""Declared on `agent` and `availability`, with the default value `#customer.<name>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EsIntent:
    """An intent: what selects it, and what it statically does."""

    name: str
    id: str
    action: str
    understands: agent.Intent | None = None
    events: tuple[str, ...] = ()
    input_contexts: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    text: str = ""
    is_fallback: bool = False
    live_agent_handoff: bool = False


def _ordinary(intent: agent.Intent, action: str, text: str, *events: str) -> EsIntent:
    return EsIntent(
        name=intent.name, id=intent.id, action=action, understands=intent, text=text, events=events
    )


INTENTS = (
    _ordinary(agent.WELCOME_INTENT, "input.welcome", agent.WELCOME, "WELCOME"),
    _ordinary(agent.HOURS_INTENT, "faq.hours", agent.HOURS),
    _ordinary(agent.RETURNS_INTENT, "faq.returns", agent.RETURNS),
    EsIntent(
        name=agent.AVAILABILITY_INTENT.name,
        id=agent.AVAILABILITY_INTENT.id,
        action="handoff.availability",
        understands=agent.AVAILABILITY_INTENT,
        parameters=HANDOFF_PARAMETERS,
        text=ASKING,
    ),
    EsIntent(
        name=agent.AGENT_INTENT.name,
        id=agent.AGENT_INTENT.id,
        action="handoff.start",
        understands=agent.AGENT_INTENT,
        parameters=HANDOFF_PARAMETERS,
        text=agent.UNREACHABLE,
        live_agent_handoff=True,
    ),
    EsIntent(
        name="live-agent-poll",
        id="1a6f3c20-0006-4d52-9b7e-c0ffee000006",
        action="handoff.poll",
        events=("agent_reply_ready",),
    ),
    EsIntent(
        name="live-agent-leave",
        id="1a6f3c20-0007-4d52-9b7e-c0ffee000007",
        action="handoff.end",
        events=("customer_leaves",),
    ),
    EsIntent(
        name="live-agent-relay",
        id="1a6f3c20-0008-4d52-9b7e-c0ffee000008",
        action="handoff.message",
        input_contexts=(HANDOFF,),
        is_fallback=True,
    ),
    EsIntent(
        name="Default Fallback Intent",
        id="1a6f3c20-0009-4d52-9b7e-c0ffee000009",
        action="input.unknown",
        text=agent.FALLBACK,
        is_fallback=True,
    ),
)
