"""Environments are made once, whoever wants them at the same time and whoever dies meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.archives.venvs import Unreachable, install, kept

NOWHERE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "1",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_CONFIG_FILE": os.devnull,
}
PIN = f"six==1.17.0 --hash=sha256:{'0' * 64}\n"


class Filler:
    """Fills a folder, unless it dies in the middle of it the first `deaths` times."""

    def __init__(self, deaths: int = 0) -> None:
        self.deaths = deaths
        self.times = 0

    def __call__(self, place: Path) -> None:
        self.times += 1
        place.mkdir()  # fails when something of an earlier try is left
        (place / "half").touch()
        if self.times <= self.deaths:
            raise KeyboardInterrupt
        (place / "rest").touch()


def test_half_made_one_is_made_again(tmp_path: Path) -> None:
    fill = Filler(deaths=1)
    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, "key", fill)
    place = kept(tmp_path, "key", fill)
    assert (place / "rest").exists()
    assert fill.times == 2


def test_who_comes_at_the_same_time_waits_for_the_first(tmp_path: Path) -> None:
    fill, together = Filler(), Barrier(8)

    def want(_: int) -> bool:
        together.wait()
        return (kept(tmp_path, "key", fill) / "rest").exists()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(want, range(8))) == [True] * 8
    assert fill.times == 1


def test_others_have_their_own(tmp_path: Path) -> None:
    fill = Filler()
    assert kept(tmp_path, "a", fill) != kept(tmp_path, "b", fill)
    assert fill.times == 2


def test_nobody_there_is_told_from_a_wrong_package(tmp_path: Path) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text(PIN, encoding="utf-8")
    with pytest.raises(Unreachable):
        install(wanted, tmp_path / "venv", {**os.environ, **NOWHERE})
