"""Cloud Function `dialogflow_fulfillment`: answers Dialogflow CX and ES."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from handoff import bootstrap, web
from handoff.deadline import Start, in_time
from handoff.dialogflow import wire
from handoff.exchange import Inbound, Json, parse_object

function = bootstrap.start("dialogflow_fulfillment")
start = Start.now()


@functions_framework.aio.http
async def dialogflow_fulfillment(request: Request) -> Response:
    """Answer one turn within its budget, measured from here or from what a start took of it."""
    deadline = start.deadline(function.settings.turn_seconds)

    async def answer(inbound: Inbound) -> Json:
        running = function.running()
        async with in_time(deadline):
            if running.check is not None:
                await running.caller.run(running.check.check(inbound), deadline)
            turn = wire.parse(parse_object(inbound.body), function.settings.start_intents)
            reply = await running.bridge.answer(turn, deadline)
        payload = function.payload(turn.session, reply)
        return wire.render(reply, turn, function.settings.rules.names, payload)

    return await web.serve(request, answer)
