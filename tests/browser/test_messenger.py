"""CX Messenger's page: the bot, then a person, then the bot again."""

from __future__ import annotations

import json
from functools import partial

import pytest
from playwright.async_api import BrowserContext, Route, expect

from tests.browser.customer import Customer, until
from tests.browser.pretend import PretendChat
from tests.browser.site import SCRIPT, WIDGET, Json, Site

Shop = tuple[Site, PretendChat]
MODULE = SCRIPT.replace("defer", 'type="module"')
PLACES = {
    "before the widget": {"before": SCRIPT.replace("defer", ""), "after": ""},
    "after it": {"after": SCRIPT.replace("defer", "")},
    "whenever it comes": {"before": SCRIPT.replace("defer", "async"), "after": ""},
    "as a module": {"before": MODULE, "after": ""},
}


async def test_agents_words_are_drawn_and_the_customers_go_to_the_agent(
    customer: Customer, shop: Shop
) -> None:
    site, chat = shop
    await customer.types("hello")
    await customer.sees("Bot: hello")
    await customer.asks_for_agent()
    chat.says("Good morning")
    await customer.sees("Mara: Good morning")
    await customer.types("Hi Mara")
    await until(lambda: chat.texts)
    assert (chat.texts, site.texts) == (["Hi Mara"], ["hello", "agent"])
    assert (await customer.read())[-3:] == ["One moment.", "Mara: Good morning", "Hi Mara"]


@pytest.mark.parametrize("place", PLACES)
async def test_the_script_may_stand_anywhere(
    context: BrowserContext, shop: Shop, place: str
) -> None:
    site, chat = shop
    site.before, site.after = PLACES[place].get("before", ""), PLACES[place]["after"]
    customer = await Customer.at(context, site.url)
    await customer.asks_for_agent()
    chat.says("Here I am")
    await customer.sees("Mara: Here I am")
    await customer.types("Good")
    await customer.page.reload()
    chat.says("Still here")
    await customer.sees("Mara: Still here")
    assert (chat.texts, site.texts, customer.errors) == (["Good"], ["agent"], [])
    assert len(await customer.read()) == 5


async def test_a_script_that_stands_there_twice_works_once(
    context: BrowserContext, shop: Shop
) -> None:
    site, chat = shop
    site.before, site.after = SCRIPT, MODULE
    customer = await Customer.at(context, site.url)
    await customer.asks_for_agent()
    await customer.page.evaluate(ADDED)
    await customer.types("Here it is")
    await until(lambda: chat.texts)
    assert chat.files == [("a.txt", b"1")]
    assert await customer.read() == ["agent", "One moment.", "a.txt", "Here it is"]


ADDED = "document.querySelector('df-messenger').enter('', new File(['1'], 'a.txt'))"


async def test_the_first_thing_typed_after_a_reload_goes_to_the_agent(
    customer: Customer, shop: Shop
) -> None:
    site, chat = shop
    await customer.asks_for_agent()
    late = customer.page.context.route("**/handoff-client.js", _after_it_is_typed)
    await late
    await customer.page.reload(wait_until="commit")
    await customer.page.wait_for_function("customElements.get('df-messenger') !== undefined")
    await customer.page.wait_for_function(f"Reflect.has(window, {ONCE})")
    await customer.types("Are you there?")
    await customer.page.evaluate("window.typed = true")
    await until(lambda: chat.texts)
    assert (chat.texts, site.texts) == (["Are you there?"], ["agent"])


ONCE = "Symbol.for('handoff-messenger')"


async def _after_it_is_typed(route: Route) -> None:
    await route.request.frame.page.wait_for_function("window.typed")
    await route.continue_()


