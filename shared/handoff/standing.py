"""Where a handoff stands, told to the customer's page in the commit that moved it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handoff.deliveries import Standing
from handoff.lifecycle import teller
from handoff.model import Handoff, Session
from handoff.rules import Rules
from handoff.vocabulary import DeliveryKind


def told(before: Session, after: Session, rules: Rules, now: datetime) -> Session:
    """Return `after` with one more delivery when its handoff stands elsewhere than `before`."""
    handoff = after.handoff
    if handoff is None or _shown(handoff) == _shown(before.handoff):
        return after
    standing = Standing(
        state=handoff.state,
        reason=handoff.reason,
        position=handoff.position,
        wait_seconds=handoff.wait_seconds,
    )
    speaks = teller(after, rules, now)
    moved = speaks.deliver(handoff, DeliveryKind.STATE, standing=standing, agent=handoff.speaker)
    return replace(after, handoff=moved)


def _shown(handoff: Handoff | None) -> object:
    """Return what a page shows of where a handoff stands."""
    if handoff is None:
        return None
    where = handoff.position, handoff.wait_seconds
    return handoff.id, handoff.state, handoff.reason, handoff.speaker, where
