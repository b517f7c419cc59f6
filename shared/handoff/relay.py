"""The customer's words on their way to the desk, whichever way they came to us."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handoff import bounds, jobs, leaving, lifecycle, outbox
from handoff.lifecycle import CustomerLeft
from handoff.model import Handoff, Message, Session, Undelivered
from handoff.rules import Rules
from handoff.vocabulary import JobKind, Participant, Reason

# The customer's words that end a handoff, unless the settings name others.
LEAVE_WORDS = ("bye agent",)

# What people put around a word that they mean as one.
AROUND_WORDS = " \t\r\n.,;:!?¡¿…\"'"


def passed_on(session: Session, text: str, utterance: str, rules: Rules, now: datetime) -> Session:
    """Return the session that will say the customer's words at the desk, or lets them leave.

    `utterance` names the input that brought them, and their line of the transcript.
    """
    handoff = session.open_handoff
    if handoff is None:
        return session
    heard = replace(handoff, heard=handoff.heard + 1)
    if text.strip(AROUND_WORDS).casefold() in rules.leave_words:
        return left(replace(session, handoff=heard), rules, now)
    answered = replace(heard, unanswered_since=None, warned=False)
    looking = leaving.asked_first(replace(session, handoff=answered), rules, now)
    if not bounds.has_room(looking, text):
        full = replace(session, handoff=heard)
        return _overflowing(said(full, text, utterance), heard, (text, utterance), rules, now)
    relayed = jobs.add(looking, JobKind.SEND, answered, now, text=text, utterance=utterance)
    return said(relayed, text, utterance)


def left(session: Session, rules: Rules, now: datetime) -> Session:
    """Return the session whose customer has left the handoff, if they were in one."""
    handoff = session.open_handoff
    if handoff is None:
        return session
    return outbox.parted(session, handoff, (CustomerLeft, Reason.CUSTOMER_LEFT), rules, now)


def said(session: Session, text: str, utterance: str) -> Session:
    """Return the session with the customer's words in its transcript; without any, as it is."""
    if not text:
        return session
    return session.saying(Message(author=Participant.CUSTOMER, text=text, utterance=utterance))


def _overflowing(
    session: Session, handoff: Handoff, words: tuple[str, str], rules: Rules, now: datetime
) -> Session:
    """Give a message up at once where too many wait already, and say so."""
    text, utterance = words
    queued = jobs.add(session, JobKind.SEND, handoff, now, text=text, utterance=utterance)
    letter = Undelivered(job=queued.outbox[-1], reason="too_many_waiting", at=now)
    told = lifecycle.teller(session, rules, now).notice(handoff, "undelivered")
    lost = (*session.undelivered, letter)
    return replace(session, handoff=told, last_job=queued.last_job, undelivered=lost)
