"""That a page is there, written where answers to Dialogflow and agents can see it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from handoff import log, page
from handoff.bridge import Bridge
from handoff.clock import Clock
from handoff.customer_tokens import Ticket
from handoff.deadline import Deadline
from handoff.errors import StoreError
from handoff.model import Session
from handoff.sessions import Held

# A page that comes back is announced at the desk before it is answered, if that is quick.
WELCOME_SECONDS = 3.0

# So many streams begin, give their sign of life or end at once: each has a session in memory then,
# and a thousand that come back together are not to be in the way of everybody else.
MOST_AT_THE_DOOR = 32


class Presence:
    """Notes who reads; whoever begins to does so while they hold the `door`."""

    def __init__(self, bridge: Bridge, clock: Clock) -> None:
        self._bridge = bridge
        self._clock = clock
        self.door = asyncio.Semaphore(MOST_AT_THE_DOOR)

    async def note(
        self, held: Held, ticket: Ticket, name: str, given: int, stays: timedelta
    ) -> Held:
        """Note that a page reads, has been given so much, and stays for so long."""

        def decision(session: Session) -> Session:
            now = self._clock()
            return page.reading(session, ticket.handoff, name, given, now + stays, now)

        current = held.session.open_handoff
        if current is not None and current.page is not None and current.page.missed:
            return await self._bridge.change(held, decision, Deadline.after(WELCOME_SECONDS))
        return await self._bridge.note(held, decision)

    async def stay(self, ticket: Ticket, name: str, stays: timedelta, given: int) -> None:
        """Note that a stream goes on; if that cannot be written, the next time is soon enough."""
        try:
            async with self.door:
                held = await self._bridge.load(ticket.session)
                if held is not None:
                    await self.note(held, ticket, name, given, stays)
        except StoreError as error:
            log.warning("page.stream", number=given, outcome="stays", reason=str(error))

    async def leave(self, ticket: Ticket, name: str, given: int) -> None:
        """Note that a stream has ended; if that cannot be written, it soon counts as ended."""

        def decision(session: Session) -> Session:
            return page.read(session, ticket.handoff, name, given, self._clock())

        try:
            async with self.door:
                held = await self._bridge.load(ticket.session)
                if held is not None:
                    await self._bridge.note(held, decision)
        except StoreError as error:
            log.warning("page.stream", number=given, outcome="ended", reason=str(error))
        else:
            log.info("page.stream", number=given, outcome="ended")
