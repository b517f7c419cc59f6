"""The handoffs before: what their pages may still read, and what is left over of it.

A customer can leave and ask again while their page still reads. The page gets all of the old
handoff by its old token; what no page is there for is told in the new one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handoff.bounds import missing_before
from handoff.deliveries import Delivery
from handoff.model import Handoff, Session

# Nobody leaves and asks again so often while the page of the first handoff still reads.
MOST_EARLIER = 6

# A page repeats its last words when the answer to them was lost.
MOST_SAID = 10


def followed(session: Session, handoff: Handoff, now: datetime) -> Session:
    """Return the session in which a new handoff comes after the last, which is over."""
    last = session.handoff
    if last is None:
        return replace(session, handoff=handoff)
    known = (*session.earlier, _slim(last))
    begun = left_over(replace(session, handoff=handoff, earlier=known), now)
    # Where no page was, nobody uses its token: all that was unread has gone over.
    with_page = tuple(one for one in begun.earlier if one.page is not None or one.said)
    return replace(begun, earlier=with_page[-MOST_EARLIER:])


def left_over(session: Session, now: datetime) -> Session:
    """Return the session that tells, in its present handoff, what earlier ones left unread.

    The very same object when there is nothing, or a page is there for it. What has moved out of
    the session waits for whoever has it all.
    """
    for one in session.earlier:
        there = one.page is not None and one.page.is_there(now)
        if session.handoff is not None and not there and _has_left_over(one):
            session = _told_anew(session, one, session.handoff)
    return session


def left_over_at(session: Session) -> datetime | None:
    """Return when the first page counts as gone that something of an earlier handoff waits for."""
    ends = [
        max(one.page.readers.values())
        for one in session.earlier
        if one.page is not None and one.page.readers and _has_left_over(one)
    ]
    return min(ends, default=None)


def _told_anew(session: Session, before: Handoff, handoff: Handoff) -> Session:
    """Return the session with the unread deliveries of one handoff told in the present one."""
    unread = _unread(before)
    carried = {one.id for one in unread}
    marked = tuple(
        replace(one, answered=one.answered or one.id in carried) for one in before.deliveries
    )
    told = session.knowing(replace(before, deliveries=marked, answered=before.last_delivery))
    first = handoff.last_delivery + 1
    copies = tuple(replace(one, id=number) for number, one in enumerate(unread, first))
    deliveries = (*handoff.deliveries, *copies)
    last = handoff.last_delivery + len(copies)
    return replace(told, handoff=replace(handoff, deliveries=deliveries, last_delivery=last))


def _has_left_over(handoff: Handoff) -> bool:
    return bool(_unread(handoff)) and missing_before(handoff) is None


def _unread(handoff: Handoff) -> list[Delivery]:
    read = handoff.read_up_to
    return [one for one in handoff.deliveries if one.id > read and one.kind.is_shown]


def _slim(handoff: Handoff) -> Handoff:
    """Return what a page may still ask for of a handoff that is over."""
    return Handoff(
        id=handoff.id,
        provider=handoff.provider,
        started_at=handoff.started_at,
        state=handoff.state,
        reason=handoff.reason,
        speaker=handoff.speaker,
        deliveries=handoff.deliveries,
        last_delivery=handoff.last_delivery,
        answered=handoff.answered,
        page=handoff.page,
        heard=handoff.heard,
        said=handoff.said[-MOST_SAID:],
    )
