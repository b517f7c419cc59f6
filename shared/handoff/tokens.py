"""Credentials that end, shared by all instances: one renews, the others use what is there.

A vendor may keep only so many tokens of ours alive and end the oldest silently, so instances
that each made their own would lock each other out.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar
from weakref import WeakValueDictionary

from handoff.clock import Clock
from handoff.deadline import Deadline as Deadline
from handoff.errors import Conflict, ProviderError, Unavailable
from handoff.exchange import Request, Response, Send, Token, TokenSource
from handoff.store import Store, StoredToken

T = TypeVar("T")

# Renewed this long before its end, while the old one still serves everybody else.
RENEW_BEFORE = timedelta(minutes=1)
LONGEST_RENEWAL = timedelta(seconds=10)
POLL_SECONDS = 0.1
MOST_REMEMBERED = 2_000


class Caller:
    """Runs exchanges: sends what they yield, with the token they name, before a deadline."""

    def __init__(self, send: Send, store: Store, clock: Clock) -> None:
        self._send = send
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, StoredToken] = OrderedDict()
        self._renewing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self, exchange: Generator[Request, Response, T], deadline: Deadline) -> T:
        """Return the exchange's result; what sending raises is raised inside the exchange."""
        try:
            request = next(exchange)
            while True:
                try:
                    response = await self._authorized(request, deadline)
                except ProviderError as error:
                    request = exchange.throw(error)
                else:
                    request = exchange.send(response)
        except StopIteration as result:
            value: T = result.value
            return value

    async def keep(self, name: str, token: Token) -> None:
        """Share a token that came by another way than its own source."""
        stored = await self._store.token(name)
        fresh = StoredToken(
            value=token.value,
            expires_at=token.expires_at,
            version=stored.version if stored else None,
        )
        await self._write(name, fresh)
        self._remember(name, fresh)

    async def _authorized(self, request: Request, deadline: Deadline) -> Response:
        """Send one request; a refused token is renewed once.

        What is streamed is gone by then: the new token is for whoever comes again.
        """
        source = request.token
        if source is None:
            return await self._timed(request, deadline)
        value = await self._value(source, deadline)
        response = await self._timed(_bearing(request, value), deadline)
        if not source.refuses(response):
            return response
        value = await self._value(source, deadline, refused=value)
        if request.stream is not None:
            raise Unavailable("the token was refused when the body was gone", certain=True)
        return await self._timed(_bearing(request, value), deadline)

    async def _timed(self, request: Request, deadline: Deadline) -> Response:
        left = deadline.left
        if left <= 0:
            raise Unavailable("no time left for another call", certain=True)
        most = left if request.seconds is None else min(left, request.seconds)
        return await self._send(request, most)

    async def _value(self, source: TokenSource, deadline: Deadline, *, refused: str = "") -> str:
        known = self._known.get(source.name)
        if known is not None and known.value != refused and self._is_fresh(known):
            return known.value
        lock = self._renewing.setdefault(source.name, asyncio.Lock())
        try:
            async with asyncio.timeout(deadline.left), lock:
                token = await self._shared(source, deadline, refused)
        except TimeoutError as error:
            raise Unavailable("no token in time", certain=True) from error
        except Unavailable as error:  # of the token: what it is for was not asked yet
            raise Unavailable(str(error), code=error.code, certain=True) from error
        self._remember(source.name, token)
        return token.value

    async def _shared(self, source: TokenSource, deadline: Deadline, refused: str) -> StoredToken:
        """Return the stored token; renew it when nobody else does, wait when it cannot serve."""
        while True:
            stored = await self._store.token(source.name)
            good = stored is not None and stored.value not in {"", refused}
            if stored is not None and good and self._is_fresh(stored):
                return stored
            if not self._is_busy(stored):
                renewed = await self._renew_or_keep(source, stored, deadline, keep=good)
                if renewed is not None:
                    return renewed
            elif stored is not None and good and stored.expires_at > self._clock():
                return stored
            if deadline.left <= POLL_SECONDS:
                raise Unavailable("no token in time: another instance renews it", certain=True)
            await asyncio.sleep(POLL_SECONDS)

    async def _renew_or_keep(
        self, source: TokenSource, stored: StoredToken | None, deadline: Deadline, *, keep: bool
    ) -> StoredToken | None:
        """Renew the token; when that fails before its end, the old one goes on serving."""
        try:
            return await self._renew(source, stored, deadline)
        except ProviderError:
            if stored is not None and keep and stored.expires_at > self._clock():
                return stored
            raise

    async def _renew(
        self, source: TokenSource, stored: StoredToken | None, deadline: Deadline
    ) -> StoredToken | None:
        """Make a new token under a mark that keeps others from it; None when they were first."""
        now = self._clock()
        before = stored or StoredToken(value="", expires_at=now)
        marked = replace(before, busy_until=now + LONGEST_RENEWAL)
        try:
            version = await self._store.put_token(source.name, marked)
        except Conflict:
            return None
        try:
            # Half of what is left: the mark has to be taken away, or an old token used, in time.
            token = await self.run(source.mint(), Deadline.after(deadline.left / 2))
        except ProviderError:
            await self._write(source.name, replace(before, version=version))
            raise
        made = StoredToken(value=token.value, expires_at=token.expires_at, version=version)
        await self._write(source.name, made)
        return made

    async def _write(self, name: str, token: StoredToken) -> None:
        """Write the outcome of a renewal, unless it took so long that somebody else began one."""
        with suppress(Conflict):
            await self._store.put_token(name, token)

    def _is_fresh(self, token: StoredToken) -> bool:
        return token.expires_at - self._clock() > RENEW_BEFORE

    def _is_busy(self, token: StoredToken | None) -> bool:
        return token is not None and bool(token.busy_until and token.busy_until > self._clock())

    def _remember(self, name: str, token: StoredToken) -> None:
        self._known[name] = token
        self._known.move_to_end(name)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def _bearing(request: Request, value: str) -> Request:
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {value}"})
