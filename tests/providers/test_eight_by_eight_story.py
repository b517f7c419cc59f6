"""The worked example of reference §10, call by call and webhook by webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from handoff import lifecycle, outbox
from handoff.events import ConversationClosed
from handoff.exchange import Json
from handoff.model import Handoff, Session
from handoff.providers.base import Looked, Opened, Outgoing, OutgoingFile
from handoff.providers.eight_by_eight import EightByEight
from handoff.providers.eight_by_eight_wire import ID
from handoff.rules import Abilities, Rules
from handoff.vocabulary import Dialect, JobKind, Reason, SessionId, SessionKey, State
from tests.forms import stream
from tests.providers.driving import Script, ok
from tests.providers.eight_by_eight_world import (
    API,
    HANDED,
    KIRA,
    NOW,
    OPENING,
    PLACE,
    REFUNDS,
    RETURNS,
    ROOM,
    ROOMS,
    TOM,
    WITH_SECRET,
    accepted,
    desk,
    event,
    key_answer,
    signed,
    words,
)

HERE = f"{ROOMS}/{ROOM}"
QUEUES = f"{API}/analytics/cc/v5/realtime-metrics/queues"
RULES = Rules(providers={ID: Abilities(leaving_ends=True)})
IDLE = ok(id=ROOM, channelId="Ch4rW0odQzKp", state="idle")
START = 1795255500000


def told(kind: str, at: int, **data: Any) -> Json:
    """Return a webhook's body, so many seconds after the customer asked for a person."""
    return event(kind, START + at * 1000, **data)


def member(change: str, agent: str, at: int) -> Json:
    return told("MEMBERS_CHANGED", at, memberType="agent", change=change, id=agent)


def state(name: str, at: int, kind: str = "", own: str = "") -> Json:
    where = {"assignment": {"type": kind, "id": own}} if kind else {}
    user = {"additionalProperties": [{"key": "handoff_id", "value": HANDED.id}]}
    return told("CONVERSATION_UPDATE", at, state=name, user=user, channel="ChatAPI", **where)


def message(text: str, agent: str, at: int, **more: Any) -> Json:
    said = words(text, sender={"id": agent, "type": "agent"}, **more)
    return {**said, "timestamp": START + at * 1000}


def typists(at: int, *agents: str) -> Json:
    users = [{"type": "agent", "id": one} for one in agents]
    return told("ACTIVITY", at, name="typing", value={"users": users})


ECHO = words("The left front one, look:", sender={"id": "user", "type": "user"})
LABEL = {
    "id": "T7",
    "type": "file",
    "fileName": "label.pdf",
    "preSignedUrl": "https://files.example/T7",
}
QUEUED = [
    state("created", 0, "queue", RETURNS),
    state("active", 1, "queue", RETURNS),
    told("QUEUED", 1, queueId=RETURNS, queueName="Returns chat"),
]
JOINED = [member("joined", KIRA, 42), state("active", 42, "agent", KIRA)]
TALK = [
    typists(70, KIRA),
    message("Which leg arrived damaged?", KIRA, 75),
    typists(75),
    {**ECHO, "timestamp": START + 101_000},
    message("Please print this label.", KIRA, 160, attachments=[LABEL]),
]
PASSED_ON = [
    told("TRANSFER", 190),
    member("left", KIRA, 190),
    told("QUEUED", 190, queueId=REFUNDS, queueName="Refunds chat"),
]
TAKEN_UP = [member("joined", TOM, 212), message("A new leg ships on Monday.", TOM, 231)]
LEFT = [member("left", TOM, 302), state("idle", 302)]


def heard(bodies: Sequence[Json], before: Session | None = None) -> Session:
    """Return the session after these webhooks, each with an id of its own."""
    provider, after = desk(), before or session()
    for number, body in enumerate(bodies):
        script = Script(key_answer()) if number == 0 else Script()
        for one in script.drive(
            provider.receive(signed(body, eid=f"e{body['timestamp']}-{number}"))
        ):
            after = lifecycle.apply(after, one, RULES, NOW)
    return after


def session() -> Session:
    """Return the session of a customer who has just asked for a person."""
    handoff = replace(HANDED, conversation=ROOM)
    return Session(key=SessionKey("k"), id=SessionId("s"), dialect=Dialect.CX, handoff=handoff)


def handoff_of(after: Session) -> Handoff:
    assert after.handoff is not None
    return after.handoff


def seen(after: Session) -> list[str]:
    """Return what the customer sees, in order."""
    return [one.url or one.text for one in handoff_of(after).deliveries]