async def test_words_typed_before_a_reload_arrive_after_it_once(
    context: BrowserContext, customer: Customer, shop: Shop
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    await context.set_offline(True)
    await customer.types("One")
    await customer.types("Two")
    chat.says("Meanwhile")
    await context.set_offline(False)
    await customer.page.reload()
    await customer.sees("Mara: Meanwhile")
    await customer.types("Three")
    await until(lambda: len(chat.texts) == 3)
    assert chat.texts == ["One", "Two", "Three"]


async def test_at_the_end_the_widget_is_the_bots_again(customer: Customer, shop: Shop) -> None:
    site, chat = shop
    await customer.page.evaluate(FOLLOW)
    await customer.asks_for_agent()
    chat.tell("notice", text="The chat has ended.")
    chat.tell("state", state="closed", reason="agent_closed")
    await customer.has_no_handoff()
    await customer.types("opening hours")
    await customer.sees("Bot: opening hours")
    assert (chat.texts, site.texts) == ([], ["agent", "opening hours"])
    assert await customer.page.evaluate("states") == ["closed"]


FOLLOW = "window.states = []; addEventListener('handoff-state', (e) => states.push(e.detail.state))"


async def test_another_handoff_takes_the_place_of_the_first_which_says_its_last_words(
    customer: Customer, shop: Shop
) -> None:
    site, chat = shop
    first = PretendChat(token="first")
    await customer.page.route("**/v1/**", partial(_of_the_first, first))
    await customer.page.evaluate(ANSWER, _handing_off("h1", site.chat_url, first.token))
    await customer.page.wait_for_function("sessionStorage.getItem('handoff:h1')")
    await customer.page.evaluate(ANSWER, _handing_off("h2", site.chat_url, chat.token))
    await customer.page.wait_for_function("sessionStorage.getItem('handoff:h2')")
    first.says("Goodbye", "Ann")
    first.tell("state", state="closed", reason="customer_left")
    await customer.sees("Ann: Goodbye")
    await customer.page.wait_for_function("!sessionStorage.getItem('handoff:h1')")
    chat.says("Hello")
    await customer.sees("Mara: Hello")
    await customer.types("Hi Mara")
    await until(lambda: chat.texts)
    assert (chat.texts, site.texts, first.texts) == (["Hi Mara"], [], [])
    assert await customer.read() == ["Ann: Goodbye", "Mara: Hello", "Hi Mara"]


def _handing_off(name: str, url: str, token: str) -> Json:
    payload = {"id": name, "url": url, "token": token}
    return {"webhookPayloads": [{"handoff": payload}]}


async def _of_the_first(first: PretendChat, route: Route) -> None:
    """Answer the page of the first handoff, as soon as there is something; let all else pass."""
    if route.request.headers.get("authorization") == f"Bearer {first.token}":
        await until(lambda: first.over)
        events = "".join(f"data: {json.dumps(one)}\n\n" for one in first.events)
        headers = {"Access-Control-Allow-Origin": "*"}
        await route.fulfill(body=events, content_type="text/event-stream", headers=headers)
    else:
        await route.fallback()


ANSWER = """(queryResult) => document.querySelector("df-messenger").fire(
  "df-response-received", { messages: [], data: { messages: [] }, raw: { queryResult } }
)"""


async def test_the_bot_is_told_of_the_end_where_the_page_asks_for_it(
    context: BrowserContext, shop: Shop
) -> None:
    site, chat = shop
    site.more = ' data-return-event="handoff_ended"'
    customer = await Customer.at(context, site.url)
    await customer.asks_for_agent()
    chat.tell("state", state="failed", reason="unavailable")
    await customer.sees("Bot: handoff_ended")
    assert site.asked[-1] == {"event": {"event": "handoff_ended"}}


async def test_the_bot_is_told_of_the_end_in_the_words_of_our_example(
    context: BrowserContext, shop: Shop
) -> None:
    site, chat = shop
    customer = await Customer.at(context, site.url)
    await customer.asks_for_agent()
    chat.tell("state", state="closed", reason="agent_closed")
    await until(lambda: site.asked[-1] == {"event": {"event": "agent_reply_ready"}})


async def test_events_and_requests_that_the_page_stops_are_left_alone(
    customer: Customer, shop: Shop
) -> None:
    site, chat = shop
    await customer.asks_for_agent()
    await customer.page.evaluate("document.querySelector('df-messenger').sendRequest('event', 'x')")
    await until(lambda: site.asked[-1] == {"event": {"event": "x"}})
    await customer.page.evaluate(
        "document.querySelector('df-messenger')"
        ".addEventListener('df-request-sent', (event) => event.preventDefault(), { once: true })"
    )
    await customer.types("Stopped by the page")
    await customer.types("Not stopped")
    await until(lambda: chat.texts)
    assert chat.texts == ["Not stopped"]


async def test_typing_is_shown_and_keeps_nobody_from_writing(
    customer: Customer, shop: Shop
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    dots = customer.page.locator("df-messenger-message-list[writing]")
    chat.tell("typing", typing=True, agent={"name": "Mara"})
    await expect(dots).to_have_count(1)
    await customer.types("Take your time")
    await until(lambda: chat.texts)
    await expect(dots).to_have_count(1)
    chat.says("Done")
    await customer.sees("Mara: Done")
    await expect(dots).to_have_count(0)


async def test_the_customers_typing_is_told(customer: Customer, shop: Shop) -> None:
    _, chat = shop
    await customer.page.locator("df-messenger textarea").press("a")
    await customer.asks_for_agent()
    assert ("POST", "/v1/typing") not in chat.calls
    await customer.page.locator("df-messenger textarea").press_sequentially("abc")
    await until(lambda: ("POST", "/v1/typing") in chat.calls)
    assert chat.calls.count(("POST", "/v1/typing")) == 1


async def test_a_page_without_a_widget_or_with_two_makes_no_errors(
    context: BrowserContext, shop: Shop
) -> None:
    site, chat = shop
    site.after = SCRIPT + '<df-messenger id="second" api-uri="/bot"></df-messenger>'
    customer = await Customer.at(context, site.url)
    second = customer.page.locator("#second textarea")
    await second.fill("agent")
    await second.press("Enter")
    await customer.has_handoff()
    chat.says("Here")
    await expect(customer.page.locator("#second p").last).to_have_text("Mara: Here")
    await customer.page.evaluate(
        "document.querySelectorAll('df-messenger').forEach((w) => w.remove())"
    )
    chat.says("Nobody sees this")
    await customer.page.reload()
    assert customer.errors == []


async def test_a_widget_that_comes_late_is_found(context: BrowserContext, shop: Shop) -> None:
    site, chat = shop
    site.widget = ""
    customer = await Customer.at(context, site.url)
    for text in ("Here", "Here again"):
        await customer.page.wait_for_load_state("networkidle")
        await customer.page.evaluate(
            "(html) => document.body.insertAdjacentHTML('beforeend', html)", WIDGET
        )
        if text == "Here":
            await customer.asks_for_agent()
        chat.says(text)
        await customer.sees(f"Mara: {text}")
        await customer.page.reload()


async def test_the_page_stays_as_it_was(context: BrowserContext, shop: Shop) -> None:
    site, _ = shop
    names = "Object.getOwnPropertyNames(window).sort()"
    with_it = await Customer.at(context, site.url)
    await with_it.page.wait_for_load_state("networkidle")
    site.after = ""
    without = await Customer.at(context, site.url)
    assert await with_it.page.evaluate(names) == await without.page.evaluate(names)
    styles = "document.querySelectorAll('style, link').length + document.adoptedStyleSheets.length"
    assert await with_it.page.evaluate(styles) == 0
