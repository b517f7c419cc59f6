"""Drives an exchange by hand: scripted answers go in, the calls that were made come out."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from handoff.errors import ProviderError
from handoff.exchange import Request, Response

T = TypeVar("T")

Answer = Response | ProviderError


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart for comparison."""

    request: Request

    @property
    def action(self) -> str:
        """Return the last segment of the path."""
        return urlsplit(self.request.url).path.rpartition("/")[2]

    @property
    def address(self) -> str:
        """Return method and address without the query."""
        return f"{self.request.method} {self.request.url.partition('?')[0]}"

    @property
    def query(self) -> dict[str, str]:
        """Return the query."""
        return dict(parse_qsl(urlsplit(self.request.url).query))

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.request.body)

    @property
    def form(self) -> dict[str, str]:
        """Return the body as a form."""
        return dict(parse_qsl(self.request.body.decode()))

    @property
    def token(self) -> str:
        """Return the name of the token that the request needs."""
        return self.request.token.name if self.request.token else ""


class Script:
    """What a vendor answers, one after the other; `calls` is what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.calls: list[Call] = []

    @property
    def actions(self) -> list[str]:
        """Return the actions that were called, in order."""
        return [call.action for call in self.calls]

    @property
    def left(self) -> int:
        """Return how many answers nobody asked for."""
        return len(self._answers)

    def drive(self, exchange: Generator[Request, Response, T]) -> T:
        """Return the exchange's result; more calls than there are answers fail the test."""
        try:
            request = next(exchange)
            while True:
                self.calls.append(Call(request))
                assert self._answers, f"a call that nobody expected: {self.actions}"
                answer = self._answers.pop(0)
                if isinstance(answer, ProviderError):
                    request = exchange.throw(answer)
                else:
                    request = exchange.send(answer)
        except StopIteration as result:
            value: T = result.value
            return value


def ok(**body: Any) -> Response:
    """Return an answer of 200 with this JSON."""
    return Response(status=200, body=json.dumps(body).encode())


def refused(code: str, status: int = 422, **data: Any) -> Response:
    """Return an error as the chat APIs write it."""
    error = {"type": code, "message": "In the vendor's words", "data": data}
    return Response(status=status, body=json.dumps({"error": error}).encode())
