"""Deliveries as the customer's page gets them: the events of `customer_chat`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from handoff.deliveries import Delivery, Standing
from handoff.exchange import Json
from handoff.model import Handoff
from handoff.vocabulary import DeliveryKind, State

ENDS = frozenset(one.value for one in State if not one.is_open)


def event(delivery: Delivery, handoff: Handoff) -> Json:
    """Return the event of a delivery.

    What an answer to Dialogflow carried is on the customer's screen: its id says where the
    handoff stands, so that ids have no gap and nothing is shown twice.
    """
    head = {"id": delivery.id, "at": delivery.at.isoformat().replace("+00:00", "Z")}
    if delivery.answered and delivery.kind.is_shown:
        where = Standing(state=_state_at(delivery, handoff))
        return {**head, "type": DeliveryKind.STATE.value, **_standing(where, handoff.speaker)}
    return {**head, "type": delivery.kind.value, **CONTENT[delivery.kind](delivery)}


def up_to_end(events: list[Json]) -> list[Json]:
    """Return the events up to the end: a page that hears of it listens no more.

    Words that were told later come with an answer to Dialogflow, or to a page that asks for more.
    """
    ends = (number for number, one in enumerate(events, 1) if one.get("state") in ENDS)
    return events[: next(ends, len(events))]


def _state_at(delivery: Delivery, handoff: Handoff) -> State:
    """Return where the handoff stands; before the end is told, that is not the end.

    A page that hears of the end listens no more, and there may be more to show before it.
    """
    if handoff.state.is_open:
        return handoff.state
    told = [one.standing for one in handoff.deliveries if one.standing and one.id < delivery.id]
    return told[-1].state if told else State.ACTIVE


def _message(delivery: Delivery) -> Json:
    return {"text": delivery.text, "agent": {"name": delivery.agent}}


def _file(delivery: Delivery) -> Json:
    return {
        "url": delivery.url,
        "name": delivery.name,
        "content_type": delivery.content_type,
        "size": delivery.size,
        "agent": {"name": delivery.agent},
    }


def _notice(delivery: Delivery) -> Json:
    return {"text": delivery.text}


def _typing(delivery: Delivery) -> Json:
    return {"typing": delivery.typing, "agent": {"name": delivery.agent}}


def _state(delivery: Delivery) -> Json:
    return _standing(delivery.standing, delivery.agent) if delivery.standing else {}


def _standing(standing: Standing, agent: str) -> Json:
    known = {
        "state": standing.state.value,
        "reason": standing.reason.value if standing.reason else None,
        "position": standing.position,
        "wait_seconds": standing.wait_seconds,
        "agent": {"name": agent} if agent else None,
    }
    return {name: value for name, value in known.items() if value is not None}


CONTENT: Mapping[DeliveryKind, Callable[[Delivery], Json]] = {
    DeliveryKind.MESSAGE: _message,
    DeliveryKind.FILE: _file,
    DeliveryKind.NOTICE: _notice,
    DeliveryKind.TYPING: _typing,
    DeliveryKind.STATE: _state,
}
