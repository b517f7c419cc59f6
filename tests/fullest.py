"""A session with more of everything than it may keep, all of it as large as it may come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handoff import bounds, earlier, jobs
from handoff.bounds import LONGEST_ADDRESS, LONGEST_AGENT, LONGEST_FILE
from handoff.deliveries import Delivery, Page, Said
from handoff.dialogflow.turn import LARGEST_CARD, LONGEST_NAME, LONGEST_VALUE
from handoff.earlier import MOST_EARLIER
from handoff.effects import MOST_DEPARTED
from handoff.model import MOST_THREADS, Agent, Card, Contact, Customer, Handoff, Message, Session
from handoff.page import MOST_READERS, MOST_SAID
from handoff.reading import MOST_READ
from handoff.records import EventRecord, Happening, Reply, TurnRecord
from handoff.vocabulary import (
    ContactRef,
    ConversationRef,
    DeliveryKind,
    HandoffId,
    JobKind,
    Participant,
    Reason,
    SessionId,
    State,
    ThreadRef,
)
from tests.floods import ATTRIBUTES, DESKS, Flood, vendors
from tests.heart import DESK, NOW, blank, handoff_of, session_in

# Any moment has its microseconds.
AT = NOW.replace(microsecond=123_456)


def fullest(letter: str, *, opening: bool) -> Session:
    """Return it, made of one letter; `opening`: while nobody has opened the conversation yet."""
    flood = Flood(letter)
    session = replace(
        blank(),
        id=SessionId(letter * LONGEST_NAME),
        language=letter * 35,
        transcript=(_line(flood),) * 600,
        handoff=_handoff(flood),
        earlier=tuple(_earlier(flood, number) for number in range(MOST_EARLIER)),
        contacts={str(desk): _contact() for desk in DESKS},
        turns=_turns(flood),
        events=tuple(map(_event, range(400))),
        life=(_happening(flood),) * 300,
    )
    return _waiting(session, flood, opening=opening)


def _line(flood: Flood) -> Message:
    bot, name = Participant.BOT, flood.letter * LONGEST_NAME
    card = Card(text="x" * (LARGEST_CARD - 100))
    return Message(author=bot, text=flood.text(), utterance=name, card=card)


def _turns(flood: Flood) -> tuple[TurnRecord, ...]:
    """Return long answers after turns with long names: each kind has a limit of its own."""
    name = flood.letter * LONGEST_NAME
    parameters = {"handoff_state": "active", "handoff_agent": flood.letter * LONGEST_AGENT}
    reply = Reply(texts=(flood.text(20_000),), parameters=parameters, return_to=name)
    long = [TurnRecord(id=flood.long(one), utterance=name, reply=reply) for one in range(60)]
    brief = replace(reply, return_to="")
    short = [TurnRecord(id=f"t{one}", utterance=f"t{one}", reply=brief) for one in range(3)]
    return (*long, *short)


def _event(number: int) -> EventRecord:
    freed_by = vendors(number, "left")
    return EventRecord(id=vendors(number, "joined"), at=AT, kind="AgentJoined", freed_by=freed_by)


def _happening(flood: Flood) -> Happening:
    name = flood.letter * LONGEST_NAME
    one = handoff_of(session_in(State.ACTIVE)).id
    return Happening(at=AT, handoff=one, what="turn", name=name, number=10**6)


def _contact() -> Contact:
    threads = tuple(ThreadRef(vendors(number, "thread")) for number in range(MOST_THREADS))
    room = ConversationRef(vendors(0, "room"))
    return Contact(ref=ContactRef(vendors(0, "contact")), conversation=room, earlier=threads)


def _handoff(flood: Flood) -> Handoff:
    value, name = flood.letter * LONGEST_VALUE, flood.letter * LONGEST_NAME
    agents = (flood.letter * LONGEST_AGENT,) * 60
    return replace(
        handoff_of(session_in(State.ACTIVE)),
        target=value,
        skill=value,
        customer=Customer(name=value, email=value, phone=value, language=value, id=value),
        attributes=dict.fromkeys(ATTRIBUTES.values(), value),
        request=flood.text(),
        flow=name,
        end_told_in=name,
        conversation=ConversationRef(vendors(0, "room")),
        thread=ThreadRef(vendors(0, "thread")),
        agents=tuple(Agent(id=vendors(n, "agent"), name=one) for n, one in enumerate(agents)),
        speaker=agents[0],
        gone=agents[0],
        departed={vendors(n, "agent"): AT + timedelta(n) for n in range(MOST_DEPARTED)},
        read=("0123456789abcdef",) * MOST_READ,
        deliveries=_deliveries(flood),
        last_delivery=100,
        **_read_by_pages(MOST_SAID),
    )


def _earlier(flood: Flood, number: int) -> Handoff:
    """Return one whose page still reads."""
    return Handoff(
        id=HandoffId(f"ho-{number:016x}"),
        provider=DESK,
        started_at=AT,
        state=State.CLOSED,
        reason=Reason.CUSTOMER_LEFT,
        speaker=flood.letter * LONGEST_AGENT,
        deliveries=_deliveries(flood),
        last_delivery=100,
        **_read_by_pages(earlier.MOST_SAID),
    )


def _read_by_pages(said: int) -> dict[str, Any]:
    readers = {f"{number:012x}": AT for number in range(MOST_READERS)}
    words = tuple(Said(id=f"{number:024x}", sequence=number) for number in range(said))
    return {"page": Page(seen=90, readers=readers), "said": words, "heard": said}


def _deliveries(flood: Flood) -> tuple[Delivery, ...]:
    said = Delivery(
        id=1,
        kind=DeliveryKind.FILE,
        at=AT,
        text=flood.text(5_000),
        agent=flood.letter * LONGEST_AGENT,
        url="x" * LONGEST_ADDRESS,
        name=flood.letter * LONGEST_FILE,
    )
    return tuple(replace(said, id=number) for number in range(1, 101))


def _waiting(session: Session, flood: Flood, *, opening: bool) -> Session:
    """Return the session with as much in its outbox as it lets in, the largest message first."""
    handoff, name = handoff_of(session), flood.letter * LONGEST_NAME
    for kind in (JobKind.IDENTIFY, JobKind.OPEN, JobKind.NOTE) if opening else ():
        session = jobs.add(session, kind, handoff, AT)
    for text in (flood.text(), *(flood.text(500),) * 200):
        if bounds.has_room(session, text):
            session = jobs.add(session, JobKind.SEND, handoff, AT, text=text, utterance=name)
    return session
