"""An office that makes tokens for a week, and a door that takes some of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from handoff.errors import ProviderError, Unavailable
from handoff.exchange import Exchange, Request, Response, Token, TokenSource
from handoff.sqlite import SqliteStore
from handoff.store import StoredToken
from handoff.tokens import Caller, Deadline
from tests.fakes import FixedClock

LIFE = timedelta(hours=1)
NAME = "desk:agent"


class Office:
    """Answers `/mint` with the next token and `/door` with 200 or, for a refused one, 401.

    `hold` keeps every mint back until the test sets it; `failures` are raised by the next mints.
    """

    def __init__(self, store: SqliteStore, clock: FixedClock) -> None:
        self.store = store
        self.clock = clock
        self.minted = 0
        self.shown: list[str] = []
        self.refused: set[str] = set()
        self.failures: list[ProviderError] = []
        self.hold: asyncio.Event | None = None
        self.at_the_counter = asyncio.Event()
        self.source = TokenSource(name=NAME, mint=self.mint)

    def instance(self) -> Caller:
        """Return one more instance."""
        return Caller(self.send, self.store, self.clock)

    def mint(self) -> Exchange[Token]:
        """Make the next token."""
        response = yield Request(method="POST", url="/mint")
        return Token(value=response.body.decode(), expires_at=self.clock() + LIFE)

    def call(self) -> Exchange[int]:
        """Go through the door."""
        response = yield Request(method="GET", url="/door", token=self.source)
        return response.status

    async def visit(self, caller: Caller, within: float = 5.0) -> int:
        """Let an instance go through the door."""
        return await caller.run(self.call(), Deadline.after(within))

    async def send(self, request: Request, within: float) -> Response:
        """Answer; who has no time for the answer gets none, as from the real transport."""
        if request.url == "/mint":
            try:
                async with asyncio.timeout(within):
                    return await self._minted()
            except TimeoutError as error:
                raise Unavailable("slow") from error
        shown = request.headers["Authorization"].removeprefix("Bearer ")
        self.shown.append(shown)
        return Response(status=401 if shown in self.refused else 200)

    async def _minted(self) -> Response:
        self.minted += 1
        value = f"token-{self.minted}"
        self.at_the_counter.set()
        await asyncio.sleep(0)
        if self.hold is not None:
            await self.hold.wait()
        if self.failures:
            raise self.failures.pop(0)
        return Response(status=200, body=value.encode())

    async def put(self, value: str, *, left: float, busy: float | None = None) -> None:
        """Put a token into the store that lives so many seconds; `busy`: somebody renews it."""
        now, before = self.clock(), await self.store.token(NAME)
        token = StoredToken(
            value=value,
            expires_at=now + timedelta(seconds=left),
            busy_until=None if busy is None else now + timedelta(seconds=busy),
            version=before.version if before else None,
        )
        await self.store.put_token(NAME, token)

    async def stored(self) -> StoredToken:
        """Return what is in the store."""
        token = await self.store.token(NAME)
        assert token is not None
        return token
