"""The whole demo at work, a browser, and windows with its pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser

from demo.launch import Demo, Options, launched
from tests.chromium import chromium
from tests.pages.screen import Screen, Windows, end_everything


@pytest.fixture(autouse=True, scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """Give the tests of a module one event loop: the browser lives on it."""
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="module")
def browser(runner: asyncio.Runner) -> Iterator[Browser]:
    """Give the browser."""
    with chromium(runner) as one:
        yield one


@pytest.fixture(scope="module", params=[Options(port=0)], ids=["livechat"])
def demo(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Demo]:
    """Give the demo with its pages; `parametrize(…, indirect=True)` chooses another."""
    with launched(request.param, print) as one:
        yield one


@pytest.fixture
def windows(runner: asyncio.Runner, browser: Browser, demo: Demo) -> Iterator[Windows]:
    """Give what opens windows, each of a person of their own.

    Afterwards nothing may have been reported by a browser, and nobody else been asked.
    """
    all_of_them = Windows(browser, demo)
    yield all_of_them
    runner.run(all_of_them.close())
    end_everything(demo)
    for screen in all_of_them.screens:
        assert screen.complaints == []
        assert screen.strangers == set()


@pytest.fixture
def screen(runner: asyncio.Runner, windows: Windows) -> Screen:
    """Give a window with both sides."""
    return runner.run(windows.open())
