"""Doing one job of the outbox through its provider, and what came of it as a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from handoff import failures, log, outbox, page
from handoff.clock import Clock
from handoff.errors import ConversationGone, NobodyThere, ProviderError, Rejected
from handoff.life import Attempt
from handoff.model import Contact, Customer, Handoff, Job, Session
from handoff.providers.base import (
    Availability,
    ConfirmsEnd,
    Conversation,
    Identifies,
    Identity,
    Looked,
    Opened,
    Opening,
    Outgoing,
    Provider,
    Reads,
    ShowsPresence,
    ShowsTyping,
    TakesNotes,
    TellsAvailability,
)
from handoff.rules import Rules
from handoff.sessions import Decision
from handoff.store import Store
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import ConversationRef, JobKind, Presence, ProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What to make of the session after a job was done, or tried; `attempt` for its life."""

    decision: Decision
    attempt: Attempt | None = None


class Performer:
    """Calls providers for jobs that are committed; what comes of it is decided by `outbox`."""

    def __init__(
        self,
        providers: Mapping[ProviderId, Provider],
        store: Store,
        rules: Rules,
        caller: Caller,
        clock: Clock,
    ) -> None:
        self._providers = providers
        self._store = store
        self._rules = rules
        self._caller = caller
        self._clock = clock

    async def do(self, session: Session, job: Job, deadline: Deadline) -> Outcome:
        """Do the job and return what to make of the session, whichever shape it has by then."""
        if outbox.is_moot(session, job):
            return Outcome(decision=lambda now: outbox.drop_moot(now, job, self._clock()))
        began = monotonic()
        answer = await self._asked(session, job, deadline)
        known = outbox.asked(session, job, answer) if answer else session
        try:
            result = outbox.already_opened(known, job) or await self._call(known, job, deadline)
        except ProviderError as error:
            attempt = _attempt(job, type(error).__name__, began)
            _log_attempt(session, attempt, self._clock(), error)
            decision = self._failed(job, error)
        else:
            attempt = _attempt(job, "done", began)
            _log_attempt(session, attempt, self._clock())
            decision = self._done(job, result)
        if answer is None:
            return Outcome(decision=decision, attempt=attempt)
        return Outcome(
            decision=lambda now: decision(outbox.asked(now, job, answer)), attempt=attempt
        )

    def _done(self, job: Job, result: object) -> Decision:
        return lambda session: outbox.done(session, job, result, self._rules, self._clock())

    def _failed(self, job: Job, error: ProviderError) -> Decision:
        return lambda session: failures.failed(session, job, error, self._rules, self._clock())

    async def introduce(
        self, provider: ProviderId, customer: Customer, deadline: Deadline
    ) -> Contact | None:
        """Return the customer as the provider knows them from now on, None when it need not."""
        desk = self._providers[provider]
        if not isinstance(desk, Identifies):
            return None
        try:
            identity = await self._identity(desk, customer, deadline)
        except ProviderError as error:
            log.warning("identify", provider=provider, outcome="failed", reason=str(error))
            return None
        return Contact(ref=identity.ref)

    async def availability(
        self, provider: ProviderId, target: str, contact: Contact | None, deadline: Deadline
    ) -> Availability:
        """Ask whether somebody is there; a question that got no answer leaves it unknown."""
        desk = self._providers[provider]
        unknown = Availability(presence=Presence.UNKNOWN, target=target)
        if not isinstance(desk, TellsAvailability):
            return unknown
        try:
            return await self._caller.run(desk.availability(target, contact), deadline)
        except ProviderError as error:
            log.warning("availability", provider=provider, outcome="unknown", reason=str(error))
            return unknown

    async def typing(self, session: Session, deadline: Deadline) -> str:
        """Show the agent that the customer types; nothing is repeated, and nobody is told."""
        handoff = session.open_handoff
        desk = self._providers.get(handoff.provider) if handoff else None
        if handoff is None or handoff.conversation is None or not isinstance(desk, ShowsTyping):
            return "not_shown"
        contact = session.contacts.get(handoff.provider)
        place = Conversation(ref=handoff.conversation, thread=handoff.thread, contact=contact)
        try:
            await self._caller.run(desk.typing(place), deadline)
        except ProviderError as error:
            log.warning("typing", provider=handoff.provider, outcome="failed", reason=str(error))
            return "failed"
        return "shown"

    async def _call(self, session: Session, job: Job, deadline: Deadline) -> object:
        if job.provider not in self._providers:  # taken out of the settings in mid-conversation
            raise Rejected(f"{job.provider} is not configured any more")
        if failures.is_worn(job):  # whoever tried last died of it
            raise Rejected(f"{job.kind} was tried {job.attempts} times", code=failures.WORN)
        if job.kind is JobKind.IDENTIFY:
            return await self._identify(session, job, deadline)
        if job.kind is JobKind.OPEN:
            return await self._open(session, job, deadline)
        if job.kind is JobKind.LOOK:
            return await self._look(session, job, deadline)
        if job.kind is JobKind.CONFIRM:
            return await self._confirm(session, job, deadline)
        await self._say(session, job, deadline)
        return None

    async def _identify(self, session: Session, job: Job, deadline: Deadline) -> object:
        desk = self._providers[job.provider]
        if not isinstance(desk, Identifies):
            raise Rejected(f"{job.provider} does not identify customers")
        return await self._identity(desk, _handoff(session).customer, deadline)

    async def _identity(self, desk: Identifies, customer: Customer, deadline: Deadline) -> Identity:
        identity = await self._caller.run(desk.identify(customer), deadline)
        for name, token in identity.tokens:
            await self._caller.keep(name, token)
        return identity

    async def _asked(self, session: Session, job: Job, deadline: Deadline) -> Availability | None:
        """Ask who is there before an opening; a doubtful attempt is looked up, not asked."""
        handoff = session.open_handoff
        opens = job.kind is JobKind.OPEN and not job.uncertain and job.provider in self._providers
        if not opens or handoff is None or handoff.conversation is not None:
            return None
        contact = session.contacts.get(job.provider)
        answer = await self.availability(job.provider, handoff.target, contact, deadline)
        if handoff.target not in {"", answer.target}:
            log.warning("unknown_target", provider=job.provider, handoff=handoff.id)
        return answer

    async def _open(self, session: Session, job: Job, deadline: Deadline) -> Opened:
        handoff = _handoff(session)
        if not job.uncertain:
            self._refuse_unless_open(handoff)
        current = session.open_handoff
        opening = Opening(
            handoff=replace(handoff, id=job.handoff),
            contact=session.contacts.get(job.provider),
            transcript=session.before_handoff,
            uncertain=job.uncertain,
            settled=failures.is_settled(job, self._clock()),
            abandoned=current is None or current.id != job.handoff,
        )
        opened = await self._caller.run(self._providers[job.provider].open(opening), deadline)
        for remark in opened.remarks:
            log.warning("opening", provider=job.provider, handoff=job.handoff, reason=remark)
        return opened

    async def _look(self, session: Session, job: Job, deadline: Deadline) -> object:
        """Read what came while the conversation was not known to be ours, if anything did."""
        desk, ref = self._providers[job.provider], job.conversation
        if not isinstance(desk, Reads) or ref is None:
            return None
        # What was tried before was worth it then, and the mark may be forgotten by now.
        known = job.uncertain or job.attempts > 0
        if not (known or await self._store.was_missed(job.provider, ref)):
            return None
        events = await self._caller.run(desk.read(_place(session, job, ref)), deadline)
        return Looked(events=events)

    async def _confirm(self, session: Session, job: Job, deadline: Deadline) -> object:
        """Ask whether the last agent's leaving was the end."""
        desk, ref = self._providers[job.provider], job.conversation
        if not isinstance(desk, ConfirmsEnd) or ref is None:
            raise Rejected(f"{job.provider} cannot be asked whether a conversation is over")
        place = _place(session, job, ref)
        return Looked(events=await self._caller.run(desk.confirm_end(place), deadline))

    def _refuse_unless_open(self, handoff: Handoff) -> None:
        shut = handoff.available is Presence.UNKNOWN and not self._rules.unknown_is_open
        if handoff.available is Presence.NO or shut:
            says = f"{handoff.provider} has nobody for target {log.word(handoff.target)}"
            raise NobodyThere(says, code=failures.UNANSWERED if shut else "")

    async def _say(self, session: Session, job: Job, deadline: Deadline) -> None:
        if job.conversation is None:
            raise ConversationGone(f"{job.provider} has no conversation for {job.kind}")
        desk, place = self._providers[job.provider], _place(session, job, job.conversation)
        if job.kind is JobKind.SEND:
            message = Outgoing(
                text=job.text,
                client_id=f"{job.handoff}-{job.id}",
                uncertain=job.uncertain,
                settled=failures.is_settled(job, self._clock()),
                repeats=outbox.repeats(session, job),
            )
            await self._caller.run(desk.send(place, message), deadline)
        elif job.kind is JobKind.CLOSE:
            await self._caller.run(desk.close(place), deadline)
        elif job.kind is JobKind.PRESENCE and isinstance(desk, ShowsPresence):
            there = job.text == page.BACK
            await self._caller.run(desk.presence(place, there=there), deadline)
        elif isinstance(desk, TakesNotes):
            opening = Opening(
                handoff=_handoff(session),
                contact=place.contact,
                transcript=session.before_handoff,
                uncertain=job.uncertain,
                settled=failures.is_settled(job, self._clock()),
            )
            await self._caller.run(desk.note(place, opening), deadline)


def _attempt(job: Job, outcome: str, began: float) -> Attempt:
    return Attempt(job=job, outcome=outcome, milliseconds=round(1000 * (monotonic() - began)))


def _log_attempt(
    session: Session, attempt: Attempt, now: datetime, error: ProviderError | None = None
) -> None:
    job, write = attempt.job, log.warning if error else log.info
    write(
        f"job.{job.kind}",
        provider=job.provider,
        session=session.key,
        handoff=job.handoff,
        job=job.id,
        attempt=job.attempts + 1,
        outcome=attempt.outcome,
        reason=str(error) if error else None,
        milliseconds=attempt.milliseconds,
        waited=round(1000 * (now - job.created_at).total_seconds()),
        waiting=len(session.outbox),
    )


def _handoff(session: Session) -> Handoff:
    if session.handoff is None:
        raise Rejected("the handoff of this job is gone")
    return session.handoff


def _place(session: Session, job: Job, ref: ConversationRef) -> Conversation:
    return Conversation(ref=ref, thread=job.thread, contact=session.contacts.get(job.provider))