def played(provider: EightByEight) -> list[str]:
    """Make every call of the example; return them in order."""
    metrics = [
        {"key": "eligible.rt", "value": 2},
        {"key": "interactionsWaitInQueue.rt", "value": 1},
    ]
    script = Script(
        *(ok(**{"schedule-status": {"status": 0}}), ok(id=RETURNS, metrics=metrics)),
        accepted(conversationId=ROOM, createdAt="2026-11-21T10:05:00Z"),
        *(accepted(204), accepted()),
        *(ok(id="T4vN8s", filename="leg.jpg", sizeInBytes=5), accepted()),
        *(IDLE, accepted(204)),
    )
    available = script.drive(provider.availability(RETURNS, None))
    assert (available.position, available.target) == (2, RETURNS)
    assert script.drive(provider.open(OPENING)) == Opened(conversation=ROOM)
    script.drive(provider.typing(PLACE))
    script.drive(provider.send(PLACE, Outgoing(text="The left front one, look:", client_id="c")))
    body = stream(b"bytes", size=5)
    leg = OutgoingFile(client_id="f", name="leg.jpg", content_type="image/jpeg", content=body)
    script.drive(provider.attach(PLACE, leg))
    [end] = script.drive(provider.confirm_end(PLACE))
    assert isinstance(end, ConversationClosed)
    script.drive(provider.close(PLACE))
    assert not script.left
    return [call.address for call in script.calls]


def test_every_call_is_made_once_and_in_order() -> None:
    assert played(desk(replace(WITH_SECRET, schedule_id="122"))) == [
        f"GET {API}/cc/v1/schedules/122/status",
        f"GET {QUEUES}/{RETURNS}",
        f"POST {ROOMS}",
        f"POST {HERE}/typing",
        f"POST {HERE}/messages",
        f"POST {HERE}/attachments",
        f"POST {HERE}/messages",
        f"GET {HERE}",
        f"PATCH {HERE}/participants/user",
    ]


def test_customer_waits_until_somebody_comes() -> None:
    assert handoff_of(heard(QUEUED)).state is State.WAITING
    after = handoff_of(heard([*QUEUED, *JOINED]))
    assert (after.state, [one.id for one in after.agents]) == (State.ACTIVE, [KIRA])


def test_customer_sees_the_agents_words_and_file_and_nothing_of_their_own() -> None:
    before = heard([*QUEUED, *JOINED])
    after = heard([*QUEUED, *JOINED, *TALK])
    assert seen(after)[len(seen(before)) :] == [
        "Which leg arrived damaged?",
        "Please print this label.",
        "https://files.example/T7",
    ]


def test_transfer_does_not_end_the_handoff() -> None:
    after = heard([*QUEUED, *JOINED, *TALK, *PASSED_ON])
    assert handoff_of(after).state is State.WAITING
    assert [job for job in after.outbox if job.kind is JobKind.CONFIRM] == []
    after = heard([*QUEUED, *JOINED, *TALK, *PASSED_ON, *TAKEN_UP])
    assert handoff_of(after).state is State.ACTIVE
    assert seen(after)[-1] == "A new leg ships on Monday."


def test_transfer_told_after_the_leaving_takes_the_question_back() -> None:
    transfer, left, queued = PASSED_ON
    after = heard([*QUEUED, *JOINED, left, transfer, queued])
    assert (handoff_of(after).state, after.outbox) == (State.WAITING, ())


@pytest.mark.parametrize("last", [LEFT, LEFT[::-1], LEFT[:1]])
def test_last_agents_leaving_is_asked_about_and_is_the_end(last: list[Json]) -> None:
    after = heard([*QUEUED, *JOINED, *PASSED_ON, *TAKEN_UP, *last])
    [question] = after.outbox
    assert (question.kind, question.due_at) == (JobKind.CONFIRM, NOW + RULES.leave_grace)
    confirmed = Looked(events=Script(IDLE).drive(desk().confirm_end(PLACE)))
    over = outbox.done(after, question, confirmed, RULES, NOW)
    end = handoff_of(over)
    assert (end.state, end.reason) == (State.CLOSED, Reason.AGENT_CLOSED)
    assert [job.kind for job in over.outbox] == [JobKind.CLOSE]


def test_webhook_told_again_has_no_further_effect() -> None:
    """The vendor repeats with the same id, a later time and a new signature."""
    once = heard([*QUEUED, *JOINED])
    body = message("Which leg arrived damaged?", KIRA, 75)
    provider, after = desk(), once
    for retry in range(2):
        script = Script(*([] if retry else [key_answer()]))
        again = signed(body, retry=retry, tt=int(NOW.timestamp() * 1000) + retry * 6_514)
        for one in script.drive(provider.receive(again)):
            after = lifecycle.apply(after, one, RULES, NOW)
    assert seen(after) == [*seen(once), "Which leg arrived damaged?"]
