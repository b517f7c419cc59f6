"""A call as it came in, and the answer to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.eight_by_eight.errors import Refuse, as_bad
from demo.eight_by_eight.shapes import read
from demo.rest import Json

HAL, PROBLEM = "application/hal+json", "application/problem+json"

NOT_JSON, NOT_RIGHT = as_bad("invalid_json"), as_bad("invalid_field")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to any of the vendor's interfaces; `name` is ours, for faults and the log."""

    api: str
    name: str
    method: str
    path: str
    params: Mapping[str, str]
    query: QueryParams
    headers: Mapping[str, str]
    raw: bytes

    def json(self, refuse: Refuse = NOT_JSON) -> Json:
        """Return the body, which must be a JSON object."""
        try:
            body = json.loads(self.raw)
        except ValueError as error:
            raise refuse("body is not JSON") from error
        if not isinstance(body, dict):
            raise refuse("body is not an object")
        return body

    def read(self, shape: type[T], refuse: Refuse = NOT_RIGHT) -> T:
        """Return the body as a shape."""
        return read(shape, self.json(refuse), refuse)

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
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as HTTP."""
        if self.raw is not None:
            kind = "application/octet-stream"
            return Response(self.raw, self.status, headers=self.headers, media_type=kind)
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
        query=request.query_params,
        headers={key.lower(): value for key, value in request.headers.items()},
        raw=await request.body(),
    )
