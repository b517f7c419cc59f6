"""What is said to LiveChat while a chat is there: messages, notes, the end; and what is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.errors import ConversationGone, Rejected, Throttled, Unavailable
from handoff.exchange import Response
from handoff.providers.base import Availability, Outgoing
from handoff.vocabulary import Presence
from tests.providers.driving import Script, ok, refused
from tests.providers.livechat_world import (
    AGENT_API,
    BOT,
    CHAT,
    CONTACT,
    CUS,
    CUSTOMER_API,
    HANDOFF,
    ORG,
    PLACE,
    TALK,
    THREAD,
    livechat,
    opening,
)

LONG = "é" * 8_000 + "👩‍💻" * 3_000
NOTE = opening(talk=TALK)
NOTED = (
    f"Before this chat (handoff {HANDOFF}):\n"
    "Customer: My invoice is wrong\nBot: Which one?\nMara: Hello again"
)


def looked(*events: object) -> Response:
    return ok(id=CHAT, users=[], thread={"id": THREAD, "events": list(events)})


def test_message_is_one_call_as_the_customer() -> None:
    script = Script(ok(event_id="TX9R4DJ1LC_5"))
    script.drive(livechat().send(PLACE, Outgoing(text="October.", client_id="ho-7781-4")))
    [call] = script.calls
    assert call.address == f"{CUSTOMER_API}/send_event"
    assert call.query == {"organization_id": ORG}
    assert call.token == f"livechat:customer:{CUS}"
    assert call.request.headers == {"Content-Type": "application/json"}
    assert call.json == {
        "chat_id": CHAT,
        "attach_to_last_thread": False,
        "event": {"type": "message", "text": "October.", "custom_id": "ho-7781-4"},
    }


def test_long_message_goes_in_pieces_that_join_to_the_same_text() -> None:
    script = Script(*[ok(event_id="e")] * 4)
    script.drive(livechat().send(PLACE, Outgoing(text=LONG, client_id="c")))
    events = [call.json["event"] for call in script.calls]
    assert "".join(event["text"] for event in events) == LONG
    assert max(len(event["text"].encode()) for event in events) <= 16_000
    assert [event["custom_id"] for event in events] == ["c", "c.1", "c.2", "c.3"]


def test_uncertain_message_already_there_is_not_said_again() -> None:
    script = Script(looked({"custom_id": "c"}))
    script.drive(livechat().send(PLACE, Outgoing(text="Hi", client_id="c", uncertain=True)))
    assert script.actions == ["get_chat"]
    assert script.calls[0].json == {"chat_id": CHAT}


@pytest.mark.parametrize("events", [[], [{"custom_id": "other"}], [{}, None, {"custom_id": None}]])
def test_uncertain_message_that_is_absent_is_said(events: list[object]) -> None:
    script = Script(looked(*events), ok(event_id="e"))
    script.drive(livechat().send(PLACE, Outgoing(text="Hi", client_id="c", uncertain=True)))
    assert script.actions == ["get_chat", "send_event"]


def test_uncertain_long_message_says_only_the_pieces_that_are_missing() -> None:
    there = looked({"custom_id": "c"}, {"custom_id": "c.2"})
    script = Script(there, ok(), ok())
    script.drive(livechat().send(PLACE, Outgoing(text=LONG, client_id="c", uncertain=True)))
    assert [call.json["event"]["custom_id"] for call in script.calls[1:]] == ["c.1", "c.3"]


def test_message_that_may_still_come_is_not_said_again() -> None:
    early = Outgoing(text="Hi", client_id="c", uncertain=True, settled=False)
    script = Script(looked({"custom_id": "other"}))
    with pytest.raises(Unavailable, match="may still take") as caught:
        script.drive(livechat().send(PLACE, early))
    assert not caught.value.certain
    assert script.actions == ["get_chat"]
    Script(looked({"custom_id": "c"})).drive(livechat().send(PLACE, early))


@pytest.mark.parametrize("look", [Response(status=200), Response(status=200, body=b"<html>")])
def test_uncertain_message_is_not_repeated_after_an_unreadable_look(look: Response) -> None:
    script = Script(look, ok())
    with pytest.raises(Unavailable):
        script.drive(livechat().send(PLACE, Outgoing(text="Hi", client_id="c", uncertain=True)))


@pytest.mark.parametrize("error", [Throttled("slow down"), Unavailable("refused", certain=True)])
def test_long_message_cut_off_in_the_middle_is_uncertain(error: Throttled | Unavailable) -> None:
    script = Script(ok(event_id="e"), error)
    with pytest.raises(Unavailable) as caught:
        script.drive(livechat().send(PLACE, Outgoing(text=LONG, client_id="c")))
    assert not caught.value.certain


def test_message_into_an_inactive_chat_finds_nobody() -> None:
    with pytest.raises(ConversationGone):
        Script(refused("chat_inactive")).drive(
            livechat().send(PLACE, Outgoing(text="Hi", client_id="c"))
        )


def test_message_without_a_customer_is_refused() -> None:
    script = Script()
    nobody = replace(PLACE, contact=None)
    with pytest.raises(Rejected, match="no customer"):
        script.drive(livechat().send(nobody, Outgoing(text="Hi", client_id="c")))


def test_close_deactivates_the_chat_as_the_customer() -> None:
    script = Script(ok())
    script.drive(livechat().close(PLACE))
    [call] = script.calls
    assert (call.address, call.json) == (f"{CUSTOMER_API}/deactivate_chat", {"id": CHAT})
    assert call.token == f"livechat:customer:{CUS}"


def test_close_of_a_chat_already_closed_is_fine() -> None:
    script = Script(refused("chat_inactive"))
    script.drive(livechat().close(PLACE))
    assert script.left == 0


def test_close_that_fails_is_told() -> None:
    with pytest.raises(Unavailable):
        Script(refused("internal", 500)).drive(livechat().close(PLACE))


def test_note_comes_from_our_bot_for_agents_only() -> None:
    script = Script(ok(), ok(event_id="e"))
    script.drive(livechat(bot=True).note(PLACE, NOTE))
    joining, noting = script.calls
    assert (joining.address, joining.token) == (
        f"{AGENT_API}/add_user_to_chat",
        f"livechat:bot:{BOT}",
    )
    assert joining.json == {
        "chat_id": CHAT,
        "user_id": BOT,
        "user_type": "agent",
        "visibility": "agents",
        "ignore_requester_presence": True,
    }
    assert (noting.address, noting.token) == (f"{AGENT_API}/send_event", f"livechat:bot:{BOT}")
    event = {"type": "message", "custom_id": f"{HANDOFF}-t", "text": NOTED, "visibility": "agents"}
    assert noting.json == {"chat_id": CHAT, "event": event}


def test_bot_that_is_already_there_goes_on() -> None:
    script = Script(refused("already_exists"), ok(event_id="e"))
    script.drive(livechat(bot=True).note(PLACE, NOTE))
    assert [call.address for call in script.calls][1] == f"{AGENT_API}/send_event"


def test_bot_that_is_refused_leaves_the_words_to_the_customer() -> None:
    script = Script(refused("authorization", 403), ok(event_id="e"))
    script.drive(livechat(bot=True).note(PLACE, NOTE))
    said = script.calls[1]
    assert (said.address, said.token) == (f"{CUSTOMER_API}/send_event", f"livechat:customer:{CUS}")
    assert said.json["event"] == {"type": "message", "custom_id": f"{HANDOFF}-t", "text": NOTED}


def test_note_into_a_closed_chat_is_not_said_as_the_customer() -> None:
    script = Script(refused("chat_inactive"))
    with pytest.raises(ConversationGone):
        script.drive(livechat(bot=True).note(PLACE, NOTE))


def test_doubtful_note_looks_what_the_bot_already_wrote() -> None:
    thread = {"id": "TX9R4DJ1LC", "events": [{"custom_id": f"{HANDOFF}-t"}]}
    script = Script(ok(thread=thread), ok())
    script.drive(livechat(bot=True).note(PLACE, replace(NOTE, uncertain=True)))
    assert script.actions == ["get_chat", "add_user_to_chat"]


def test_doubtful_note_of_a_bot_that_was_not_let_in_is_written() -> None:
    script = Script(refused("missing_access", 403), ok(), ok(event_id="e"))
    script.drive(livechat(bot=True).note(PLACE, replace(NOTE, uncertain=True)))
    assert script.actions == ["get_chat", "add_user_to_chat", "send_event"]


def test_note_that_failed_half_way_is_not_said_twice() -> None:
    longer = opening(talk=[replace(TALK[0], text="a" * 20_000)])
    script = Script(ok(), ok(event_id="e"), refused("validation"), ok(event_id="f"))
    script.drive(livechat(bot=True).note(PLACE, longer))
    said = [call.json["event"]["custom_id"] for call in script.calls[3:]]
    assert said == [f"{HANDOFF}-t.1"]


@pytest.mark.parametrize(
    ("word", "presence"),
    [
        ("online", Presence.YES),
        ("online_for_queue", Presence.YES),
        ("offline", Presence.NO),
        ("asleep", Presence.UNKNOWN),
        (None, Presence.UNKNOWN),
        ({}, Presence.UNKNOWN),
    ],
)
def test_state_of_the_group_is_the_availability(word: object, presence: Presence) -> None:
    script = Script(ok(groups_status={"7": word, "4": "online"}))
    told = script.drive(livechat().availability("7", CONTACT))
    assert told == Availability(presence=presence, target="7")


def test_availability_is_asked_for_target_and_default_in_one_call() -> None:
    script = Script(ok(groups_status={"7": "online"}))
    script.drive(livechat().availability("7", CONTACT))
    [call] = script.calls
    assert call.address == f"{CUSTOMER_API}/list_group_statuses"
    assert call.json == {"group_ids": [7, 4]}


@pytest.mark.parametrize(
    ("target", "asked"), [("99", [99, 4]), ("billing", [4]), ("", [4]), ("4", [4]), ("٤", [4])]
)
def test_unknown_target_gives_way_to_the_default(target: str, asked: list[int]) -> None:
    script = Script(ok(groups_status={"4": "online"}))
    told = script.drive(livechat().availability(target, CONTACT))
    assert told == Availability(presence=Presence.YES, target="4")
    assert script.calls[0].json == {"group_ids": asked}


def test_without_a_default_group_everybody_is_asked() -> None:
    script = Script(ok(groups_status={"0": "offline"}))
    told = script.drive(livechat(group_id="0").availability("", CONTACT))
    assert told == Availability(presence=Presence.NO, target="0")


def test_target_with_leading_zeros_is_the_same_group() -> None:
    script = Script(ok(groups_status={"7": "online", "4": "offline"}))
    told = script.drive(livechat().availability("007", CONTACT))
    assert told.presence is Presence.YES


@pytest.mark.parametrize("answer", [{}, {"groups_status": []}, {"groups_status": None}])
def test_answer_without_groups_leaves_availability_unknown(answer: dict[str, object]) -> None:
    told = Script(ok(**answer)).drive(livechat().availability("7", CONTACT))
    assert told.presence is Presence.UNKNOWN


@pytest.mark.parametrize("bot", [True, False])
def test_notes_are_an_ability_only_with_a_bot(bot: bool) -> None:
    assert livechat(bot=bot).capabilities.transcript_as_note is bot
