"""One house for the tests of a module that leave it as it was; others build their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.house import House, house


@pytest.fixture(params=["cx", "es"])
def talking(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Give a house of each dialect where a customer already talks to Mara."""
    with house(tmp_path, request.param) as one:
        one.say("opening hours")
        one.say("Can I talk to someone about my invoice?")
        one.chat()
        one.poll()
        yield one


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a house where nobody has said anything."""
    with house(tmp_path_factory.mktemp("house")) as one:
        yield one
