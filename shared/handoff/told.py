"""The one line in the log for each thing that the bridge handled."""

from __future__ import annotations

from collections.abc import Sequence

from handoff import log
from handoff.dialogflow.turn import Turn
from handoff.events import Event, Unrecognized
from handoff.model import Session

# A webhook tells one thing or a few; a line of the log has an end.
MOST_KINDS = 20


def about(session: Session) -> None:
    """Let every line from here on say whose it is."""
    log.about(session=session.key)
    if session.handoff is not None:
        log.about(handoff=session.handoff.id, provider=session.handoff.provider)


def turn(session: Session, asked: Turn) -> None:
    """Log that Dialogflow asked and is answered."""
    handoff = session.handoff
    log.info(
        "turn",
        dialect=asked.dialect,
        meaning=asked.meaning or "other",
        session=session.key,
        handoff=handoff.id if handoff else None,
        provider=handoff.provider if handoff else None,
        outcome=handoff.state if handoff else "none",
    )


def events(found: Sequence[Event], outcome: str) -> None:
    """Log that a webhook was taken, and what came of it."""
    unknown = [log.word(one.kind) for one in found if isinstance(one, Unrecognized)]
    known = [type(one).__name__ for one in found if not isinstance(one, Unrecognized)]
    log.info("event", kinds=[*known, *unknown][:MOST_KINDS], outcome=outcome)
