"""Every call of the vendor's interfaces comes in here: who may, and what is answered."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from demo.eight_by_eight.calls import Answer, Call, read_call
from demo.eight_by_eight.errors import ApiError, bad_metrics, denied, forbidden
from demo.eight_by_eight.simulator import Simulator
from demo.vendor.faults import Fail
from demo.vendor.gate import Passage, heard_out, passed

Handler = Callable[[Simulator, Call], Answer]
Check = Callable[[Simulator, Call], None]


def keyed(simulator: Simulator, call: Call) -> None:
    """Refuse a call without the tenant's key, or for another tenant."""
    account = simulator.account
    given = call.headers.get("x-api-key", "")
    if not hmac.compare_digest(given.encode(), account.api_key.encode()):
        raise denied()
    if call.headers.get("x-8x8-tenant", account.tenant) != account.tenant:
        raise forbidden("X-8x8-Tenant does not match")


def bearing(simulator: Simulator, call: Call) -> None:
    """Refuse a call without a token that lives, or for another tenant."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not simulator.tokens.is_alive(token):
        raise denied()
    tenant = simulator.account.tenant
    if call.headers.get("x-tenant-info", tenant) != tenant:
        raise bad_metrics("X-Tenant-Info does not match")


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
            self._simulator.address = str(request.base_url).rstrip("/")
            passage = Passage(
                api=api,
                action=name,
                entry=call.entry(),
                run=lambda: self._answer(call, handler, check),
                failure=_failure,
            )
            return await passed(self._simulator, passage, self._simulator.now())

        return heard_out(answer)

    def _answer(self, call: Call, handler: Handler, check: Check) -> Answer:
        try:
            check(self._simulator, call)
            return handler(self._simulator, call)
        except ApiError as error:
            return Answer(status=error.status, body=error.body(), error=error.kind)


def _failure(fail: Fail) -> Answer:
    errors = [{"code": fail.type, "message": fail.message}]
    error = ApiError(fail.status or 503, fail.type, fail.message, errors=errors)
    headers = {} if fail.retry_after is None else {"Retry-After": str(fail.retry_after)}
    return Answer(status=error.status, body=error.body(), error=fail.type, headers=headers)
