"""What the web's edge writes of a request: one line, with its trace and its time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handoff import log
from handoff.errors import BridgeError, StoreError, TooEarly, Unauthenticated
from handoff.exchange import Inbound, Json
from tests.loopback import serving
from tests.test_web import Handler, call, call_again

Lines = Callable[[], list[dict[str, Any]]]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"Traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n"


class Telling(Handler):
    """Logs what it handles."""

    async def __call__(self, inbound: Inbound) -> Json:
        log.info("turn")
        return await super().__call__(inbound)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    """Give what was logged, as written."""
    written = log.JsonLines().format
    with caplog.at_level("INFO", logger="handoff"):
        yield lambda: [json.loads(written(one)) for one in caplog.records if one.name == "handoff"]


TOLD: dict[str, tuple[Exception, dict[str, Any]]] = {
    "refused": (Unauthenticated("No."), {"status": 401, "reason": "unauthenticated"}),
    "too_early": (TooEarly("why"), {"status": 503, "reason": "why"}),
    "store": (StoreError("why"), {"status": 503, "outcome": "unavailable", "reason": "why"}),
    "bridge": (BridgeError("why"), {"status": 503, "outcome": "failed", "reason": "why"}),
    "bug": (KeyError("a customer's words"), {"status": 500, "exception": "KeyError"}),
}


@pytest.mark.parametrize("event", TOLD)
async def test_what_goes_wrong_is_one_line_without_an_address(lines: Lines, event: str) -> None:
    error, fields = TOLD[event]
    await call(Handler(error), "POST", "/livechat/secret?token=secret", b"secret", TRACEPARENT)
    [one] = lines()
    written = json.dumps(one)
    assert (one.pop("event"), one.pop("message"), one.pop("trace")) == (event, event, TRACE)
    assert isinstance(one.pop("milliseconds"), int)
    assert one.items() >= fields.items()
    assert "secret" not in written
    assert "customer" not in written


async def test_handlers_own_line_carries_trace_and_time(lines: Lines) -> None:
    await call(Telling(), "POST", "/", b"", TRACEPARENT)
    [one] = lines()
    assert (one["event"], one["trace"]) == ("turn", TRACE)
    assert isinstance(one["milliseconds"], int)


async def test_garbage_where_a_trace_should_be_is_not_written(lines: Lines) -> None:
    await call(
        Telling(), "POST", "/", b"", "Traceparent: secret\r\nX-Cloud-Trace-Context: Anna\r\n"
    )
    assert set(*lines()) == {"severity", "message", "event", "milliseconds"}


async def test_body_that_ends_early_is_one_line(lines: Lines) -> None:
    async with serving(Handler().app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsecret")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await call_again(port))[0] == 200
    [one] = lines()
    assert (one["event"], one["status"], one["reason"]) == ("refused", 400, "disconnected")


async def test_health_is_no_line(lines: Lines) -> None:
    await call(Handler(), "GET", "/healthz")
    assert lines() == []
