"""A chat is opened, resumed, taken over or found again: reference §3.1, §3.2 and §8.2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.errors import (
    ConfigurationError,
    ContactLost,
    NobodyThere,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from handoff.exchange import Json
from handoff.model import Customer
from handoff.providers.base import Opened
from handoff.vocabulary import ConversationRef, ThreadRef
from tests.providers.driving import Answer, Script, ok, refused
from tests.providers.livechat_world import (
    CHAT,
    CONTACT,
    CUS,
    CUSTOMER_API,
    GREETING,
    HANDOFF,
    KNOWN,
    ORG,
    TALK,
    THREAD,
    livechat,
    opening,
)

STARTED = ok(chat_id=CHAT, thread_id=THREAD, event_ids=["TX9R4DJ1LC_1"])
RESUMED = ok(thread_id=THREAD, event_ids=["TX9R4DJ1LC_1"])
OPENED = Opened(conversation=ConversationRef(CHAT), thread=ThreadRef(THREAD))
TAKEN = refused("chat_limit_reached")
IDLE = ok(chats_summary=[{"id": CHAT, "active": False}])
BUSY = ok(chats_summary=[{"id": CHAT, "active": True}])
WHOLE = ok(id=CHAT, thread={"id": THREAD, "events": []}, users=[])
NONE = ok(chats_summary=[])
ROOM: Json = {
    "access": {"group_ids": [7]},
    "thread": {"properties": {"routing": {"ignore_bots": True}}, "events": [GREETING]},
}


def test_opening_is_described_then_started() -> None:
    script = Script(ok(), STARTED)
    opened = script.drive(livechat().open(opening()))
    described, started = script.calls
    assert opened == OPENED
    assert described.address == f"{CUSTOMER_API}/update_customer"
    assert started.address == f"{CUSTOMER_API}/start_chat"
    assert described.query == started.query == {"organization_id": ORG}
    assert described.token == started.token == f"livechat:customer:{CUS}"
    assert started.json == {"active": True, "continuous": False, "chat": ROOM}


def test_opening_with_the_question_before_it_is_three_calls() -> None:
    script = Script(ok(groups_status={"7": "online"}), ok(), STARTED)
    script.drive(livechat().availability("7", CONTACT))
    script.drive(livechat().open(opening()))
    assert script.actions == ["list_group_statuses", "update_customer", "start_chat"]


def test_customer_is_described_with_the_id_that_the_operator_searches() -> None:
    script = Script(ok(), STARTED)
    script.drive(livechat().open(opening()))
    assert script.calls[0].json == {
        "name": "Ines Okafor",
        "email": "ines.okafor@mail.example",
        "session_fields": [
            {"handoff_id": HANDOFF},
            {"customer_id": "crm-31"},
            {"language": "en"},
            {"topic": "billing"},
        ],
    }


def test_refused_name_or_address_does_not_cost_the_agent() -> None:
    script = Script(refused("validation"), ok(), STARTED)
    opened = script.drive(livechat().open(opening()))
    assert opened == replace(OPENED, remarks=opened.remarks)
    assert opened.remarks == ("livechat refused update_customer: 422 validation",)
    assert script.actions == ["update_customer", "set_customer_session_fields", "start_chat"]
    assert list(script.calls[1].json) == ["session_fields"]


@pytest.mark.parametrize("code", ["validation", "customer_session_fields_limit_reached"])
def test_refused_attributes_do_not_cost_the_agent(code: str) -> None:
    script = Script(refused(code), refused(code), STARTED)
    opened = script.drive(livechat().open(opening()))
    assert opened == replace(OPENED, remarks=opened.remarks)
    assert [remark.endswith(code) for remark in opened.remarks] == [True, True]


def test_refused_description_of_an_anonymous_customer_does_not_cost_the_agent() -> None:
    script = Script(refused("validation"), STARTED)
    opened = script.drive(livechat().open(opening(customer=Customer())))
    assert opened.conversation == CHAT
    assert script.actions == ["update_customer", "start_chat"]


def test_forgotten_customer_is_told_as_such() -> None:
    script = Script(refused("chat_anonymized"), refused("chat_anonymized"))
    with pytest.raises(ContactLost):
        script.drive(livechat().open(opening()))


@pytest.mark.parametrize(
    ("target", "default", "group"),
    [("7", "4", 7), ("", "4", 4), ("billing", "4", 4), ("", "0", 0), ("-1", "0", 0)],
)
def test_target_decides_where_the_chat_lands(target: str, default: str, group: int) -> None:
    script = Script(ok(), STARTED)
    script.drive(livechat(group_id=default).open(opening(target=target)))
    assert script.calls[1].json["chat"]["access"] == {"group_ids": [group]}


def test_transcript_comes_first_when_no_bot_can_leave_it() -> None:
    script = Script(ok(), STARTED)
    script.drive(livechat().open(opening(talk=TALK)))
    events = script.calls[1].json["chat"]["thread"]["events"]
    assert [event["custom_id"] for event in events] == [f"{HANDOFF}-t", f"{HANDOFF}-0"]
    assert "Customer: My invoice is wrong\nBot: Which one?\nMara: Hello" in events[0]["text"]


def test_transcript_is_left_to_the_bot_where_there_is_one() -> None:
    script = Script(ok(), STARTED)
    script.drive(livechat(bot=True).open(opening(talk=TALK)))
    assert script.calls[1].json["chat"]["thread"]["events"] == [GREETING]


def test_start_without_words_sends_no_empty_message() -> None:
    script = Script(ok(), STARTED)
    script.drive(livechat().open(opening(request="")))
    assert script.calls[1].json["chat"]["thread"]["events"] == []


@pytest.mark.parametrize("code", ["groups_offline", "group_offline", "group_unavailable"])
def test_nobody_there_is_told(code: str) -> None:
    with pytest.raises(NobodyThere):
        Script(ok(), refused(code)).drive(livechat().open(opening()))


@pytest.mark.parametrize("answer", [{}, {"chat_id": CHAT}, {"thread_id": THREAD}])
def test_start_without_ids_leaves_us_not_knowing(answer: dict[str, str]) -> None:
    with pytest.raises(Unavailable) as caught:
        Script(ok(), ok(**answer)).drive(livechat().open(opening()))
    assert not caught.value.certain


def test_opening_without_a_customer_is_refused() -> None:
    with pytest.raises(Rejected, match="no customer"):
        Script().drive(livechat().open(opening(None)))


def test_second_handoff_resumes_the_chat_for_people_and_the_same_group() -> None:
    script = Script(ok(), RESUMED)
    opened = script.drive(livechat().open(opening(KNOWN)))
    assert opened == OPENED
    assert script.calls[1].address == f"{CUSTOMER_API}/resume_chat"
    chat = {"id": CHAT, **ROOM}
    assert script.calls[1].json == {"active": True, "continuous": False, "chat": chat}


@pytest.mark.parametrize("code", ["not_found", "chat_not_found"])
def test_chat_that_is_gone_is_started_anew(code: str) -> None:
    script = Script(ok(), refused(code, 404), STARTED)
    assert script.drive(livechat().open(opening(KNOWN))) == OPENED
    assert script.actions == ["update_customer", "resume_chat", "start_chat"]


def test_other_refusal_of_resume_is_told() -> None:
    with pytest.raises(Rejected) as caught:
        Script(ok(), refused("customer_banned", 403)).drive(livechat().open(opening(KNOWN)))
    assert caught.value.code == "customer_banned"


def test_chat_already_active_hears_the_request() -> None:
    script = Script(ok(), refused("chat_already_active"), BUSY, WHOLE, ok(event_id="e"))
    opened = script.drive(livechat().open(opening(KNOWN)))
    assert opened == OPENED
    assert script.actions[2:] == ["list_chats", "get_chat", "send_event"]
    assert script.calls[4].json["event"] == GREETING


@pytest.mark.parametrize("code", ["chat_limit_reached", "limit_reached", "already_exists"])
def test_customer_who_has_a_closed_chat_resumes_it(code: str) -> None:
    script = Script(ok(), refused(code), IDLE, RESUMED)
    assert script.drive(livechat().open(opening())) == OPENED
    assert script.calls[3].json["chat"]["id"] == CHAT
    assert script.calls[3].json["chat"]["thread"]["events"] == [GREETING]


@pytest.mark.parametrize("key", ["chats_summary", "chats_info"])
def test_customer_who_has_an_open_chat_speaks_in_it(key: str) -> None:
    busy = ok(**{key: [{"id": CHAT, "active": True}]})
    script = Script(ok(), TAKEN, busy, WHOLE, ok(event_id="e"))
    assert script.drive(livechat().open(opening())) == OPENED
    assert script.actions[2:] == ["list_chats", "get_chat", "send_event"]


def test_taken_over_chat_that_closed_meanwhile_is_resumed() -> None:
    script = Script(ok(), TAKEN, BUSY, WHOLE, refused("chat_inactive"), RESUMED)
    assert script.drive(livechat().open(opening())) == OPENED
    assert script.actions[-1] == "resume_chat"


@pytest.mark.parametrize("chats", [{}, {"chats_summary": []}])
def test_taken_chat_that_is_not_listed_is_looked_for_again(chats: Json) -> None:
    with pytest.raises(Unavailable) as caught:
        Script(ok(), TAKEN, ok(**chats)).drive(livechat().open(opening()))
    assert caught.value.certain


def test_limit_of_the_plan_is_no_taken_chat() -> None:
    with pytest.raises(Rejected) as caught:
        Script(ok(), refused("limit_reached"), NONE).drive(livechat().open(opening()))
    assert caught.value.code == "limit_reached"


def test_vendor_that_contradicts_itself_does_not_keep_us_in_a_circle() -> None:
    circle: list[Answer] = [refused("chat_already_active"), IDLE] * 10
    script = Script(ok(), *circle)
    with pytest.raises(ProviderError):
        script.drive(livechat().open(opening(KNOWN)))
    assert len(script.calls) < 10


def test_other_refusal_of_start_is_told() -> None:
    with pytest.raises(Rejected) as caught:
        Script(ok(), refused("license_expired")).drive(livechat().open(opening()))
    assert caught.value.code == "license_expired"


@pytest.mark.parametrize("error", [Throttled("slow"), Unavailable("reset", certain=True)])
def test_taking_over_cut_off_in_the_middle_is_uncertain(error: ProviderError) -> None:
    script = Script(ok(), TAKEN, BUSY, WHOLE, ok(event_id="e"), error)
    with pytest.raises(Unavailable) as caught:
        script.drive(livechat().open(opening(talk=TALK)))
    assert not caught.value.certain


@pytest.mark.parametrize("summary", [{}, {"active": False}, None, "odd"])
def test_listed_chat_without_an_id_is_no_chat(summary: object) -> None:
    script = Script(ok(chats_summary=[summary]), ok(), STARTED)
    assert script.drive(livechat().open(opening(uncertain=True))) == OPENED
    assert script.actions[-1] == "start_chat"


def test_default_group_that_is_no_number_is_an_error_in_words() -> None:
    with pytest.raises((ProviderError, ConfigurationError)):
        Script(ok(), refused("group_not_found")).drive(
            livechat(group_id="billing").open(opening(target=""))
        )
