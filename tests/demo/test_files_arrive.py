"""A customer's file on its whole way: form, provider, network, the simulated vendor, its desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from demo.providers import PROVIDERS as DESKS
from handoff.attaching import attach
from handoff.clock import utc_now
from handoff.errors import BadRequest, Rejected, RequestError, TooLarge, Unavailable
from handoff.exchange import Request, json_request
from handoff.file_types import FileRules
from handoff.model import Contact, Handoff, Session
from handoff.providers.base import (
    Conversation,
    Identifies,
    Opening,
    OutgoingFile,
    Provider,
    ShowsTyping,
)
from handoff.registry import PROVIDERS
from handoff.sqlite import SqliteStore
from handoff.store import session_key
from handoff.tokens import Caller, Deadline
from handoff.transport import Transport
from handoff.uploads import received
from handoff.variables import Variables
from handoff.vocabulary import Dialect, HandoffId, ProviderId, SessionId, State
from tests.forms import Form, coming, form
from tests.loopback import answering, listening, serving

NAMES = ("livechat", "8x8")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2_000
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(kw_only=True)
class Talk:
    """A customer in a conversation at a simulated vendor."""

    provider: Provider
    caller: Caller
    transport: Transport
    address: str
    session: Session

    async def send(self, one: Form, *, raw: bytes | None = None, chunked: bool = False) -> None:
        """Pass on the file in a form; `raw` is what comes of it."""
        headers = one.chunked if chunked else one.head
        body = coming(one.raw if raw is None else raw)
        async with received(headers, body, FileRules()) as upload:
            file = OutgoingFile(
                client_id=f"ho-1-{upload.fields['id']}",
                name=upload.name,
                content_type=upload.content_type,
                content=upload.content,
            )
            desks = {self.provider.id: self.provider}
            await attach(desks, self.caller, self.session, file, Deadline.after(10))

    async def chat(self) -> dict[str, Any]:
        """Return the chat as the desk shows it."""
        url = f"{self.address}/desk/chats"
        answer = await self.transport.send(Request(method="GET", url=url), 5)
        [one] = answer.json()["chats"]
        return dict(one)

    async def files(self) -> list[dict[str, Any]]:
        """Return the customer's files as the desk shows them."""
        events = (await self.chat())["events"]
        own = [one for one in events if (one["author"] or {}).get("type") == "customer"]
        single = [one for one in own if one["type"] == "file"]
        return single + [file for one in own for file in one.get("files", ())]

    async def fetched(self, url: str) -> bytes:
        """Return what lies under an address."""
        return (await self.transport.send(Request(method="GET", url=url), 5)).body

    async def faults(self, **body: Any) -> None:
        """Let something go wrong."""
        await self.transport.send(json_request("POST", f"{self.address}/desk/faults", body), 5)


@asynccontextmanager
async def talking(name: str) -> AsyncIterator[Talk]:
    store, transport = SqliteStore(":memory:", clock=utc_now), Transport()
    caller = Caller(transport.send, store, utc_now)
    async with listening(answering(TAKEN)) as hook:
        app = DESKS[name].simulator(f"{hook}/hook")
        async with serving(app) as port:
            address = f"http://127.0.0.1:{port}"
            variables = Variables(DESKS[name].variables(address, False), lambda _: {})
            provider = PROVIDERS[ProviderId(name)].build(variables, utc_now)
            session = await opened(provider, caller)
            yield Talk(
                provider=provider,
                caller=caller,
                transport=transport,
                address=address,
                session=session,
            )
            await app.state.simulator.courier.close()
    await transport.close()
    await store.close()


async def opened(provider: Provider, caller: Caller) -> Session:
    """Open a conversation; return the session that is in it."""
    one = Handoff(
        id=HandoffId("ho-1"),
        provider=provider.id,
        started_at=utc_now(),
        state=State.ACTIVE,
        target="4" if provider.id == "livechat" else "",
        request="Hello",
    )
    contact = None
    if isinstance(provider, Identifies):
        identity = await caller.run(provider.identify(one.customer), Deadline.after(5))
        contact = Contact(ref=identity.ref)
    opening = Opening(handoff=one, contact=contact, transcript=())
    place = await caller.run(provider.open(opening), Deadline.after(5))
    key = SessionId("s")
    return Session(
        key=session_key(key),
        id=key,
        dialect=Dialect.CX,
        handoff=replace(one, conversation=place.conversation, thread=place.thread),
        contacts={provider.id: contact} if contact else {},
    )


