"""What people write stays text, whatever it is, and leads nowhere that it should not."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from demo.launch import Options
from tests.pages.pictures import picture
from tests.pages.screen import Screen

DESKS = pytest.mark.parametrize(
    "demo",
    [Options(port=0), Options(port=0, provider="8x8")],
    ids=["livechat", "8x8"],
    indirect=True,
)
HOSTILE = (
    "<script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "</span></li><svg onload=alert(1)><iframe srcdoc='<script>alert(2)</script>'>",
    "javascript:alert(3) data:text/html,<script>alert(4)</script>",
    "&lt;b&gt; &amp; {{7*7}} ${7*7} \u202egnp.exe\u2069 ‮txt",
)
MADE_OF_TEXT = ".log script, .log iframe, .log [onerror], .log [onload], .log img:not(.thumb)"


@DESKS
async def test_hostile_texts_are_shown_as_they_are(screen: Screen) -> None:
    await screen.ask_for_a_person()
    title = await screen.page.title()
    for text in HOSTILE:
        await screen.say(text)
        await screen.see(text)
        await screen.answer(text)
        await expect(screen.conversation.locator(".theirs .text").last).to_have_text(text)

    sent = [*await screen.texts(screen.conversation)]
    assert [sent.count(text) for text in HOSTILE] == [2] * len(HOSTILE)
    assert await screen.page.locator(MADE_OF_TEXT).count() == 0
    assert await screen.page.title() == title


async def test_hostile_names_of_files_and_customers_are_text(screen: Screen) -> None:
    await screen.read("Welcome to Tulip Store")
    name = "<b onclick=alert(5)>Eve</b>\u202e"
    await screen.page.evaluate(
        """(name) => {
          const memory = JSON.parse(sessionStorage.getItem("tulip-customer-1"));
          sessionStorage.setItem("tulip-customer-1", JSON.stringify({ ...memory, name }));
        }""",
        name,
    )
    await screen.page.reload()
    await screen.ask_for_a_person()
    file = "<img src=x onerror=alert(6)>.png"
    await screen.attach(picture(file))
    await screen.see(file)

    await expect(screen.desk.get_by_role("heading", name=name)).to_be_visible()
    assert await screen.page.locator(f"{MADE_OF_TEXT}, [onclick]").count() == 0


async def test_only_addresses_of_the_web_become_links(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.say("see https://example.com/a?b=1, javascript:alert(7) ftp://example.com/")
    await screen.see("javascript:alert(7)")

    links = screen.transcript.get_by_role("link")
    await expect(links).to_have_count(1)
    await expect(links).to_have_attribute("href", "https://example.com/a?b=1")
    await expect(links).to_have_attribute("rel", "noopener noreferrer")


async def test_directions_of_writing_stay_apart(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.answer("שלום, das ist Mara \u202e")
    await screen.read("שלום")

    text = screen.conversation.locator(".theirs .text").last
    assert await text.get_attribute("dir") == "auto"
    await expect(text).to_have_css("direction", "rtl")
    await expect(text).to_have_css("unicode-bidi", "isolate")


async def test_page_may_reach_only_the_demo(screen: Screen) -> None:
    answer = await screen.page.request.get(screen.demo.page)
    policy = answer.headers["content-security-policy"]
    chat = next(one.plan for one in screen.demo.functions if one.plan.name == "customer_chat")

    assert f"connect-src 'self' {chat.address};" in policy
    assert "default-src 'self';" in policy
    assert "unsafe" not in policy
