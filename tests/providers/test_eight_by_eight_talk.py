"""What the customer says and does at 8x8."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import ConversationGone, ProviderError, Rejected, Throttled, Unavailable
from handoff.events import Closer, ConversationClosed, Event, Queued
from handoff.providers.base import Outgoing
from handoff.providers.eight_by_eight_history import LONGEST_TEXT
from handoff.signatures import plain_secret
from tests.providers.driving import Answer, Call, Script
from tests.providers.eight_by_eight_world import (
    ACCOUNT,
    PLACE,
    REFUNDS,
    ROOM,
    ROOMS,
    accepted,
    desk,
    refused,
)

HERE = f"{ROOMS}/{ROOM}"
LONG = "a" * LONGEST_TEXT + "b"


def said(
    *answers: Answer, text: str = "Hello 👋", doubt: bool = False, repeats: int = 0
) -> list[Call]:
    message = Outgoing(text=text, client_id="ho-2", uncertain=doubt, repeats=repeats)
    script = Script(*answers)
    script.drive(desk().send(PLACE, message))
    assert not script.left
    return script.calls


def test_message_that_may_still_come_is_not_said_again() -> None:
    early = Outgoing(text="Hi", client_id="ho-2", uncertain=True, settled=False)
    script = Script(there("something else"))
    with pytest.raises(Unavailable, match="may still take") as caught:
        script.drive(desk().send(PLACE, early))
    assert not caught.value.certain
    assert [call.request.method for call in script.calls] == ["GET"]
    Script(there("Hi")).drive(desk().send(PLACE, early))


def texts(calls: list[Call]) -> list[str]:
    return [call.json["text"] for call in calls if call.request.method == "POST"]


def room(state: str, assignment: str = "") -> Answer:
    where = {"assignment": {"type": assignment, "id": "1"}} if assignment else {}
    return accepted(200, id=ROOM, state=state, **where)


def there(*newest: str | tuple[str, str]) -> Answer:
    """Return the list of messages, newest first; alone a text is the customer's."""
    pairs = [("user", one) if isinstance(one, str) else one for one in newest]
    messages: list[Any] = [{"text": text, "author": {"type": by}} for by, text in pairs]
    return accepted(200, _embedded={"messages": [*messages, 7]})


def test_words_are_one_message_of_the_user() -> None:
    [call] = said(accepted())
    assert call.address == f"POST {HERE}/messages"
    assert call.json == {"authorType": "user", "text": "Hello 👋"}


def test_long_words_are_several_messages_in_order() -> None:
    assert "".join(texts(said(accepted(), accepted(), text=LONG))) == LONG


@pytest.mark.parametrize("error", [refused(503), refused(429), Unavailable("x", certain=True)])
def test_failure_in_the_middle_of_long_words_leaves_doubt(error: Answer) -> None:
    with pytest.raises(Unavailable) as caught:
        said(accepted(), error, text=LONG)
    assert not caught.value.certain


