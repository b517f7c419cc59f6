"""A browser for the tests, and a customer who uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.customer import PATIENCE, Customer
from tests.browser.front_end import FrontEnd
from tests.browser.pretend import PretendChat
from tests.browser.site import Site, pretended
from tests.chromium import chromium


@pytest.fixture(autouse=True, scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """Give the tests of a module one event loop: the browser lives on it."""
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="module")
def browser(runner: asyncio.Runner) -> Iterator[Browser]:
    """Give Debian's chromium."""
    with chromium(runner) as one:
        yield one


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
