"""A call as it came in, and the answer to it."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.livechat.errors import Json, invalid
from demo.vendor.journal import redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to any of the vendor's hosts."""

    api: str
    action: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    base_url: str
    version: str = ""

    @property
    def media_type(self) -> str:
        """Return the content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def authorization(self) -> str | None:
        """Return the credential that was sent."""
        return self.headers.get("authorization")

    def json(self) -> Json:
        """Return the body, which must be a JSON object."""
        if self.media_type != "application/json":
            raise invalid("Content-Type must be application/json")
        try:
            body = json.loads(self.raw)
        except ValueError as error:
            raise invalid("body is not JSON") from error
        if not isinstance(body, dict):
            raise invalid("body is not an object")
        return body

    def form(self) -> dict[str, str]:
        """Return the fields of a form."""
        fields = parse_qs(self.raw.decode(errors="replace"), keep_blank_values=True)
        return {name: values[0] for name, values in fields.items()}

    def entry(self, token_kind: str) -> Json:
        """Return what the call log shows: which kind of token, never the token."""
        return {
            "api": self.api,
            "action": self.action,
            "method": self.method,
            "path": self.path,
            "query": redacted(self.query),
            "headers": {
                "content-type": self.headers.get("content-type"),
                "x-region": self.headers.get("x-region"),
                "authorization": token_kind,
            },
            "body": redacted(self._shown()),
        }

    def _shown(self) -> object:
        if self.media_type == "application/x-www-form-urlencoded":
            return self.form()
        try:
            shown: object = json.loads(self.raw)
        except ValueError:
            return None
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered."""

    body: object
    status: int = 200
    error: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as HTTP."""
        return JSONResponse(self.body, self.status, headers=self.headers)


async def read_call(request: Request, api: str, action: str) -> Call:
    """Read a request to the end."""
    return Call(
        api=api,
        action=action,
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        raw=await request.body(),
        base_url=str(request.base_url).rstrip("/"),
        version=request.path_params.get("version", request.headers.get("x-api-version", "")),
    )
