"""What time alone does to a handoff, and when next something has to be done for a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from handoff import lifecycle, outbox
from handoff.lifecycle import GivenUp, OpeningRefused
from handoff.model import Handoff, Session
from handoff.rules import Rules
from handoff.vocabulary import JobKind, Reason, State


def wake_at(session: Session, rules: Rules) -> datetime | None:
    """Return when somebody has to look after this session, or None when nothing waits."""
    handoff = session.open_handoff
    times = [_jobs_at(session), *(_timers(handoff, rules) if handoff else ())]
    return min((one for one in times if one is not None), default=None)


def passed(session: Session, rules: Rules, now: datetime) -> Session:
    """Return the session after the timers that are up; the very same object when none is."""
    handoff = session.open_handoff
    if handoff is None:
        return session
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


def _after(since: datetime | None, limit: timedelta) -> datetime | None:
    return since + limit if since is not None and limit else None


def _not_accepted(session: Session, handoff: Handoff, rules: Rules, now: datetime) -> Session:
    """End a handoff that nobody took; "failed" promises that nothing was opened."""
    opening = any(job.kind is JobKind.OPEN and job.uncertain for job in session.outbox)
    doubtful = handoff.conversation is not None or opening or session.lease is not None
    cause = GivenUp if doubtful or handoff.state is not State.REQUESTED else OpeningRefused
    return outbox.parted(session, handoff, (cause, Reason.NOT_ACCEPTED), rules, now)
