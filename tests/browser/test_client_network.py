"""The client of an own front end: how it outlives a bad network, sleep, a reload and the end."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext

from tests.browser.customer import until
from tests.browser.front_end import FrontEnd
from tests.browser.pretend import PretendChat
from tests.browser.site import Site

Shop = tuple[Site, PretendChat]
AT = "2026-01-01T12:00:00Z"
STREAM = ("GET", "/v1/events")


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
    await front.page.clock.install(time=0)
    await front.page.clock.pause_at(1_000)
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
    await front.page.clock.install(time=0)
    await front.page.clock.pause_at(1_000)
    await front.connects()
    await front.hears("Connection", 2)
    async with front.page.expect_event("requestfailed"):
        await front.page.context.set_offline(True)
    assert (await front.hears("Connection", 3))[2] == "lost"
    async with front.page.expect_event("requestfailed"):
        await front.does("send", "Typed without a network")
    await front.page.context.set_offline(False)
    await until(lambda: chat.texts)


async def test_what_was_heard_before_a_reload_is_not_told_again(
    front: FrontEnd, shop: Shop
) -> None:
    _, chat = shop
    await front.connects()
    chat.says("Before")
    await front.hears("Message")
    await front.opens()
    chat.says("After")
    assert await front.resumes()
    assert [one["text"] for one in await front.hears("Message")] == ["After"]


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


async def test_a_file_that_a_reload_interrupts_is_not_sent(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    chat.answers.append((429, {"Retry-After": "60"}))
    await front.connects()
    await front.sends_file("a.txt", "data")
    await until(lambda: ("POST", "/v1/files") in chat.calls)
    await front.does("send", "Typed after it")
    await front.opens()
    assert await front.resumes()
    await until(lambda: chat.texts == ["Typed after it"])
    assert chat.calls.count(("POST", "/v1/files")) == 1


async def test_close_only_stops_listening(front: FrontEnd, shop: Shop) -> None:
    _, chat = shop
    await front.connects()
    await front.does("close")
    assert (await front.hears("Connection", 2))[-1] == "closed"
    chat.says("Meanwhile")
    assert await front.resumes()
    await front.hears("Message")
    assert not chat.ended


async def test_an_answer_that_comes_after_the_end_repeats_nothing(
    front: FrontEnd, shop: Shop
) -> None:
    _, chat = shop
    await front.connects()
    chat.says("Bye")
    chat.tell("state", state="closed")
    await front.hears("State")
    await front.connects()
    assert [one["state"] for one in await front.hears("State", 2)] == ["closed", "closed"]
    assert len(await front.told("Message")) == 1
    assert await front.kept() is None


@pytest.mark.parametrize("newest", ["h0", "h1"])
async def test_the_newest_handoff_of_a_tab_is_resumed(
    front: FrontEnd, shop: Shop, newest: str
) -> None:
    url = front.site.chat_url
    for one in ("h0", "h1", "h2"):
        entry = {"id": one, "url": url, "since": int(one == newest) + 2 * int(one == "h2")}
        token = {} if one == "h2" else {"token": "t1"}
        keep = "(entry) => sessionStorage.setItem('handoff:' + entry.id, JSON.stringify(entry))"
        await front.page.evaluate(keep, {**entry, **token})
    assert await front.resumes()
    assert await front.page.evaluate("chat.id") == newest


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
