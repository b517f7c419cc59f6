"""What a turn does to a session, and what it is answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from handoff import bounds, jobs, leaving, lifecycle, outbox
from handoff.dialogflow.turn import Meaning, Turn
from handoff.effects import caught_up
from handoff.lifecycle import CustomerLeft
from handoff.model import Delivery, Handoff, Message, Session, Undelivered
from handoff.opening import handoff_id, start
from handoff.providers.base import Availability
from handoff.records import Reply, TurnRecord
from handoff.rules import Rules
from handoff.vocabulary import (
    DeliveryKind,
    Dialect,
    JobKind,
    Participant,
    Presence,
    Reason,
    Scalar,
    State,
)

# An answer may be 64 KiB, and the bot's own texts need room beside ours.
# https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook
LARGEST_BATCH = 40_000

# What people put around a word that they mean as one.
AROUND_WORDS = " \t\r\n.,;:!?¡¿…\"'"

# What an earlier handoff may have left among the parameters of a CX session.
LEFTOVERS = ("handoff_reason", "handoff_agent", "handoff_position", "handoff_wait_seconds")


def take(session: Session, turn: Turn, rules: Rules, now: datetime) -> Session:
    """Return the session after `turn`; the very same object when this call came before."""
    if any(record.id == turn.id for record in session.turns):
        return session
    heard = any(
        one.utterance == turn.utterance and one.author is Participant.CUSTOMER
        for one in session.transcript
    )
    record = TurnRecord(id=turn.id, utterance=turn.utterance)
    noted = replace(
        session,
        language=turn.language or session.language,
        dialect=turn.dialect,
        turns=(*session.turns, record),
    )
    text = "" if heard else turn.text
    if noted.open_handoff is not None:
        return _in_human_hands(noted, turn, text, rules, now)
    if turn.meaning is Meaning.START:
        return _said(start(noted, turn, rules, now), turn, text)
    return _observed(noted, turn, text)


def settle(
    session: Session,
    turn: Turn,
    rules: Rules,
    now: datetime,
    *,
    availability: Availability | None = None,
) -> Session:
    """Return the session that remembers its answer to `turn`; the first answer stays."""
    if answer_to(session, turn) is not None:
        return session
    session = _received(session, rules, now)
    before = _queued_before(session, turn)
    batch, answered = _batch(session.handoff, before)
    reply = _reply(session, turn, rules, before, tuple(map(_line, batch)))
    if turn.meaning is Meaning.AVAILABILITY:
        told = _told(availability or _known(session.open_handoff))
        reply = replace(reply, parameters={**reply.parameters, **told})
    if session.handoff is not None:
        told_in = session.handoff.end_told_in
        if not session.handoff.state.is_open:
            told_in = told_in or turn.utterance
        handoff = replace(session.handoff, answered=answered, end_told_in=told_in)
        session = replace(session, handoff=handoff)
    return _remembering(session, turn, reply)


def answer_to(session: Session, turn: Turn) -> Reply | None:
    """Return the answer that this turn got before, if it did."""
    return next((one.reply for one in session.turns if one.id == turn.id), None)


def unless_idle(before: Session, after: Session, turn: Turn) -> Session:
    """Return `after`, or `before` when nothing happened that is worth a write.

    That is an empty poll, or a turn of the bot without words. While the same call is answered
    elsewhere it is worth it: the answer that is written first counts for both.
    """
    if any(record.id == turn.id for record in before.turns):
        return after
    reply = answer_to(after, turn)
    silent = turn.meaning is Meaning.POLL or not (turn.text or turn.said_by_bot)
    kept = replace(after, turns=before.turns, language=before.language)
    idle = silent and kept == before and not (reply and reply.texts)
    return before if idle else after


def _in_human_hands(
    session: Session, turn: Turn, text: str, rules: Rules, now: datetime
) -> Session:
    """Pass the customer's words on, or let them leave; the bot has no part in it."""
    handoff = session.open_handoff
    if handoff is None or turn.meaning in {Meaning.POLL, Meaning.AVAILABILITY}:
        return session
    if turn.meaning is Meaning.END or text.strip(AROUND_WORDS).casefold() in rules.leave_words:
        left = (CustomerLeft, Reason.CUSTOMER_LEFT)
        return outbox.parted(session, handoff, left, rules, now)
    if not text:
        return session
    answered = replace(handoff, unanswered_since=None, warned=False)
    looking = leaving.asked_first(replace(session, handoff=answered), rules, now)
    if not bounds.has_room(looking, text):
        return _overflowing(_said(session, turn, text), handoff, turn, text, rules, now)
    relayed = jobs.add(looking, JobKind.SEND, handoff, now, text=text, utterance=turn.utterance)
    return _said(relayed, turn, text)


