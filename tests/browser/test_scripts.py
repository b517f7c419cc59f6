"""What is shipped to pages: two small files of one version, and an example that works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from handoff.scripts import FOLDER
from tests.browser.customer import until
from tests.browser.pretend import PretendChat
from tests.browser.site import Site

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(FOLDER.glob("*.js"))
MOST_LINES = 20
BOT = """
window.askBot = async (text) => text !== "agent" ? { messages: ["Hello"] } : {
  messages: ["One moment."], handoff: { id: "h1", state: "requested", url: CHAT, token: "t1" },
};
"""


def test_the_script_for_the_widget_is_small() -> None:
    assert (FOLDER / "handoff-messenger.js").stat().st_size < 10_000


def test_both_files_are_of_one_version() -> None:
    found = [re.findall(r"\d+\.\d+\.\d+", path.read_text()[:400]) for path in SCRIPTS]
    assert len(found) == 2
    assert found[0] == found[1]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_in_it_is_evaluated(path: Path) -> None:
    forbidden = r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacent|document\.write|\?token"
    assert re.findall(forbidden, path.read_text()) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_its_grammar_is_right(path: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no node")
    copy = tmp_path / f"{path.stem}.mjs"
    copy.write_bytes(path.read_bytes())
    done = subprocess.run([node, "--check", copy], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


async def test_the_example_in_the_documentation_works(
    context: BrowserContext, shop: tuple[Site, PretendChat]
) -> None:
    site, chat = shop
    [example] = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "web.md").read_text(), re.DOTALL)
    assert len(example.splitlines()) <= MOST_LINES
    example = example.replace("https://YOUR-CUSTOMER-CHAT", site.chat_url)
    page = await context.new_page()
    talk = page.locator("#talk")

    async def opens() -> None:
        await page.goto(f"{site.url}/own")
        await page.evaluate(BOT.replace("CHAT", repr(site.chat_url)))
        await page.add_script_tag(type="module", content=example)

    async def says(text: str) -> None:
        await page.fill("input", text)
        await page.press("input", "Enter")

    await opens()
    await says("agent")
    await expect(talk).to_contain_text("Bot: One moment.")
    chat.says("<b>Good morning</b>")
    await expect(talk).to_contain_text("Mara: <b>Good morning</b>")
    await opens()
    await says("Hi")
    await until(lambda: chat.texts == ["Hi"])
    chat.tell("state", state="closed")
    await page.wait_for_function("sessionStorage.length === 0")
    await says("hello")
    await expect(talk).to_contain_text("Bot: Hello")
