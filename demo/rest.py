"""Calls a server of the demo and gives the JSON it answers."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Json: TypeAlias = dict[str, Any]

PATIENCE_SECONDS = 30.0


class CallFailed(Exception):
    """A server of the demo did not answer as it should."""


def call(method: str, url: str, body: Json | None = None) -> Json:
    """Make one call; anything but a 200 with a JSON object raises CallFailed."""
    place = urlsplit(url)
    target = f"{place.path}?{place.query}" if place.query else place.path
    sent = None if body is None else json.dumps(body)
    # Not urllib: on loopback no proxy may come between.
    client = http.client.HTTPConnection(place.netloc, timeout=PATIENCE_SECONDS)
    try:
        with closing(client):
            client.request(method, target, sent, {"Content-Type": "application/json"})
            answer = client.getresponse()
            status, raw = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise CallFailed(f"{method} {place.path} was not answered: {error!r}") from error
    if status != http.client.OK:
        raise CallFailed(f"{method} {place.path} was answered with {status}")
    return _object(raw, f"{method} {place.path}")


def _object(raw: bytes, asked: str) -> Json:
    try:
        answer = json.loads(raw)
    except ValueError as error:
        raise CallFailed(f"{asked} was not answered with JSON") from error
    if not isinstance(answer, dict):
        raise CallFailed(f"{asked} was not answered with an object")
    return answer
