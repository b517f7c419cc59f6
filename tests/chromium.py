"""Finds the browser that pages are tested in, and runs it for a while."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# In a container there is no user that its sandbox could be, and the pages are our own.
ARGUMENTS = ("--no-sandbox",)


class Missing(Exception):
    """There is no browser on this machine."""


def executable() -> str:
    """Return where the browser is; raises Missing."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise Missing(f"there is no browser ({', '.join(NAMES)}): apt-get install chromium")
    return found


@contextmanager
def chromium(runner: asyncio.Runner) -> Iterator[Browser]:
    """Run the browser on the loop of the tests that use it.

    Without one they are skipped; in the pipeline they fail, as a skipped test would look like a
    kept promise there.
    """
    try:
        path = executable()
    except Missing as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    playwright = runner.run(async_playwright().start())
    one = runner.run(playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS)))
    try:
        yield one
    finally:
        runner.run(one.close())
        runner.run(playwright.stop())
