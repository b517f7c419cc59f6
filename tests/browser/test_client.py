"""The client of an own front end: what it hears and says."""

from __future__ import annotations

from tests.browser.customer import until
from tests.browser.front_end import FrontEnd
from tests.browser.pretend import PretendChat
from tests.browser.site import Site

Shop = tuple[Site, PretendChat]
AT = "2026-01-01T12:00:00Z"
STREAM = ("GET", "/v1/events")
SAID = ("POST", "/v1/messages")


async def test_each_kind_of_event_has_its_callback(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.connects()
    agent = {"name": "Mara"}
    chat.tell("state", state="active", agent=agent)
    chat.tell("typing", typing=True, agent=agent)
    chat.says("Hello\r\n\u2028 😀")
    chat.tell("file", url="https://x.example/1", name="a.pdf", agent=agent)
    chat.tell("notice", text="Noted")
    chat.tell("something new")
    chat.tell("state", state="closed", reason="agent_closed")
    await front.hears("State", 2)
    assert await front.page.evaluate("told") == [
        ["Connection", "connecting"],
        ["Connection", "open"],
        ["State", {"id": 1, "type": "state", "at": AT, "state": "active", "agent": agent}],
        ["Typing", {"typing": True, "agent": agent}],
        ["Typing", {"typing": False}],
        [
            "Message",
            {"id": 3, "type": "message", "at": AT, "text": "Hello\r\n\u2028 😀", "agent": agent},
        ],
        [
            "File",
            {
                "id": 4,
                "type": "file",
                "at": AT,
                "url": "https://x.example/1",
                "name": "a.pdf",
                "agent": agent,
            },
        ],
        ["Notice", {"id": 5, "type": "notice", "at": AT, "text": "Noted"}],
        [
            "State",
            {"id": 7, "type": "state", "at": AT, "state": "closed", "reason": "agent_closed"},
        ],
        ["Connection", "closed"],
    ]
    assert await front.kept() is None


async def test_a_second_answer_with_the_same_handoff_changes_only_the_token(
    front: FrontEnd, shop: Shop
) -> None:
    _, chat = shop
    await front.connects()
    chat.says("Once")
    await front.hears("Message")
    chat.token = "t2"
    await front.connects("t2")
    await front.does("send", "With the new token")
    await until(lambda: chat.texts)
    assert (len(await front.told("Message")), chat.calls.count(STREAM)) == (1, 1)


async def test_a_fresh_token_is_used_from_then_on(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.fresh = "fresh"
    await front.connects()
    await front.does("send", "One")
    await front.settles()
    chat.token, chat.fresh = "no other", ""
    await front.does("send", "Two")
    await until(lambda: chat.texts == ["One", "Two"])
    assert (await front.kept())["token"] == "fresh"


async def test_typing_ends_by_itself(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.page.clock.install()
    await front.connects()
    chat.tell("typing", typing=True, agent={"name": "Mara"})
    await front.hears("Typing")
    await front.page.clock.fast_forward(11_000)
    assert (await front.hears("Typing", 2))[1] == {"typing": False}


async def test_the_customer_leaves_after_what_they_said(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.answers.append((503, {}))
    await front.connects()
    await front.does("send", "Bye")
    await front.does("end")
    receipts = await front.settles(2)
    assert (chat.texts, chat.ended) == (["Bye"], True)
    assert receipts[0]["sequence"] == 1


async def test_a_file_keeps_its_place_among_the_messages(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.answers.extend([(503, {}), (503, {})])
    await front.connects()
    await front.does("send", "Look:")
    await front.sends_file("größe <1>.txt", "data")
    await front.does("send", "Seen?")
    await front.settles(3)
    assert chat.files == [("größe <1>.txt", b"data")]
    posts = [path for method, path in chat.calls if method == "POST"]
    assert posts == ["/v1/messages"] * 3 + ["/v1/files", "/v1/messages"]


async def test_a_refused_file_is_named(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.answers.append((415, {}))
    await front.connects()
    await front.sends_file("tool.exe", "MZ")
    [item] = await front.hears("Undelivered")
    assert {**item, "id": ""} == {"id": "", "text": "", "name": "tool.exe", "error": "told"}
    assert await front.settles() == ["told"]


async def test_what_waits_when_the_chat_is_over_is_refused(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.answers.extend([(429, {"Retry-After": "2"})])
    await front.connects()
    await front.does("send", "Too late")
    await until(lambda: ("POST", "/v1/messages") in chat.calls)
    chat.tell("state", state="closed")
    [item] = await front.hears("Undelivered")
    assert (item["text"], item["error"]) == ("Too late", "closed")
    await front.does("send", "Later still")
    assert await front.settles(2) == ["closed", "closed"]
    assert await front.kept() is None


async def test_a_callback_that_fails_stops_nothing(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.page.evaluate("() => { callbacks.onMessage = () => { throw new Error('ours') } }")
    await front.connects()
    chat.says("One")
    chat.tell("notice", text="Two")
    await front.hears("Notice")


async def test_the_server_says_how_long_to_wait(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.answers.append((429, {"Retry-After": "60"}))
    await front.connects()
    await front.page.clock.install(time=0)
    await front.page.clock.pause_at(1_000)
    async with front.page.expect_response("**/v1/messages"):
        await front.does("send", "One")
    await front.page.clock.fast_forward(50_000)
    await front.does("send", "Two")
    await front.does("typing", True)
    await until(lambda: ("POST", "/v1/typing") in chat.calls)
    assert chat.calls.count(SAID) == 1
    await front.page.clock.fast_forward(61_000)
    await until(lambda: chat.texts == ["One", "Two"])
