"""Nothing takes sixteen times as long for an input that is four times as long.

Each case is timed with an input and with one four times as large, in processor time, one after
the other: however fast the machine is, and whatever else it does, linear work takes four times as
long and quadratic work sixteen.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from time import process_time
from typing import Any

import pytest

from handoff import bounds, effects, log, turns
from handoff.codec import decode, encode
from handoff.deliveries import Delivery
from handoff.dialogflow import wire
from handoff.errors import BadRequest, TooLarge, Unauthenticated
from handoff.exchange import Json, parse_value
from handoff.model import Message, Session
from handoff.providers.base import Opening
from handoff.providers.eight_by_eight_history import history
from handoff.providers.livechat_payloads import message_events, transcript_events
from handoff.records import EventRecord, TurnRecord
from handoff.signatures import basic_password, detached_key_id, matches_any
from handoff.vocabulary import DeliveryKind, Participant, State
from handoff.words import parts
from tests.heart import NOW, RULES, session_in, turn, with_handoff
from tests.providers import eight_by_eight_world as eight
from tests.providers import livechat_world as live
from tests.providers.driving import Script

# Between four, which is the best there can be, and sixteen.
MOST = 8.0
RUNS, TRIES = 3, 4

Work = Callable[[], object]
Case = Callable[[int], Work]


def seconds(work: Work) -> float:
    """Return the processor time that it takes when it is least disturbed."""
    times = []
    for _ in range(RUNS):
        began = process_time()
        work()
        times.append(process_time() - began)
    return min(times)


def ratio(case: Case, size: int) -> float:
    """Return how much longer four times as much takes."""
    small, large = case(size), case(4 * size)
    return seconds(large) / seconds(small)


def refused(error: type[Exception], work: Work) -> None:
    """Do the work, which ends with a refusal as it should."""
    with pytest.raises(error):
        work()


def parsed(body: bytes) -> Work:
    return partial(parse_value, body)


def listed(n: int) -> bytes:
    return b",".join([b"1"] * n)


def cx(**fields: Any) -> Work:
    info = {"session": "projects/p/agent/sessions/s"}
    return partial(wire.parse, {"detectIntentResponseId": "r", "sessionInfo": info, **fields}, ())


def cx_card(*elements: Json) -> Work:
    return cx(messages=[{"payload": {"richContent": [list(elements)]}}])


def cx_parameters(n: int) -> Work:
    parameters = {f"name-{number}": ["words", 1.0] for number in range(n)}
    return cx(sessionInfo={"session": "a/sessions/s", "parameters": parameters})


def es(**fields: Any) -> Work:
    session = "projects/p/agent/sessions/s"
    return partial(wire.parse, {"responseId": "r", "session": session, "queryResult": fields}, ())


def unread(n: int) -> Session:
    """Return a session whose customer has not fetched so many things."""
    message = DeliveryKind.MESSAGE
    told = tuple(Delivery(id=one, kind=message, at=NOW, text="Hi") for one in range(1, n + 1))
    return with_handoff(session_in(State.ACTIVE), deliveries=told, last_delivery=n)


def large(n: int) -> Session:
    """Return a session with so much of everything."""
    bot, numbers = Participant.BOT, range(n)
    return replace(
        unread(n),
        transcript=tuple(Message(author=bot, text=f"{one} Hi") for one in numbers),
        events=tuple(EventRecord(id=f"event-{one}", at=NOW) for one in numbers),
        turns=tuple(TurnRecord(id=f"turn-{one}", utterance="u") for one in numbers),
    )


def coded(n: int) -> Work:
    session = large(n)
    return lambda: decode(encode(session, "session"), Session, "session")


def talk(n: int) -> Opening:
    lines = (Message(author=Participant.CUSTOMER, text=f"{one} Hi") for one in range(n))
    return live.opening(talk=tuple(lines))


def livechat(action: str, **payload: Any) -> Work:
    body = {**live.sample("agent_message"), "action": action, "payload": payload}
    request, desk = live.inbound(body), live.livechat()
    return lambda: Script().drive(desk.receive(request))


def livechat_said(**event: Any) -> Work:
    whole = {"id": "e", "visibility": "all", "author_id": live.MARA, **event}
    return livechat("incoming_event", chat_id=live.CHAT, thread_id=live.THREAD, event=whole)


def livechat_began(n: int) -> Work:
    said = {"type": "message", "visibility": "all", "author_id": live.MARA, "text": "Hi"}
    events = [{"id": str(one), **said} for one in range(n)]
    users = [{"id": f"{one}", "type": "agent"} for one in range(n)]
    thread = {"id": live.THREAD, "events": events}
    return livechat("incoming_chat", chat={"id": live.CHAT, "users": users, "thread": thread})


def eight_by_eight(**data: Any) -> Work:
    """Return how a webhook is taken by a desk that has the key to it already."""
    request, desk = eight.signed(eight.words(**data)), eight.desk()
    Script(eight.key_answer()).drive(desk.receive(request))
    return lambda: Script().drive(desk.receive(request))


def adaptive(n: int, **element: Any) -> Json:
    content = {"body": [{"type": "TextBlock", **element}] * n}
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}


def logged(n: int) -> Work:
    fields = {"kinds": ["AgentReplied"] * n, "reason": "x" * n}
    made = logging.makeLogRecord({"name": log.LOGGER.name, "msg": "event", "fields": fields})
    return partial(log.JsonLines().format, made)


def traced(n: int) -> Work:
    return partial(log.trace_of, {"traceparent": "0" * n, "x-cloud-trace-context": "1" * n})


def password(n: int) -> Work:
    return partial(basic_password, "Basic " + base64.b64encode(b":" * n).decode())


CASES: Mapping[str, tuple[int, Case]] = {
    "json: text": (50_000, lambda n: parsed(b'"' + b"words " * n + b'"')),
    "json: escapes": (20_000, lambda n: parsed(b'"' + rb"\u00e9\ud83d" * n + b'"')),
    "json: list": (20_000, lambda n: parsed(b"[" + listed(n) + b"]")),
    "json: nested": (20_000, lambda n: parsed(b"[[[[[[" + listed(n) + b"]]]]]]")),
    "json: lists": (10_000, lambda n: parsed(b"[" + b"[[]]," * n + b"[]]")),
    "json: digits": (200_000, lambda n: parsed(b"0." + b"1" * n)),
    "cx: text": (60_000, lambda n: partial(refused, TooLarge, cx(text="x" * 4 * n))),
    "cx: texts": (5_000, lambda n: cx(messages=[{"text": {"text": ["Hi"]}}] * n)),
    "cx: variants": (50_000, lambda n: cx(messages=[{"text": {"text": ["Hi"] * n}}])),
    "cx: elements": (500, lambda n: cx_card(*[{"type": "info", "title": "Hi"}] * n)),
    "cx: choices": (500, lambda n: cx_card({"options": [{"text": "Hi"}] * n})),
    "cx: html": (20_000, lambda n: cx_card({"html": "<a <b> &amp;" * n})),
    "cx: open tags": (50_000, lambda n: cx_card({"html": "<a" * n})),
    "cx: no tags": (50_000, lambda n: cx_card({"html": "< a" * n})),
    "cx: parameters": (2_000, cx_parameters),
    "cx: flow": (200_000, lambda n: cx(pageInfo={"currentPage": "/pages" * n})),
    "es: messages": (5_000, lambda n: es(fulfillmentMessages=[{"text": {"text": ["Hi"]}}] * n)),
    "es: buttons": (
        2_000,
        lambda n: es(fulfillmentMessages=[{"card": {"buttons": [{"text": "Hi"}] * n}}]),
    ),
    "es: contexts": (5_000, lambda n: es(outputContexts=[{"name": "a/contexts/b"}] * n)),
    "es: lists": (5_000, lambda n: es(parameters={"topic": [[[["Hi"]] * n]]})),
    "parts": (250_000, lambda n: partial(parts, "x" * n, 5_000)),
    "deliverable": (250_000, lambda n: partial(effects.deliverable, "x" * n)),
    "unread": (2_000, lambda n: partial(turns.settle, unread(n), turn(), RULES, NOW)),
    "trim": (200, lambda n: partial(bounds.trim, large(n))),
    "codec": (550, coded),
    "livechat: text": (200_000, lambda n: livechat_said(type="message", text="x" * n)),
    "livechat: elements": (
        5_000,
        lambda n: livechat_said(type="rich_message", elements=[{"title": "Hi"}] * n),
    ),
    "livechat: buttons": (
        5_000,
        lambda n: livechat_said(type="rich_message", elements=[{"buttons": [{"text": "Hi"}] * n}]),
    ),
    "livechat: new chat": (2_000, livechat_began),
    "livechat: transcript": (2_000, lambda n: partial(transcript_events, talk(n))),
    "livechat: message": (250_000, lambda n: partial(message_events, "x" * n, "id")),
    "8x8: text": (200_000, lambda n: eight_by_eight(text="x" * n)),
    "8x8: cards": (2_000, lambda n: eight_by_eight(cards=[adaptive(1, text="Hi")] * n)),
    "8x8: silent cards": (1_000, lambda n: eight_by_eight(cards=[adaptive(n)])),
    "8x8: files": (1_000, lambda n: eight_by_eight(attachments=[{"fileName": "a.txt"}] * n)),
    "8x8: history": (2_000, lambda n: partial(history, talk(n))),
    "log: line": (20_000, logged),
    "log: word": (500_000, lambda n: partial(log.word, "x" * n)),
    "log: trace": (500_000, traced),
    "secret": (500_000, lambda n: partial(matches_any, "x" * n, ("secret", "x" * n))),
    "password": (200_000, password),
    "signature": (
        500_000,
        lambda n: partial(refused, Unauthenticated, partial(detached_key_id, "a" * n + "..")),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_four_times_as_much_takes_about_four_times_as_long(name: str) -> None:
    size, case = CASES[name]
    assert any(ratio(case, size) < MOST for _ in range(TRIES))


@pytest.mark.parametrize("opener", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [100, 100_000])
def test_what_nests_too_deep_is_refused(opener: bytes, depth: int) -> None:
    closer = b"]" if opener == b"[" else b"}"
    with pytest.raises(BadRequest):
        parse_value(opener * depth + b"1" + closer * depth)
