"""A customer in front of the page with the widget: types, and reads what it shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Locator, Page, expect

T = TypeVar("T")
PATIENCE = 20.0
FOUND = "Object.entries(sessionStorage).find(([key]) => key.startsWith('handoff:'))"
KEPT = f"({FOUND}?.[1] ?? '{{}}')"


@dataclass
class Customer:
    """Somebody with a browser, and the errors that the page's scripts made."""

    page: Page
    errors: list[str] = field(default_factory=list)

    @classmethod
    async def at(cls, context: BrowserContext, url: str) -> Customer:
        """Open a page."""
        one = cls(await context.new_page())
        one.page.on("pageerror", lambda error: one.errors.append(str(error)))
        await one.page.goto(url)
        return one

    async def types(self, text: str) -> None:
        """Write something and press Enter."""
        box = self.page.locator("df-messenger textarea")
        await box.fill(text)
        await box.press("Enter")

    async def has_handoff(self) -> None:
        """Wait until the handoff has reached the page."""
        await self.page.wait_for_function(f"{KEPT} !== '{{}}'")

    async def has_no_handoff(self) -> None:
        """Wait until our script has nothing more to do."""
        await self.page.wait_for_function(f"{KEPT} === '{{}}'")

    async def asks_for_agent(self) -> None:
        """Ask the bot for a person, and wait until it hands off."""
        await self.types("agent")
        await self.sees("One moment.")
        await self.has_handoff()

    async def sees(self, text: str) -> None:
        """Wait until this is the last line."""
        await expect(self.lines.last).to_have_text(text)

    @property
    def lines(self) -> Locator:
        """Return every line of the talk."""
        return self.page.locator("df-messenger p")

    async def read(self) -> list[str]:
        """Return what stands there."""
        return await self.lines.all_inner_texts()

    async def kept(self) -> Any:
        """Return what our script keeps in this tab."""
        return await self.page.evaluate(f"JSON.parse({KEPT})")


async def until(look: Callable[[], T]) -> T:
    """Look until there is something, and return it."""
    give_up = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < give_up, "it did not happen"
        await asyncio.sleep(0.02)
    return found
