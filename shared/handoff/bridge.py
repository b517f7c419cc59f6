"""The use cases: load, decide, commit once, then act from what was committed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from handoff import asking, lifecycle, log, outbox, replaying, timers, told, turns
from handoff.clock import Clock, Sleep
from handoff.dialogflow.turn import Turn
from handoff.errors import CannotReplay, NotFound, SchedulingError, TooMany
from handoff.events import Event, Unrecognized
from handoff.exchange import Inbound
from handoff.model import Session
from handoff.performing import Outcome, Performer
from handoff.providers.base import Provider, Reads
from handoff.rates import Rates, Recent
from handoff.records import Reply
from handoff.replaying import Replayed
from handoff.rules import Rules
from handoff.sessions import Decision, Held, Sessions
from handoff.store import DeadLetter, Schedule, Store, document_id, session_key
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import ProviderId, SessionKey

# A lease outlives the deadline of its holder by this: what was begun is surely over by then.
LEASE_MARGIN = 2.0

# Below this no call to a provider is begun; the rest of the time is for the last commit.
LEAST_FOR_A_JOB = 0.35

# A sweep comes as often as this; what is due sooner is asked for.
SWEEP_EVERY = timedelta(seconds=60)
LEAST_PAUSE = timedelta(seconds=1)
LEAST_FOR_A_TASK = 0.3

# So many events of one webhook are one commit: each of them looks at what came before it.
MOST_AT_ONCE = 200

# How long an event waits for a look at what came before it.
LONGEST_LOOK, LOOK_POLL = 3.0, 0.05


class Bridge:
    """Answers turns and takes events, for all sessions of one deployment."""

    def __init__(
        self,
        *,
        store: Store,
        providers: Mapping[ProviderId, Provider],
        rules: Rules,
        caller: Caller,
        clock: Clock,
        schedule: Schedule | None = None,
        rates: Rates | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._silences: Recent[Reply] = Recent()
        self._schedule = schedule
        self._rates = rates
        self._sessions = Sessions(store, rules, clock, sleep)
        self._providers = providers
        self._rules = rules
        self._caller = caller
        self._clock = clock
        self._performer = Performer(providers, store, rules, caller, clock)

    async def answer(self, turn: Turn, deadline: Deadline) -> Reply:
        """Return the answer to a turn; everything it caused is committed by then.

        Raises TooMany when one session asks too often.
        """
        owner = uuid.uuid4().hex
        fresh = Session(key=session_key(turn.session), id=turn.session, dialect=turn.dialect)
        log.about(session=fresh.key)
        self._refuse_flood(fresh.key)
        name = document_id(fresh.key, turn.id)
        held = await self._sessions.load_or(fresh)
        told.about(held.session)
        contact, answer = await asking.who_is_there(
            self._performer, held.session, turn, self._rules, deadline
        )

        def taken(session: Session) -> Session:
            now = self._clock()
            return turns.take(timers.passed(session, self._rules, now), turn, self._rules, now)

        def settled(session: Session) -> Session:
            if self._silences.get(name) and turns.answer_to(session, turn) is None:
                return session
            return turns.settle(session, turn, self._rules, self._clock(), availability=answer)

        def begun(session: Session) -> Session:
            introduced = asking.introduced(taken(session), contact)
            claimed = self._claimed(introduced, owner, deadline)
            return claimed or turns.unless_idle(session, settled(introduced), turn)

        held = await self._sessions.commit(held, begun)
        held = await self._perform(held, owner, deadline, settled)
        await self._ask_to_be_woken(held.session, deadline)
        told.turn(held.session, turn)
        if (reply := turns.answer_to(held.session, turn)) is not None:
            return reply
        return self._silence(name, turns.answer_to(settled(taken(held.session)), turn))

    def _silence(self, name: Hashable, unwritten: Reply | None) -> Reply:
        """Return an answer that was not written, so that nothing but this instance remembers it.

        It says nothing, also when asked again: what there is by then belongs to the next turn.
        """
        known = self._silences.get(name)
        return known or self._silences.put(name, replace(unwritten or Reply(), texts=()))

    async def receive(self, provider: ProviderId, request: Inbound, deadline: Deadline) -> None:
        """Take a provider's webhook; raises NotFound, Unauthenticated or BadRequest."""
        desk = self._providers.get(provider)
        if desk is None:
            raise NotFound(f"No provider is configured at /{provider[:40]}.")
        log.about(provider=provider)
        events = await self._caller.run(desk.receive(request), deadline)
        known = [event for event in events if not isinstance(event, Unrecognized)]
        if not known:  # of a kind that we do not know, or nothing at all: an echo of our own words
            told.events(events, "unrecognized" if events else "nothing")
            return
        outcomes = [
            await self._apply(provider, known[first : first + MOST_AT_ONCE], deadline)
            for first in range(0, len(known), MOST_AT_ONCE)
        ]
        told.events(events, "applied" if "applied" in outcomes else outcomes[-1])

    async def _apply(
        self, provider: ProviderId, events: Sequence[Event], deadline: Deadline
    ) -> str:
        """Let the events of one conversation have their effect, in one commit; say which."""
        first, owner = events[0], uuid.uuid4().hex
        # Our own id is known before anything is opened with it: unknown, it is somebody else's.
        can_come_later = first.handoff is None
        can_look = isinstance(self._providers[provider], Reads)
        names = (first.conversation, first.contact or "", first.handoff or "")
        key = await self._sessions.find(
            provider, *names, can_look=can_look, can_come_later=can_come_later
        )
        found = await self._after_looking(key) if key else None
        if found is None:
            return "not_ours"
        told.about(found.session)

        def applied(session: Session) -> Session:
            now = self._clock()
            after = timers.passed(session, self._rules, now)
            for event in events:
                after = lifecycle.apply(after, event, self._rules, now)
            busy = outbox.in_flight(after, now)
            after = outbox.without_audience(after, self._rules, now, in_flight=busy)
            return self._claimed(after, owner, deadline) or after

        held = await self._sessions.commit(found, applied)
        outcome = "no_effect" if held is found else "applied"
        held = await self._perform(held, owner, deadline, _as_it_is)
        await self._ask_to_be_woken(held.session, deadline)
        return outcome

    async def wake(self, key: SessionKey, deadline: Deadline) -> bool:
        """Do what is due for a session; say whether there was anything."""
        log.about(session=log.word(key))
        held = await self._sessions.load(key)
        if held is not None and held.session.wake_at is not None:
            late = (self._clock() - held.session.wake_at).total_seconds()
            log.info("due", late=round(max(late, 0)))
        return held is not None and await self.change(held, _as_it_is, deadline) is not held

    async def replay(self, letter: DeadLetter, deadline: Deadline) -> Replayed:
        """Send a dead letter again and return what came of it.

        Raises CannotReplay when there is nowhere to send it.
        """
        held = await self._sessions.load(letter.session)
        if held is None:
            raise CannotReplay(f"session {letter.session} is not kept any more")

        def sent(session: Session) -> Session:
            return replaying.replayed(session, letter, self._rules, self._clock())

        held = await self._sessions.commit(held, sent, replayed=(letter.id,))
        after = await self.change(held, _as_it_is, deadline)
        return replaying.outcome(held.session, after.session, letter)

    async def load(self, key: SessionKey) -> Held | None:
        """Return a session as it stands, or None when there is none."""
        return await self._sessions.load(key)

    async def change(self, held: Held, decision: Decision, deadline: Deadline) -> Held:
        """Commit a decision, after the timers that are up, and do what is due by then."""
        owner = uuid.uuid4().hex

        def changed(session: Session) -> Session:
            after = decision(timers.passed(session, self._rules, self._clock()))
            return self._claimed(after, owner, deadline) or after

        after = await self._sessions.commit(held, changed)
        done = await self._perform(after, owner, deadline, _as_it_is)
        # Called before it was time, by a clock ahead of ours: the same second would be no news.
        extra = LEAST_PAUSE if done is held else timedelta()
        await self._ask_to_be_woken(done.session, deadline, extra)
        return done

    async def show_typing(self, session: Session, deadline: Deadline) -> str:
        """Show the agent that the customer types; return what came of it, in a word."""
        return await self._performer.typing(session, deadline)

    async def note(self, held: Held, decision: Decision) -> Held:
        """Commit a decision that leaves nothing to do."""
        return await self._sessions.commit(held, decision)

    async def _ask_to_be_woken(
        self, session: Session, deadline: Deadline, extra: timedelta = timedelta()
    ) -> None:
        """Ask for a call when the next thing is due soon; the sweep comes for all the rest."""
        if self._schedule is None or session.wake_at is None:
            return
        now = self._clock()
        # Later than now: a task's name, which has the second in it, serves only once.
        at = max(session.wake_at + extra, now + LEAST_PAUSE)
        if at - now >= SWEEP_EVERY:
            return
        try:
            # What took all the time is what has to be asked for: some is left for that.
            async with asyncio.timeout(max(deadline.left, LEAST_FOR_A_TASK)):
                await self._schedule(session.key, at)
        except (SchedulingError, TimeoutError) as error:
            reason = type(error).__name__
            log.warning("schedule", session=session.key, outcome="failed", reason=reason)

    def _refuse_flood(self, key: SessionKey) -> None:
        wait = self._rates.wait(key) if self._rates else 0
        if wait:
            raise TooMany("Too many turns of one session.", retry_after=wait)

    async def _after_looking(self, key: SessionKey) -> Held | None:
        """Return the session, once nobody is reading what came before what comes now.

        A look that takes long is not waited for: late words are better than none.
        """
        waited = 0.0
        while True:
            held = await self._sessions.load(key)
            looking = held is not None and outbox.is_looking(held.session, self._clock())
            if not looking or waited >= LONGEST_LOOK:
                return held
            await self._sleep(LOOK_POLL)
            waited += LOOK_POLL

    async def _perform(self, held: Held, owner: str, deadline: Deadline, finish: Decision) -> Held:
        """Do what is due, one job a commit; the last commit also gives the lease back."""
        while outbox.holds(held.session, owner):
            outcome = await self._outcome(held.session, deadline)

            def after(session: Session, outcome: Outcome = outcome) -> Session:
                done = outcome.decision(session)
                more = outbox.next_due(done, self._clock()) and deadline.left > LEAST_FOR_A_JOB
                if more and outbox.holds(done, owner):
                    return done
                return finish(outbox.release(done, owner))

            held = await self._sessions.commit(held, after, outcome.attempt)
        return held

    async def _outcome(self, session: Session, deadline: Deadline) -> Outcome:
        job = outbox.next_due(session, self._clock())
        if job is None or deadline.left <= LEAST_FOR_A_JOB:
            return Outcome(decision=_as_it_is)
        return await self._performer.do(session, job, deadline)

    def _claimed(self, session: Session, owner: str, deadline: Deadline) -> Session | None:
        """Return the session in our hands, when there is something to do and nobody does it."""
        now = self._clock()
        if outbox.next_due(session, now) is None or deadline.left <= LEAST_FOR_A_JOB:
            return None
        until = now + timedelta(seconds=deadline.left + LEASE_MARGIN)
        return outbox.claim(session, owner, until, now)


def _as_it_is(session: Session) -> Session:
    return session
