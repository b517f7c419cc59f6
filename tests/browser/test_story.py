"""The whole story on a page with CX Messenger: real functions, the simulated bot and desk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.customer import Customer, until
from tests.browser.site import Site, lived_in
from tests.whole.house import House

Street = tuple[Site, House]
QUESTION = "Can I talk to someone about my invoice?"
HOURS = "We are open Monday to Saturday, 9:00 to 18:00."
AGAIN = "You are talking to the assistant again. What can I do for you?"
JOINED = "Mara has joined the chat."


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Give a site and everything behind it."""
    with lived_in(tmp_path) as one:
        yield one


@pytest.fixture
def customer(runner: asyncio.Runner, context: BrowserContext, street: Street) -> Iterator[Customer]:
    """Give a customer who talks to Mara."""
    site, _ = street
    one = runner.run(talking(context, site))
    yield one
    runner.run(one.page.close())  # a stream that is still open would hold the function up


async def talking(context: BrowserContext, site: Site) -> Customer:
    """Talk to the bot, then to Mara."""
    one = await Customer.at(context, site.url)
    await one.types("opening hours")
    await one.sees(HOURS)
    await one.types(QUESTION)
    await one.sees(JOINED)
    return one


def at_desk(house: House) -> list[str]:
    """Return what the customer has said to the agent since the chat began."""
    chat = house.chat()
    said = [one for one in chat["events"] if (one.get("author") or {}).get("type") == "customer"]
    return [one["text"] for one in said if one.get("text")][2:]


async def test_the_story_from_the_bot_to_a_person_and_back(
    context: BrowserContext, customer: Customer, street: Street
) -> None:
    site, house = street
    house.agent_says("Good morning")
    await customer.sees("Mara: Good morning")
    await customer.types("It is invoice 7")
    await until(lambda: at_desk(house) == ["It is invoice 7"])

    await context.set_offline(True)
    await customer.types("Typed without a network")
    house.agent_says("Said meanwhile")
    await context.set_offline(False)
    await customer.sees("Mara: Said meanwhile")
    await until(lambda: len(at_desk(house)) == 2)

    await context.set_offline(True)
    await customer.types("Typed before the reload")
    house.agent_says("Said during the reload")
    await context.set_offline(False)
    await customer.page.reload()
    await customer.sees("Mara: Said during the reload")
    await until(lambda: len(at_desk(house)) == 3)

    house.do("close")
    await customer.has_no_handoff()
    await until(lambda: site.asked[-1] == {"event": {"event": "agent_reply_ready"}})
    await customer.page.wait_for_function("!document.querySelector('df-messenger').botWriting")
    await customer.types("opening hours")
    await expect(customer.lines.filter(has_text=HOURS)).to_have_count(2)

    said = ["It is invoice 7", "Typed without a network", "Typed before the reload"]
    assert at_desk(house) == said
    assert site.texts == ["opening hours", QUESTION, "opening hours"]
    assert customer.errors == []


async def test_files_of_both_sides_arrive(customer: Customer, street: Street) -> None:
    _, house = street
    url = "https://files.example/label.pdf?sig=1"
    house.do("file", name="label.pdf", url=url, content_type="application/pdf")
    link = customer.lines.last.locator("a")
    await expect(link).to_have_text("label.pdf")
    await expect(link).to_have_attribute("href", url)


async def test_typing_is_shown(context: BrowserContext, tmp_path: Path) -> None:
    with lived_in(tmp_path, "8x8") as (site, house):
        customer = await talking(context, site)
        house.do("typing")
        await expect(customer.page.locator("[writing]")).to_have_count(1)
        house.agent_says("Done")
        await customer.sees("Mara: Done")
        await expect(customer.page.locator("[writing]")).to_have_count(0)
        await customer.page.close()


async def test_many_messages_at_once_arrive_in_order(customer: Customer, street: Street) -> None:
    _, house = street
    texts = [f"Message {number}" for number in range(40)]
    for text in texts:
        await customer.types(text)
    await until(lambda: len(at_desk(house)) == len(texts))
    assert at_desk(house) == texts


HOSTILE = ["<script>alert(1)</script>", "\u202eabc\u202c", "👩‍👩‍👧‍👦", "x" * 16_000]


async def test_hostile_words_pass_both_ways_unchanged(customer: Customer, street: Street) -> None:
    _, house = street
    for text in HOSTILE:
        house.agent_says(text)
        await customer.sees(f"Mara: {text}")
        await customer.types(text)
    await until(lambda: len(at_desk(house)) == len(HOSTILE))
    assert at_desk(house) == HOSTILE
    assert customer.errors == []
