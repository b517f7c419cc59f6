"""Every call of the vendor's APIs comes in here, and is answered as its host words it."""

import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from demo.livechat import accounts, dispatch
from demo.livechat.calls import Answer, Call, read_call
from demo.livechat.errors import ApiError, OAuthError
from demo.livechat.simulator import Simulator
from demo.vendor.faults import Fail
from demo.vendor.gate import Passage, passed

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
        call = await read_call(request, params["api"], params["action"])
        self._simulator.address = call.base_url
        return await self._pass(call, dispatch.answer)

    async def accounts(self, request: Request) -> Response:
        """Answer a call to the accounts host."""
        action = request.path_params["rest"].replace("/", "_")
        if action not in accounts.ROUTES:
            return Response(status_code=404)
        return await self._pass(await read_call(request, ACCOUNTS, action), accounts.answer)

    async def _pass(self, call: Call, run: Callable[[Simulator, Call], object]) -> Response:
        simulator = self._simulator
        passage = Passage(
            api=call.api,
            action=call.action,
            entry=call.entry(simulator.tokens.kind_of(call.authorization)),
            run=lambda: _answer(simulator, call, run),
            failure=lambda fail: _failure(call, fail),
        )
        return await passed(simulator, passage, simulator.clock())


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
