"""Bodies that are sent while they come: whole, or broken off so that nobody takes them so."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from handoff.errors import BadRequest, TooLarge, Unavailable
from handoff.exchange import Request, Response, Stream
from handoff.file_types import FileRules
from handoff.transport import Transport
from handoff.uploads import received
from tests.emulator import free_port
from tests.forms import PNG, form, stream
from tests.loopback import Behaviour, listening

BUDGET = 0.4
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CONTENT = bytes(range(256)) * 1_000
Bytes = AsyncGenerator[bytes, None]


@asynccontextmanager
async def transport() -> AsyncIterator[Transport]:
    one = Transport()
    try:
        yield one
    finally:
        await one.close()


async def sent(body: Stream, behave: Behaviour, seconds: float = 10) -> Response:
    async with listening(behave) as address, transport() as one:
        return await one.send(Request(method="POST", url=f"{address}/x", stream=body), seconds)


class Ear:
    """A server that keeps what came on each connection, to its end, and answers a whole body."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.over = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = bytearray()
        self.over.clear()
        try:
            while piece := await reader.read(65_536):
                raw += piece
                if is_whole(bytes(raw)):
                    writer.write(OK)
                    break
        except ConnectionError:
            pass
        self.heard.append(bytes(raw))
        self.over.set()

    @property
    def body(self) -> bytes:
        return self.heard[-1].partition(b"\r\n\r\n")[2]

    @property
    def head(self) -> bytes:
        return self.heard[-1].partition(b"\r\n\r\n")[0].lower()


def is_whole(raw: bytes) -> bool:
    head, blank, body = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        return body.endswith(b"\r\n0\r\n\r\n")
    lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    return bool(blank) and len(body) == int(lengths[0].partition(b":")[2])


def unchunked(body: bytes) -> bytes:
    content = b""
    while body:
        length, _, rest = body.partition(b"\r\n")
        content += rest[: int(length, 16)]
        body = rest[int(length, 16) + 2 :]
    return content


async def breaking(error: Exception, after: bytes) -> Bytes:
    yield after
    raise error


async def stalling(after: bytes) -> Bytes:
    yield after
    await asyncio.Event().wait()


async def test_body_of_known_size_comes_with_its_length() -> None:
    ear = Ear()
    answer = await sent(stream(CONTENT, size=len(CONTENT)), ear)
    assert answer.status == 200
    assert f"content-length: {len(CONTENT)}".encode() in ear.head
    assert b"transfer-encoding" not in ear.head
    assert ear.body == CONTENT


async def test_body_of_unknown_size_comes_in_chunks() -> None:
    ear = Ear()
    await sent(stream(CONTENT), ear)
    assert b"transfer-encoding: chunked" in ear.head
    assert b"content-length" not in ear.head
    assert unchunked(ear.body) == CONTENT


