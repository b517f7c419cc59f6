"""Instances are told to end, or die, with requests in their hands: nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from handoff.cli.processes import Function, ProcessError
from tests.whole.deadlines import FULFILLMENT, MESSAGE, START, Timed, spawned, timed
from tests.whole.hanging import Station, station
from tests.whole.house import House, house, texts, until

SLOW = 1.5
NAMES = (FULFILLMENT, "agent_events")


def has_ended(function: Function) -> bool:
    """Say whether a process has ended by itself."""
    try:
        function.raise_if_dead()
    except ProcessError:
        return True
    return False


def calls_begun(one: House, action: str) -> int:
    """Return how many calls of an action have reached the vendor, answered or not."""
    return len(one.calls(action))


@contextmanager
def in_the_middle(one: House, action: str, when: str, meaning: str) -> Iterator[Future[Timed]]:
    """Give a turn whose call to the vendor has arrived there and is not answered yet."""
    one.at_desk("faults", {"slow": {"action": action, "seconds": SLOW, "when": when}})
    port = one.plans[FULFILLMENT].port
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(timed, port, "in-the-middle", meaning)
        until(lambda: calls_begun(one, action))
        yield asked


def told_to_end(one: House) -> Function:
    """Tell the fulfillment as the platform does: its first process alone."""
    function = one.functions[FULFILLMENT]
    os.kill(function.pid, signal.SIGTERM)
    return function


@pytest.mark.parametrize("when", ["before", "after"])
def test_opening_in_hand_is_finished_before_the_end(tmp_path: Path, when: str) -> None:
    with house(tmp_path) as one:
        with in_the_middle(one, "start_chat", when, START) as asked:
            function = told_to_end(one)
            assert not asked.done()
            turn = asked.result()
        assert turn.status == 200
        assert turn.parameters["handoff_state"] in {"requested", "waiting", "active"}
        until(lambda: has_ended(function))
        one.at_desk("idle")
        assert len(one.at_desk("chats")["chats"]) == 1


def test_message_in_hand_is_finished_before_the_end(tmp_path: Path) -> None:
    with house(tmp_path) as one:
        timed(one.plans[FULFILLMENT].port, "in-the-middle", START)
        with in_the_middle(one, "send_event", "before", MESSAGE) as asked:
            function = told_to_end(one)
            assert not asked.done()
            turn = asked.result()
        assert turn.status == 200
        assert turn.parameters["handoff_state"] == "active"
        until(lambda: has_ended(function))
        assert len(words(one)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_message_in_the_hands_of_a_dead_instance_is_done_once_by_the_next(
    tmp_path: Path, when: str
) -> None:
    with house(tmp_path) as one:
        port = one.plans[FULFILLMENT].port
        timed(port, "in-the-middle", START)
        with in_the_middle(one, "send_event", when, MESSAGE) as asked:
            one.kill()
            assert isinstance(asked.exception(), OSError)
        one.at_desk("faults", {"slow": None})
        one.start()
        # What the dead one was at has to be looked up, once its lease has run out.
        until(lambda: timed(port, "in-the-middle", "poll") and calls_begun(one, "get_chat") > 0)
        assert timed(port, "in-the-middle", MESSAGE).status == 200
        until(lambda: len(words(one)) > 1)
        assert len(set(words(one))) == len(words(one)) == 2


def words(one: House) -> list[str]:
    """Return what the customer of `timed` has said at the desk after the opening."""
    said = [event.get("text") or "" for event in one.chat()["events"]]
    return [text for text in said if text.startswith("words of in-the-middle")][1:]


@dataclass
class Talk:
    """A customer and an agent who go on talking until they are told to stop."""

    one: House
    chat: str
    agent: str
    over: threading.Event = field(default_factory=threading.Event)
    lines: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def customer(self) -> None:
        """Say line after line, and hear what comes with the answers."""
        while not self.over.is_set():
            self.lines.append(f"line {len(self.lines)}")
            self.heard += texts(self.one.say(self.lines[-1]))

    def colleague(self) -> None:
        """Write part after part, not faster than a person could read."""
        while not self.over.wait(0.1):
            self.parts.append(f"part {len(self.parts)}")
            path = f"chats/{self.chat}/say"
            self.one.at_desk(path, {"agent": self.agent, "text": self.parts[-1]})

    def has_heard_all(self) -> bool:
        """Ask for news; say whether the customer has heard as much as was written."""
        self.heard += self.one.poll()
        return len(self.heard) >= len(self.parts)

    def until_more_lines(self, number: int) -> None:
        """Wait until the customer has said so many more lines."""
        there = len(self.lines)
        until(lambda: len(self.lines) >= there + number)


@contextmanager
def generation(folder: Path, environ: Mapping[str, str]) -> Iterator[Mapping[str, Function]]:
    """Give both functions as a deployment starts them, at addresses of their own."""
    folder.mkdir()
    with ExitStack() as stack:
        started = {}
        for name in NAMES:
            started[name] = spawned(folder, environ, name)
            stack.callback(started[name].end)
        until(lambda: all(one.answers() for one in started.values()))
        yield started


@contextmanager
def stations(one: House, first: Mapping[str, Function]) -> Iterator[Mapping[str, Station]]:
    """Give the platform's front: it stands where bot and desk call, and knows who serves."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(station(first[name].plan.port, one.plans[name].port))
            for name in NAMES
        }


def test_deployment_in_mid_chat_loses_nothing(tmp_path: Path) -> None:
    with house(tmp_path) as one, ThreadPoolExecutor(2) as pool:
        one.stack.close()  # the front comes to stand where the functions stood
        with (
            generation(tmp_path / "old", one.environ) as old,
            stations(one, old) as front,
        ):
            one.say("agent")
            chat = one.chat()
            one.poll()
            one.at_desk("faults", {"slow": {"action": "send_event", "seconds": 0.3}})
            talk = Talk(one, chat["id"], chat["agents"][0]["id"])
            talking = [pool.submit(talk.customer), pool.submit(talk.colleague)]
            talk.until_more_lines(3)
            with generation(tmp_path / "new", one.environ) as new:
                for name, way in front.items():
                    way.to = new[name].plan.port
                for function in old.values():
                    os.kill(function.pid, signal.SIGTERM)
                until(lambda: all(has_ended(function) for function in old.values()))
                talk.until_more_lines(3)
                talk.over.set()
                for future in talking:
                    future.result()
                one.at_desk("idle")
                until(talk.has_heard_all)
        said = [event.get("text") for event in one.chat()["events"]]
    assert talk.heard == [f"Mara: {part}" for part in talk.parts]
    assert [text for text in said if text in talk.lines] == talk.lines
