"""Cloud Function `agent_events`: takes the providers' webhooks, one address each."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from handoff import bootstrap, web
from handoff.deadline import Deadline, in_time
from handoff.exchange import Inbound, Json
from handoff.vocabulary import ProviderId

# Vendors that say how long they wait for a webhook's answer say ten seconds.
BUDGET_SECONDS = 6.0

function = bootstrap.start("agent_events")


@functions_framework.aio.http
async def agent_events(request: Request) -> Response:
    """Take one webhook: verified, translated, committed, and only then answered."""
    deadline = Deadline.after(BUDGET_SECONDS)

    async def receive(inbound: Inbound) -> Json:
        provider = ProviderId(inbound.path.strip("/"))
        async with in_time(deadline):
            running = function.running()
            await running.bridge.receive(provider, inbound, deadline)
            if function.settings.wake is None:  # the store is the scheduler: who comes next helps
                await running.waker.look_around(deadline)
        return {}

    return await web.serve(request, receive)