def _overflowing(
    session: Session, handoff: Handoff, turn: Turn, text: str, rules: Rules, now: datetime
) -> Session:
    """Give a message up at once where too many wait already, and say so."""
    queued = jobs.add(session, JobKind.SEND, handoff, now, text=text, utterance=turn.utterance)
    letter = Undelivered(job=queued.outbox[-1], reason="too_many_waiting", at=now)
    told = lifecycle.teller(session, rules, now).notice(handoff, "undelivered")
    lost = (*session.undelivered, letter)
    return replace(session, handoff=told, last_job=queued.last_job, undelivered=lost)


def _observed(session: Session, turn: Turn, text: str) -> Session:
    """Remember what was said, for the agent who may come."""
    if turn.meaning in {Meaning.POLL, Meaning.END}:  # signals of a page, not words of a customer
        return session
    spoken = _said(session, turn, text)
    known = [one for one in spoken.transcript if one.utterance == turn.utterance]
    said = sum(one.author is Participant.BOT for one in known)
    ours = {text for reply in _answers(session, turn) for text in reply.texts}
    bots = [line for line in turn.shown_by_bot if line.text not in ours]
    return spoken.saying(*bots[said:])


def _said(session: Session, turn: Turn, text: str) -> Session:
    if not text:
        return session
    line = Message(author=Participant.CUSTOMER, text=text, utterance=turn.utterance)
    return session.saying(line)


def _received(session: Session, rules: Rules, now: datetime) -> Session:
    """Say who has come, or that we are connecting, unless the turn already knows how it ended."""
    handoff = session.open_handoff
    if handoff is None:
        return session
    teller = lifecycle.teller(session, rules, now)
    may_be_over = leaving.question(session) is not None
    told = caught_up(handoff, teller, may_be_over=may_be_over)
    if not (handoff.connecting_told or may_be_over or handoff.state is State.ACTIVE):
        told = replace(teller.notice(told, "connecting"), connecting_told=True)
    return replace(session, handoff=told)


def _batch(handoff: Handoff | None, before: tuple[str, ...]) -> tuple[tuple[Delivery, ...], int]:
    """Return the unread deliveries that fit in one answer, and the id of the last of them.

    `before` is what this answer has to repeat of an earlier one.
    """
    if handoff is None:
        return (), 0
    waiting = [one for one in handoff.deliveries if one.id > handoff.answered]
    taken: list[Delivery] = []
    size = sum(map(_written, before))
    for one in waiting:
        size += _written(_line(one))
        if (taken or before) and size > LARGEST_BATCH:
            break
        taken.append(one)
    return tuple(taken), taken[-1].id if taken else handoff.answered


