"""The network's edge against real servers that behave badly: in time, and honest about it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from handoff.errors import Unavailable
from handoff.exchange import Request, Response, json_request
from handoff.transport import CONNECTIONS, LARGEST_ANSWER, Transport
from tests.emulator import free_port
from tests.loopback import Behaviour, answering, listening, request_of

BUDGET = 0.4
SLACK = 0.35
# The last tenth of it has to be longer than a busy machine keeps us waiting.
PATIENT = 2.0
OK = b"HTTP/1.1 200 OK\r\nX-Odd: Yes\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def transport() -> AsyncIterator[Transport]:
    one = Transport()
    try:
        yield one
    finally:
        await one.close()


async def fetched(url: str, method: str = "GET", seconds: float = BUDGET) -> Response:
    async with transport() as one:
        return await one.send(Request(method=method, url=url), seconds)


async def asked(behave: Behaviour, method: str = "GET", seconds: float = BUDGET) -> Response:
    async with listening(behave) as address:
        return await fetched(f"{address}/x", method, seconds)


async def failure(behave: Behaviour, method: str = "POST") -> Unavailable:
    began = monotonic()
    with pytest.raises(Unavailable) as caught:
        await asked(behave, method)
    assert monotonic() - began < BUDGET + SLACK
    return caught.value


async def test_request_arrives_as_it_was_made() -> None:
    seen: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.write(OK)

    async with listening(behave) as address, transport() as one:
        request = json_request("PUT", f"{address}/a?b=c", {"x": "ü"}, headers={"X-Own": "1"})
        await one.send(request, BUDGET)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /a?b=c HTTP/1.1\r\n")
    assert b"X-Own: 1" in head
    assert json.loads(body) == {"x": "ü"}


@pytest.mark.parametrize("path", ["/a%2Fb", "/%7Eme", "/x?a=b%2Fc", "/x?a=%2B%20%3D", "/x?a=%2f"])
async def test_escapes_in_an_address_stay_as_they_are(path: str) -> None:
    seen: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.write(OK)

    async with listening(behave) as address:
        await fetched(address + path)
    assert seen[0].split()[1] == path.encode()


async def test_answer_comes_back_with_lower_case_header_names() -> None:
    answer = await asked(answering(OK))
    assert (answer.status, answer.headers["x-odd"], answer.body) == (200, "Yes", b"{}")


@pytest.mark.parametrize("status", [204, 301, 302, 307, 401, 404, 429, 500, 503])
async def test_any_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    answer = await asked(answering(head.encode()))
    assert (answer.status, answer.headers["location"]) == (status, "http://127.0.0.1:1/")


async def test_answer_in_many_pieces_is_whole() -> None:
    chunks = b"".join(b"3\r\nabc\r\n" for _ in range(1000)) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await asked(answering(head + chunks))).body == b"abc" * 1000


async def test_cookies_are_not_kept() -> None:
    seen: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.write(b"HTTP/1.1 204 No\r\nSet-Cookie: a=b; Path=/\r\nConnection: close\r\n\r\n")

    async with listening(behave) as address, transport() as one:
        named = address.replace("127.0.0.1", "localhost")  # a bare address never keeps any
        for _ in range(2):
            await one.send(Request(method="GET", url=f"{named}/"), BUDGET)
    assert b"cookie" not in seen[1].lower()


async def test_refused_connection_certainly_carried_nothing() -> None:
    with pytest.raises(Unavailable) as caught:
        await fetched(f"http://127.0.0.1:{free_port()}/")
    assert caught.value.certain


@pytest.mark.parametrize(
    "url", ["http://", "nonsense", "localhost:8080/x", "http://127.0.0.1:99999/", "http://["]
)
async def test_address_that_is_none_certainly_reached_nobody(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await fetched(url)
    assert caught.value.certain


async def test_connection_that_never_completes_certainly_carried_nothing() -> None:
    with socket.socket() as full:  # nobody accepts, and its queue is full
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        began = monotonic()
        with pytest.raises(Unavailable) as caught:
            await fetched(f"http://127.0.0.1:{address[1]}/", "POST", PATIENT)
        for one in waiting:
            one.close()
    assert caught.value.certain
    assert monotonic() - began < PATIENT + SLACK


async def test_name_whose_look_up_hangs_certainly_reached_nobody() -> None:
    over = threading.Event()
    with ThreadPoolExecutor(1) as lookups:  # where the loop lets names be looked up
        asyncio.get_running_loop().set_default_executor(lookups)
        hangs = lookups.submit(over.wait)
        began = monotonic()
        with pytest.raises(Unavailable) as caught:
            await fetched("http://localhost:1/", "POST", PATIENT)
        took = monotonic() - began
        over.set()
    assert hangs.result()
    assert caught.value.certain
    assert took < PATIENT + SLACK


async def test_handshake_that_hangs_certainly_carried_nothing() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(behave) as address:
        with pytest.raises(Unavailable) as caught:
            await fetched(address.replace("http", "https"), "POST", PATIENT)
    assert caught.value.certain


async def test_wait_for_a_free_connection_certainly_carried_nothing() -> None:
    async with listening(hang) as address, transport() as one:
        request = Request(method="POST", url=address)
        busy = [asyncio.create_task(one.send(request, 30)) for _ in range(CONNECTIONS)]
        await asyncio.sleep(0)  # each has asked for its connection before us
        with pytest.raises(Unavailable) as caught:
            await one.send(request, PATIENT)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
    assert caught.value.certain


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    await asyncio.Event().wait()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def giant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(LARGEST_ANSWER // 8))
        await writer.drain()


async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.transport.abort()


HALF = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
NOT_HTTP = answering(b"SSH-2.0-OpenSSH_9\r\n\r\n")
NOT_GZIP = answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
BAD_CHUNK = answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


@pytest.mark.parametrize(
    "behave",
    [hang, drip, drip_headers, giant, vanish, reset, HALF, NOT_HTTP, NOT_GZIP, BAD_CHUNK],
    ids=[
        *("hang", "drip", "drip_headers", "giant", "vanish", "reset"),
        *("half", "not_http", "not_gzip", "bad_chunk"),
    ],
)
async def test_what_went_wrong_after_sending_is_uncertain_and_in_time(behave: Behaviour) -> None:
    assert not (await failure(behave)).certain


async def test_largest_answer_is_still_taken() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {LARGEST_ANSWER}\r\n\r\n".encode()
    answer = await asked(answering(head + bytes(LARGEST_ANSWER)), seconds=10)
    assert len(answer.body) == LARGEST_ANSWER


async def test_larger_answer_is_not_taken() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {LARGEST_ANSWER + 1}\r\n\r\n".encode()
    with pytest.raises(Unavailable, match="ClientPayloadError") as caught:
        await asked(answering(head + bytes(LARGEST_ANSWER + 1)), seconds=10)
    assert not caught.value.certain


async def test_failure_names_method_and_host_and_nothing_else() -> None:
    with pytest.raises(Unavailable) as caught:
        await fetched(f"http://user:pass@127.0.0.1:{free_port()}/path?token=secret")
    assert str(caught.value) == "GET 127.0.0.1: ClientConnectorError"


async def test_header_that_no_wire_carries_certainly_reached_nobody() -> None:
    async with listening(answering(OK)) as address, transport() as one:
        request = Request(method="GET", url=address, headers={"Authorization": "Bearer a\nb"})
        with pytest.raises(Unavailable) as caught:
            await one.send(request, BUDGET)
    assert caught.value.certain


async def test_connection_is_used_again() -> None:
    connections: list[object] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            await request_of(reader)
            writer.write(OK)

    async with listening(behave) as address, transport() as one:
        for _ in range(3):
            await one.send(Request(method="GET", url=address), BUDGET)
    assert len(connections) == 1


async def test_failed_connection_does_not_spoil_the_next_request() -> None:
    async with listening(answering(OK)) as address, transport() as one:
        with pytest.raises(Unavailable):
            await one.send(Request(method="GET", url=f"http://127.0.0.1:{free_port()}/"), BUDGET)
        assert (await one.send(Request(method="GET", url=address), BUDGET)).status == 200


async def test_closing_without_or_twice_is_harmless() -> None:
    one = Transport()
    await one.close()
    async with listening(answering(OK)) as address:
        await one.send(Request(method="GET", url=address), BUDGET)
    await one.close()
    await one.close()
