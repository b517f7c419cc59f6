"""Every call of the vendor's APIs passes here: log, faults, effect, answer."""

import asyncio
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from demo.livechat import accounts, dispatch
from demo.livechat.calls import Answer, Call, read_call
from demo.livechat.errors import ApiError, OAuthError
from demo.livechat.simulator import Simulator
from demo.vendor.dropped import Dropped
from demo.vendor.faults import Fail, Trouble, take

ACCOUNTS = "accounts"


class Gate:
    """Answer calls, or spoil them as the faults say."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def api(self, request: Request) -> Response:
        """Answer a call to the API host."""
        params = request.path_params
        if params["api"] not in dispatch.TABLES:
            return Response(status_code=404)
        return await self._pass(
            await read_call(request, params["api"], params["action"]), dispatch.answer
        )

    async def accounts(self, request: Request) -> Response:
        """Answer a call to the accounts host."""
        action = request.path_params["rest"].replace("/", "_")
        if action not in accounts.ROUTES:
            return Response(status_code=404)
        return await self._pass(await read_call(request, ACCOUNTS, action), accounts.answer)

    async def _pass(self, call: Call, run: Callable[[Simulator, Call], object]) -> Response:
        simulator = self._simulator
        journal = simulator.journal
        kind = simulator.tokens.kind_of(call.authorization)
        number = journal.open(call.entry(kind), simulator.clock())
        trouble, simulator.faults = take(simulator.faults, call.api, call.action)
        answer = await self._suffer(trouble, call, run)
        if answer is None:
            journal.close(number, status=None, error=None)
            return Dropped()
        journal.close(number, status=answer.status, error=answer.error)
        return answer.response()

    async def _suffer(
        self, trouble: Trouble, call: Call, run: Callable[[Simulator, Call], object]
    ) -> Answer | None:
        """Return the answer after whatever goes wrong, or nothing if it is lost."""
        slow, fail, drop = trouble.slow, trouble.fail, trouble.drop
        if slow and slow.when == "before":
            await asyncio.sleep(slow.seconds)
        if fail and fail.when == "before":
            return _failure(call, fail)
        if drop and drop.when == "before":
            return None
        answer = _answer(self._simulator, call, run)
        if slow and slow.when == "after":
            await asyncio.sleep(slow.seconds)
        if drop:
            return None
        return _failure(call, fail) if fail else answer


def _answer(simulator: Simulator, call: Call, run: Callable[[Simulator, Call], object]) -> Answer:
    headers = {"X-Debug-Id": secrets.token_hex(8)}
    try:
        return Answer(body=run(simulator, call), headers=headers)
    except ApiError as error:
        return Answer(body=error.body(), status=error.status, error=error.kind, headers=headers)
    except OAuthError as error:
        return Answer(body=error.body(), status=401, error=error.code, headers=headers)


def _failure(call: Call, fail: Fail) -> Answer:
    error = ApiError(fail.type, fail.message, status=fail.status, data=fail.data)
    body, status = error.body(), error.status
    if call.api == ACCOUNTS:
        body, status = OAuthError(fail.type, fail.message).body(), fail.status or 401
    headers = {"Retry-After": str(fail.retry_after)} if fail.retry_after is not None else {}
    return Answer(body=body, status=status, error=fail.type, headers=headers)
