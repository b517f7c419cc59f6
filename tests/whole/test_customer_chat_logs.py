"""Nothing that a page says, is told, is called or proves itself with is in any line of the log.

Every house proves that at its end, see `House.prove_silence`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import marks
from tests.whole.house import House, until
from tests.whole.pages import Page, house_with_pages
from tests.whole.test_logs import MALFORMED, MARKS, QUOTING, raw

SESSION = "mark-of-the-session"
PNG = b"\x89PNG\r\n\x1a\n" + b"mark in a picture" * 9
NAME, WRONG = "mark in a name.png", "mark of another kind.pdf"
ODD_HEADERS = {
    "Origin": "https://mark-of-an-origin.example",
    "Last-Event-ID": "mark-of-a-cursor",
    "Accept": "mark/of-a-type",
    "User-Agent": "mark of an agent",
    "Traceparent": "mark-of-a-trace",
    "If-None-Match": "mark-of-a-version",
}
ODD_BODIES = (
    b"mark in a body",
    b'{"id": "mark-of-an-id", "text": "mark cut o',
    b'{"id": "mark of an id", "text": "mark in a text"}',
    b'{"id": "mark-of-an-id", "text": ["mark in a list"]}',
    b'{"id": "mark-of-an-id", "text": "' + b"mark that is long" * 5_000 + b'"}',
    b'{"typing": "mark instead"}',
    b"mark" * 300_000,
)


@pytest.fixture(params=["livechat", "8x8"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house_with_pages(tmp_path, provider=request.param) as one:
        yield one


def connected(one: House) -> Page:
    """Return the page of a customer who talks to somebody."""
    page = Page.of(one, one.say("agent", SESSION))
    until(lambda: one.chat()["agents"])
    return page


def call(one: House, page: Page, method: str, path: str, **more: Any) -> requests.Response:
    """Make a call of which nothing may be logged."""
    one.private |= set(marks.strings([path, more.get("headers"), more.get("params")]))
    one.private |= set(marks.strings(more.get("json"))) | marks.in_body(more.get("data", b""))
    return page.call(method, path, **more)


def send(one: House, page: Page, name: str, content: bytes, **fields: str) -> int:
    """Send a file of which nothing may be logged."""
    one.private |= {name, content.decode("latin-1"), *fields.values()}
    files = {"file": (name, content)}
    return page.call("POST", "/v1/files", files=files, data=fields).status_code


def events_of(one: House) -> set[object]:
    return {line["event"] for line in one.lines()}


def test_what_a_page_says_and_is_told_is_in_no_log(shop: House) -> None:
    page = connected(shop)
    with page.listening():
        shop.agent_says("mark said by the agent")
        page.until("mark said by the agent")
        said = {"id": "mark-of-a-message", "text": 'mark said\nby "the" page 🌷'}
        for _ in range(2):
            assert call(shop, page, "POST", "/v1/messages", json=said).status_code == 202
        assert call(shop, page, "POST", "/v1/typing", json={"typing": True}).status_code == 204
    assert call(shop, page, "GET", "/v1/events", params={"token": page.token}).status_code == 200
    assert page.call("POST", "/v1/end").status_code == 204
    late = {"id": "mark-of-a-late-one", "text": "mark said too late"}
    assert call(shop, page, "POST", "/v1/messages", json=late).status_code == 409
    assert "mark said by the agent" in shop.stored()
    told = {"page.message", "page.typing", "page.poll", "page.stream", "page.end", "refused"}
    assert events_of(shop) >= told


def test_each_line_of_a_page_says_whose_it_is(shop: House) -> None:
    page = connected(shop)
    with page.listening():
        shop.agent_says("mark said by the agent")
        page.until("mark said by the agent")
    until(lambda: "page.stream" in events_of(shop))
    page.say("mark said by the page", "mark-of-a-message")
    page.poll()
    lines = [one for one in shop.lines() if str(one["event"]).startswith("page.")]
    [handoff] = {one["handoff"] for one in lines}
    assert {one["event"] for one in lines} == {"page.stream", "page.message", "page.poll"}
    assert handoff in {one.get("handoff") for one in shop.lines() if one["event"] == "turn"}
    assert all(one["session"] and one["milliseconds"] >= 0 for one in lines)


def test_files_are_in_no_log(shop: House) -> None:
    page = connected(shop)
    statuses = [
        send(shop, page, NAME, PNG, id="mark-of-a-file"),
        send(shop, page, NAME, PNG, id="mark of a file"),
        send(shop, page, NAME, PNG, other="mark in a field" * 200),
        send(shop, page, WRONG, PNG),
        send(shop, page, "mark of no kind", b"\0mark in no file"),
        call(shop, page, "POST", "/v1/files", data=b"mark in no form").status_code,
    ]
    assert statuses == [202, 400, 400, 415, 415, 400]
    assert "attach" in events_of(shop)


def test_file_that_the_desk_refuses_is_in_no_log(shop: House) -> None:
    page = connected(shop)
    verb = {"livechat": "upload_file", "8x8": "attach"}[shop.provider]
    fail = {"action": verb, "status": 400, "type": "mark of a type", **QUOTING}
    shop.at_desk("faults", {"fail": fail})
    assert send(shop, page, NAME, PNG, id="mark-of-a-file") == 422
    [line] = [one for one in shop.lines() if one["event"] == "attach"]
    assert "refused" in line["reason"]


def test_what_is_refused_is_in_no_log(shop: House) -> None:
    page = connected(shop)
    strange = {"Authorization": "Bearer mark-of-a-bearer"}
    for path in ("/v1/events", "/v1/messages", "/v1/typing", "/v1/files", "/v1/mark-in-a-path"):
        for body in ODD_BODIES:
            call(shop, page, "POST", path, data=body, headers=ODD_HEADERS)
        odd = {"after": "mark-of-a-cursor", "wait": "mark-of-a-wait", "token": "mark-of-a-query"}
        for params in (odd, {**odd, "after": "0"}):
            call(shop, page, "GET", path, params=params)
            call(shop, page, "GET", path, params=params, headers=strange)
        call(shop, page, "OPTIONS", path, headers=ODD_HEADERS)
    call(shop, page, "GET", "/v1/handoff-mark-of-a-script.js", headers=ODD_HEADERS)
    call(shop, page, "GET", "/v1/handoff-client.js", headers=ODD_HEADERS)
    stream = {**ODD_HEADERS, "Accept": "text/event-stream"}
    call(shop, page, "GET", "/v1/events", headers=stream)
    statuses = {one["status"] for one in shop.lines() if "status" in one}
    assert statuses >= {400, 401, 403, 404, 405, 413}


def test_malformed_http_is_in_no_log(shop: House) -> None:
    shop.private |= set(MARKS)
    for sent in MALFORMED.values():
        raw(shop.plans["customer_chat"], sent)
    page = connected(shop)
    assert page.poll()


def test_store_that_breaks_under_a_page_is_told_without_what_is_in_it(shop: House) -> None:
    page = connected(shop)
    shop.private.add("mark in a row")
    with closing(sqlite3.connect(shop.folder / "handoff.db")) as db, db:
        db.execute("UPDATE sessions SET data = '{mark in a row'")
    said = {"id": "mark-of-a-message", "text": "mark said into the void"}
    assert call(shop, page, "POST", "/v1/messages", json=said).status_code == 503
    stream = {"Accept": "text/event-stream"}
    assert call(shop, page, "GET", "/v1/events", headers=stream).status_code == 503
    assert "store" in events_of(shop)


def test_house_finds_the_tokens_of_pages(shop: House) -> None:
    page = Page.of(shop, shop.say("agent", SESSION))
    log = shop.plans["customer_chat"].log
    assert log is not None
    line = '{"severity": "INFO", "event": "leak", "said": "%s"}\n'
    before = log.read_text(encoding="utf-8")
    log.write_text(before + line % page.token, encoding="utf-8")
    with pytest.raises(AssertionError):
        shop.prove_silence()
    log.write_text(before, encoding="utf-8")
