"""The way to a webhook over HTTP."""

from __future__ import annotations

import aiohttp

from demo.dialogflow.model import HttpAnswer, HttpCall


async def post(call: HttpCall) -> HttpAnswer:
    """POST a webhook request; redirects are not followed, the caller keeps the time."""
    try:
        async with (
            aiohttp.ClientSession() as client,
            client.post(
                call.url, data=call.body, headers=dict(call.headers), allow_redirects=False
            ) as response,
        ):
            return HttpAnswer(response.status, await response.read())
    except aiohttp.ClientError as error:
        raise ConnectionError(str(error)) from error
