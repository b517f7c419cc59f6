"""Every call of a vendor's APIs passes here: log, faults, effect, answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from demo.rest import Json
from demo.vendor.dropped import Dropped
from demo.vendor.faults import Fail, Faults, Trouble, take
from demo.vendor.journal import Journal


class Answered(Protocol):
    """An answer as the call log needs it."""

    @property
    def status(self) -> int:
        """The status."""

    @property
    def error(self) -> str | None:
        """What kind of error it is, if it is one."""

    def response(self) -> Response:
        """Return it as HTTP."""


class Spoiled(Protocol):
    """What of a simulator a call meets."""

    faults: Faults
    journal: Journal


A = TypeVar("A", bound=Answered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(Generic[A]):
    """One call on its way: `run` has its effect, `failure` words an error that is set."""

    api: str
    action: str
    entry: Json
    run: Callable[[], A]
    failure: Callable[[Fail], A]


Endpoint = Callable[[Request], Awaitable[Response]]


def heard_out(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint in which a call that breaks off has no effect."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ClientDisconnect:
            return Dropped()

    return answer


async def passed(simulator: Spoiled, passage: Passage[A], at: datetime) -> Response:
    """Answer a call, or spoil it as the faults say."""
    journal = simulator.journal
    number = journal.open(passage.entry, at)
    trouble, simulator.faults = take(simulator.faults, passage.api, passage.action)
    answer = await _suffered(trouble, passage)
    if answer is None:
        journal.close(number, status=None, error=None)
        return Dropped()
    journal.close(number, status=answer.status, error=answer.error)
    return answer.response()


async def _suffered(trouble: Trouble, passage: Passage[A]) -> A | None:
    """Return the answer after whatever goes wrong, or nothing if it is lost."""
    slow, fail, drop = trouble.slow, trouble.fail, trouble.drop
    if slow and slow.when == "before":
        await asyncio.sleep(slow.seconds)
    if fail and fail.when == "before":
        return passage.failure(fail)
    if drop and drop.when == "before":
        return None
    answer = passage.run()
    if slow and slow.when == "after":
        await asyncio.sleep(slow.seconds)
    if drop:
        return None
    return passage.failure(fail) if fail else answer
