"""Where uploaded files lie: a day, unless an event uses them."""

import secrets
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from demo.livechat.errors import ApiError, invalid
from demo.livechat.licence import Licence, Upload
from demo.livechat.simulator import Simulator
from demo.vendor.forms import Part

FILE_LIMIT = 10 * 1024 * 1024
EXECUTABLE = (".exe", ".bat", ".cmd", ".com", ".msi", ".scr", ".sh", ".jar", ".dll", ".vbs")


def keep(licence: Licence, file: Part, address: str) -> Upload:
    """Keep a file; return it with the address under which it lies."""
    if len(file.data) > FILE_LIMIT:
        raise ApiError("entity_too_large", "File is larger than 10 MB")
    if file.filename.lower().endswith(EXECUTABLE):
        raise invalid("executables are not allowed")
    base = licence.account.cdn_url or f"{address}/cdn"
    kept = Upload(
        url=f"{base}/{secrets.token_hex(16)}/{quote(file.filename, safe='')}",
        name=file.filename,
        content_type=file.content_type,
        data=bytes(file.data),
        at=licence.now(),
    )
    licence.uploads[kept.url] = kept
    return kept


def endpoint(simulator: Simulator) -> Callable[[Request], Response]:
    """Return what gives files to whoever has their address."""

    def answer(request: Request) -> Response:
        licence, params = simulator.licence, request.path_params
        tail = f"/{params['key']}/{quote(params['name'], safe='')}"
        url = next((one for one in licence.uploads if one.endswith(tail)), "")
        kept = licence.living_upload(url)
        if kept is None:
            return Response(status_code=404)
        headers = {"X-Content-Type-Options": "nosniff"}
        return Response(kept.data, media_type=kept.content_type, headers=headers)

    return answer
