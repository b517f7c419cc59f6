"""What a turn does to a session, and what it is answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from handoff import leaving, lifecycle, relay
from handoff.deliveries import Delivery
from handoff.dialogflow.turn import Meaning, Turn
from handoff.effects import caught_up
from handoff.model import Handoff, Session
from handoff.opening import handoff_id, start
from handoff.providers.base import Availability
from handoff.records import Reply, TurnRecord
from handoff.rules import Rules
from handoff.vocabulary import (
    DeliveryKind,
    Dialect,
    Participant,
    Presence,
    Reason,
    Scalar,
    State,
)

# An answer may be 64 KiB, and the bot's own texts need room beside ours.
# https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook
LARGEST_BATCH, MOST_IN_A_BATCH = 40_000, 200

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
        return relay.said(start(noted, turn, rules, now), text, turn.utterance)
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
    batch = _batch(session.handoff, before, now)
    texts = tuple(map(_line, batch)) or _why_unanswered(session, turn, rules)
    reply = _reply(session, turn, rules, before, texts)
    if turn.meaning is Meaning.AVAILABILITY:
        told = _told(availability or _known(session.open_handoff))
        reply = replace(reply, parameters={**reply.parameters, **told})
    if session.handoff is not None:
        told_in = session.handoff.end_told_in
        if not session.handoff.state.is_open:
            told_in = told_in or turn.utterance
        handoff = replace(_answered(session.handoff, batch), end_told_in=told_in)
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
    if turn.meaning in {Meaning.POLL, Meaning.AVAILABILITY}:
        return session
    if turn.meaning is Meaning.END:
        return relay.left(session, rules, now)
    return relay.passed_on(session, text, turn.utterance, rules, now) if text else session


def _observed(session: Session, turn: Turn, text: str) -> Session:
    """Remember what was said, for the agent who may come."""
    if turn.meaning in {Meaning.POLL, Meaning.END}:  # signals of a page, not words of a customer
        return session
    spoken = relay.said(session, text, turn.utterance)
    known = [one for one in spoken.transcript if one.utterance == turn.utterance]
    said = sum(one.author is Participant.BOT for one in known)
    ours = {text for reply in _answers(session, turn) for text in reply.texts}
    bots = [line for line in turn.shown_by_bot if line.text not in ours]
    return spoken.saying(*bots[said:])


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


def _batch(handoff: Handoff | None, before: tuple[str, ...], now: datetime) -> tuple[Delivery, ...]:
    """Return the unread deliveries that fit in one answer; where a page is there, it has them.

    `before` is what this answer has to repeat of an earlier one.
    """
    if handoff is None or (handoff.page is not None and handoff.page.is_there(now)):
        return ()
    unread = [one for one in handoff.deliveries if one.id > handoff.read_up_to]
    taken: list[Delivery] = []
    size = sum(map(_written, before))
    for one in (one for one in unread if one.kind.is_shown):
        size += _written(_line(one))
        if (taken or before) and (size > LARGEST_BATCH or len(taken) == MOST_IN_A_BATCH):
            break
        taken.append(one)
    return tuple(taken)


def _why_unanswered(session: Session, turn: Turn, rules: Rules) -> tuple[str, ...]:
    """Return the end once more, for words that came too late for the desk and met no bot.

    Their page told the customer of it; without this they would be answered with silence.
    """
    over = session.handoff
    if over is None or over.state.is_open or over.page is None or over.end_told_in:
        return ()
    unheard = turn.meaning is Meaning.MESSAGE and turn.text and not turn.shown_by_bot
    text = rules.texts.get(lifecycle.ending(over), session.language)
    return (text,) if unheard and text else ()


def _answered(handoff: Handoff, batch: tuple[Delivery, ...]) -> Handoff:
    """Return the handoff that knows what an answer carries."""
    if not batch:
        return handoff
    carried = {one.id for one in batch}
    deliveries = tuple(
        replace(one, answered=True) if one.id in carried else one for one in handoff.deliveries
    )
    return replace(handoff, deliveries=deliveries, answered=batch[-1].id)


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
