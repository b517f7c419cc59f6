"""A customer's file between their words: it waits for those before it, those after it wait."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from handoff import attaching, lifecycle, outbox
from handoff.attaching import NOT_SUPPORTED
from handoff.bridge import LEASE_MARGIN, Bridge
from handoff.clock import Clock, Sleep
from handoff.deadline import Deadline
from handoff.errors import (
    Busy,
    Closed,
    ConversationGone,
    InDoubt,
    NotTaken,
    ProviderError,
    RequestError,
    Throttled,
    Unavailable,
)
from handoff.model import Session
from handoff.providers.base import OutgoingFile, Provider
from handoff.rules import Rules
from handoff.sessions import Decision, Held
from handoff.tokens import Caller
from handoff.vocabulary import ProviderId

# Words that were said just before are on their way; a desk that is down keeps them longer.
PATIENCE, MOMENT = 3.0, 0.1

AGAIN_AFTER = 5.0


class Filing:
    """Gives files to agents, in the order of the customer's words; keeps none of them."""

    def __init__(
        self,
        bridge: Bridge,
        providers: Mapping[ProviderId, Provider],
        caller: Caller,
        rules: Rules,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._bridge = bridge
        self._providers = providers
        self._caller = caller
        self._rules = rules
        self._clock = clock
        self._sleep = sleep

    async def attach(
        self, held: Held, file: OutgoingFile, noted: Decision, deadline: Deadline
    ) -> Held:
        """Give the file to the agent, and return the session after `noted`.

        Raises Busy, Closed, NotTaken or InDoubt, of which the customer is told too, and whatever
        the file's bytes raise.
        """
        owner = uuid.uuid4().hex
        mine = await self._claimed(held, owner, deadline)
        after: Decision = _as_it_is
        try:
            await attaching.attach(self._providers, self._caller, mine.session, file, deadline)
            after = noted
        except ProviderError as error:
            refusal = _refusal(error)
            after = self._telling(
                "file_in_doubt" if isinstance(refusal, InDoubt) else "file_not_sent"
            )
            raise refusal from error
        finally:
            last = Deadline.after(max(deadline.left, LEASE_MARGIN))
            done = await self._bridge.change(
                mine, lambda session: after(outbox.release(session, owner)), last
            )
        return done

    async def tell_unsent(self, held: Held, deadline: Deadline) -> None:
        """Tell the customer, in their language, that a file was not taken."""
        await self._bridge.change(held, self._telling("file_not_sent"), deadline)

    async def _claimed(self, held: Held, owner: str, deadline: Deadline) -> Held:
        """Return the session in our hands once all before the file is said; raises Busy."""
        until = self._clock() + timedelta(seconds=deadline.left + LEASE_MARGIN)

        def claimed(session: Session) -> Session:
            if session.outbox or session.open_handoff is None:
                return session
            return outbox.claim(session, owner, until, self._clock()) or session

        patience = Deadline.after(min(PATIENCE, deadline.left))
        while True:
            held = await self._bridge.change(held, _as_it_is, patience)
            held = await self._bridge.note(held, claimed)
            if outbox.holds(held.session, owner):
                return held
            if held.session.open_handoff is None:
                raise Closed("This chat is over.")
            if patience.left <= 0:
                raise Busy("Earlier messages are still on their way.", retry_after=AGAIN_AFTER)
            await self._sleep(MOMENT)
            held = await self._bridge.load(held.session.key) or held

    def _telling(self, name: str) -> Decision:
        def told(session: Session) -> Session:
            handoff = session.open_handoff
            if handoff is None:
                return session
            speaks = lifecycle.teller(session, self._rules, self._clock())
            return replace(session, handoff=speaks.notice(handoff, name))

        return told


def _refusal(error: ProviderError) -> RequestError:
    """Return what the page is answered: whether to send the file again is for a person to say."""
    if isinstance(error, ConversationGone):
        return Closed("This chat is over.")
    if isinstance(error, Throttled):
        return Busy(
            "The desk takes no more files now.", retry_after=error.retry_after or AGAIN_AFTER
        )
    if isinstance(error, Unavailable) and error.certain:
        return Busy("The desk does not answer; the file was not sent.", retry_after=AGAIN_AFTER)
    if isinstance(error, Unavailable):
        return InDoubt("The desk did not say whether it has the file.")
    if error.code == NOT_SUPPORTED:
        return NotTaken("The desk takes no files.", code=NOT_SUPPORTED)
    return NotTaken("The desk refused the file.", code="file_refused")


def _as_it_is(session: Session) -> Session:
    return session
