"""Mutated webhooks: only events, BadRequest or Unauthenticated ever come out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handoff import lifecycle
from handoff.errors import BadRequest, Unauthenticated
from handoff.events import Event
from handoff.exchange import Inbound
from handoff.rules import Rules
from tests.fakes import FixedClock
from tests.providers.driving import Script
from tests.providers.livechat_world import SAMPLES, inbound, livechat, sample, session

NAMES = st.sampled_from(sorted(path.stem for path in SAMPLES.glob("*.json")))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["all", "agents", "agent", "message", "file", "\ud800", "assigned"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def holders(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a document: its container and its key or index."""
    keys: Any = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from holders(value[key])


@st.composite
def mutated_bodies(draw: st.DrawFn) -> Any:
    """Return a sample with up to three places changed or removed."""
    body = copy.deepcopy(sample(draw(NAMES)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(holders(body["payload"])) if isinstance(body.get("payload"), dict) else []
        container, key = draw(st.sampled_from([*places, (body, "payload"), (body, "action")]))
        if draw(st.booleans()) and isinstance(container, dict):
            container.pop(key, None)
        else:
            container[key] = draw(VALUES)
    return body


@st.composite
def mutated_bytes(draw: st.DrawFn) -> bytes:
    """Return a sample's bytes with a stretch of them replaced."""
    raw = json.dumps(sample(draw(NAMES)), ensure_ascii=False).encode()
    start = draw(st.integers(0, len(raw)))
    end = draw(st.integers(start, min(start + 8, len(raw))))
    odd = st.sampled_from([b"\xed\xa0\x80", b"\\ud800", b"1e999", b"9" * 5000, b"\x00", b"\xff"])
    return raw[:start] + draw(st.binary(max_size=6) | odd) + raw[end:]


def received(request: Inbound) -> tuple[Event, ...]:
    return Script().drive(livechat(bot=True).receive(request))


def assert_harmless(request: Inbound) -> None:
    """Receive, apply and write down; refusals are the only errors."""
    try:
        events = received(request)
    except (BadRequest, Unauthenticated):
        return
    state = session()
    for event in events:
        state = lifecycle.apply(state, event, Rules(), FixedClock().now)
    assert json.dumps(asdict(state), default=str, ensure_ascii=False).encode()
    assert received(request) == events


@settings(max_examples=400, deadline=None)
@given(mutated_bodies())
def test_mutated_payload_is_harmless(body: Any) -> None:
    assert_harmless(inbound(json.dumps(body).encode()))


@settings(max_examples=400, deadline=None)
@given(mutated_bytes())
def test_mutated_bytes_are_harmless(raw: bytes) -> None:
    assert_harmless(inbound(raw))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(raw: bytes) -> None:
    try:
        events = received(inbound(raw))
    except (BadRequest, Unauthenticated):
        return
    raise AssertionError(f"accepted without a secret: {events}")
