"""What time alone does to a handoff, and when next something has to be done for a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from handoff import earlier, effects, leaving, lifecycle, outbox, page
from handoff.lifecycle import GivenUp, OpeningRefused
from handoff.model import Handoff, Session
from handoff.rules import Rules
from handoff.vocabulary import JobKind, Reason, State

# A page has no next answer: who came unnamed, or went and was not followed, is told of so late.
UNTOLD = timedelta(seconds=3)


def wake_at(session: Session, rules: Rules) -> datetime | None:
    """Return when somebody has to look after this session, or None when nothing waits."""
    handoff = session.open_handoff
    times = [_jobs_at(session), earlier.left_over_at(session)]
    if handoff is not None:
        times += [*_timers(handoff, rules), _untold_at(handoff), page.missing_at(handoff, rules)]
    return min((one for one in times if one is not None), default=None)


def passed(session: Session, rules: Rules, now: datetime) -> Session:
    """Return the session after the timers that are up; the very same object when none is."""
    session = earlier.left_over(session, now)
    handoff = session.open_handoff
    if handoff is None:
        return session
    if (untold := _untold_at(handoff)) is not None and untold <= now:
        return replace(session, handoff=_told(session, handoff, rules, now))
    if (missing := page.missing_at(handoff, rules)) is not None and missing <= now:
        return page.missed(session, handoff, now)
    accept, warning, release = _timers(handoff, rules)
    if accept is not None and accept <= now:
        return _not_accepted(session, handoff, rules, now)
    if release is not None and release <= now:
        return outbox.parted(session, handoff, (GivenUp, Reason.INACTIVE), rules, now)
    if warning is not None and warning <= now:
        told = lifecycle.teller(session, rules, now).notice(handoff, "inactive_warning")
        return replace(session, handoff=replace(told, warned=True))
    return session


def _jobs_at(session: Session) -> datetime | None:
    """Return when the first job is due; one that is being done, when its lease runs out."""
    if not session.outbox:
        return None
    return session.lease.until if session.lease else session.outbox[0].due_at


def _timers(handoff: Handoff, rules: Rules) -> tuple[datetime | None, ...]:
    """Return when nobody came, when a silent customer is warned, and when released."""
    if handoff.state is not State.ACTIVE:
        return _after(handoff.waits_since or handoff.started_at, rules.accept), None, None
    quiet = handoff.unanswered_since
    warning = None if handoff.warned else _after(quiet, rules.inactive_warning)
    return None, warning, _after(quiet, rules.inactive)


def _untold_at(handoff: Handoff) -> datetime | None:
    """Return when a page has to be told who came and who went."""
    reads = handoff.page is not None and handoff.page.readers
    return _after(handoff.untold_since, UNTOLD) if reads else None


def _told(session: Session, handoff: Handoff, rules: Rules, now: datetime) -> Handoff:
    """Return the handoff whose page knows; whoever reads no more learns it from an answer."""
    rest = replace(handoff, untold_since=None)
    if handoff.page is None or not handoff.page.is_there(now):
        return rest
    speaks, may_be_over = lifecycle.teller(session, rules, now), leaving.question(session)
    return effects.caught_up(rest, speaks, may_be_over=may_be_over is not None)


def _after(since: datetime | None, limit: timedelta) -> datetime | None:
    return since + limit if since is not None and limit else None


def _not_accepted(session: Session, handoff: Handoff, rules: Rules, now: datetime) -> Session:
    """End a handoff that nobody took; "failed" promises that nothing was opened."""
    opening = any(job.kind is JobKind.OPEN and job.uncertain for job in session.outbox)
    doubtful = handoff.conversation is not None or opening or session.lease is not None
    cause = GivenUp if doubtful or handoff.state is not State.REQUESTED else OpeningRefused
    return outbox.parted(session, handoff, (cause, Reason.NOT_ACCEPTED), rules, now)
