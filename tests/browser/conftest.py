"""A browser for the tests, and a customer who uses it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.browser.customer import PATIENCE, Customer
from tests.browser.front_end import FrontEnd
from tests.browser.pretend import PretendChat
from tests.browser.site import Site, pretended


@pytest.fixture(autouse=True, scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """Give the tests of a module one event loop: the browser lives on it."""
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="module")
def browser(runner: asyncio.Runner) -> Iterator[Browser]:
    """Give Debian's chromium; without one the tests are skipped, but not in the pipeline."""
    path = shutil.which("chromium")
    if path is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("there is no chromium: apt-get install chromium")
    playwright = runner.run(async_playwright().start())
    one = runner.run(playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]))
    yield one
    runner.run(one.close())
    runner.run(playwright.stop())


@pytest.fixture
def context(runner: asyncio.Runner, browser: Browser) -> Iterator[BrowserContext]:
    """Give a window of its own storage."""
    one = runner.run(browser.new_context())
    one.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    yield one
    runner.run(one.close())


@pytest.fixture
def shop() -> Iterator[tuple[Site, PretendChat]]:
    """Give a site whose chat the test leads."""
    with pretended() as one:
        yield one


@pytest.fixture
def customer(
    runner: asyncio.Runner, context: BrowserContext, shop: tuple[Site, PretendChat]
) -> Customer:
    """Give a customer who has opened the page of that site, which tells its bot of no end."""
    shop[0].more = ' data-return-event=""'
    return runner.run(Customer.at(context, shop[0].url))


@pytest.fixture
def front(
    runner: asyncio.Runner, context: BrowserContext, shop: tuple[Site, PretendChat]
) -> FrontEnd:
    """Give an own front end that has not connected yet."""
    return runner.run(FrontEnd.at(context, shop[0]))
