"""CX Messenger's page when something is in the way: refusals, limits, tokens, hostile words."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.customer import Customer, until
from tests.browser.pretend import PretendChat
from tests.browser.site import Site

Shop = tuple[Site, PretendChat]

HOSTILE = {
    "script": "<script>window.ran = 1</script>",
    "image": '<img src=x onerror="window.ran = 1">',
    "svg": "<svg/onload=window.ran=1>",
    "escaped": "\\<img src=x onerror=window.ran=1> \\\\<b>",
    "entities": "&lt;b&gt; &amp; &#60;img src=x onerror=window.ran=1&#62; Q&A",
    "markdown": "**bold** # no _x_ ~~y~~ `code` [a](javascript:window.ran=1) ![i](x)",
    "link": "https://shop.example/a_b*c?d=1&e=(2) and a_b@shop.example",
    "marks": "\u202eright to left\u202c \u2067x\u2069 \u200f",
    "emoji": "👩‍👩‍👧‍👦 🇳🇱 ❤️ 😀",
}
LINES = {
    "list": "as follows:\n- one\n- two\n1. three\n+ four",
    "title": "as follows:\n# one\n> two\n| a | b |\n|---|---|\nthree\n---\nfour\n===",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_agents_words_are_shown_as_written(
    customer: Customer, shop: Shop, name: str
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.says(HOSTILE[name])
    await expect(customer.lines).to_have_count(3)
    assert await customer.lines.last.text_content() == f"Mara: {HOSTILE[name]}"
    assert await customer.page.evaluate("window.ran") is None
    assert await customer.lines.last.locator("b, img, svg, script, h1, li").count() == 0


@pytest.mark.parametrize("name", LINES)
async def test_lines_are_shown_as_written(customer: Customer, shop: Shop, name: str) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.tell("notice", text=LINES[name])
    await expect(customer.lines).to_have_count(3)
    assert await customer.lines.last.inner_text() == LINES[name]
    assert await customer.lines.last.locator("h1, li").count() == 0


@pytest.mark.parametrize("unit", ["a", "<", "é😀", "_@", "https://a.b/ ", "&amp;"])
async def test_sixty_thousand_characters_are_shown(
    customer: Customer, shop: Shop, unit: str
) -> None:
    _, chat = shop
    text = unit * (60_000 // len(unit))
    await customer.asks_for_agent()
    chat.says(text)
    await expect(customer.lines).to_have_count(3)
    assert (await customer.lines.last.text_content() or "").strip() == f"Mara: {text}".strip()
    await customer.types(text.strip())
    await until(lambda: chat.texts == [text.strip()])


async def test_a_zero_byte_is_shown_as_a_sign(customer: Customer, shop: Shop) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.says("a\0b")
    await customer.sees("Mara: a\ufffdb")


async def test_a_name_cannot_reorder_the_line(customer: Customer, shop: Shop) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.says("Hello", name="\u202e<b>Mara\0")
    await customer.sees("<b>Mara: Hello")


async def test_a_file_is_a_card_with_a_link(customer: Customer, shop: Shop) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    url = "https://files.example/7?sig=1"
    chat.tell("file", url=url, name="bill\u202efdp.exe", agent={"name": "Mara"})
    link = customer.lines.last.locator("a")
    await expect(link).to_have_attribute("href", url)
    await expect(link).to_have_text("billfdp.exe")


@pytest.mark.parametrize("url", ["javascript:window.ran=1", "data:text/html,x", "//x.example/"])
async def test_a_file_at_an_odd_address_is_only_named(
    customer: Customer, shop: Shop, url: str
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.tell("file", url=url, name="bill.pdf", agent={"name": "Mara"})
    await customer.sees("bill.pdf")
    assert await customer.lines.last.locator("a").count() == 0


async def test_a_file_that_the_customer_adds_goes_to_the_agent(
    customer: Customer, shop: Shop
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    add = "document.querySelector('df-messenger').enter('', new File(['%PDF'], 'bill.pdf'))"
    await customer.page.evaluate(add)
    await until(lambda: chat.files == [("bill.pdf", b"%PDF")])
    await customer.sees("bill.pdf")


async def test_a_message_is_repeated_as_long_as_the_server_says_later(
    customer: Customer, shop: Shop
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.answers.extend([(429, {"Retry-After": "1"}), (503, {})])
    await customer.types("One")
    await customer.types("Two")
    await until(lambda: len(chat.texts) == 2)
    assert chat.texts == ["One", "Two"]


@pytest.mark.parametrize("status", [400, 409, 413])
async def test_a_refused_message_is_named_and_the_next_goes_on(
    customer: Customer, shop: Shop, status: int
) -> None:
    _, chat = shop
    await customer.asks_for_agent()
    chat.answers.append((status, {}))
    await customer.types("Refused <b>")
    await customer.sees("Not delivered: Refused <b>")
    await customer.types("Accepted")
    await until(lambda: chat.texts == ["Accepted"])


async def test_a_refused_token_gives_the_widget_back_until_the_next_answer(
    customer: Customer, shop: Shop
) -> None:
    site, chat = shop
    await customer.asks_for_agent()
    chat.says("Good morning")
    await customer.sees("Mara: Good morning")
    chat.token = "t2"
    await customer.types("Refused")
    await customer.sees("Not delivered: Refused")
    await customer.page.reload()
    await customer.types("agent")
    await customer.sees("One moment.")
    chat.says("Back again")
    await customer.sees("Mara: Back again")
    await customer.types("Good")
    await until(lambda: chat.texts == ["Good"])
    assert site.texts == ["agent", "agent"]
    assert (await customer.read()).count("Mara: Good morning") == 1


async def test_where_we_cannot_be_reached_the_bot_is_asked_as_before(
    context: BrowserContext, shop: Shop
) -> None:
    site, _ = shop
    customer = await Customer.at(context, site.url)
    await customer.page.clock.install()
    await customer.page.route("**/v1/events*", lambda route: route.abort())
    await customer.asks_for_agent()
    await customer.page.clock.fast_forward(21_000)
    await customer.types("Anybody?")
    await customer.sees("Bot: Anybody?")


async def test_without_the_client_the_bot_is_asked_as_before(
    context: BrowserContext, shop: Shop
) -> None:
    site, _ = shop
    await context.route("**/handoff-client.js", lambda route: route.abort())
    customer = await Customer.at(context, site.url)
    await customer.types("agent")
    await customer.sees("One moment.")
    await customer.types("Anybody?")
    await customer.sees("Bot: Anybody?")
    assert customer.errors == []
