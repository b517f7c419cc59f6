"""What has to be said to a provider: queued in order, done by one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from handoff import bounds, jobs, late, leaving, lifecycle
from handoff.events import Event
from handoff.model import Contact, Handoff, Job, Lease, Message, Session, Undelivered
from handoff.providers.base import Availability, Identity, Looked, Opened
from handoff.rules import Abilities, Rules
from handoff.vocabulary import HandoffId, JobKind, Participant, Reason


def next_due(session: Session, now: datetime) -> Job | None:
    """Return the job to do now. Only the first one can be: order is a promise."""
    head = session.outbox[0] if session.outbox else None
    return head if head is not None and head.due_at <= now else None


def claim(session: Session, owner: str, until: datetime, now: datetime) -> Session | None:
    """Return the session with its lease in `owner`'s hands, or None when somebody else holds it.

    A lease that ran out was held by someone who died: what they were doing may have been done.
    """
    lease = session.lease
    if lease is not None and lease.owner != owner and lease.until > now:
        return None
    mine = Lease(owner=owner, until=until)
    if lease is None or lease.owner == owner or not session.outbox:
        return replace(session, lease=mine)
    died = session.outbox[0]
    attempts = died.attempts + 1
    doubtful = replace(died, uncertain=True, attempts=attempts, tried_at=lease.until)
    return replace(session, lease=mine, outbox=(doubtful, *session.outbox[1:]))


def holds(session: Session, owner: str) -> bool:
    """Say whether the lease is in `owner`'s hands."""
    return session.lease is not None and session.lease.owner == owner


def release(session: Session, owner: str) -> Session:
    """Return the session with the lease given back, if `owner` still has it."""
    return replace(session, lease=None) if holds(session, owner) else session


def done(session: Session, job: Job, result: object, rules: Rules, now: datetime) -> Session:
    """Return the session after a job was done; unchanged when it was already settled."""
    if jobs.current(session, job) is None:
        return session
    rest = _in_time_again(jobs.without(session, job), job)
    if isinstance(result, Identity):
        contacts = {**rest.contacts, job.provider: Contact(ref=result.ref)}
        return replace(rest, contacts=contacts)
    if isinstance(result, Looked):
        heard = _looked(rest, job, result, rules, now)
        return finished(heard, job, rules, now) if job.kind is JobKind.CONFIRM else heard
    if not isinstance(result, Opened):
        return rest
    bound = _opened(rest, job, result, rules, now)
    return without_audience(bound, rules, now, in_flight=0)


def _in_time_again(session: Session, job: Job) -> Session:
    """Return the session whose customer is told anew when something else takes long."""
    handoff = session.handoff
    spoke = job.kind in {JobKind.OPEN, JobKind.SEND}
    if handoff is None or handoff.id != job.handoff or not (spoke and handoff.delay_told):
        return session
    return replace(session, handoff=replace(handoff, delay_told=False))


def parted(
    session: Session, handoff: Handoff, ending: tuple[type, Reason], rules: Rules, now: datetime
) -> Session:
    """Return the session whose handoff ends on our side, by cause and reason; the desk is told.

    A desk that has not been asked for anything yet need not be: who comes and goes while others'
    jobs wait would fill the outbox.
    """
    cause, reason = ending
    over = lifecycle.end(leaving.left_behind(session, now), cause, reason, rules, now)
    if _is_unheard(session, handoff):
        return dropped(over, handoff.id, now)
    return jobs.add(over, JobKind.CLOSE, handoff, now)


def _is_unheard(session: Session, handoff: Handoff) -> bool:
    """Say whether nothing was begun for a handoff: its opening waits behind another's jobs."""
    behind = bool(session.outbox) and session.outbox[0].handoff != handoff.id
    opens = jobs.of_kind(session, JobKind.OPEN, handoff) is not None
    return behind and opens and handoff.conversation is None


def finished(session: Session, asked: Job, rules: Rules, now: datetime) -> Session:
    """Return the session whose last agent's leaving was asked about, once that was the end.

    The provider is told that the customer has gone too, for its agent may wait for that.
    """
    over = session.handoff
    if over is None or over.id != asked.handoff or over.state.is_open:
        return session
    rest = leaving.given_to_bot(session, asked, lifecycle.teller(session, rules, now))
    rest = without_audience(rest, rules, now, in_flight=0)
    return jobs.add(rest, JobKind.CLOSE, rest.handoff or over, now)


