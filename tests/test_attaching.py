"""Giving a customer's file to whoever has their conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.attaching import NOT_SUPPORTED, attach
from handoff.errors import ConversationGone, Rejected, TooLarge, Unavailable
from handoff.exchange import Exchange, Request, Response
from handoff.model import Session
from handoff.providers.base import Conversation, OutgoingFile
from handoff.sqlite import SqliteStore
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import ProviderId, State
from tests.desks import PlainProvider, ScriptedProvider
from tests.fakes import FixedClock
from tests.forms import stream, whole
from tests.heart import CONTACT, DESK, ROOM, THREAD, blank, session_in, with_handoff
from tests.work import Work


class Pinboard(ScriptedProvider):
    """A desk that takes files."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Conversation] = []

    def attach(self, conversation: Conversation, file: OutgoingFile) -> Exchange[None]:
        self.places.append(conversation)
        yield Request(method="POST", url=f"/{file.client_id}", stream=file.content)


@pytest.fixture
def work(clock: FixedClock, runner: asyncio.Runner) -> Iterator[Work]:
    store = SqliteStore(":memory:", clock=clock)
    yield Work(store, clock)
    runner.run(store.close())


def a_file() -> OutgoingFile:
    content = stream(b"tulips", size=6)
    return OutgoingFile(client_id="f-1", name="a.txt", content_type="text/plain", content=content)


async def attached(work: Work, session: Session, desk: PlainProvider | None = None) -> None:
    await attach({DESK: desk or Pinboard()}, work.caller, session, a_file(), Deadline.after(5))


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    records = [one for one in caplog.records if one.message == "attach"]
    return [(one.levelname, vars(one)["fields"]["outcome"]) for one in records]


@pytest.mark.parametrize("state", [State.WAITING, State.ACTIVE])
async def test_file_goes_where_the_conversation_is(
    work: Work, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    board = Pinboard()
    await attached(work, session_in(state), board)
    assert board.places == [Conversation(ref=ROOM, thread=THREAD, contact=CONTACT)]
    [sent] = work.send.sent
    assert sent.stream is not None
    assert (sent.url, await whole(sent.stream)) == ("/f-1", b"tulips")
    assert logged(caplog) == [("INFO", "done")]


@pytest.mark.parametrize("state", [None, State.CLOSED, State.FAILED])
async def test_file_after_the_end_goes_nowhere(work: Work, state: State | None) -> None:
    with pytest.raises(ConversationGone):
        await attached(work, session_in(state) if state else blank())
    assert work.send.sent == []


async def test_file_before_there_is_a_conversation_has_to_come_again(work: Work) -> None:
    with pytest.raises(Unavailable) as caught:
        await attached(work, session_in(State.REQUESTED))
    assert caught.value.certain
    assert work.send.sent == []


async def test_desk_that_takes_no_files_says_so(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Rejected) as caught:
        await attached(work, session_in(State.ACTIVE), PlainProvider())
    assert caught.value.code == NOT_SUPPORTED
    assert logged(caplog) == [("WARNING", "Rejected")]


async def test_desk_that_is_not_configured_any_more_takes_no_files(work: Work) -> None:
    session = with_handoff(session_in(State.ACTIVE), provider=ProviderId("gone"))
    with pytest.raises(Rejected) as caught:
        await attached(work, session)
    assert caught.value.code == NOT_SUPPORTED


async def test_failure_is_the_callers_and_nothing_is_repeated(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.send.script = [Unavailable("lost", pending=True)]
    with pytest.raises(Unavailable, match="lost"):
        await attached(work, session_in(State.ACTIVE))
    assert len(work.send.sent) == 1
    assert logged(caplog) == [("WARNING", "Unavailable")]


async def test_what_the_bytes_raise_comes_out(work: Work, clock: FixedClock) -> None:
    async def broken_off(_request: Request, _within: float) -> Response:
        raise TooLarge("The file is larger than 9 bytes.")

    caller = Caller(broken_off, work.store, clock)
    session, file, deadline = session_in(State.ACTIVE), a_file(), Deadline.after(5)
    with pytest.raises(TooLarge):
        await attach({DESK: Pinboard()}, caller, session, file, deadline)
