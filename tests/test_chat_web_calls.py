"""What each call of a page takes and answers: the limits of every field, streams, repetitions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from handoff.chat_web import LONGEST_MESSAGE
from handoff.deliveries import Page
from handoff.vocabulary import Reason
from handoff.web import LARGEST_BODY
from tests.fakes import FixedClock
from tests.heart import closed, replied
from tests.visits import ORIGIN, PageBench, Visit, ids, texts

STREAM = "text/event-stream"


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


async def get(bench: PageBench, query: str = "", **headers: str) -> Visit:
    proof = {"authorization": f"Bearer {await bench.token()}"}
    return await Visit(f"/v1/events{query}", **proof, **headers).made(bench.chat)


async def post(bench: PageBench, path: str, body: Any, **headers: str) -> Visit:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    proof = {"authorization": f"Bearer {await bench.token()}"}
    return await Visit(f"/v1/{path}", "POST", raw, **proof, **headers).made(bench.chat)


async def say(bench: PageBench, body: Any) -> Visit:
    return await post(bench, "messages", body)


async def page_of(bench: PageBench) -> Page:
    found = (await bench.handoff()).page
    assert found is not None
    return found


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
async def test_events_are_json_where_no_stream_is_asked_for(bench: PageBench, accept: str) -> None:
    await bench.connected()
    visit = await get(bench, accept=accept)
    assert (visit.status, visit.headers["content-type"]) == (200, "application/json")
    assert visit.headers["cache-control"] == "no-store"
    assert ids(visit.json()["events"]) == list(range(1, await bench.last() + 1))


@pytest.mark.parametrize(
    ("query", "last_event_id", "after"),
    [
        *(("", "", 0), ("?after=", "", 0), ("?after=0", "", 0), ("?after=2", "", 2)),
        *(("?after=002", "", 2), ("", "2", 2), ("?after=1", "2", 2), ("?after=2", "1", 1)),
        *(("?after=2", "0", 0), ("?after=9&after=1", "", 1)),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", f"{STREAM}, */*;q=0.1"])
async def test_page_says_what_it_has_read(
    bench: PageBench, query: str, last_event_id: str, after: int, accept: str
) -> None:
    await bench.connected()
    await bench.tell(closed())
    visit = await get(bench, query, last_event_id=last_event_id, accept=accept)
    found = visit.events if STREAM in accept else visit.json()["events"]
    assert ids(found) == list(range(after + 1, await bench.last() + 1))


@pytest.mark.parametrize(
    "value",
    [
        *("-1", "+1", "1.0", "1e3", "x", "1 ", " ", "²", "٣", "0x1", "1_0", "9" * 10, "9" * 5_000),
        *("0" * 10, "0" * 5_000, "%00", "null"),
    ],
)
async def test_what_is_no_id_of_an_event_is_refused(bench: PageBench, value: str) -> None:
    await bench.connected()
    assert (await get(bench, f"?after={value}")).error == (400, "bad_request")
    assert (await get(bench, f"?after={value}", last_event_id="1")).status == 400
    if value.isascii() and value.strip():
        assert (await get(bench, last_event_id=value)).error == (400, "bad_request")
        refused = await get(bench, last_event_id=value, accept=STREAM)
        assert refused.error == (400, "bad_request")


@pytest.mark.parametrize("value", ["", "0", "0.0", "25", "25.0", "025", "1.", "0." + "0" * 9_000])
async def test_wait_is_a_number_of_seconds(bench: PageBench, value: str) -> None:
    await bench.connected()
    assert (await get(bench, f"?wait={value}")).status == 200


@pytest.mark.parametrize(
    "value",
    [
        *("-1", "+1", "26", "25.01", "25.0000001", "1000", "9" * 5_000, "1e1", "inf", "nan", "x"),
        *(".5", ".", "1.x", "1.5.5", "1,5", " 1", "٣", "0x1", "1_0"),
    ],
)
async def test_what_is_no_time_to_wait_is_refused(bench: PageBench, value: str) -> None:
    await bench.connected()
    assert (await get(bench, f"?wait={value}")).error == (400, "bad_request")


async def test_stream_goes_on_until_the_end_of_the_chat(bench: PageBench) -> None:
    token = await bench.connected()
    visit = Visit("/v1/events", authorization=f"Bearer {token}", accept=STREAM, origin=ORIGIN)
    making = asyncio.create_task(visit.made(bench.chat))
    await visit.until_has("id: 1\n")
    await bench.tell(replied("News"))
    await visit.until_has("News")
    await bench.tell(closed())
    await making
    assert ids(visit.events) == list(range(1, await bench.last() + 1))
    assert (visit.events[-1]["state"], visit.is_complete) == ("closed", True)
    assert visit.headers["access-control-allow-origin"] == ORIGIN
    assert not (await page_of(bench)).readers


async def test_page_that_goes_in_the_middle_has_what_was_sent(bench: PageBench) -> None:
    token = await bench.connected()
    visit = Visit("/v1/events", authorization=f"Bearer {token}", accept=STREAM)
    making = asyncio.create_task(visit.made(bench.chat))
    await bench.tell(replied("one"))
    await visit.until_has("one")
    assert (await bench.poll("beside it")).texts == ()
    visit.gone.set()
    await making
    await bench.tell(replied("two", 2))
    page = await page_of(bench)
    assert (page.readers, page.gone_at) == ({}, bench.clock())
    assert (await bench.poll("after it")).texts == ("Anna: two",)


async def test_page_that_went_before_anything_was_sent_has_nothing(bench: PageBench) -> None:
    token = await bench.connected()
    await bench.tell(replied("one"))
    visit = Visit("/v1/events", authorization=f"Bearer {token}", accept=STREAM)
    visit.gone.set()
    await visit.made(bench.chat)
    assert (await bench.poll("after it")).texts == ("Anna: one",)


async def test_long_poll_is_answered_when_there_is_news(bench: PageBench) -> None:
    token, last = await bench.connected(), await bench.last()
    visit = Visit(f"/v1/events?after={last}&wait=20", authorization=f"Bearer {token}")
    making = asyncio.create_task(visit.made(bench.chat))
    await asyncio.sleep(0)
    await bench.tell(replied("News"))
    assert texts((await making).json()["events"]) == ["News"]


@pytest.mark.parametrize(
    "text",
    [
        *("Hi", " Hi\n", "🌷\n<b>line</b>\r\n", "\x01\x7f", "x" * 60_000, "x" * LONGEST_MESSAGE),
        *("🌷" * (LONGEST_MESSAGE // 4), '"' * LONGEST_MESSAGE, "\x01" * (LONGEST_MESSAGE // 3)),
    ],
    ids=lambda one: one[:9],
)
async def test_words_are_taken_as_they_are(bench: PageBench, text: str) -> None:
    await bench.connected()
    visit = await say(bench, {"id": "m1", "text": text, "more": {"is": "ignored"}})
    assert (visit.status, visit.json()) == (202, {"id": "m1", "sequence": 1})
    assert bench.desk.said == [text]


@pytest.mark.parametrize(
    "text",
    [
        *("x" * (LONGEST_MESSAGE + 1), "🌷" * (LONGEST_MESSAGE // 4 + 1)),
        "\x01" * (LONGEST_MESSAGE // 3 + 1),
    ],
    ids=lambda one: one[:9],
)
async def test_words_too_long_are_refused_whole(bench: PageBench, text: str) -> None:
    await bench.connected()
    assert (await say(bench, {"id": "m1", "text": text})).error == (413, "too_large")
    assert bench.desk.said == []


@pytest.mark.parametrize("text", [None, "", " \n\t", "\u2003", 7, ["Hi"], {}, True, "a\0b", "\0"])
async def test_what_is_no_text_is_refused(bench: PageBench, text: Any) -> None:
    await bench.connected()
    assert (await say(bench, {"id": "m1", "text": text})).error == (400, "bad_request")
    assert bench.desk.said == []


@pytest.mark.parametrize("message", ["m", "m" * 100, "7", "a/b?c=d&e", "{3fa85f64-5717}", "!~"])
async def test_id_of_a_message_is_the_pages_own(bench: PageBench, message: str) -> None:
    await bench.connected()
    assert (await say(bench, {"id": message, "text": "Hi"})).json()["id"] == message


@pytest.mark.parametrize(
    "message", [None, "", "m" * 101, 7, ["m"], {}, True, "a b", "a\n", "\0", "ü", "🌷"]
)
async def test_what_is_no_id_of_a_message_is_refused(bench: PageBench, message: Any) -> None:
    await bench.connected()
    assert (await say(bench, {"id": message, "text": "Hi"})).error == (400, "bad_request")
    assert bench.desk.said == []


@pytest.mark.parametrize("path", ["messages", "typing"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"Hi"', b"\xff", b'{"id": NaN}', b"[" * 9_000]
)
async def test_what_is_no_object_is_refused(bench: PageBench, path: str, body: bytes) -> None:
    await bench.connected()
    assert (await post(bench, path, body)).error == (400, "bad_request")


@pytest.mark.parametrize("path", ["messages", "typing"])
async def test_body_beyond_the_limit_is_refused(bench: PageBench, path: str) -> None:
    await bench.connected()
    body = b" " * LARGEST_BODY + b"{}"
    assert (await post(bench, path, body)).error == (413, "too_large")


async def test_half_of_an_emoji_is_replaced(bench: PageBench) -> None:
    await bench.connected()
    assert (await say(bench, b'{"id": "m1", "text": "a \\ud800 b"}')).status == 202
    assert bench.desk.said == ["a ? b"]


async def test_message_that_comes_again_gets_the_same_answer(bench: PageBench) -> None:
    await bench.connected()
    first, second = [await say(bench, {"id": one, "text": one}) for one in ("m1", "m2")]
    again = await say(bench, {"id": "m1", "text": "other words"})
    assert (again.status, again.body, second.json()["sequence"]) == (202, first.body, 2)
    assert bench.desk.said == ["m1", "m2"]


@pytest.mark.parametrize(("typing", "shown"), [(True, 1), (False, 0)])
async def test_typing_is_answered_without_a_word(
    bench: PageBench, typing: bool, shown: int
) -> None:
    await bench.connected()
    visit = await post(bench, "typing", {"typing": typing})
    assert (visit.status, visit.body, bench.desk.typed) == (204, b"", shown)


@pytest.mark.parametrize("typing", [None, 1, 0, "true", [], {}])
async def test_what_is_neither_true_nor_false_is_refused(bench: PageBench, typing: Any) -> None:
    await bench.connected()
    assert (await post(bench, "typing", {"typing": typing})).error == (400, "bad_request")
    assert bench.desk.typed == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"anything at all"])
async def test_customer_leaves_whatever_the_body_is(bench: PageBench, body: bytes) -> None:
    await bench.connected()
    visit = await post(bench, "end", body)
    assert (visit.status, visit.body) == (204, b"")
    assert (await bench.handoff()).reason is Reason.CUSTOMER_LEFT
    assert (await post(bench, "end", body)).error == (409, "closed")
