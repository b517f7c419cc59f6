"""A shop's own front end: no widget, only the client, and what it told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.browser.customer import PATIENCE
from tests.browser.site import Site

Json = dict[str, Any]
BEGIN = """async (url) => {
  window.client = await import(url);
  window.told = [];
  window.settled = [];
  const names = ["Message", "File", "Notice", "State", "Typing", "Connection", "Undelivered"];
  window.callbacks = Object.fromEntries(
    names.map((name) => ["on" + name, (value) => window.told.push([name, value])]),
  );
  window.watch = (promise) => promise.then(
    (receipt) => window.settled.push(receipt), (error) => window.settled.push(error.message),
  );
}"""


@dataclass
class FrontEnd:
    """A page that has loaded the client."""

    page: Page
    site: Site

    @classmethod
    async def at(cls, context: BrowserContext, site: Site) -> FrontEnd:
        """Open the page."""
        one = cls(await context.new_page(), site)
        await one.opens()
        return one

    async def opens(self) -> None:
        """Load the page, or load it anew."""
        await self.page.goto(f"{self.site.url}/own")
        await self.page.evaluate(BEGIN, f"{self.site.chat_url}/v1/handoff-client.js")

    async def connects(self, token: str = "t1") -> None:
        """Follow the handoff of an answer."""
        payload = {"id": "h1", "state": "requested", "url": self.site.chat_url, "token": token}
        await self.page.evaluate(
            "(payload) => { window.chat = client.connect(payload, callbacks) }", payload
        )

    async def resumes(self) -> bool:
        """Go on after a reload, if there is something to go on with."""
        found: bool = await self.page.evaluate(
            "() => { window.chat = client.resume(callbacks); return window.chat !== null }"
        )
        return found

    async def does(self, deed: str, *values: Any) -> None:
        """Call the handle, and note how it ends."""
        script = "([deed, values]) => void watch(Promise.resolve(chat[deed](...values)))"
        await self.page.evaluate(script, [deed, list(values)])

    async def sends_file(self, name: str, content: str) -> None:
        """Send a file."""
        script = "([name, text]) => void watch(chat.sendFile(new File([text], name)))"
        await self.page.evaluate(script, [name, content])

    async def told(self, name: str) -> list[Any]:
        """Return what one callback was called with."""
        every: list[list[Any]] = await self.page.evaluate("told")
        return [value for kind, value in every if kind == name]

    async def hears(self, name: str, number: int = 1) -> list[Any]:
        """Wait until a callback was called so often, and return what it was told."""
        give_up = time.monotonic() + PATIENCE
        while len(heard := await self.told(name)) < number:
            assert time.monotonic() < give_up, f"no {name}: {await self.page.evaluate('told')}"
            await asyncio.sleep(0.02)
        return heard

    async def settles(self, number: int = 1) -> list[Any]:
        """Wait until so many deeds have ended, and return how."""
        await self.page.wait_for_function(f"settled.length >= {number}")
        settled: list[Any] = await self.page.evaluate("settled")
        return settled

    async def kept(self) -> Any:
        """Return what the client keeps in this tab."""
        return await self.page.evaluate("JSON.parse(sessionStorage.getItem('handoff:h1'))")