@pytest.fixture(params=NAMES)
def talk(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Iterator[Talk]:
    context = talking(request.param)
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("ending", [b"--\r\n", b"--"])
async def test_file_arrives_whole_and_is_shown(talk: Talk, ending: bytes, chunked: bool) -> None:
    await talk.send(replace(form(PICTURE, "März 🌷.png"), ending=ending), chunked=chunked)
    [file] = await talk.files()
    assert (file["name"], file["content_type"]) == ("März 🌷.png", "image/png")
    assert file["size"] == len(PICTURE)
    assert await talk.fetched(file["url"]) == PICTURE


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("left", [1_000, 200_000, -40])
async def test_file_that_breaks_off_reaches_nobody(
    talk: Talk, left: int, chunked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    one = form(PICTURE)
    with pytest.raises(BadRequest):
        await talk.send(one, raw=one.raw[:left], chunked=chunked)
    assert await talk.files() == []
    await talk.send(form())
    assert len(await talk.files()) == 1
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_file_that_grows_too_large_reaches_nobody(talk: Talk) -> None:
    one = form(PICTURE + bytes(FileRules().largest))
    for chunked in (True, False):
        with pytest.raises(TooLarge):
            await talk.send(one, chunked=chunked)
    assert await talk.files() == []


async def test_file_that_is_something_else_reaches_nobody(talk: Talk) -> None:
    with pytest.raises(RequestError):
        await talk.send(form(b"MZ\x90", "photo.png", "image/png"))
    assert await talk.files() == []


async def test_desk_that_refuses_says_so(talk: Talk) -> None:
    await talk.faults(fail={"action": "*", "type": "validation", "status": 400, "times": 9})
    with pytest.raises(Rejected):
        await talk.send(form(PICTURE))
    await talk.faults(fail=None)
    assert await talk.files() == []


async def test_upload_that_is_not_answered_is_seen_by_nobody(talk: Talk) -> None:
    upload = "upload_file" if talk.provider.id == "livechat" else "attach"
    await talk.faults(drop={"action": upload})
    with pytest.raises(Unavailable) as caught:
        await talk.send(form(PICTURE))
    assert caught.value.certain
    assert await talk.files() == []


async def test_slow_desk_still_gets_it(talk: Talk) -> None:
    await talk.faults(slow={"action": "*", "seconds": 0.05})
    await talk.send(form(PICTURE))
    assert len(await talk.files()) == 1


async def test_customer_who_types_is_shown_until_they_write(talk: Talk) -> None:
    provider, handoff = talk.provider, talk.session.handoff
    assert isinstance(provider, ShowsTyping)
    assert handoff is not None
    assert handoff.conversation is not None
    contact = talk.session.contacts.get(provider.id)
    place = Conversation(ref=handoff.conversation, thread=handoff.thread, contact=contact)
    await talk.caller.run(provider.typing(place), Deadline.after(5))
    assert shows_typing(await talk.chat())
    await talk.send(form())
    assert not shows_typing(await talk.chat())


def shows_typing(chat: dict[str, Any]) -> bool:
    return bool(chat.get("sneak_peek") or chat.get("customer_typing"))


async def test_agents_file_is_sent_from_the_desk(talk: Talk) -> None:
    chat = await talk.chat()
    agent = chat["agents"][0]["id"]
    one = Form(
        parts=(
            f'Content-Disposition: form-data; name="agent"\r\n\r\n{agent}'.encode(),
            form(PICTURE, "label.png").parts[1],
        )
    )
    sent = Request(
        method="POST",
        url=f"{talk.address}/desk/chats/{chat['id']}/upload",
        headers={"Content-Type": one.head["content-type"]},
        body=one.raw,
    )
    assert (await talk.transport.send(sent, 5)).status == 200
    event = (await talk.chat())["events"][-1]
    file = event if event["type"] == "file" else event["files"][0]
    assert (event["author"]["type"], file["name"], file["size"]) == (
        *("agent", "label.png"),
        len(PICTURE),
    )
    assert await talk.fetched(file["url"]) == PICTURE
