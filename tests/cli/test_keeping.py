"""`handoff show`, `dead-letters` and `replay`, as an operator types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handoff.cli.main import main
from tests.environment import environment

WORDS = "my card is 4111 1111"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "handoff.db"


def run(file: Path, *arguments: str, **more: str) -> Result:
    """Run the command on a machine that has nothing but the store's name."""
    with environment(HANDOFF_STORE=f"sqlite:{file}", **more):
        done = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert "4111" not in done.output, "somebody's words"
    return done


def test_store_without_letters_says_so(file: Path) -> None:
    assert run(file, "dead-letters").output == "No dead letters.\n"


def test_unknown_handoff_is_one_line(file: Path) -> None:
    done = run(file, "show", "ho-nothing")
    assert (done.exit_code, done.output) == (1, "Error: Nothing is kept of a handoff ho-nothing.\n")


def test_store_that_is_none_is_one_line(file: Path) -> None:
    with environment(HANDOFF_STORE="nonsense"):
        done = CliRunner().invoke(main, ["dead-letters"], catch_exceptions=False)
    assert done.exit_code == 1
    assert done.output.startswith("Error: HANDOFF_STORE must be")


def test_replay_needs_a_name_or_all(file: Path) -> None:
    for arguments in (["replay"], ["replay", "--all", "abc"]):
        done = run(file, *arguments)
        assert done.exit_code == 2
        assert "Name the dead letters, or say --all." in done.output


def test_replay_names_what_is_missing(file: Path) -> None:
    done = run(file, "replay", "--all")
    assert done.exit_code == 1
    assert "No provider is configured" in done.output
