"""Mutated webhooks of 8x8, rightly signed: only events come out, and they do no harm."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handoff import lifecycle
from handoff.errors import BadRequest, Unauthenticated
from handoff.events import Event
from handoff.exchange import Inbound
from handoff.model import Session
from handoff.providers.eight_by_eight_webhooks import news, speaker, translate
from handoff.providers.eight_by_eight_wire import ID
from handoff.rules import Abilities, Rules
from handoff.vocabulary import Dialect, SessionId, SessionKey, State
from tests.providers.driving import Script
from tests.providers.eight_by_eight_world import (
    HANDED,
    KIRA,
    NOW,
    ROOM,
    desk,
    event,
    key_answer,
    sample,
    signed,
    webhook,
    words,
)
from tests.providers.eight_by_eight_world import SAMPLES as WHOLE

RULES = Rules(providers={ID: Abilities(leaving_ends=True)})
SAMPLES = (
    words(attachments=[{"id": "1", "fileName": "a"}], cards=[{"content": {"body": [{}]}}]),
    event("MEMBERS_CHANGED", memberType="agent", change="joined", id=KIRA),
    event("MEMBERS_CHANGED", memberType="agent", change="left", id=KIRA),
    event("CONVERSATION_UPDATE", state="idle", user={"additionalProperties": [{"key": "a"}]}),
    event("ACTIVITY", name="typing", value={"users": [{"type": "agent", "id": KIRA}]}),
    {**event("TEXT"), "messageType": "AGENT", "agentId": KIRA, "message": "Hi"},
    event("TRANSFER"),
)
NAMES = st.sampled_from(sorted(path.stem for path in WHOLE.glob("*.json")))
PROOFS = [name for name in webhook("agent_message").headers if name.startswith("x-8x8")]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["agent", "user", "joined", "left", "MESSAGE", "AGENT_LEFT", "idle", ROOM])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a document: its container and its key or index."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a webhook's body with up to three places changed or removed."""
    body = copy.deepcopy(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(places(body))))
        if draw(st.booleans()) and isinstance(container, dict):
            container.pop(key, None)
        else:
            container[key] = draw(VALUES)
        if not body:
            break
    return body


@st.composite
def mutated_bytes(draw: st.DrawFn) -> bytes:
    """Return a sample's bytes with a stretch of them replaced."""
    raw = json.dumps(sample(draw(NAMES)), ensure_ascii=False).encode()
    start = draw(st.integers(0, len(raw)))
    end = draw(st.integers(start, min(start + 8, len(raw))))
    odd = st.sampled_from([b"\xed\xa0\x80", b"\\ud800", b"1e999", b"9" * 5000, b"\x00", b"\xff"])
    return raw[:start] + draw(st.binary(max_size=6) | odd) + raw[end:]


def applied(events: tuple[Event, ...]) -> Session:
    """Return a session after these events, whose customer talks with somebody."""
    session = Session(
        key=SessionKey("k"),
        id=SessionId("s"),
        dialect=Dialect.CX,
        handoff=replace(HANDED, state=State.ACTIVE, conversation=ROOM),
    )
    for one in events:
        session = lifecycle.apply(session, one, RULES, NOW)
    return session


@settings(max_examples=200, deadline=None)
@given(mutated_bytes())
def test_mutated_bytes_that_are_rightly_signed_are_harmless(raw: bytes) -> None:
    try:
        events = Script(key_answer()).drive(desk().receive(signed(raw)))
    except BadRequest:
        return
    session = applied(events)
    assert json.dumps(asdict(session), default=str, ensure_ascii=False).encode()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PROOFS), st.text(max_size=40))
def test_mutated_headers_are_refused(name: str, value: str) -> None:
    genuine = webhook("agent_message")
    assume(value.strip() != genuine.headers[name])
    changed = replace(genuine, headers={**genuine.headers, name: value})
    with pytest.raises(Unauthenticated):
        Script(key_answer()).drive(desk().receive(changed))


@settings(max_examples=200, deadline=None)
@given(mutated_bytes() | st.binary(max_size=200))
def test_unsigned_bytes_tell_nothing(raw: bytes) -> None:
    try:
        events = Script().drive(desk().receive(Inbound(method="POST", path="/8x8", body=raw)))
    except Unauthenticated:
        return
    assert events == ()


@settings(max_examples=500, deadline=None)
@given(mutated())
def test_mutated_webhook_is_harmless(body: Any) -> None:
    told = news(body, "e1", "Kira")
    assert isinstance(speaker(told), str)
    session = applied(translate(told))
    assert json.dumps(asdict(session), default=str, ensure_ascii=False).encode("utf-8", "replace")
