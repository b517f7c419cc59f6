"""A call as it came in, and the answer to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.eight_by_eight.errors import bad
from demo.rest import Json

HAL, PROBLEM = "application/hal+json", "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to any of the vendor's interfaces; `name` is ours, for faults and the log."""

    api: str
    name: str
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    def json(self) -> Json:
        """Return the body, which must be a JSON object."""
        try:
            body = json.loads(self.raw)
        except ValueError as error:
            raise bad("invalid_json", "body is not JSON") from error
        if not isinstance(body, dict):
            raise bad("invalid_json_object", "body is not an object")
        return body

    def entry(self) -> Json:
        """Return what the call log shows; no key and no token."""
        try:
            body: Any = json.loads(self.raw)
        except ValueError:
            body = None
        return {
            "api": self.api,
            "action": self.name,
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "body": body,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered; without a body where the vendor documents none."""

    status: int = 200
    body: object = None
    error: str | None = None
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as HTTP."""
        if self.raw:
            return Response(self.raw, self.status, media_type="application/octet-stream")
        if self.body is None:
            return Response(status_code=self.status)
        kind = PROBLEM if self.status >= 400 else HAL
        return JSONResponse(self.body, self.status, headers=self.headers, media_type=kind)


async def read_call(request: Request, api: str, name: str) -> Call:
    """Read a request to the end."""
    return Call(
        api=api,
        name=name,
        method=request.method,
        path=request.url.path,
        params=request.path_params,
        query=dict(request.query_params),
        headers={key.lower(): value for key, value in request.headers.items()},
        raw=await request.body(),
    )