def _written(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _line(delivery: Delivery) -> str:
    """Write a delivery where there is no other place for the agent's name or a link."""
    if delivery.kind is DeliveryKind.NOTICE:
        return delivery.text
    content = " ".join(filter(None, (delivery.text, delivery.name, delivery.url)))
    return f"{delivery.agent}: {content}" if delivery.agent else content


def _reply(
    session: Session, turn: Turn, rules: Rules, before: tuple[str, ...], texts: tuple[str, ...]
) -> Reply:
    """Return the answer: `texts` are new, `before` are ours that REPLACE would drop otherwise."""
    handoff = session.handoff
    if handoff is None or handoff.end_told_in not in {"", turn.utterance}:
        return _with_nobody(session, turn, rules, texts)
    started = handoff.id == handoff_id(turn)
    is_open = handoff.state.is_open
    returns = not is_open and turn.flow and handoff.flow and turn.flow != handoff.flow
    return Reply(
        texts=before + texts if is_open else texts,
        parameters=_parameters(session, handoff, fresh=started),
        mute=is_open or (started and bool(texts)),
        started=handoff.id if started and is_open else None,
        provider=handoff.provider,
        return_to=handoff.flow if returns else "",
        context=None if turn.meaning is Meaning.AVAILABILITY and not is_open else is_open,
    )


def _queued_before(session: Session, turn: Turn) -> tuple[str, ...]:
    """Return what an earlier webhook call of the same turn said, as far as it is still there."""
    said = [reply.texts for reply in _answers(session, turn)]
    return tuple(text for text in said[-1] if text in turn.said_by_bot) if said else ()


def _answers(session: Session, turn: Turn) -> list[Reply]:
    """Return our answers to earlier webhook calls of the same turn."""
    same = [one for one in session.turns if one.utterance == turn.utterance]
    return [one.reply for one in same if one.reply is not None]


def _with_nobody(session: Session, turn: Turn, rules: Rules, late: tuple[str, ...]) -> Reply:
    """Return what a turn is told when there is no person in it, with what came `late`."""
    unconnected = turn.meaning is Meaning.MESSAGE
    if session.handoff is None and not unconnected:
        return Reply()
    text = rules.texts.get("not_connected", session.language) if unconnected else ""
    # An answer about availability has to outlive this turn to be read.
    context = None if turn.meaning is Meaning.AVAILABILITY else False
    texts = (*late, text) if text else late
    return Reply(texts=texts, parameters={"handoff_state": "none"}, context=context)


def _parameters(session: Session, handoff: Handoff, *, fresh: bool) -> dict[str, Scalar]:
    """Return what the bot is to know; a fresh handoff clears what an earlier one left in CX."""
    clear = fresh and session.handoffs > 1 and session.dialect is Dialect.CX
    values: dict[str, Scalar] = dict.fromkeys(LEFTOVERS) if clear else {}
    refused = handoff.reason is Reason.UNAVAILABLE
    known: dict[str, Scalar] = {
        "handoff_state": handoff.state.value,
        "handoff_reason": handoff.reason.value if handoff.reason else None,
        "handoff_id": handoff.id,
        "handoff_provider": handoff.provider,
        "handoff_agent": handoff.speaker or None,
        "handoff_position": handoff.position,
        "handoff_wait_seconds": handoff.wait_seconds,
        "handoff_available": handoff.available.value if refused else None,
    }
    return values | {name: value for name, value in known.items() if value is not None}


def _known(handoff: Handoff | None) -> Availability:
    """Return what an open handoff already tells about who is there."""
    if handoff is None:
        return Availability(presence=Presence.UNKNOWN)
    active = handoff.state is State.ACTIVE
    return Availability(
        presence=Presence.YES if active else handoff.available,
        position=handoff.position,
        wait_seconds=handoff.wait_seconds,
    )


def _told(availability: Availability) -> dict[str, Scalar]:
    known: dict[str, Scalar] = {
        "handoff_available": availability.presence.value,
        "handoff_position": availability.position,
        "handoff_wait_seconds": availability.wait_seconds,
    }
    return {name: value for name, value in known.items() if value is not None}


def _remembering(session: Session, turn: Turn, reply: Reply) -> Session:
    """Return the session with the turn's answer, for when Dialogflow asks again."""
    answered = TurnRecord(id=turn.id, utterance=turn.utterance, reply=reply)
    others = tuple(one for one in session.turns if one.id != turn.id)
    return replace(session, turns=(*others, answered))
