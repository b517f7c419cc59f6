"""Cloud Function `wake`: does what is due, for Cloud Tasks and Cloud Scheduler."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from handoff import bootstrap, web
from handoff.deadline import Deadline, in_time
from handoff.exchange import Inbound, Json, parse_object

# Below the minute in which the next sweep comes, and the one that a function may take.
BUDGET_SECONDS = 50.0

function = bootstrap.start("wake")


@functions_framework.aio.http
async def wake(request: Request) -> Response:
    """Wake one session, `{"session": "<key>"}`, or every one that is due, `{}`."""
    deadline = Deadline.after(BUDGET_SECONDS)

    async def woken(inbound: Inbound) -> Json:
        asked = parse_object(inbound.body or b"{}")  # a scheduler's job may be made without a body
        async with in_time(deadline):
            return await function.running().waker.wake(asked, deadline)

    return await web.serve(request, woken)
