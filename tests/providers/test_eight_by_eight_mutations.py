"""Mutated webhooks of 8x8, rightly signed: only events come out, and they do no harm."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handoff import lifecycle
from handoff.model import Session
from handoff.providers.eight_by_eight_webhooks import news, speaker, translate
from handoff.providers.eight_by_eight_wire import ID
from handoff.rules import Abilities, Rules
from handoff.vocabulary import Dialect, SessionId, SessionKey, State
from tests.providers.eight_by_eight_world import HANDED, KIRA, NOW, ROOM, event, words

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


@settings(max_examples=500, deadline=None)
@given(mutated())
def test_mutated_webhook_is_harmless(body: Any) -> None:
    told = news(body, "e1", "Kira")
    assert isinstance(speaker(told), str)
    session = Session(
        key=SessionKey("k"),
        id=SessionId("s"),
        dialect=Dialect.CX,
        handoff=replace(HANDED, state=State.ACTIVE, conversation=ROOM),
    )
    for one in translate(told):
        session = lifecycle.apply(session, one, RULES, NOW)
    assert json.dumps(asdict(session), default=str, ensure_ascii=False).encode("utf-8", "replace")
