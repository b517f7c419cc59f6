"""The customer's side through running functions: words both ways without the next question."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.whole.house import House, state, texts, until
from tests.whole.pages import ORIGIN, Page, house_with_pages, ids, payload

CONNECT = "Can I talk to someone about my invoice?"


@pytest.fixture(params=[("cx", "livechat"), ("es", "livechat"), ("cx", "8x8")], ids="-".join)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Give a house with pages, of each dialect and with each desk."""
    dialect, provider = request.param
    more = "[limits]\nleave_grace = 1.0\npage_gone = 1.0\n"
    with house_with_pages(tmp_path, more, dialect=dialect, provider=provider) as one:
        yield one


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[House]:
    with house_with_pages(tmp_path) as one:
        yield one


def connected(one: House) -> Page:
    """Let the customer ask for a person, and return their page once somebody is there."""
    one.say("opening hours")
    page = Page.of(one, one.say(CONNECT))
    one.chat()
    until(lambda: page.poll() is not None and page.events[-1:] and _is_active(page))
    return page


def _is_active(page: Page) -> bool:
    return any(one.get("state") == "active" for one in page.events)


def at_desk(one: House) -> list[str]:
    return [event.get("text", "") for event in one.chat()["events"]]


def test_words_go_both_ways_at_once_until_the_bot_has_the_customer_again(place: House) -> None:
    page = connected(place)
    with page.listening():
        place.agent_says("Hello, how can I help? 🌷")
        page.until("Hello, how can I help? 🌷")
        assert page.say("It is about\nmy <b>invoice</b>", "m1").status_code == 202
        until(lambda: "It is about\nmy <b>invoice</b>" in at_desk(place))
        place.do("close")
        until(lambda: page.events[-1].get("state") == "closed")
    assert page.events[-1]["reason"] == "agent_closed"
    assert ids(page) == list(range(1, len(page.events) + 1))
    shown = place.say("thanks, and your opening hours?")
    assert texts(shown) != [], "nobody is answered with silence"
    assert page.say("too late", "m2").status_code == 409
    assert page.call("GET", f"/v1/events?after={page.cursor}").status_code == 409


def test_answers_of_dialogflow_say_nothing_that_a_page_already_showed(place: House) -> None:
    page = connected(place)
    with page.listening():
        place.agent_says("By the stream")
        page.until("By the stream")
        assert texts(place.say("typed into the bot's own box")) == []
    place.agent_says("By the answer")
    assert [one for one in until(place.poll) if "answer" in one] == ["Mara: By the answer"]
    assert place.poll() == []
    with page.listening():
        place.agent_says("By the stream again")
        page.until("By the stream", "By the stream again")
    assert place.poll() == []
    assert ids(page) == list(range(1, len(page.events) + 1))


def test_message_is_relayed_once_however_often_it_is_sent(shop: House) -> None:
    page = connected(shop)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: page.say("once", "the-same").json(), range(20)))
    assert {str(one) for one in answers} == {"{'id': 'the-same', 'sequence': 1}"}
    assert at_desk(shop).count("once") == 1


def test_messages_of_page_and_bot_keep_the_order_of_their_answers(shop: House) -> None:
    page = connected(shop)
    words = [f"line {number}" for number in range(10)]
    for number, word in enumerate(words):
        if number % 2:
            shop.say(word)
        else:
            assert page.say(word, f"m{number}").json()["sequence"] == number + 1
    assert [one for one in at_desk(shop) if one in words] == words


def test_customer_leaves_by_the_page_and_the_agent_is_told(place: House) -> None:
    page = connected(place)
    assert page.call("POST", "/v1/end").status_code == 204
    until(lambda: place.at_desk("chats")["chats"][0]["state"] == "closed")
    page.poll()
    assert page.events[-1]["reason"] == "customer_left"
    if place.dialect == "cx":
        known = state(place.say("hello"))
        assert (known["handoff_state"], known["handoff_reason"]) == ("closed", "customer_left")


def test_word_that_leaves_is_one_on_the_page_too(shop: House) -> None:
    page = connected(shop)
    assert page.say("Bye agent!", "m1").status_code == 202
    assert page.say("still there?", "m2").status_code == 409


