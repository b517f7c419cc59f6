"""What `handoff.toml` says about customers' files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from handoff.config_file import LARGEST_FILE, check
from handoff.file_types import KINDS, LARGEST, FileRules
from tests.test_settings import configured


def problems(toml: str) -> list[str]:
    return check(tomllib.loads(f"[files]\n{toml}"))


def files(folder: Path, toml: str) -> FileRules:
    return configured(folder / "handoff.toml", toml).files


def test_by_default_every_known_kind_up_to_ten_megabytes_is_taken(tmp_path: Path) -> None:
    assert files(tmp_path, "") == FileRules(largest=LARGEST, types=frozenset(KINDS))


def test_file_changes_what_is_taken(tmp_path: Path) -> None:
    own = files(tmp_path, '[files]\nlargest = 1e6\ntypes = ["image/png", "image/jpeg"]')
    assert own == FileRules(largest=1_000_000, types=frozenset({"image/png", "image/jpeg"}))


@pytest.mark.parametrize("toml", ["largest = 0", f"largest = {LARGEST_FILE}", "types = []", ""])
def test_right_values_are_taken(toml: str) -> None:
    assert problems(toml) == []


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("largest = -1", "[files] largest must be a number"),
        (f"largest = {LARGEST_FILE + 1}", "[files] largest must be a number"),
        ("largest = 0.5", "[files] largest must be whole, not 0.5"),
        ("largest = true", "[files] largest must be a number"),
        ("largest = nan", "[files] largest must be a number"),
        ('largest = "10 MB"', "[files] largest must be a number"),
        ('types = "image/png"', "[files] types must be a list of texts"),
        ("types = [1]", "[files] types must be a list of texts"),
        (
            'types = ["image/pgn"]',
            "[files] types 'image/pgn' is unknown; did you mean 'image/png'?",
        ),
        ('types = ["image/svg+xml"]', "[files] types 'image/svg+xml' is unknown"),
        ("largets = 1", "[files] largets is unknown; did you mean 'largest'?"),
    ],
)
def test_wrong_value_is_named(toml: str, said: str) -> None:
    [problem] = problems(toml)
    assert problem.startswith(said)