def asked(session: Session, job: Job, answer: Availability) -> Session:
    """Return the session that knows who is there, and where its handoff goes from now on."""
    handoff = session.handoff
    if handoff is None or handoff.id != job.handoff:
        return session
    known = replace(handoff, target=answer.target, available=answer.presence)
    return replace(session, handoff=known)


def already_opened(session: Session, job: Job) -> Opened | None:
    """Return the conversation that a webhook told us of before the opening's own answer came."""
    handoff = session.open_handoff
    if job.kind is not JobKind.OPEN or handoff is None or handoff.id != job.handoff:
        return None
    if handoff.conversation is None:
        return None
    return Opened(conversation=handoff.conversation, thread=handoff.thread)


def is_moot(session: Session, job: Job) -> bool:
    """Say whether a job would only bring a conversation that the customer has already left."""
    if job.kind not in {JobKind.IDENTIFY, JobKind.OPEN} or job.uncertain:
        return False
    handoff = session.open_handoff
    return handoff is None or handoff.id != job.handoff


def drop_moot(session: Session, job: Job, now: datetime) -> Session:
    """Return the session without anything more to do for the handoff of a moot job."""
    return dropped(session, job.handoff, now)


def repeats(session: Session, job: Job) -> int:
    """Count the customer's messages just before this one that have the very same words.

    Its own line tells where: what was said after it may have been for the bot, or never be sent.
    """
    said = (one for one in _lines_of(session, job) if one.author is not Participant.AGENT)
    lines = [one for one in said if not one.lost]
    own = (Participant.CUSTOMER, job.utterance)
    place = next((n for n, one in enumerate(lines) if (one.author, one.utterance) == own), 0)
    same = (Participant.CUSTOMER, job.text)
    before = takewhile(lambda one: (one.author, one.text) == same, reversed(lines[:place]))
    return sum(1 for _ in before)


def _lines_of(session: Session, job: Job) -> Sequence[Message]:
    """Return what was said since the job's handoff began, or all where that is not known."""
    handoff = session.handoff
    if handoff is None or handoff.id != job.handoff:
        return session.transcript
    since = session.lines - handoff.lines_before
    return session.transcript[-since:] if since > 0 else ()


def in_flight(session: Session, now: datetime) -> int:
    """Return how many jobs somebody is doing right now: the first, or none."""
    return 1 if session.lease is not None and session.lease.until > now else 0


def is_looking(session: Session, now: datetime) -> bool:
    """Say whether somebody is reading right now what came before the conversation was known."""
    busy = in_flight(session, now)
    return any(job.kind is JobKind.LOOK for job in session.outbox[:busy])


def without_audience(session: Session, rules: Rules, now: datetime, *, in_flight: int) -> Session:
    """Return the session without messages for a conversation that the provider ended.

    The first `in_flight` jobs stay: their outcome will tell. So does what closes it on our side,
    and what was begun in doubt: only a look tells whether a message was lost, and what to close.
    """
    over = session.handoff
    if over is None or over.state.is_open or over.reason is Reason.CUSTOMER_LEFT:
        return session
    in_flight = max(in_flight, _may_be_said(session, rules), _may_be_open(session, over))
    rest = dropped(session, over.id, now, keep=in_flight)
    closing = [one for one in session.outbox[in_flight:] if one.kind is JobKind.CLOSE]
    lost = [one for one in closing if jobs.current(rest, one) is None]
    rest = replace(rest, outbox=(*rest.outbox, *lost))
    if len(rest.undelivered) == len(session.undelivered):
        return rest
    told = lifecycle.teller(rest, rules, now).notice(over, "undelivered_ended")
    return replace(rest, handoff=told)


def _may_be_said(session: Session, rules: Rules) -> int:
    """Return 1 when the first job is a message in doubt, at a desk where a look is harmless.

    Where leaving ends a conversation, a message that is said too late calls somebody new.
    """
    head = session.outbox[0] if session.outbox else None
    if head is None or head.kind is not JobKind.SEND or not head.uncertain:
        return 0
    abilities = rules.providers.get(head.provider, Abilities())
    return int(abilities.reads and not abilities.leaving_ends)