def test_long_poll_is_answered_when_there_is_news(shop: House) -> None:
    page = connected(shop)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(page.poll, 10)
        time.sleep(0.3)
        began = time.monotonic()
        shop.agent_says("News")
        assert [one["text"] for one in waiting.result()] == ["News"]
        assert time.monotonic() - began < 3
    began = time.monotonic()
    assert page.poll(1) == []
    assert 0.9 < time.monotonic() - began < 3


def test_stream_that_comes_back_gets_what_it_missed_and_nothing_else(shop: House) -> None:
    page = connected(shop)
    for round_ in range(5):
        with page.listening():
            shop.agent_says(f"there {round_}")
            page.until(f"there {round_}")
        shop.agent_says(f"missed {round_}")
    with page.listening():
        page.until("there 4", "missed 4")
    said = [one["text"] for one in page.events if one["type"] == "message"]
    assert said == [f"{what} {number}" for number in range(5) for what in ("there", "missed")]
    assert ids(page) == list(range(1, len(page.events) + 1))


def test_all_of_a_long_chat_can_be_read_again(shop: House) -> None:
    page = connected(shop)
    with page.listening():
        for number in range(70):
            shop.agent_says(f"line {number}")
        page.until("line 68", "line 69")
    again = Page(page.url, page.token)
    again.poll()
    assert [one["text"] for one in again.events if one["type"] == "message"] == [
        f"line {number}" for number in range(70)
    ]
    assert ids(again) == list(range(1, len(again.events) + 1))


def test_pages_of_other_origins_and_without_token_are_kept_out(shop: House) -> None:
    page = connected(shop)
    fine = page.call("GET", "/v1/events", headers={"Origin": ORIGIN})
    assert fine.headers["Access-Control-Allow-Origin"] == ORIGIN
    strange = page.call("GET", "/v1/events", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in strange.headers
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    assert page.call("OPTIONS", "/v1/messages", headers=asked).status_code == 204
    asked["Origin"] = "https://evil.example"
    assert page.call("OPTIONS", "/v1/messages", headers=asked).status_code == 403
    forged = Page(page.url, page.token[:-4] + "AAAA")
    assert forged.say("hello", "m1").status_code == 401
    assert "hello" not in at_desk(shop)


def test_token_of_an_earlier_handoff_is_no_use_in_the_next(shop: House) -> None:
    page = connected(shop)
    page.call("POST", "/v1/end")
    shop.say("hello")
    fresh = Page.of(shop, shop.say(CONNECT))
    assert page.say("from before", "m1").status_code == 409
    assert fresh.say("from now", "m1").status_code == 202


def test_page_is_told_where_to_go_only_while_a_handoff_is_open(shop: House) -> None:
    assert payload(shop.say("hello")) == {}
    shown = shop.say(CONNECT)
    assert payload(shown).keys() == {"id", "state", "url", "token"}
    assert not payload(shown)["url"].endswith("/")
    assert payload(shop.say_nothing())["id"] == payload(shown)["id"]
    Page.of(shop, shown).call("POST", "/v1/end")
    assert payload(shop.say("hello")) == {}


def test_typing_reaches_the_page_where_the_desk_tells_of_it(tmp_path: Path) -> None:
    with house_with_pages(tmp_path, provider="8x8") as one:
        page = connected(one)
        with page.listening():
            one.do("typing", typing=True)
            until(lambda: page.events[-1]["type"] == "typing")
            assert page.events[-1]["typing"] is True
            one.agent_says("Done typing")
            page.until("Done typing")
        assert page.call("POST", "/v1/typing", json={"typing": True}).status_code == 204
        assert "typing" in {call["action"] for call in one.at_desk("calls")["calls"]}


def test_agent_sees_the_customer_go_and_come_back(place: House) -> None:
    page = connected(place)
    with page.listening():
        place.agent_says("Hello")
        page.until("Hello")
    until(lambda: place.sweep() and "The customer has left the page." in at_desk(place))
    with page.listening():
        until(lambda: "The customer is back on the page." in at_desk(place))
        place.agent_says("There you are")
        page.until("There you are")
    assert at_desk(place).count("The customer has left the page.") == 1
