"""Where a handoff stands, told to the customer's page in the commit that moved it."""

from __future__ import annotations

from datetime import datetime

from handoff.deliveries import Standing
from handoff.effects import Teller
from handoff.lifecycle import teller
from handoff.model import Handoff, Session
from handoff.rules import Rules
from handoff.vocabulary import DeliveryKind


def told(before: Session, after: Session, rules: Rules, now: datetime) -> Session:
    """Return `after` with one more delivery in each handoff that stands elsewhere than `before`."""
    for handoff in after.handoffs_kept:
        if _shown(handoff) != _shown(before.named(handoff.id)):
            after = after.knowing(_moved(handoff, teller(after, rules, now)))
    return after


def _moved(handoff: Handoff, speaks: Teller) -> Handoff:
    standing = Standing(
        state=handoff.state,
        reason=handoff.reason,
        position=handoff.position,
        wait_seconds=handoff.wait_seconds,
    )
    return speaks.deliver(handoff, DeliveryKind.STATE, standing=standing, agent=handoff.speaker)


def _shown(handoff: Handoff | None) -> object:
    """Return what a page shows of where a handoff stands."""
    if handoff is None:
        return None
    where = handoff.position, handoff.wait_seconds
    return handoff.id, handoff.state, handoff.reason, handoff.speaker, where