@pytest.mark.parametrize("size", [None, len(CONTENT)], ids=["chunked", "known"])
async def test_body_that_breaks_off_does_not_look_whole(size: int | None) -> None:
    ear, error = Ear(), TooLarge("The file is larger than 9 bytes.")
    body = Stream(pieces=breaking(error, CONTENT[:100_000]), size=size)
    async with listening(ear) as address, transport() as one:
        with pytest.raises(TooLarge) as caught:
            await one.send(Request(method="POST", url=address, stream=body), 10)
        await ear.over.wait()
    assert caught.value is error
    assert not is_whole(ear.heard[-1])
    assert len(ear.heard) == 1


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1, 1])
async def test_body_of_another_size_than_announced_does_not_look_whole(size: int) -> None:
    ear = Ear()
    async with listening(ear) as address, transport() as one:
        request = Request(method="POST", url=address, stream=stream(CONTENT, size=size))
        with pytest.raises(BadRequest):
            await one.send(request, 9)
        await ear.over.wait()
    assert not is_whole(ear.heard[-1])


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), ConnectionResetError("x")])
async def test_whatever_the_body_raises_comes_out(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        await sent(Stream(pieces=breaking(error, b"x")), Ear())
    assert caught.value is error


async def test_body_that_stops_coming_is_given_up_in_time_and_reached_nobody() -> None:
    async with aclosing(stalling(CONTENT[:9])) as pieces:
        with pytest.raises(Unavailable) as caught:
            await sent(Stream(pieces=pieces, size=len(CONTENT)), Ear(), BUDGET)
    assert (caught.value.certain, caught.value.pending) == (True, False)


async def test_nobody_reads_the_body_any_more_when_sending_is_over() -> None:
    async with (
        listening(Ear()) as address,
        transport() as one,
        aclosing(stalling(CONTENT[:9])) as pieces,
    ):
        body = Stream(pieces=pieces, size=len(CONTENT))
        with pytest.raises(Unavailable):
            await one.send(Request(method="POST", url=address, stream=body), BUDGET)


async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.read(1)
    writer.transport.abort()


async def test_server_that_goes_away_in_the_middle_has_not_got_it() -> None:
    async with aclosing(stalling(CONTENT[:9])) as pieces:
        with pytest.raises(Unavailable) as caught:
            await sent(Stream(pieces=pieces, size=len(CONTENT)), vanish)
    assert caught.value.certain


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raw = bytearray()
    while not is_whole(bytes(raw)):
        raw += await reader.read(65_536)
    writer.transport.abort()


@pytest.mark.parametrize("size", [None, len(CONTENT)], ids=["chunked", "known"])
async def test_server_that_got_it_all_and_says_nothing_leaves_doubt(size: int | None) -> None:
    with pytest.raises(Unavailable) as caught:
        await sent(stream(CONTENT, size=size), swallow)
    assert not caught.value.certain


async def test_server_that_cannot_be_reached_has_taken_nothing_of_the_body() -> None:
    body = stream(CONTENT, size=len(CONTENT), piece=100)
    async with transport() as one:
        url = f"http://127.0.0.1:{free_port()}/"
        with pytest.raises(Unavailable) as caught:
            await one.send(Request(method="POST", url=url, stream=body), 5)
    assert caught.value.certain
    assert await anext(body.pieces) == CONTENT[:100]


def early(after: int) -> Behaviour:
    """Return a server that refuses once it has read so much, and reads no more."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(after)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        await asyncio.Event().wait()

    return behave


async def endless() -> Bytes:
    while True:
        yield bytes(10_000)


async def test_early_refusal_is_heard_and_ends_the_sending() -> None:
    async with aclosing(endless()) as pieces:
        answer = await sent(Stream(pieces=pieces), early(50_000))
    assert answer.status == 413


async def test_connection_with_half_a_body_is_not_used_again() -> None:
    connections: list[object] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await early(1_000)(reader, writer)

    async with listening(behave) as address, transport() as one:
        for _ in range(2):
            async with aclosing(endless()) as pieces:
                request = Request(method="POST", url=address, stream=Stream(pieces=pieces))
                await one.send(request, 5)
    assert len(connections) == 2


async def drop_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)


async def test_body_goes_once_even_where_a_kept_connection_has_died() -> None:
    async with listening(drop_first) as address, transport() as one:
        await one.send(Request(method="GET", url=address), 5)
        body = Stream(pieces=stalling(b"x"), size=len(CONTENT))
        with pytest.raises(Unavailable):
            await one.send(Request(method="POST", url=address, stream=body), BUDGET)


LARGE = 9_000_000
BOUND = 2_000_000


class Counting:
    """A server that counts a body's bytes and keeps none, slower than they come."""

    def __init__(self) -> None:
        self.bytes = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        while self.bytes < length:
            self.bytes += len(await reader.read(65_536))
            await asyncio.sleep(0)
        writer.write(OK)


async def arriving(size: int) -> AsyncIterator[bytes]:
    """Yield a form with a large file, none of which is there before it comes."""
    around = form(PNG).raw
    at = around.index(PNG) + len(PNG)
    yield around[:at]
    left = size - len(PNG)
    while left:
        yield bytes(min(left, 16_384))
        left -= min(left, 16_384)
    yield around[at:]


async def test_large_file_is_never_held_whole() -> None:
    counting = Counting()
    head = {**form().head, "content-length": str(len(form().raw) + LARGE - len(PNG))}
    async with listening(counting) as address, transport() as one:
        tracemalloc.start()
        try:
            async with received(head, arriving(LARGE), FileRules()) as upload:
                request = Request(method="POST", url=address, stream=upload.content)
                answer = await one.send(request, 60)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (answer.status, counting.bytes) == (200, LARGE)
    assert peak < BOUND
