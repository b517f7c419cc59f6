"""Functions as processes: known to be up, missed when they die, surely ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE

import pytest

from handoff.cli.processes import (
    MOST_HELD,
    PORTS,
    Plan,
    ProcessError,
    free_port,
    listen,
    running,
    watch,
)

WORKING = """
import functions_framework.aio

@functions_framework.aio.http
async def hello(request):
    return "fine"
"""
BROKEN = "raise RuntimeError('there is no tea')"
# Ends when the other one is told to end as well, or says that it waited for that in vain.
WAITING = """
import atexit, os, time
from pathlib import Path

@atexit.register
def wait_for_the_other():
    own = Path(__file__).parent
    (own / "told").touch()
    give_up = time.monotonic() + 3
    while len(list(own.parent.glob("*/told"))) < 2:
        if time.monotonic() > give_up:
            os.write(2, b"alone")
            return
        time.sleep(0.01)
"""

DRAW = """
import sys
from handoff.cli.processes import free_port
print([free_port() for _ in range(int(sys.argv[1]))], flush=True)
sys.stdin.read()
"""


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


def test_functions_are_told_to_end_all_at_once(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    with running([plan(folder, WORKING + WAITING) for folder in folders], os.environ):
        pass

    assert [(folder / "hello.log").read_text() for folder in folders] == ["", ""]


def test_functions_that_start_at_once_have_their_own_control_sockets(tmp_path: Path) -> None:
    plans = []
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        plans.append(plan(tmp_path / str(number), WORKING))

    with running(plans, {**os.environ, "GUNICORN_LOG_LEVEL": "info"}):
        pass

    said = "".join((tmp_path / str(n) / "hello.log").read_text() for n in range(4))
    places = re.findall(r"Control socket listening at (\S+)", said)
    assert len(set(places)) == len(plans)
    assert "Control server error" not in said
    assert not [place for place in places if Path(place).parent.exists()]


def test_no_port_is_given_twice() -> None:
    ports = [free_port() for _ in range(MOST_HELD)]

    assert len(set(ports)) == len(ports)
    assert set(ports) <= set(PORTS)
    for port in ports:
        listen("127.0.0.1", port).close()


def test_port_is_given_to_one_process_only() -> None:
    command = [sys.executable, "-c", DRAW, str(MOST_HELD)]
    with ExitStack() as stack:
        drawing = [
            stack.enter_context(subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True))
            for _ in range(5)
        ]
        ports = [
            port for one in drawing if one.stdout for port in json.loads(one.stdout.readline())
        ]

    assert len(ports) == 5 * MOST_HELD
    assert len(set(ports)) == len(ports)


def test_port_that_cannot_be_had_is_named() -> None:
    with (
        listen("127.0.0.1", 0) as taken,
        pytest.raises(ProcessError, match="cannot be used: Address already in use"),
    ):
        listen("127.0.0.1", taken.getsockname()[1])
