"""The customer's page: what it says, what it was given, and what of that is a session's business.

While a page is there, answers to Dialogflow carry nothing that it gets anyway. What it was given
counts as seen; a page that comes back says itself up to where it has read.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from handoff import earlier, jobs, relay
from handoff.deliveries import Page, Said
from handoff.model import Handoff, Session
from handoff.rules import Rules
from handoff.vocabulary import HandoffId, JobKind

# A page repeats a message within minutes; nobody writes so many in that time.
MOST_SAID = 100

# The words of a job that tells the agent whether the page is there.
GONE, BACK = "gone", "back"

# So many streams and polls of one handoff count; more tabs than that nobody has open.
MOST_READERS = 8


def said(
    session: Session, handoff: HandoffId, message: str, text: str, rules: Rules, now: datetime
) -> Session:
    """Return the session after a message of the page; the very same object for a repeated one."""
    current = open_handoff(session, handoff)
    if current is None or sequence_of(session, handoff, message) is not None:
        return session
    after = relay.passed_on(session, text, utterance_of(message), rules, now)
    return with_said(after, message)


def with_said(session: Session, message: str) -> Session:
    """Return the session that knows the page's message, should it come again."""
    handoff = session.handoff
    if handoff is None:
        return session
    known = (*handoff.said, Said(id=_digest(message), sequence=handoff.heard))[-MOST_SAID:]
    return replace(session, handoff=replace(handoff, said=known))


def filed(session: Session, handoff: HandoffId, message: str, name: str) -> Session:
    """Return the session after the page's file has reached the agent, over by then or not."""
    current = session.handoff
    if current is None or current.id != handoff:
        return session
    heard = replace(current, heard=current.heard + 1, unanswered_since=None, warned=False)
    line = relay.said(replace(session, handoff=heard), name, utterance_of(message))
    return with_said(line, message)


def sequence_of(session: Session, handoff: HandoffId, message: str) -> int | None:
    """Return the place of a message among the customer's, or None when it is new."""
    current, name = session.named(handoff), _digest(message)
    said = current.said if current else ()
    return next((one.sequence for one in said if one.id == name), None)


def utterance_of(message: str) -> str:
    """Return the name of a page's message beside those of Dialogflow's inputs."""
    return f"page {_digest(message)}"


def open_handoff(session: Session, handoff: HandoffId) -> Handoff | None:
    """Return the handoff that a page belongs to, while it is open."""
    current = session.open_handoff
    return current if current is not None and current.id == handoff else None


def left(session: Session, handoff: HandoffId, rules: Rules, now: datetime) -> Session:
    """Return the session whose customer left by their page."""
    return relay.left(session, rules, now) if open_handoff(session, handoff) else session


def cursor(session: Session, handoff: HandoffId, after: int) -> int:
    """Return where a page stands that says it has read up to `after`: not beyond what there is."""
    current = session.named(handoff)
    return min(after, current.last_delivery) if current else 0


def reading(
    session: Session, handoff: HandoffId, reader: str, after: int, until: datetime, now: datetime
) -> Session:
    """Return the session that is read by a page: what is above `after` it has not been given."""
    current = session.named(handoff)
    if current is None:
        return session
    page = current.page or Page()
    others = _others(current, page, reader, after, now)
    seen = max(page.seen, after) if others else after
    readers = {**dict(list(others.items())[1 - MOST_READERS :]), reader: until}
    gone_at = None if until > now else page.gone_at
    known = replace(page, seen=seen, readers=readers, gone_at=gone_at)
    return _welcomed(session.knowing(replace(current, page=known)), now)


def read(session: Session, handoff: HandoffId, reader: str, seen: int, now: datetime) -> Session:
    """Return the session that a reader has left, having been given everything up to `seen`."""
    current = session.named(handoff)
    if current is None:
        return session
    page = current.page or Page()
    readers = _others(current, page, reader, seen, now)
    gone_at = None if readers else page.gone_at or now
    known = replace(page, seen=max(page.seen, seen), readers=readers, gone_at=gone_at)
    return earlier.left_over(session.knowing(replace(current, page=known)), now)


def _others(
    handoff: Handoff, page: Page, reader: str, seen: int, now: datetime
) -> dict[str, datetime]:
    """Return who else reads: nobody once the page was given the end, whatever died with a stream.

    What is told after that comes with an answer to Dialogflow.
    """
    told = (one.id for one in handoff.deliveries if one.standing and not one.standing.state.is_open)
    if seen >= next(told, seen + 1):
        return {}
    return {name: at for name, at in page.readers.items() if at > now and name != reader}


def missing_at(handoff: Handoff, rules: Rules) -> datetime | None:
    """Return when the agent has to hear that the page has gone; None while there is no need."""
    abilities = rules.providers.get(handoff.provider)
    page = handoff.page
    shown = abilities is not None and abilities.shows_presence and rules.page_gone
    if not shown or page is None or page.missed:
        return None
    last = max(page.readers.values(), default=page.gone_at)
    return last + rules.page_gone if last is not None and handoff.conversation is not None else None


def missed(session: Session, handoff: Handoff, now: datetime) -> Session:
    """Return the session whose agent is told that the customer's page has gone."""
    page = replace(handoff.page or Page(), missed=True)
    told = jobs.add(session, JobKind.PRESENCE, handoff, now, text=GONE)
    return replace(told, handoff=replace(handoff, page=page))


def _welcomed(session: Session, now: datetime) -> Session:
    """Return the session whose agent is told that the page is back, if they had heard it go."""
    handoff = session.open_handoff
    page = handoff.page if handoff else None
    if handoff is None or page is None or not page.missed or not page.is_there(now):
        return session
    told = jobs.add(session, JobKind.PRESENCE, handoff, now, text=BACK)
    return replace(told, handoff=replace(handoff, page=replace(page, missed=False)))


def _digest(message: str) -> str:
    """Return a short name for a page's own id, whatever that looks like."""
    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()[:24]
