"""Sessions in and out of the store: found by any name, written under their version."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from handoff import bounds, jobs, life, log, standing, timers
from handoff.clock import Clock, Sleep
from handoff.deliveries import Delivery
from handoff.errors import Conflict, StoreError, TooEarly
from handoff.life import Attempt
from handoff.model import Session
from handoff.rules import Rules
from handoff.store import Change, DeadLetter, Store, Version
from handoff.vocabulary import HandoffId, ProviderId, SessionKey

MOST_CONFLICTS = 100

# How long an event waits for the answer that tells us its conversation's id; a vendor that wants
# the event answered first must not wait long.
MOMENTS, MOMENT = 4, 0.1

MOST_KNOWN_CONVERSATIONS = 10_000

Decision = Callable[[Session], Session]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A session as it stands in the store, and the version to write over.

    `whole`: with the unread deliveries that had moved out of it; `moved` are the last of each
    handoff.
    """

    session: Session
    version: Version | None
    whole: bool = False
    moved: Mapping[HandoffId, int] = field(default_factory=dict)


class Sessions:
    """The store's sessions, as decisions see them."""

    def __init__(
        self, store: Store, rules: Rules, clock: Clock, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._sleep = sleep
        self._store = store
        self._rules = rules
        self._clock = clock
        self._known: OrderedDict[tuple[ProviderId, str], SessionKey] = OrderedDict()

    async def load(self, key: SessionKey) -> Held | None:
        """Return the session, or None when there is none that has not expired."""
        stored = await self._store.load(key)
        if stored is None or stored.session is None:
            return None
        return Held(session=stored.session, version=stored.version)

    async def load_or(self, fresh: Session) -> Held:
        """Return the session of this key, whole, or the fresh one to write in its place."""
        stored = await self._store.load(fresh.key)
        if stored is None:
            return Held(session=fresh, version=None, whole=True)
        return await self._whole(Held(session=stored.session or fresh, version=stored.version))

    async def find(
        self,
        provider: ProviderId,
        *names: str,
        can_look: bool = True,
        can_come_later: bool = True,
    ) -> SessionKey | None:
        """Return the session that a conversation, or else a contact or handoff, belongs to.

        While any opening is under way an unknown conversation may be about to become ours: mostly
        in a moment, which costs nothing. After that it is remembered that something came too
        early, so that who opens the conversation looks what was missed. Where nobody can look,
        raises TooEarly: the vendor has to tell it again.
        """
        found = await self._looked_up(provider, *names)
        if found is not None or not can_come_later:
            return found
        opening = await self._store.opening(provider)
        for _ in range(MOMENTS if opening else 0):
            await self._sleep(MOMENT)
            if found := await self._looked_up(provider, *names):
                return found
        if opening and not can_look:
            raise TooEarly(f"{provider} told of a conversation while one is being opened")
        if opening:
            await self._store.mark_missed(provider, names[0])
        return await self._looked_up(provider, *names)  # it may have become ours meanwhile

    async def commit(
        self,
        held: Held,
        decision: Decision,
        attempt: Attempt | None = None,
        replayed: tuple[str, ...] = (),
    ) -> Held:
        """Write what is decided; when somebody else was first, load and decide again.

        A decision that changes nothing writes nothing. `attempt` is the job that it comes from,
        `replayed` are the ids of dead letters that it takes back.
        """
        for conflicts in range(MOST_CONFLICTS):
            decided = decision(held.session)
            if decided == held.session:
                return held
            try:
                return await self._write(held, decided, attempt, replayed)
            except Conflict:
                await asyncio.sleep(secrets.randbelow(5 * min(conflicts, 10) + 1) / 1000)
                held = await self._again(held)
        raise StoreError(f"session {held.session.key}: {MOST_CONFLICTS} conflicts in a row")

    async def _write(
        self, held: Held, decided: Session, attempt: Attempt | None, replayed: tuple[str, ...]
    ) -> Held:
        now = self._clock()
        expire_at = now + self._rules.keep_texts
        decided = standing.told(held.session, decided, self._rules, now)
        decided = jobs.with_marked_losses(life.recorded(held.session, decided, now, attempt))
        letters = tuple(
            DeadLetter(
                session=decided.key, job=one.job, reason=one.reason, at=one.at, expire_at=expire_at
            )
            for one in decided.undelivered
        )
        wake_at = timers.wake_at(decided, self._rules)
        timed = replace(decided, undelivered=(), expire_at=expire_at, wake_at=wake_at)
        trimmed, outside = bounds.trim(timed)
        new = [(name, one) for name, one in outside if one.id > held.moved.get(name, 0)]
        spilled = [*_carried_since(held, decided), *new]
        change = Change(
            session=trimmed,
            version=held.version,
            index=tuple(sorted(names(trimmed) - names(held.session))),
            spilled=spilled,
            dead_letters=letters,
            replayed=replayed,
        )
        version = await self._store.commit(change)
        for letter in letters:
            _log_letter(letter)
        _log_move(held.session, decided, now)
        for name in change.index:
            self._remember(name, trimmed.key)
        kept = bounds.with_moved(trimmed, outside) if held.whole else trimmed
        moved = {**held.moved, **_last_ids(new)}
        return Held(session=kept, version=version, whole=held.whole, moved=moved)

    async def _again(self, held: Held) -> Held:
        """Return the session as somebody else has left it."""
        if held.whole:
            return await self.load_or(_blank(held.session))
        return await self.load(held.session.key) or Held(session=_blank(held.session), version=None)

    async def _whole(self, held: Held) -> Held:
        """Return the session with the unread deliveries that had moved out of it."""
        moved: list[tuple[HandoffId, Delivery]] = []
        for handoff in held.session.handoffs_kept:
            after = bounds.missing_before(handoff)
            if after is not None:
                there = await self._store.deliveries(held.session.key, handoff.id, after)
                moved += [(handoff.id, one) for one in there]
        whole = bounds.with_moved(held.session, moved)
        return replace(held, session=whole, whole=True, moved=_last_ids(moved))

    async def _looked_up(self, provider: ProviderId, *names: str) -> SessionKey | None:
        for name in filter(None, names):
            found = self._known.get((provider, name)) or await self._store.find(provider, name)
            if found is not None:
                self._remember((provider, name), found)
                return found
        return None

    def _remember(self, name: tuple[ProviderId, str], key: SessionKey) -> None:
        self._known[name] = key
        self._known.move_to_end(name)
        while len(self._known) > MOST_KNOWN_CONVERSATIONS:
            self._known.popitem(last=False)


def _carried_since(held: Held, decided: Session) -> list[tuple[HandoffId, Delivery]]:
    """Return what had moved out and is carried by an answer now: a page must not show it again."""
    found = []
    for before in held.session.handoffs_kept:
        last, after = held.moved.get(before.id, 0), decided.named(before.id)
        known = {one.id: one for one in before.deliveries if one.id <= last}
        now = after.deliveries if after else ()
        found += [(before.id, one) for one in now if one != known.get(one.id, one)]
    return found


def _last_ids(moved: bounds.Moved) -> dict[HandoffId, int]:
    """Return the highest id of each handoff."""
    return {name: max(one.id for owner, one in moved if owner == name) for name, _ in moved}


def _log_move(before: Session, after: Session, now: datetime) -> None:
    """Tell where a handoff went, and how long after it was asked for."""
    handoff, was = after.handoff, before.handoff
    if handoff is None or (was and (was.id, was.state) == (handoff.id, handoff.state)):
        return
    log.info(
        "handoff",
        provider=handoff.provider,
        session=after.key,
        handoff=handoff.id,
        outcome=handoff.state,
        reason=handoff.reason,
        seconds=round((now - handoff.started_at).total_seconds()),
    )


def _log_letter(letter: DeadLetter) -> None:
    """Raise the alarm: somebody's words did not arrive."""
    log.error(
        "dead_letter",
        provider=letter.job.provider,
        session=letter.session,
        handoff=letter.job.handoff,
        letter=letter.id[:12],
        kind=letter.job.kind,
        outcome="undelivered",
        reason=letter.reason,
    )


def names(session: Session) -> set[tuple[ProviderId, str]]:
    """Return the provider's names that lead to this session."""
    found = {(ProviderId(provider), str(one.ref)) for provider, one in session.contacts.items()}
    handoff = session.handoff
    if handoff is not None:
        found.add((handoff.provider, str(handoff.id)))
    if handoff is not None and handoff.conversation is not None:
        found.add((handoff.provider, str(handoff.conversation)))
    return found


def _blank(session: Session) -> Session:
    """Return the session as it was before anything was known of it."""
    return Session(key=session.key, id=session.id, dialect=session.dialect)
