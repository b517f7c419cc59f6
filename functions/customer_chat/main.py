"""Cloud Function `customer_chat`: what a customer's page reads, says and ends."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from handoff import bootstrap, chat_web

function = bootstrap.start("customer_chat")
settings = function.settings
door = chat_web.Door(chat=function.chat, origins=settings.allowed_origins, files=settings.files)


@functions_framework.aio.http
async def customer_chat(request: Request) -> Response:
    """Answer one call of a page: a stream of events lasts as long as its chat, or an hour."""
    return await chat_web.serve(request, door)
