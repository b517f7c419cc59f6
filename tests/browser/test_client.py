"""The client of an own front end: what it hears and says, and how it outlives the network."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext

from tests.browser.customer import until
from tests.browser.front_end import FrontEnd
from tests.browser.pretend import PretendChat
from tests.browser.site import Site

Shop = tuple[Site, PretendChat]
AT = "2026-01-01T12:00:00Z"
STREAM = ("GET", "/v1/events")


@pytest.fixture
def front(runner: asyncio.Runner, context: BrowserContext, shop: Shop) -> FrontEnd:
    """Give an own front end that has not connected yet."""
    return runner.run(FrontEnd.at(context, shop[0]))


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


async def test_a_stream_that_ends_is_opened_again_where_it_stopped(
    front: FrontEnd, shop: Shop
) -> None:
    _, chat = shop
    await front.connects()
    chat.says("One")
    await front.hears("Message")
    chat.cut = True
    await until(lambda: chat.calls.count(STREAM) > 1)
    chat.cut = False
    chat.events.insert(0, chat.events[0])  # an event that comes again is not told again
    chat.says("Two")
    assert [one["text"] for one in await front.hears("Message", 2)] == ["One", "Two"]


async def test_where_no_stream_comes_through_it_polls(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.streams = "mute"
    await front.page.clock.install()
    await front.connects()
    await until(lambda: chat.calls)
    await front.page.clock.fast_forward(6_000)
    chat.says("By poll")
    await front.hears("Message")
    chat.says("By poll too")
    await front.hears("Message", 2)
    assert await front.told("Connection") == ["connecting", "lost", "connecting", "open"]


async def test_a_stream_that_falls_silent_twice_is_replaced_by_polls(
    front: FrontEnd, shop: Shop
) -> None:
    _, chat = shop
    chat.streams = "silent"
    await front.page.clock.install()
    await front.connects()
    for _ in range(2):
        await front.page.wait_for_function("told.at(-1)[1] === 'open'")
        await front.page.clock.fast_forward(26_000)
        await front.page.clock.run_for(2_000)
    chat.says("By poll")
    await front.hears("Message")


@pytest.mark.parametrize(
    ("sign", "asleep"), [("online", 0), ("visibilitychange", 16_000), ("pageshow", 16_000)]
)
async def test_a_stream_that_hung_while_the_machine_slept_is_replaced(
    front: FrontEnd, shop: Shop, sign: str, asleep: int
) -> None:
    _, chat = shop
    chat.streams = "silent"
    await front.page.clock.install()
    await front.connects()
    await front.hears("Connection", 2)
    chat.streams = "open"
    chat.says("Meanwhile")
    await front.page.clock.fast_forward(asleep)
    await front.page.evaluate("(sign) => dispatchEvent(new Event(sign))", sign)
    await front.hears("Message")
    assert chat.calls.count(STREAM) == 2


async def test_a_network_that_comes_back_is_used_at_once(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.connects()
    await front.hears("Connection", 2)
    await front.page.context.set_offline(True)
    assert (await front.hears("Connection", 3))[2] == "lost"
    await front.page.clock.install()
    await front.does("send", "Typed without a network")
    await front.page.clock.fast_forward(3_600_000)
    await front.page.context.set_offline(False)
    await until(lambda: chat.texts)


async def test_typing_ends_by_itself(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.page.clock.install()
    await front.connects()
    chat.tell("typing", typing=True, agent={"name": "Mara"})
    await front.hears("Typing")
    await front.page.clock.fast_forward(11_000)
    assert (await front.hears("Typing", 2))[1] == {"typing": False}


async def test_a_reload_goes_on_where_the_page_was(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    assert not await front.resumes()
    await front.connects()
    chat.says("Before")
    await front.hears("Message")
    await front.page.context.set_offline(True)
    await front.does("send", "Typed before")
    await front.page.context.set_offline(False)
    await front.opens()
    chat.says("After")
    assert await front.resumes()
    assert [one["text"] for one in await front.hears("Message")] == ["After"]
    await until(lambda: chat.texts == ["Typed before"])


async def test_close_only_stops_listening(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.connects()
    await front.does("close")
    assert (await front.hears("Connection", 2))[-1] == "closed"
    chat.says("Meanwhile")
    assert await front.resumes()
    await front.hears("Message")
    assert not chat.ended


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


async def test_the_newest_handoff_of_a_tab_is_resumed(front: FrontEnd, shop: Shop) -> None:
    await front.page.evaluate(
        "(url) => ['h0', 'h1', 'h2'].forEach((id, since) => sessionStorage.setItem("
        "'handoff:' + id, JSON.stringify({ id, url, token: id < 'h2' && 't1', since })))",
        front.site.chat_url,
    )
    assert await front.resumes()
    assert await front.page.evaluate("chat.id") == "h1"


async def test_a_chat_that_ended_while_nobody_looked_is_told_as_closed(
    front: FrontEnd, shop: Shop
) -> None:
    _, chat = shop
    chat.tell("state", state="closed")
    await front.page.evaluate(
        "(url) => sessionStorage.setItem('handoff:h1', JSON.stringify("
        "{ id: 'h1', url, token: 't1', state: 'active', after: 1, queue: [] }))",
        front.site.chat_url,
    )
    assert await front.resumes()
    [state] = await front.hears("State")
    assert state["state"] == "closed"
    assert await front.kept() is None


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refused_stream_is_told_as_lost(front: FrontEnd, status: int) -> None:
    await front.page.route("**/v1/events*", lambda route: route.fulfill(status=status, headers=ANY))
    await front.connects()
    [state] = await front.hears("State")
    assert state["state"] == "lost"
    assert not await front.resumes()


ANY = {"Access-Control-Allow-Origin": "*"}


async def test_it_works_where_the_browser_forbids_the_storage(
    context: BrowserContext, shop: Shop
) -> None:
    site, chat = shop
    await context.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no'); } });"
        "delete Crypto.prototype.randomUUID;"
    )
    front = await FrontEnd.at(context, site)
    assert not await front.resumes()
    await front.connects()
    await front.does("send", "One")
    await front.does("send", "Two")
    await until(lambda: chat.texts == ["One", "Two"])


async def test_a_callback_that_fails_stops_nothing(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.page.evaluate("() => { callbacks.onMessage = () => { throw new Error('ours') } }")
    await front.connects()
    chat.says("One")
    chat.tell("notice", text="Two")
    await front.hears("Notice")
