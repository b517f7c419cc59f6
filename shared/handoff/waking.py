"""Who looks after sessions that nobody comes to: one that was asked for, or all that are due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

from handoff import log
from handoff.bridge import Bridge
from handoff.errors import BadRequest, BridgeError
from handoff.exchange import Json
from handoff.store import Store
from handoff.tokens import Deadline
from handoff.vocabulary import SessionKey

# One session may not keep the sweep from the others, nor its lease from the customer's next turn.
SESSION_SECONDS = 8.0
AT_ONCE = 20
BATCH = 200

LONGEST_KEY = 200

# Who has done their own work helps with so much, if there is so much time left.
A_FEW, LOOK_EVERY, LEAST_TO_LOOK = 3, 1.0, 2.0


class Waker:
    """Does the due jobs and timers of sessions."""

    def __init__(self, bridge: Bridge, store: Store) -> None:
        self._bridge = bridge
        self._store = store
        self._looked = -LOOK_EVERY

    async def wake(self, body: Json, deadline: Deadline) -> Json:
        """Wake the session that the body names, or every one that is due.

        Returns how many were `woken`, and how many `failed`. Raises BadRequest, StoreError.
        """
        name = body.get("session")
        if name is None:
            return await self._sweep(deadline)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_KEY:
            raise BadRequest("session must be the key of a session.")
        did = await self._bridge.wake(SessionKey(name), _share_of(deadline))
        log.info("wake", session=log.word(name), outcome="done" if did else "nothing_due")
        return {"woken": int(did), "failed": 0}

    async def look_around(self, deadline: Deadline) -> None:
        """Wake a few of those who wait longest, at most once a second: who comes next helps.

        For where nobody else may ever come. What goes wrong is logged and stays due.
        """
        now = monotonic()
        if now - self._looked < LOOK_EVERY or deadline.left < LEAST_TO_LOOK:
            return
        self._looked = now
        await self._wake_all(await self._store.due(A_FEW), deadline)

    async def help_out(self) -> None:
        """Look around from where there is time; raises StoreError."""
        await self.look_around(Deadline.after(SESSION_SECONDS))

    async def _sweep(self, deadline: Deadline) -> Json:
        """Wake who is due, oldest first, until nobody is left or the time is over."""
        seen: set[SessionKey] = set()
        woken = failed = 0
        while deadline.left > 0:
            due = await self._store.due(BATCH)
            new = [key for key in due if key not in seen]
            if not new:
                break
            seen.update(new)
            results = await self._wake_all(new, deadline)
            woken += results.count(True)
            failed += sum(isinstance(one, Exception) for one in results)
        outcome = "done" if deadline.left > 0 else "out_of_time"
        log.info("sweep", woken=woken, failed=failed, outcome=outcome)
        return {"woken": woken, "failed": failed}

    async def _wake_all(
        self, keys: Sequence[SessionKey], deadline: Deadline
    ) -> list[bool | BaseException]:
        """Wake all of them; what goes wrong with one does not stop the others, and stays due."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(key: SessionKey) -> bool:
            async with room:
                left = deadline.left > 0
                return left and await self._bridge.wake(key, _share_of(deadline))

        results = await asyncio.gather(*map(one, keys), return_exceptions=True)
        for key, result in zip(keys, results, strict=True):
            if isinstance(result, BridgeError):
                log.error("wake", session=key, outcome="failed", reason=str(result))
            elif isinstance(result, Exception):
                log.bug(result, session=key)
        return results


def _share_of(deadline: Deadline) -> Deadline:
    return Deadline.after(min(SESSION_SECONDS, deadline.left))