def _may_be_open(session: Session, over: Handoff) -> int:
    """Return 1 when the first job is an opening in doubt of a handoff that has to be closed."""
    opens, closes = (jobs.of_kind(session, one, over) for one in (JobKind.OPEN, JobKind.CLOSE))
    return int(opens is not None and closes is not None and opens.uncertain)


def dropped(session: Session, handoff: HandoffId, now: datetime, *, keep: int = 0) -> Session:
    """Return the session without the jobs of a handoff; lost messages become dead letters."""
    lost = [job for job in session.outbox[keep:] if job.handoff == handoff]
    letters = tuple(
        Undelivered(job=job, reason="conversation_closed", at=now)
        for job in lost
        if job.kind is JobKind.SEND
    )
    remaining = tuple(job for job in session.outbox if job not in lost)
    return replace(session, outbox=remaining, undelivered=(*session.undelivered, *letters))


def _opened(session: Session, job: Job, found: Opened, rules: Rules, now: datetime) -> Session:
    """Bind the conversation, also to jobs that waited for it, and hear what was said in it."""
    bound = replace(session, outbox=tuple(_addressed(one, job, found) for one in session.outbox))
    handoff = bound.handoff
    if job.kind is JobKind.OPEN and rules.providers.get(job.provider, Abilities()).reads:
        bound = _looking(bound, job, found, now)
    if handoff is None or handoff.id != job.handoff:
        return late.found(_past(bound, job, found), job, found.events, now)
    known = replace(handoff, conversation=found.conversation, thread=found.thread or handoff.thread)
    bound = _heard(replace(bound, handoff=known), found.events, rules, now)
    return bound if known.state.is_open else lifecycle.remembering(bound)


def _looked(session: Session, job: Job, found: Looked, rules: Rules, now: datetime) -> Session:
    """Hear what came before the conversation was known as ours, also once the customer has left."""
    before, asks = session.handoff, job.kind is JobKind.CONFIRM
    is_open = before is not None and before.state.is_open
    is_ours = before is not None and before.id == job.handoff
    if asks:
        return _heard(session, found.events, rules, now) if is_open and is_ours else session
    if not is_ours:
        return late.found(session, job, found.events, now)
    after = _heard(session, found.events, rules, now)
    ended = is_open and after.open_handoff is None
    return without_audience(after, rules, now, in_flight=0) if ended else after


def _heard(session: Session, found: Sequence[Event], rules: Rules, now: datetime) -> Session:
    for event in _to_be_heard(session, found):
        session = lifecycle.apply(session, event, rules, now)
    return session


def _to_be_heard(session: Session, found: Sequence[Event]) -> Sequence[Event]:
    """Return what was found and can be told from what is known.

    Once so much was told that the session forgets, it was told by webhooks, and the oldest is not
    to be told again: what was missed before that came hundreds of facts ago.
    """
    forgets = len(session.events) >= bounds.EVENTS
    return found[-bounds.EVENTS // 2 :] if forgets else found


def _past(session: Session, job: Job, found: Opened) -> Session:
    """Return the session whose contact knows the conversation of a handoff that is no more."""
    contact = session.contacts.get(job.provider)
    if contact is None:
        return session
    known = contact.knowing(found.conversation, found.thread)
    return replace(session, contacts={**session.contacts, job.provider: known})


def _looking(session: Session, job: Job, found: Opened, now: datetime) -> Session:
    """Return the session with a look, first of all, at what came before we knew of it."""
    look = replace(
        _addressed(job, job, found),
        id=session.last_job + 1,
        kind=JobKind.LOOK,
        created_at=now,
        due_at=now,
        attempts=0,
    )
    return replace(session, outbox=(look, *session.outbox), last_job=look.id)


def _addressed(job: Job, opening: Job, found: Opened) -> Job:
    """Return the job with the conversation it waited for."""
    if job.handoff != opening.handoff or job.conversation is not None:
        return job
    return replace(job, conversation=found.conversation, thread=found.thread)
