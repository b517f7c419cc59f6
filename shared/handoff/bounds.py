"""How much one session may hold: what grows is cut, and what must not be lost moves out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, replace
from typing import Any, TypeVar

from handoff.deliveries import Delivery
from handoff.events import (
    AgentJoined,
    AgentLeft,
    AgentReplied,
    Event,
    FileShared,
    Transferred,
)
from handoff.model import Agent, Handoff, Job, Message, Session
from handoff.records import EventRecord, Happening, TurnRecord
from handoff.vocabulary import HandoffId, JobKind

T = TypeVar("T")

# Firestore takes 1 MiB a document. All of these together, with the names and the customer's own
# data that one turn may bring, stay below nine tenths of what the codec takes.
# https://cloud.google.com/firestore/quotas#collections_documents_and_fields
TRANSCRIPT_LINES, TRANSCRIPT_BYTES = 500, 128_000
LONGEST_LINE = 16_000
TAIL_DELIVERIES, TAIL_BYTES, EARLIER_BYTES = 50, 150_000, 10_000
TURNS, TURN_BYTES, REPLY_BYTES = 60, 64_000, 96_000
EVENTS, EVENT_BYTES = 300, 64_000
LIFE, LIFE_BYTES, LONGEST_WORD = 200, 56_000, 60
AGENTS, AGENT_BYTES, LONGEST_AGENT = 50, 24_000, 200
DETAILS_BYTES = 64_000

# What waits for a provider that is down; one message alone always has room.
WAITING, WAITING_BYTES = 100, 150_000

# Words that asked for a person are said by who opens; after that they only inform.
OPENERS = frozenset({JobKind.IDENTIFY, JobKind.OPEN, JobKind.NOTE})
LONGEST_REQUEST = 2_000

JSON = json.JSONEncoder(ensure_ascii=False)

# A vendor's ids are short. A file's address may carry a signature.
LONGEST_ID, LONGEST_ADDRESS, LONGEST_FILE, LONGEST_TYPE = 500, 8_000, 500, 100


Moved = Sequence[tuple[HandoffId, Delivery]]
"""Deliveries that are kept beside their session, and whose they are."""


def trim(session: Session) -> tuple[Session, Moved]:
    """Return the session as it may be stored, and the unread deliveries that moved out of it."""
    handoff, spilled = _tail(_settled(session))
    earlier, left = _earlier(session.earlier)
    lines = tuple(map(_cut, session.transcript))
    trimmed = replace(
        session,
        transcript=_newest(lines, TRANSCRIPT_LINES, TRANSCRIPT_BYTES, _message_size),
        handoff=handoff,
        earlier=earlier,
        turns=_turns(session.turns),
        events=_newest(session.events, EVENTS, EVENT_BYTES, _event_size),
        life=_newest(tuple(map(_short, session.life[-LIFE:])), LIFE, LIFE_BYTES, _line_size),
    )
    return trimmed, (*left, *spilled)


def has_room(session: Session, text: str) -> bool:
    """Say whether one more message can wait in the outbox."""
    waiting = session.outbox
    asked = session.handoff.request if session.handoff and _opens(session) else ""
    size = sum(map(_job_size, waiting)) + _written(asked) + _written(text)
    return not waiting or (len(waiting) < WAITING and size <= WAITING_BYTES)


def within_limits(event: Event) -> Event | None:
    """Return the event with names as long as people read them; None where an id is no id."""
    if any(_written(one) > LONGEST_ID for one in _ids(event)):
        return None
    match event:
        case AgentJoined():
            return replace(event, agent=_named_shortly(event.agent))
        case AgentReplied():
            return replace(event, author_name=event.author_name[:LONGEST_AGENT])
        case FileShared():
            return replace(
                event,
                url=event.url if len(event.url) <= LONGEST_ADDRESS else "",
                name=event.name[:LONGEST_FILE],
                content_type=event.content_type[:LONGEST_TYPE],
            )
    return event


def missing_before(handoff: Handoff) -> int | None:
    """Return the id after which unread deliveries have moved out, or None when none have."""
    if handoff.last_delivery == handoff.read_up_to:
        return None
    first = handoff.deliveries[0].id if handoff.deliveries else handoff.last_delivery + 1
    return handoff.read_up_to if first > handoff.read_up_to + 1 else None


def with_moved(session: Session, moved: Moved) -> Session:
    """Return the session with deliveries that had moved out of it."""
    if not moved:
        return session
    for handoff in session.handoffs_kept:
        first = handoff.deliveries[0].id if handoff.deliveries else handoff.last_delivery + 1
        back = tuple(one for name, one in moved if name == handoff.id and one.id < first)
        session = session.knowing(replace(handoff, deliveries=back + handoff.deliveries))
    return session


def _cut(message: Message) -> Message:
    """Return a line of the transcript as long as an agent would read it."""
    if len(message.text) <= LONGEST_LINE:
        return message
    return replace(message, text=message.text[:LONGEST_LINE] + "…")


def _ids(event: Event) -> list[str]:
    """Return what an event brings that is kept to recognise something by."""
    own = [event.id, event.conversation, event.thread, event.contact, event.handoff]
    match event:
        case AgentJoined(agent=agent):
            own.append(agent.id)
        case AgentReplied(author=name) | FileShared(author=name):
            own.append(name)
        case AgentLeft(agent_id=name) | Transferred(by=name):
            own.append(name)
    return [one for one in own if one]


def _opens(session: Session) -> bool:
    return any(job.kind in OPENERS for job in session.outbox)


def _settled(session: Session) -> Handoff | None:
    """Return the handoff with what is known of the customer, as far as it fits."""
    handoff = session.handoff
    if handoff is None:
        return None
    own = (*astuple(handoff.customer), handoff.target, handoff.skill)
    attributes = _fitting(handoff.attributes, DETAILS_BYTES - sum(map(_written, own)))
    request = handoff.request if _opens(session) else handoff.request[:LONGEST_REQUEST]
    return replace(handoff, attributes=attributes, request=request)


def _fitting(attributes: Mapping[str, str], room: int) -> Mapping[str, str]:
    """Return the attributes that fit, whole: one long text does not cost the short ones."""
    sizes = {label: _written(label) + _written(value) for label, value in attributes.items()}
    kept = set()
    for label in sorted(sizes, key=sizes.__getitem__):
        room -= sizes[label] + 2
        if room >= 0:
            kept.add(label)
    return {label: value for label, value in attributes.items() if label in kept}


def _tail(handoff: Handoff | None) -> tuple[Handoff | None, Moved]:
    if handoff is None:
        return None, ()
    kept = _newest(handoff.deliveries, TAIL_DELIVERIES, TAIL_BYTES, _delivery_size)
    named = tuple(map(_named_shortly, handoff.agents))
    agents = _newest(named, AGENTS, AGENT_BYTES, _agent_size)
    speaker = handoff.speaker[:LONGEST_AGENT]
    trimmed = replace(handoff, deliveries=kept, agents=agents, speaker=speaker)
    return trimmed, _moved_out(handoff, kept)


def _earlier(handoffs: tuple[Handoff, ...]) -> tuple[tuple[Handoff, ...], Moved]:
    """Share the room for what earlier handoffs have told among them, the newest first."""
    room, trimmed, moved = EARLIER_BYTES, list[Handoff](), list[tuple[HandoffId, Delivery]]()
    for handoff in reversed(handoffs):
        kept = _newest(handoff.deliveries, TAIL_DELIVERIES, room, _delivery_size, least=0)
        room -= sum(map(_delivery_size, kept))
        trimmed.insert(0, replace(handoff, deliveries=kept))
        moved += _moved_out(handoff, kept)
    return tuple(trimmed), moved


def _moved_out(handoff: Handoff, kept: tuple[Delivery, ...]) -> Moved:
    """Return what moves out: a page may come back for anything that it could have been given."""
    gone = handoff.deliveries[: len(handoff.deliveries) - len(kept)]
    has_page, read = handoff.page is not None, handoff.read_up_to
    return [(handoff.id, one) for one in gone if has_page or one.id > read]


def _named_shortly(agent: Agent) -> Agent:
    name = agent.name or ""
    return agent if len(name) <= LONGEST_AGENT else replace(agent, name=name[:LONGEST_AGENT])


def _short(line: Happening) -> Happening:
    return line if len(line.name) <= LONGEST_WORD else replace(line, name=line.name[:LONGEST_WORD])


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
    things: tuple[T, ...], count: int, size: int, measure: Callable[[T], int], least: int = 1
) -> tuple[T, ...]:
    """Return the last things that fit, but no fewer than `least`."""
    kept, total = 0, 0
    for one in reversed(things[-count:]):
        total += measure(one)
        if kept >= least and total > size:
            break
        kept += 1
    return things[len(things) - kept :]


def _message_size(message: Message) -> int:
    card = _written(asdict(message.card)) if message.card else 0
    words = _written(message.text) + _written(message.name) + _written(message.utterance)
    return words + card + 100


def _delivery_size(delivery: Delivery) -> int:
    return sum(map(_written, (delivery.text, delivery.url, delivery.name, delivery.agent))) + 300


def _turn_size(record: TurnRecord) -> int:
    """Return the size of what stays of a turn when its texts are forgotten."""
    reply = record.reply
    answer = _written(dict(reply.parameters)) + _written(reply.return_to) if reply else 0
    return _written(record.id) + _written(record.utterance) + answer + 250


def _event_size(record: EventRecord) -> int:
    return _written(record.id) + _written(record.freed_by) + 100


def _agent_size(agent: Agent) -> int:
    return _written(agent.id) + _written(agent.name) + 120


def _line_size(line: Happening) -> int:
    return _written(line.name) + _written(line.outcome) + _written(line.handoff) + 150


def _job_size(job: Job) -> int:
    own = (job.text, job.utterance, job.author, job.conversation, job.thread)
    return sum(map(_written, own)) + 400


def _reply_size(record: TurnRecord) -> int:
    return sum(map(_written, record.reply.texts)) if record.reply else 0


def _written(value: Any) -> int:
    """Return how many bytes a value takes as JSON: up to six for a character."""
    return len(JSON.encode(value).encode("utf-8", "replace"))
