"""How a handoff begins: who the customer is, where they go, and what has to be done first."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from handoff import earlier, jobs
from handoff.dialogflow.turn import Turn
from handoff.model import Customer, Handoff, Session
from handoff.rules import Rules
from handoff.vocabulary import HandoffId, JobKind, ProviderId


def handoff_id(turn: Turn) -> HandoffId:
    """Return the id of the handoff that this turn would begin: the same at every repeat."""
    seed = f"{turn.session}\x1f{turn.utterance}".encode("utf-8", "replace")
    return HandoffId(f"ho-{hashlib.sha256(seed).hexdigest()[:16]}")


def start(session: Session, turn: Turn, rules: Rules, now: datetime) -> Session:
    """Return the session with a new handoff and the jobs that bring it to the provider.

    The words that asked for it are not in the transcript yet: they are the handoff's `request`.
    """
    provider = provider_of(turn, rules)
    abilities = rules.providers[provider]
    handoff = Handoff(
        id=handoff_id(turn),
        provider=provider,
        started_at=now,
        target=target_of(turn, provider, rules),
        skill=rules.parameter(turn, "handoff_skill"),
        customer=customer_of(turn, rules),
        attributes=_attributes(turn, rules),
        request=turn.text,
        lines_before=session.lines - _own_lines(session, turn),
        flow=turn.flow,
    )
    begun = earlier.followed(session, handoff, now)
    begun = replace(begun, handoffs=session.handoffs + 1)
    if abilities.identifies and provider not in session.contacts:
        begun = jobs.add(begun, JobKind.IDENTIFY, handoff, now)
    begun = jobs.add(begun, JobKind.OPEN, handoff, now)
    noted = abilities.takes_notes and begun.before_handoff
    return jobs.add(begun, JobKind.NOTE, handoff, now) if noted else begun


def provider_of(turn: Turn, rules: Rules) -> ProviderId:
    """Return the provider that the turn names, or the first in order."""
    named = ProviderId(rules.parameter(turn, "handoff_provider"))
    return named if named in rules.providers else next(iter(rules.providers))


def target_of(turn: Turn, provider: ProviderId, rules: Rules) -> str:
    """Return the provider's id for the turn's target, empty for the provider's default.

    A name of our own stands for one id per provider; anything else is the provider's own id.
    """
    wanted = rules.parameter(turn, "handoff_target")
    if wanted in rules.targets:
        return rules.targets[wanted].get(provider, "")
    return wanted


def customer_of(turn: Turn, rules: Rules) -> Customer:
    """Return who the customer is, as far as the turn tells."""
    return Customer(
        name=rules.parameter(turn, "customer_name"),
        email=rules.parameter(turn, "customer_email"),
        phone=rules.parameter(turn, "customer_phone"),
        language=rules.parameter(turn, "customer_language") or turn.language,
        id=rules.parameter(turn, "customer_id"),
    )


def _own_lines(session: Session, turn: Turn) -> int:
    """Count the last lines that belong to this turn: another webhook call may have come first."""
    return sum(one.utterance == turn.utterance for one in session.transcript)


def _attributes(turn: Turn, rules: Rules) -> dict[str, str]:
    """Return the desk's label and value of each mapped parameter that has one."""
    return {
        label: turn.parameters[name]
        for name, label in rules.attributes.items()
        if name in turn.parameters
    }
