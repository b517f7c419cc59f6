"""A person at the demo's page: what they read and do on either side, and what the browser told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, FilePayload, Locator, Page, expect

from demo.launch import Demo
from demo.rest import call

PATIENCE_MS = 15_000.0

# Two seconds for every line, one line after the other.
SLOW_MS = 60_000.0


@dataclass
class Screen:
    """One window with the demo's page."""

    page: Page
    demo: Demo
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def open(self, path: str = "/") -> None:
        """Go there, and keep what the browser complains of and whom it asks."""
        self.page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        await self.page.goto(f"{self.demo.page}{path}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} {message.location}")

    # The customer

    @property
    def phone(self) -> Locator:
        """Return the chat of the customer who is shown."""
        return self.page.locator(".phone:visible")

    @property
    def conversation(self) -> Locator:
        """Return what the customer sees."""
        return self.phone.get_by_role("log")

    @property
    def writing(self) -> Locator:
        """Return where the customer writes."""
        return self.phone.get_by_label("Your message")

    async def say(self, text: str) -> None:
        """Write as the customer."""
        await self.writing.fill(text)
        await self.writing.press("Enter")

    async def read(self, text: str) -> None:
        """Wait until the customer sees a text."""
        await expect(self.conversation.get_by_text(text).last).to_be_visible()

    async def attach(self, *files: FilePayload) -> None:
        """Send files as the customer."""
        await self.phone.locator("input[type=file]").set_input_files(list(files))

    async def with_person(self, name: str = "Mara") -> None:
        """Wait until a person is there."""
        await expect(self.phone.get_by_role("heading", level=2)).to_have_text(name)

    # The desk

    @property
    def desk(self) -> Locator:
        """Return the agents' side."""
        return self.page.get_by_role("region", name="Agent desk")

    @property
    def transcript(self) -> Locator:
        """Return what the agents see of the open chat."""
        return self.desk.get_by_role("log")

    @property
    def reply(self) -> Locator:
        """Return where the agent writes."""
        return self.desk.get_by_label("Reply", exact=True)

    async def accept(self) -> None:
        """Take the chat that waits."""
        await self.desk.get_by_role("button", name="Accept the chat").first.click()
        await expect(self.reply).to_be_enabled()

    async def answer(self, text: str) -> None:
        """Write as the agent."""
        await self.reply.fill(text)
        await self.reply.press("Enter")

    async def see(self, text: str) -> None:
        """Wait until the agents see a text."""
        await expect(self.transcript.get_by_text(text).last).to_be_visible()

    async def hand_over(self, *files: FilePayload) -> None:
        """Send files as the agent."""
        await self.desk.locator("input[type=file]").set_input_files(list(files))

    async def close(self) -> None:
        """Close the open chat."""
        await self.desk.get_by_role("button", name="Close", exact=True).click()
        await self.page.get_by_role("button", name="Close the chat").click()

    async def ask_for_a_person(self, text: str = "Can I talk to someone about my invoice?") -> None:
        """Ask as the customer, accept as the agent, and wait until both are together."""
        await self.read("Welcome to Tulip Store")
        await self.say(text)
        await self.accept()
        await self.with_person()

    async def everybody_leaves(self) -> None:
        """Let all agents go home."""
        for name in ("Tobias", "Mara"):
            await self.desk.get_by_text(name, exact=True).first.click()
            await self.desk.get_by_label("My status").select_option("Away")
            agent = self.desk.locator(".segment", has_text=name)
            await expect(agent).to_have_class(re.compile("offline"))

    # Both

    async def texts(self, log: Locator) -> Sequence[str]:
        """Return every text of a log in its order."""
        texts: Sequence[str] = await log.locator(".line:not(.notice) .text").all_text_contents()
        return texts

    async def break_it(self, *names: str) -> None:
        """Switch faults on."""
        for name in names:
            await self.page.get_by_role("switch", name=name).check()

    async def mend(self, *names: str) -> None:
        """Switch faults off."""
        for name in names:
            await self.page.get_by_role("switch", name=name).uncheck()

    async def counted(self, row: str, **numbers: int) -> None:
        """Wait until the page counts so many."""
        cells = self.page.get_by_role("row", name=row)
        for name, number in numbers.items():
            await expect(cells.locator(f".{name}")).to_have_text(str(number), timeout=SLOW_MS)

    @property
    def strangers(self) -> set[str]:
        """Return whom the browser asked that is no part of the demo."""
        own = {urlsplit(one).netloc for one in (self.demo.page, self.demo.desk)}
        functions = {urlsplit(one.plan.address).netloc for one in self.demo.functions}
        return {urlsplit(one).netloc for one in self.asked} - {""} - own - functions

    def turns(self) -> int:
        """Return how often Dialogflow was asked."""
        return sum(one.endswith("/query") for one in self.asked)


class Windows:
    """Opens windows, each with a storage of its own."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser = browser
        self.demo = demo
        self.screens: list[Screen] = []

    async def open(self, path: str = "/", **about: Any) -> Screen:
        """Open a page in a new window; `about` is what a browser's context can be told."""
        context = await self._browser.new_context(locale="en-GB", reduced_motion="reduce", **about)
        screen = Screen(await context.new_page(), self.demo)
        self.screens.append(screen)
        await screen.open(path)
        return screen

    async def close(self) -> None:
        """Close them all."""
        for screen in self.screens:
            await screen.page.context.close()


def end_everything(demo: Demo) -> None:
    """Mend what is broken and close every chat, so that the next test finds a quiet desk."""
    calm = {"slow": None, "fail": None, "repeat": None, "disorder": None}
    call("POST", f"{demo.desk}/desk/faults", calm)
    call("POST", f"{demo.page}/bot/faults", {"repeat": False})
    agents = call("GET", f"{demo.desk}/desk/agents")["agents"]
    for agent in agents:
        path = f"{demo.desk}/desk/agents/{agent['email']}/status"
        call("POST", path, {"accepting": True})
    for chat in call("GET", f"{demo.desk}/desk/chats")["chats"]:
        if chat["state"] != "closed":
            body = {"agent": agents[0]["email"]}
            call("POST", f"{demo.desk}/desk/chats/{chat['id']}/close", body)