@pytest.mark.parametrize(
    ("error", "kind"),
    [(refused(429), Throttled), (Unavailable("x", certain=True), Unavailable)],
)
def test_failure_of_the_first_message_is_what_it_is(
    error: Answer, kind: type[ProviderError]
) -> None:
    with pytest.raises(kind) as caught:
        said(error)
    assert getattr(caught.value, "certain", True)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([refused(404), refused(404)], ConversationGone),
        ([refused(404), room("idle")], ConversationGone),
        ([refused(404), room("active"), refused(404)], Rejected),
        ([refused(400), room("idle")], ConversationGone),
        ([refused(400), room("active"), refused(400)], Rejected),
        ([refused(409), refused(404)], ConversationGone),
        ([refused(403), refused(403)], Rejected),
    ],
)
def test_refused_words_say_whether_anybody_can_hear(
    answers: list[Answer], kind: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as caught:
        said(*answers)
    assert type(caught.value) is kind


def test_words_that_were_early_and_are_not_any_more_are_said_at_once() -> None:
    calls = said(refused(409), room("active"), accepted(200))
    assert texts(calls) == ["Hello 👋", "Hello 👋"]


@pytest.mark.parametrize("error", [refused(400), refused(404), refused(409)])
def test_words_that_come_before_the_conversation_is_active_are_said_later(error: Answer) -> None:
    with pytest.raises(Unavailable) as caught:
        said(error, room("created"))
    assert caught.value.certain


@pytest.mark.parametrize(
    ("list_of_messages", "repeats", "left"),
    [
        (there(), 0, ["ok"]),
        (there("ok"), 0, []),
        (there(("agent", "well"), "ok"), 0, []),
        (there(("agent", "ok")), 0, ["ok"]),
        (there("well", "ok"), 0, ["ok"]),
        (there("ok"), 1, ["ok"]),
        (there("ok", "ok"), 1, []),
        (there("ok", ("bot", "x"), "ok", "well"), 1, []),
        (accepted(200), 0, ["ok"]),
    ],
)
def test_doubtful_words_are_said_only_where_they_are_not_there(
    list_of_messages: Answer, repeats: int, left: list[str]
) -> None:
    answers = [list_of_messages, *(accepted() for _ in left)]
    calls = said(*answers, text="ok", doubt=True, repeats=repeats)
    assert texts(calls) == left
    assert calls[0].address == f"GET {HERE}/messages"
    assert calls[0].query["sort"] == "createdAt:desc"


def test_rest_of_long_words_is_said_where_only_the_first_part_is_there() -> None:
    first = "a" * LONGEST_TEXT
    assert texts(said(there(first), accepted(), text=LONG, doubt=True)) == ["b"]
    assert texts(said(there("b", first), text=LONG, doubt=True)) == []


def closed(answer: Answer) -> Call:
    script = Script(answer)
    script.drive(desk().close(PLACE))
    return script.calls[0]


@pytest.mark.parametrize("answer", [accepted(204), refused(404)])
def test_leaving_removes_the_user_who_may_be_gone_already(answer: Answer) -> None:
    call = closed(answer)
    assert call.address == f"PATCH {HERE}/participants/user"
    assert call.json == {"removed": True}


def test_leaving_that_fails_is_tried_again() -> None:
    with pytest.raises(Unavailable):
        closed(refused(500))


def confirmed(answer: Answer) -> tuple[Event, ...]:
    script = Script(answer)
    events = script.drive(desk().confirm_end(PLACE))
    assert script.calls[0].address == f"GET {HERE}"
    return events


@pytest.mark.parametrize("answer", [room("idle"), room("idle", "agent"), refused(404)])
def test_idle_conversation_is_over(answer: Answer) -> None:
    [event] = confirmed(answer)
    assert isinstance(event, ConversationClosed)
    assert event.by is Closer.NOBODY


@pytest.mark.parametrize("where", ["queue", "script"])
def test_conversation_that_looks_for_somebody_is_queued(where: str) -> None:
    assert isinstance(confirmed(room("active", where))[0], Queued)


@pytest.mark.parametrize(
    "answer",
    [room("active", "agent"), room("active"), room("created", "queue"), room(""), accepted()],
)
def test_conversation_that_is_neither_is_asked_about_again(answer: Answer) -> None:
    with pytest.raises(Unavailable) as caught:
        confirmed(answer)
    assert caught.value.certain


def test_typing_is_shown_and_nothing_says_that_it_stopped() -> None:
    script = Script(accepted(204))
    script.drive(desk().typing(PLACE))
    assert (script.calls[0].address, script.calls[0].json) == (
        f"POST {HERE}/typing",
        {"authorType": "user"},
    )


def test_customer_who_waits_is_sent_to_another_queue() -> None:
    script = Script(accepted())
    script.drive(desk().reroute(PLACE, REFUNDS))
    assert script.calls[0].address == f"PATCH {HERE}"
    assert script.calls[0].json == {"assignment": {"type": "queue", "id": REFUNDS}}


@pytest.mark.parametrize(
    ("more", "abilities"),
    [
        ({}, (False, False, False)),
        ({"schedule_id": "1"}, (True, False, False)),
        ({"gateway_statistics": True}, (True, True, False)),
        ({"api_secret": plain_secret("s")}, (True, True, True)),
    ],
)
def test_what_it_can_tell_depends_on_what_is_set(more: Any, abilities: tuple[bool, ...]) -> None:
    can = desk(replace(ACCOUNT, **more)).capabilities
    assert (can.availability, can.queue_position, can.agent_names) == abilities


def test_written_json_is_utf_8() -> None:
    [call] = said(accepted(), text="ü")
    assert (
        call.request.body
        == json.dumps(
            {"authorType": "user", "text": "ü"}, ensure_ascii=False, separators=(",", ":")
        ).encode()
    )


@pytest.mark.parametrize(
    ("there", "says"),
    [(False, "The customer has left the page."), (True, "The customer is back on the page.")],
)
def test_agent_reads_in_the_bots_name_whether_the_page_is_there(there: bool, says: str) -> None:
    script = Script(accepted())
    script.drive(desk().presence(PLACE, there=there))
    assert script.calls[0].address == f"POST {HERE}/messages"
    assert script.calls[0].json == {"authorType": "bot", "text": says}
