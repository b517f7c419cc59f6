"""The addresses of a page's calls: who may call from where, with which token, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.customer_tokens import LASTS, verified
from handoff.errors import StoreError
from handoff.rates import Rates
from handoff.scripts import FOLDER
from handoff.store import Stored
from handoff.vocabulary import SessionKey
from tests.fakes import CountingStore, FixedClock
from tests.heart import closed, seconds
from tests.visits import KEY, ORIGIN, PageBench, Visit

TYPING = b'{"typing": true}'
SAID = b'{"id": "m1", "text": "Hi"}'
CALLS: dict[str, tuple[str, bytes]] = {
    "/v1/events": ("GET", b""),
    "/v1/messages": ("POST", SAID),
    "/v1/typing": ("POST", TYPING),
    "/v1/end": ("POST", b""),
}
EACH = pytest.mark.parametrize("path", CALLS)
STRANGER = "https://evil.example"


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[PageBench]:
    one = PageBench(clock)
    yield one
    runner.run(one.store.close())


async def call(bench: PageBench, path: str, token: str | None = None, **headers: str) -> Visit:
    """Make one of the calls as it is meant, with a token that is good."""
    method, body = CALLS[path]
    proof = {"authorization": f"Bearer {token or await bench.connected()}"}
    return await Visit(path, method, body, **proof, **headers).made(bench.chat)


@EACH
async def test_page_of_an_allowed_origin_may_read_every_answer(bench: PageBench, path: str) -> None:
    for visit in (
        await call(bench, path, origin=ORIGIN),
        await call(bench, path, "garbage", origin=ORIGIN),
    ):
        assert visit.headers["access-control-allow-origin"] == ORIGIN
        assert visit.headers["access-control-expose-headers"] == "X-Handoff-Token, Retry-After"
        assert visit.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in visit.headers


@EACH
@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "", ORIGIN.upper(), f"{ORIGIN}/", f"{ORIGIN}:443", f"x{ORIGIN}"]
)
async def test_page_of_another_origin_may_read_none(
    bench: PageBench, path: str, origin: str
) -> None:
    headers = (await call(bench, path, origin=origin)).headers
    assert "access-control-allow-origin" not in headers
    assert headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({"origin": STRANGER}, STRANGER), ({"origin": "null"}, "null"), ({}, "*")],
)
async def test_star_allows_all(bench: PageBench, headers: dict[str, str], expected: str) -> None:
    visit = await Visit("/v1/events", **headers).made(bench.chat, origins=("*",))
    assert visit.headers["access-control-allow-origin"] == expected


async def test_without_allowed_origins_only_who_is_no_page_may_call(bench: PageBench) -> None:
    visit = await Visit("/v1/events", origin=ORIGIN).made(bench.chat, origins=())
    assert "access-control-allow-origin" not in visit.headers


@pytest.mark.parametrize("path", [*CALLS, "/v1/files", "/v1/handoff-client.js"])
async def test_browser_that_asks_first_is_told_what_it_may(bench: PageBench, path: str) -> None:
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
    visit = await Visit(path, "OPTIONS", **asked).made(bench.chat)
    assert (visit.status, visit.body) == (204, b"")
    assert visit.headers["access-control-allow-origin"] == ORIGIN
    assert visit.headers["access-control-allow-methods"] == "GET, POST"
    allowed = visit.headers["access-control-allow-headers"].split(", ")
    assert allowed == ["Authorization", "Content-Type", "Last-Event-ID"]
    assert visit.headers["access-control-max-age"] == "3600"


@pytest.mark.parametrize("headers", [{"origin": STRANGER}, {"origin": "null"}, {}])
async def test_browser_that_asks_from_elsewhere_is_refused(
    bench: PageBench, headers: dict[str, str]
) -> None:
    visit = await Visit("/v1/messages", "OPTIONS", **headers).made(bench.chat)
    assert visit.error == (403, "forbidden")
    assert "access-control-allow-origin" not in visit.headers


@EACH
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
async def test_token_comes_in_its_header(bench: PageBench, path: str, scheme: str) -> None:
    method, body = CALLS[path]
    proof = f"{scheme} {await bench.connected()}"
    visit = await Visit(path, method, body, authorization=proof).made(bench.chat)
    assert visit.status < 300


@EACH
@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic abc"}, {"authorization": ""}])
async def test_token_comes_in_the_address_where_a_browser_can_set_no_header(
    bench: PageBench, path: str, headers: dict[str, str]
) -> None:
    method, body = CALLS[path]
    visit = Visit(f"{path}?token={await bench.connected()}", method, body, **headers)
    assert (await visit.made(bench.chat)).status < 300


async def test_token_in_the_header_counts_before_that_in_the_address(bench: PageBench) -> None:
    good = await bench.connected()
    wrong = Visit(f"/v1/events?token={good}", authorization="Bearer garbage")
    right = Visit("/v1/events?token=garbage", authorization=f"Bearer {good}")
    assert (await wrong.made(bench.chat)).error == (401, "unauthenticated")
    assert (await right.made(bench.chat)).status == 200


@EACH
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer"}, {"authorization": "Bearer \xff"}]
)
async def test_call_without_a_token_is_refused(
    bench: PageBench, path: str, headers: dict[str, str]
) -> None:
    await bench.connected()
    method, body = CALLS[path]
    visit = await Visit(path, method, body, **headers).made(bench.chat)
    assert visit.error == (401, "unauthenticated")
    assert bench.desk.said == []
    assert not bench.desk.rooms[0].closed


@EACH
async def test_token_that_has_ended_is_refused(bench: PageBench, path: str) -> None:
    token = await bench.connected()
    bench.clock.now += LASTS
    assert (await call(bench, path, token)).error == (401, "unauthenticated")


@EACH
async def test_old_token_is_followed_by_a_fresh_one_in_any_answer(
    bench: PageBench, path: str
) -> None:
    token = await bench.connected()
    bench.clock.now += LASTS / 2
    assert "x-handoff-token" not in (await call(bench, path, token)).headers
    bench.clock.advance(1)
    visit = await call(bench, path, token)
    fresh = visit.headers.get("x-handoff-token", "")
    if path == "/v1/end":
        assert visit.error == (409, "closed")
    else:
        assert verified(fresh, KEY, bench.clock() + LASTS - seconds(1)).session


@EACH
async def test_page_that_calls_too_often_is_told_when_to_come_again(
    bench: PageBench, path: str
) -> None:
    bench.rates = Rates(0.3, burst=1, clock=lambda: 100.0)
    bench.chat, token = bench.another_chat(), await bench.connected()
    assert (await call(bench, path, token)).status < 300
    visit = await call(bench, path, token, origin=ORIGIN)
    assert (visit.error, visit.headers["retry-after"]) == ((429, "too_many"), "4")


@EACH
async def test_after_the_end_there_is_nothing_more(bench: PageBench, path: str) -> None:
    token = await bench.connected()
    await bench.tell(closed())
    target = f"{path}?after={await bench.last()}"
    method, body = CALLS[path]
    proof = {"authorization": f"Bearer {token}"}
    assert (await Visit(target, method, body, **proof).made(bench.chat)).error == (409, "closed")


class Broken(CountingStore):
    """A store that does not answer."""

    async def load(self, key: SessionKey) -> Stored | None:
        raise StoreError("the store's own words")


@EACH
async def test_store_that_fails_is_a_reason_to_come_again(bench: PageBench, path: str) -> None:
    token = await bench.connected()
    method, body = CALLS[path]
    chat = bench.another_chat(Broken(bench.store))
    visit = await Visit(path, method, body, authorization=f"Bearer {token}").made(chat)
    assert visit.error == (503, "unavailable")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1", "/v1/", "/v1/event", "/v1/events/", "/v1/events/7", "/v2/events", "/events"),
        *("//v1/events", "/v1//events", "/v1/EVENTS", "/V1/events", "/v1/../v1/events"),
        *("/livechat", "/v1/nothing.js", "/v1/handoff-client.js/x.js", "/v1/..%2fweb.js"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_there_is_nothing_elsewhere(bench: PageBench, path: str, method: str) -> None:
    visit = await Visit(path, method).made(bench.chat)
    found, code = visit.error
    assert (found, code) == (404, "not_found") or path.endswith(".js")
    assert found in {404, 405}


@pytest.mark.parametrize("path", [*CALLS, "/v1/files", "/v1/handoff-client.js"])
async def test_wrong_method_is_told_the_right_one(bench: PageBench, path: str) -> None:
    right = "GET" if path in {"/v1/events", "/v1/handoff-client.js"} else "POST"
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} - {right}:
        if (method, path) == ("HEAD", "/v1/handoff-client.js"):
            continue
        visit = await Visit(path, method).made(bench.chat)
        assert visit.error == (405, "method_not_allowed")
        assert visit.headers["allow"] == right


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_needs_nothing(bench: PageBench, method: str) -> None:
    visit = await Visit("/healthz", method).made(lambda: pytest.fail("it was asked for"))
    assert (visit.status, visit.json()) == (200, {"status": "ok"})


async def test_script_needs_no_token_and_any_page_may_load_it(bench: PageBench) -> None:
    for origin in ({}, {"origin": STRANGER}):
        visit = await Visit("/v1/handoff-client.js", **origin).made(bench.chat)
        assert (visit.status, visit.body) == (200, (FOLDER / "handoff-client.js").read_bytes())
        assert visit.headers["access-control-allow-origin"] == "*"
        assert visit.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_script_that_a_browser_has_is_not_sent_again(bench: PageBench) -> None:
    first = await Visit("/v1/handoff-client.js").made(bench.chat)
    known = {"if_none_match": first.headers["etag"]}
    again = await Visit("/v1/handoff-client.js", **known).made(bench.chat)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    changed = await Visit("/v1/handoff-client.js", if_none_match='"0"').made(bench.chat)
    assert changed.status == 200
