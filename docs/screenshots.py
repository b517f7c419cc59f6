"""Takes the README's pictures from the running demo: `python docs/screenshots.py`.

It needs a chromium; the pictures in `docs/images` are replaced.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, async_playwright  # noqa: E402

from demo.launch import Demo, Options, launched  # noqa: E402
from demo.rest import call  # noqa: E402
from tests.chromium import ARGUMENTS, executable  # noqa: E402
from tests.pages.pictures import SIGNATURE, chunk, document  # noqa: E402
from tests.pages.screen import Screen, Windows, end_everything  # noqa: E402

IMAGES = ROOT / "docs" / "images"

# Without shades a picture is half as large.
PLAIN = """
  body { background: var(--page) !important; }
  .phone .log { background: none !important; }
  .phone-head { background: #17665c !important; }
  .phone, .desk, .lab { box-shadow: none !important; }
"""
WIDE = {"width": 1280, "height": 880}
PHONE = {"width": 390, "height": 760}


async def chat(windows: Windows) -> Screen:
    """Both sides in the middle of a chat, and somebody else in the queue."""
    screen = await windows.open(viewport=WIDE, color_scheme="light", bypass_csp=True)
    await screen.read("Welcome to Tulip Store")
    await screen.say("opening hours")
    await screen.read("We are open")
    await screen.ask_for_a_person()
    await screen.answer("Hello, this is Mara. Which number is on it?")
    await screen.read("Which number")
    await screen.say("2024-118, here it is")
    await screen.attach(document("invoice 2024-118.pdf"))
    await screen.see("invoice 2024-118.pdf")
    await screen.page.get_by_role("button", name="Another customer").click()
    await screen.read("Welcome to Tulip Store")
    await screen.say("I want a human")
    await screen.desk.get_by_role("button", name="Accept the chat").wait_for()
    await screen.page.get_by_role("tab").first.click()
    await screen.reply.fill("Thank you, one moment please")
    await screen.phone.locator(".typing.on").wait_for()
    return screen


async def broken(windows: Windows) -> Screen:
    """The vendor is down while the customer writes on, in dark colours."""
    screen = await windows.open(viewport=WIDE, color_scheme="dark", bypass_csp=True)
    await screen.ask_for_a_person()
    await screen.answer("Hello, this is Mara.")
    await screen.read("this is Mara")
    await screen.break_it("Down")
    for text in ("It is about my invoice", "Number 2024-118", "Are you still there?"):
        await screen.say(text)
    await screen.counted("Customer to desk", underway=3)
    await screen.page.locator("body").click(position={"x": 5, "y": 5})
    return screen


async def phone(windows: Windows) -> Screen:
    """The customer's side alone on a phone, waiting in line."""
    call("POST", f"{windows.demo.desk}/desk/assignment", {"automatic": False})
    screen = await windows.open(
        "/customer.html", viewport=PHONE, color_scheme="light", bypass_csp=True
    )
    await screen.read("Welcome to Tulip Store")
    await screen.say("Can I talk to someone about my invoice?")
    await screen.phone.get_by_text("You are number").wait_for()
    return screen


Scene = Callable[[Windows], Awaitable[Screen]]
SCENES: tuple[tuple[str, str, Scene], ...] = (
    ("demo", "8x8", chat),
    ("demo-faults", "livechat", broken),
    ("demo-phone", "livechat", phone),
)


def pressed(png: bytes) -> bytes:
    """Return the same picture, pressed harder than a browser in a hurry does it."""
    chunks, place = [], len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        chunks.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += length + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    parts = [(b"IHDR", chunks[0][1]), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in parts)


async def taken(browser: Browser, demo: Demo, name: str, scene: Scene) -> None:
    """Play a scene and take its picture."""
    windows = Windows(browser, demo)
    screen = await scene(windows)
    await screen.page.add_style_tag(content=PLAIN)
    path = IMAGES / f"{name}.png"
    path.write_bytes(pressed(await screen.page.screenshot(full_page=True, animations="disabled")))
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")
    await windows.close()
    end_everything(demo)


async def play(demo: Demo, name: str, scene: Scene) -> None:
    """Take one picture in a browser of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable(), args=list(ARGUMENTS)
        )
        await taken(browser, demo, name, scene)
        await browser.close()


def main() -> int:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    for name, provider, scene in SCENES:
        with launched(Options(provider=provider, port=0), lambda _line: None) as demo:
            asyncio.run(play(demo, name, scene))
    return 0


if __name__ == "__main__":
    sys.exit(main())
