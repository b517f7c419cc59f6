"""Either dialect by its shape; any body is a turn or a refusal, any reply a strict answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.dialogflow import wire
from handoff.dialogflow.turn import Turn
from handoff.errors import BadRequest
from handoff.exchange import Json, parse_object
from handoff.records import Reply
from handoff.vocabulary import Dialect, HandoffId
from tests.dialogflow.oracle import CX_SAMPLES, ES_SAMPLES, sample, strictly

FULL = Reply(
    texts=("line\n😀",),
    parameters={"handoff_state": "active", "handoff_id": None, "handoff_position": 2},
    mute=True,
    started=HandoffId("h-1"),
    provider="livechat",
    return_to="projects/p/locations/l/agents/a/flows/f",
    context=True,
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
REPLIES = st.builds(
    Reply,
    texts=st.lists(TEXTS, max_size=3).map(tuple),
    parameters=st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(0, 999) | TEXTS),
    mute=st.booleans(),
    started=st.none() | TEXTS.map(HandoffId),
    provider=TEXTS,
    return_to=TEXTS,
    context=st.none() | st.booleans(),
)


def paths(value: Any) -> list[list[str | int]]:
    """Return the way to every member inside a body."""
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    if isinstance(value, list):
        members = list(enumerate(value))
    return [[key, *rest] for key, inner in members for rest in ([], *paths(inner))]


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """Draw a sample of which a few members were replaced, added or taken away."""
    body = sample(draw(st.sampled_from(CX_SAMPLES + ES_SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        ways = paths(body)
        if not ways:
            return body
        *way, last = draw(st.sampled_from(ways))
        place: Any = body
        for key in way:
            place = place[key]
        match draw(st.sampled_from(("replace", "add", "remove"))):
            case "replace":
                place[last] = draw(VALUES)
            case "add" if isinstance(place, dict):
                place[draw(TEXTS)] = draw(VALUES)
            case _:
                del place[last]
    return body


def turn_or_refusal(body: Json) -> Turn | None:
    try:
        return wire.parse(body, ("agent",))
    except BadRequest:
        return None


@pytest.mark.parametrize("name", CX_SAMPLES)
def test_cx_is_answered_as_cx(name: str) -> None:
    turn = wire.parse(sample(name), ())
    answer = strictly(wire.render(FULL, turn, {}), turn.dialect)
    assert turn.dialect is Dialect.CX
    assert answer.target_flow == FULL.return_to


@pytest.mark.parametrize("name", ES_SAMPLES)
def test_es_is_answered_as_es(name: str) -> None:
    turn = wire.parse(sample(name), ())
    answer = strictly(wire.render(FULL, turn, {}), turn.dialect)
    assert turn.dialect is Dialect.ES
    assert answer.output_contexts[0].lifespan_count == 99


@pytest.mark.parametrize(
    "body", [{}, {"queryResult": None}, {"sessionInfo": "x"}, {"session": "s", "responseId": "r"}]
)
def test_body_of_neither_dialect_is_refused(body: Json) -> None:
    with pytest.raises(BadRequest, match="neither"):
        wire.parse(body, ())


@pytest.mark.parametrize("name", CX_SAMPLES + ES_SAMPLES)
def test_unknown_fields_everywhere_change_nothing(name: str) -> None:
    body = sample(name)
    extended = copy.deepcopy(body)
    opaque = {"parameters", "payload"}  # what is in there belongs to the agent's designer
    for way in [[], *paths(body)]:
        place: Any = extended
        for key in way:
            place = place[key]
        if isinstance(place, dict) and not opaque & set(way):
            place["brandNew"] = {"nested": [1]}
    assert wire.parse(extended, ("agent",)) == wire.parse(body, ("agent",))


@settings(max_examples=400, deadline=None)
@given(body=mutated(), reply=REPLIES)
def test_mutated_body_is_a_turn_with_a_strict_answer_or_refused(body: Json, reply: Reply) -> None:
    turn = turn_or_refusal(body)
    for one in (reply, FULL, Reply(texts=("a",))):
        if turn is not None:
            strictly(wire.render(one, turn, {}), turn.dialect)


@settings(deadline=None)
@given(body=st.dictionaries(TEXTS | st.sampled_from(["sessionInfo", "queryResult"]), VALUES))
def test_any_object_is_a_turn_or_refused(body: Json) -> None:
    turn_or_refusal(body)


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_number_beyond_a_double_never_reaches_an_answer(number: str) -> None:
    messages = f'[{{"payload": {{"x": {number}}}}}]'
    raw = (
        '{"responseId": "r", "session": "projects/p/agent/sessions/s",'
        f' "queryResult": {{"fulfillmentMessages": {messages}}}}}'
    )
    try:
        turn = wire.parse(parse_object(raw.encode()), ())
    except BadRequest:
        return
    strictly(wire.render(Reply(texts=("a",)), turn, {}), Dialect.ES)
