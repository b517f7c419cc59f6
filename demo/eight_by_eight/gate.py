"""Every call of the vendor's interfaces passes here: log, faults, key, effect, answer."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from demo.eight_by_eight.calls import Answer, Call, read_call
from demo.eight_by_eight.errors import ApiError, denied, forbidden
from demo.eight_by_eight.simulator import Simulator
from demo.vendor.dropped import Dropped
from demo.vendor.faults import Fail, Trouble, take

Handler = Callable[[Simulator, Call], Answer]
Check = Callable[[Simulator, Call], None]


def keyed(simulator: Simulator, call: Call) -> None:
    """Refuse a call without the tenant's key, or for another tenant."""
    account = simulator.account
    given = call.headers.get("x-api-key", "")
    if not hmac.compare_digest(given.encode(), account.api_key.encode()):
        raise denied()
    if call.headers.get("x-8x8-tenant", account.tenant) != account.tenant:
        raise forbidden()


def bearing(simulator: Simulator, call: Call) -> None:
    """Refuse a call without the token that was given last."""
    given = call.headers.get("authorization", "").removeprefix("Bearer ")
    if not simulator.token or given != simulator.token:
        raise denied()


def open_to_all(_: Simulator, __: Call) -> None:
    """Let everybody in."""


class Gate:
    """Answers calls, or spoils them as the faults say."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def endpoint(
        self, api: str, name: str, handler: Handler, check: Check
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return how one kind of call is answered."""

        async def answer(request: Request) -> Response:
            call = await read_call(request, api, name)
            return await self._pass(call, lambda: self._answer(call, handler, check))

        return answer

    async def _pass(self, call: Call, run: Callable[[], Answer]) -> Response:
        simulator, journal = self._simulator, self._simulator.journal
        number = journal.open(call.entry(), simulator.now())
        trouble, simulator.faults = take(simulator.faults, call.api, call.name)
        answer = await _suffered(trouble, run)
        if answer is None:
            journal.close(number, status=None, error=None)
            return Dropped()
        journal.close(number, status=answer.status, error=answer.error)
        return answer.response()

    def _answer(self, call: Call, handler: Handler, check: Check) -> Answer:
        try:
            check(self._simulator, call)
            return handler(self._simulator, call)
        except ApiError as error:
            return Answer(status=error.status, body=error.body(), error=error.code)


async def _suffered(trouble: Trouble, run: Callable[[], Answer]) -> Answer | None:
    """Return the answer after whatever goes wrong, or nothing if it is lost."""
    slow, fail, drop = trouble.slow, trouble.fail, trouble.drop
    if slow and slow.when == "before":
        await asyncio.sleep(slow.seconds)
    if fail and fail.when == "before":
        return _failure(fail)
    if drop and drop.when == "before":
        return None
    answer = run()
    if slow and slow.when == "after":
        await asyncio.sleep(slow.seconds)
    if drop:
        return None
    return _failure(fail) if fail else answer


def _failure(fail: Fail) -> Answer:
    error = ApiError(fail.status or 503, [{"code": fail.type, "message": fail.message}])
    headers = {} if fail.retry_after is None else {"Retry-After": str(fail.retry_after)}
    return Answer(status=error.status, body=error.body(), error=fail.type, headers=headers)
