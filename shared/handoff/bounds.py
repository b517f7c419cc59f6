"""How much one session may hold: what grows is cut, and what must not be lost moves out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

from handoff.model import Agent, Delivery, Handoff, Message, Session
from handoff.records import EventRecord, Happening, TurnRecord

T = TypeVar("T")

# Firestore takes 1 MiB a document; all of these together stay below it.
# https://cloud.google.com/firestore/quotas#collections_documents_and_fields
TRANSCRIPT_LINES, TRANSCRIPT_BYTES = 500, 128_000
LONGEST_LINE = 16_000
TAIL_DELIVERIES, TAIL_BYTES = 50, 200_000
TURNS, TURN_BYTES, REPLY_BYTES = 60, 64_000, 128_000
EVENTS, EVENT_BYTES = 300, 64_000
LIFE, LONGEST_WORD = 200, 60
AGENTS, LONGEST_AGENT = 50, 200

# What waits for a provider that is down; one message alone always has room.
WAITING, WAITING_BYTES = 100, 150_000


def trim(session: Session) -> tuple[Session, Sequence[Delivery]]:
    """Return the session as it may be stored, and the unread deliveries that moved out of it."""
    handoff, spilled = _tail(session.handoff)
    lines = tuple(map(_cut, session.transcript))
    trimmed = replace(
        session,
        transcript=_newest(lines, TRANSCRIPT_LINES, TRANSCRIPT_BYTES, _message_size),
        handoff=handoff,
        turns=_turns(session.turns),
        events=_newest(session.events, EVENTS, EVENT_BYTES, _event_size),
        life=tuple(map(_short, session.life[-LIFE:])),
    )
    return trimmed, spilled


def has_room(session: Session, text: str) -> bool:
    """Say whether one more message can wait in the outbox."""
    waiting = [job.text for job in session.outbox]
    size = sum(_written(one) + 300 for one in waiting)
    return not waiting or (len(waiting) < WAITING and size + _written(text) <= WAITING_BYTES)


def missing_before(session: Session) -> int | None:
    """Return the id after which unread deliveries have moved out, or None when none have."""
    handoff = session.handoff
    if handoff is None or handoff.last_delivery == handoff.answered:
        return None
    first = handoff.deliveries[0].id if handoff.deliveries else handoff.last_delivery + 1
    return handoff.answered if first > handoff.answered + 1 else None


def with_earlier(session: Session, earlier: Sequence[Delivery]) -> Session:
    """Return the session with deliveries that had moved out of it."""
    if session.handoff is None or not earlier:
        return session
    first = session.handoff.deliveries[0].id if session.handoff.deliveries else None
    back = tuple(one for one in earlier if first is None or one.id < first)
    deliveries = back + session.handoff.deliveries
    return replace(session, handoff=replace(session.handoff, deliveries=deliveries))


def _cut(message: Message) -> Message:
    """Return a line of the transcript as long as an agent would read it."""
    if len(message.text) <= LONGEST_LINE:
        return message
    return replace(message, text=message.text[:LONGEST_LINE] + "…")


def _tail(handoff: Handoff | None) -> tuple[Handoff | None, Sequence[Delivery]]:
    if handoff is None:
        return None, ()
    kept = _newest(handoff.deliveries, TAIL_DELIVERIES, TAIL_BYTES, _delivery_size)
    gone = handoff.deliveries[: len(handoff.deliveries) - len(kept)]
    unread = [one for one in gone if one.id > handoff.answered]
    agents = tuple(map(_named_shortly, handoff.agents[-AGENTS:]))
    speaker = handoff.speaker[:LONGEST_AGENT]
    return replace(handoff, deliveries=kept, agents=agents, speaker=speaker), unread


def _named_shortly(agent: Agent) -> Agent:
    return replace(agent, name=agent.name[:LONGEST_AGENT]) if agent.name else agent


def _short(line: Happening) -> Happening:
    return replace(line, name=line.name[:LONGEST_WORD])


def _turns(turns: tuple[TurnRecord, ...]) -> tuple[TurnRecord, ...]:
    """Keep the ids of many turns, the texts of the newest: Dialogflow repeats within seconds."""
    kept = _newest(turns, TURNS, TURN_BYTES, _turn_size)
    answered = len(_newest(kept, TURNS, REPLY_BYTES, _reply_size))
    forgotten = tuple(
        one if one.reply is None else replace(one, reply=replace(one.reply, texts=()))
        for one in kept[: len(kept) - answered]
    )
    return forgotten + kept[len(kept) - answered :]


def _newest(
    things: tuple[T, ...], count: int, size: int, measure: Callable[[T], int]
) -> tuple[T, ...]:
    """Return the last things that fit, at least one."""
    kept, total = 0, 0
    for one in reversed(things[-count:]):
        total += measure(one)
        if kept and total > size:
            break
        kept += 1
    return things[len(things) - kept :]


def _message_size(message: Message) -> int:
    card = _written(asdict(message.card)) if message.card else 0
    words = _written(message.text) + _written(message.name) + _written(message.utterance)
    return words + card + 100


def _delivery_size(delivery: Delivery) -> int:
    return sum(map(_written, (delivery.text, delivery.url, delivery.name, delivery.agent))) + 200


def _turn_size(record: TurnRecord) -> int:
    return _written(record.id) + _written(record.utterance) + 100


def _event_size(record: EventRecord) -> int:
    return _written(record.id) + _written(record.freed_by) + 100


def _reply_size(record: TurnRecord) -> int:
    return sum(map(_written, record.reply.texts)) + 600 if record.reply else 100


def _written(value: Any) -> int:
    """Return how many bytes a value takes as JSON: up to six for a character."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
