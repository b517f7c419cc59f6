"""Functions as processes: known to be up, missed when they die, surely ended."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from handoff.cli.processes import Plan, ProcessError, free_port, listen, running, watch

WORKING = """
import functions_framework.aio

@functions_framework.aio.http
async def hello(request):
    return "fine"
"""
BROKEN = "raise RuntimeError('there is no tea')"


def plan(folder: Path, source: str) -> Plan:
    file = folder / "main.py"
    file.write_text(source)
    return Plan(name="hello", source=file, port=free_port(), log=folder / "hello.log")


def test_function_that_cannot_start_is_named_with_its_last_lines(tmp_path: Path) -> None:
    with (
        pytest.raises(ProcessError, match=r"(?s)hello has ended with status 1.*there is no tea"),
        running([plan(tmp_path, BROKEN)], os.environ),
    ):
        pass


def test_function_that_dies_later_is_missed(tmp_path: Path) -> None:
    with running([plan(tmp_path, WORKING)], os.environ) as [function]:
        os.killpg(function.pid, signal.SIGKILL)

        with pytest.raises(ProcessError, match="hello has ended with status -9"):
            watch([function])


def test_function_is_up_inside_the_block_and_gone_after_it(tmp_path: Path) -> None:
    with running([plan(tmp_path, WORKING)], os.environ) as [function]:
        assert function.answers()

    assert not function.answers()
    with pytest.raises(ProcessLookupError):
        os.killpg(function.pid, 0)


def test_functions_that_run_end_when_another_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    good = plan(tmp_path / "good", WORKING)

    with pytest.raises(ProcessError), running([good, plan(tmp_path / "bad", BROKEN)], os.environ):
        pass

    listen(good.host, good.port).close()


def test_port_that_cannot_be_had_is_named() -> None:
    with (
        listen("127.0.0.1", 0) as taken,
        pytest.raises(ProcessError, match="cannot be used: Address already in use"),
    ):
        listen("127.0.0.1", taken.getsockname()[1])
