"""Asking the provider that a start would go to whether somebody is there."""

from __future__ import annotations

from dataclasses import replace

from handoff import opening, turns
from handoff.dialogflow.turn import Meaning, Turn
from handoff.model import Contact, Session
from handoff.performing import Performer
from handoff.providers.base import Availability
from handoff.rules import Rules
from handoff.tokens import Deadline
from handoff.vocabulary import ProviderId

Introduced = tuple[ProviderId, Contact]


async def who_is_there(
    performer: Performer, session: Session, turn: Turn, rules: Rules, deadline: Deadline
) -> tuple[Introduced | None, Availability | None]:
    """Return the answer for a turn that asks, and the contact that was made for the question."""
    asks = turn.meaning is Meaning.AVAILABILITY and session.open_handoff is None
    if not asks or turns.answer_to(session, turn) is not None:
        return None, None
    provider = opening.provider_of(turn, rules)
    target = opening.target_of(turn, provider, rules)
    customer = opening.customer_of(turn, rules)
    known = session.contacts.get(provider)
    contact = known or await performer.introduce(provider, customer, deadline)
    answer = await performer.availability(provider, target, contact, deadline)
    return (provider, contact) if contact else None, answer


def introduced(session: Session, contact: Introduced | None) -> Session:
    """Return the session with a contact that was made for it; one already there stays."""
    if contact is None or contact[0] in session.contacts:
        return session
    return replace(session, contacts={**session.contacts, contact[0]: contact[1]})
