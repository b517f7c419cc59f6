"""The archives, built once, and the place where all of them run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from terraform import archives
from tests.archives.town import CONFIG, Town, town
from tests.archives.venvs import Unreachable
from tests.whole.house import House

Built = Mapping[str, archives.Archive]


@contextmanager
def at_hand() -> Iterator[None]:
    """Skip where no package index answers; in the pipeline that is a failure."""
    try:
        yield
    except Unreachable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Give an archive of each function, with a `handoff.toml` in it."""
    folder = tmp_path_factory.mktemp("archives")
    config = folder / "handoff.toml"
    config.write_text(CONFIG, encoding="utf-8")
    found = archives.build(archives.functions(), folder / "built", config)
    return {one.function: one for one in found}


@pytest.fixture(scope="module")
def stage(built: Built, firestore: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Give all functions out of their archives, and all around them; none is started yet."""
    folder = tmp_path_factory.mktemp("town")
    with at_hand(), town(folder, list(built.values()), firestore) as one:
        yield one


@pytest.fixture(scope="module")
def working(stage: Town) -> Iterator[House]:
    """Give the house whose functions, out of their archives, are at work."""
    with stage.at_work() as house:
        yield house
