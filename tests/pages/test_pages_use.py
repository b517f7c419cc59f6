"""Whoever uses only a keyboard, a small window, dark colours or a screen reader gets along too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import expect

from tests.pages.screen import Screen, Windows

MOST_TABS = 60
PROBES = Path(__file__).with_name("probes.js").read_text(encoding="utf-8")


async def probe(screen: Screen, name: str) -> Any:
    """Return what one of the probes finds in the page."""
    return await screen.page.evaluate(f"{PROBES}; {name}()")


async def tab_to(screen: Screen, name: str) -> None:
    """Press Tab until something of that name has the focus."""
    passed = []
    for _ in range(MOST_TABS):
        await screen.page.keyboard.press("Tab")
        passed.append(await probe(screen, "focusedName"))
        if name in passed[-1]:
            return
    raise AssertionError(f"no {name!r} among {passed}")


async def test_whole_chat_by_keyboard_alone(screen: Screen) -> None:
    keys = screen.page.keyboard
    await screen.read("Welcome to Tulip Store")
    await tab_to(screen, "To the customer")
    await keys.press("Enter")
    await tab_to(screen, "Your message")
    await keys.type("agent")
    await keys.press("Enter")
    await expect(screen.desk.get_by_role("button", name="Accept the chat")).to_be_visible()
    await tab_to(screen, "Accept the chat")
    await keys.press("Enter")
    await expect(screen.reply).to_be_focused()
    await keys.type("By keyboard")
    await keys.press("Shift+Enter")
    await keys.type("in two lines")
    await keys.press("Enter")
    await screen.read("in two lines")
    await keys.press("Shift+Tab")
    await keys.press("Shift+Tab")
    await keys.press("Shift+Tab")
    await expect(screen.desk.get_by_role("button", name="Close", exact=True)).to_be_focused()
    await keys.press("Enter")
    await tab_to(screen, "Close the chat")
    await keys.press("Enter")

    await screen.read("The chat with our colleague has ended")
    await expect(screen.desk.locator(".chats [aria-current=true]")).to_be_focused()


async def test_focus_is_always_to_be_seen(screen: Screen) -> None:
    for _ in range(MOST_TABS):
        await screen.page.keyboard.press("Tab")
        assert await probe(screen, "focusIsSeen"), await probe(screen, "focusedName")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out(windows: Windows, scheme: Literal["light", "dark"]) -> None:
    screen = await windows.open(color_scheme=scheme)
    await screen.ask_for_a_person()
    await screen.answer("An answer with https://example.com in it")
    await screen.read("An answer with")
    await screen.break_it("Repeat")
    await screen.page.get_by_role("button", name="Another customer").click()
    await screen.read("Welcome to Tulip Store")
    await screen.say("agent")
    await expect(screen.desk.get_by_role("button", name="Accept the chat")).to_be_visible()

    found = await probe(screen, "contrasts")

    assert len(found) > 60
    assert [one for one in found if one[1] < 4.5] == []


async def test_dark_is_dark_and_can_be_chosen(windows: Windows) -> None:
    screen = await windows.open(color_scheme="dark")
    assert await brightness(screen) < 60
    await screen.page.get_by_role("button", name="Light colours").click()
    assert await brightness(screen) > 200
    await screen.page.reload()

    await expect(screen.page.get_by_role("button", name="Dark colours")).to_be_visible()
    assert await brightness(screen) > 200


async def brightness(screen: Screen) -> float:
    colour: Sequence[float] = await screen.page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)"
    )
    return sum(colour[:3]) / 3


@pytest.mark.parametrize("path", ["/", "/customer.html", "/desk.html"])
async def test_nothing_is_cut_off_in_a_narrow_window(windows: Windows, path: str) -> None:
    screen = await windows.open(path, viewport={"width": 360, "height": 740}, has_touch=True)
    await expect(screen.page.locator("main > div:empty")).to_have_count(0)

    found = await probe(screen, "cutOff")
    assert found == [], found


async def test_news_is_told_to_a_screen_reader(screen: Screen) -> None:
    await screen.ask_for_a_person()

    for log in (screen.conversation, screen.transcript):
        await expect(log).to_have_attribute("aria-live", "polite")
    await expect(screen.phone.locator(".state")).to_have_attribute("role", "status")
    assert await probe(screen, "nameless") == []
