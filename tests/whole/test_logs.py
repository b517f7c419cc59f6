"""No word of a person, no name, no token and no secret is in any line that a function prints.

Every house proves that at its end, see `House.prove_silence`; here is what else could be told.
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from handoff.cli.processes import Plan
from tests import marks
from tests.whole.house import SECRET, House, Json, house, until, webhook

SAMPLES = Path(__file__).parents[1] / "samples" / "dialogflow"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
LARGE = 1_100_000
HANDLED = {"turn", "event", "refused", "too_early", "store", "bridge", "bug"}
SESSION = "mark-of-the-session"
PERSON = {
    "customer_name": "Marked Name",
    "customer_email": "mark.mail@example.com",
    "customer_phone": "+31 6 4747 4747",
    "customer_id": "mark of a customer",
    "topic": "marked topic",
}
# What a vendor says when it refuses: its own word for it, and whatever it quotes.
QUOTING = {"message": "mark in a refusal: Marked Name", "data": {"quoted": "mark in the data"}}
VERBS = {
    "livechat": ("list_group_statuses", "update_customer", "start_chat", "send_event"),
    "8x8": ("schedule_status", "queue_metrics", "create_conversation", "post_message"),
}


@pytest.fixture(params=["livechat", "8x8"])
def marked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Give a house of each vendor where a customer with marked names talks to an agent."""
    config = tmp_path / "handoff.toml"
    config.write_text('[attributes]\ntopic = "topic"\n', encoding="utf-8")
    with house(tmp_path, provider=request.param, HANDOFF_CONFIG=str(config)) as one:
        one.say("mark said to the bot", SESSION)
        one.say("agent", SESSION, parameters=PERSON)
        until(lambda: one.chat()["agents"])
        yield one


def post(one: House, name: str, path: str = "", **more: Any) -> requests.Response:
    """Send something to a function, as anybody could."""
    sent = [path.removeprefix(one.provider), more.get("params"), more.get("headers")]
    one.private |= set(marks.strings(sent))
    one.private |= marks.in_body(more.get("data", b""))
    url = f"{one.plans[name].address}/{path}"
    return requests.request(more.pop("method", "POST"), url, timeout=30, **more)


def raw(plan: Plan, sent: bytes) -> None:
    """Send bytes and wait until the server hangs up, or never mind the answer."""
    with socket.create_connection((plan.host, plan.port), 10) as door:
        door.sendall(sent)
        door.shutdown(socket.SHUT_WR)
        while door.recv(65536):
            pass


def test_what_is_said_is_in_no_log(marked: House) -> None:
    marked.agent_says("mark said by the agent")
    file = {"name": "mark in a name.pdf", "url": "https://files.example/mark?sig=marked"}
    kind = {"content_type": "application/pdf"} if marked.provider == "livechat" else {}
    marked.do("file", **file, **kind)
    marked.say('mark said\nby "the" customer 🌷', SESSION)
    odd = {"handoff_target": "mark of a target", "handoff_skill": "mark of a skill"}
    marked.say("agent", "mark-of-a-second-session", parameters={**PERSON, **odd})
    odd = {"handoff_provider": "mark of a provider", "customer_language": "mark of a tongue"}
    marked.say("agent", "mark-of-a-third-session", parameters={**PERSON, **odd})
    assert "mark said by the agent" in marked.stored()
    assert '"event": "job.send"' in marked.logs()


def test_what_the_vendor_answers_is_in_no_log(marked: House) -> None:
    for number, verb in enumerate((*VERBS[marked.provider], "token")):
        for status, kind in ((400, "mark of a type"), (302, "moved"), (503, "internal")):
            fail = {"action": verb, "status": status, "type": kind, **QUOTING}
            marked.at_desk("faults", {"fail": fail})
            marked.say("mark said while it fails", SESSION)
            marked.say("agent", f"mark-{number}-{status}-session", parameters=PERSON)
    marked.at_desk("faults", {"fail": None})
    refused = [one for one in marked.lines() if "refused" in str(one.get("reason"))]
    assert {one["event"] for one in refused} >= {"job.open", "job.send"}


def test_target_without_an_answer_is_in_no_log(tmp_path: Path) -> None:
    config = tmp_path / "handoff.toml"
    config.write_text('[providers]\nunknown_availability = "closed"\n', encoding="utf-8")
    with house(tmp_path, HANDOFF_CONFIG=str(config)) as one:
        one.at_desk("faults", {"fail": {"action": "list_group_statuses", "times": 9}})
        one.say("agent", SESSION, parameters={"handoff_target": "mark of a target"})
        outcomes = [line["outcome"] for line in one.lines() if line["event"] == "job.open"]
    assert outcomes == ["NobodyThere"]


def test_what_is_refused_is_in_no_log(marked: House) -> None:
    credentials = {
        "Authorization": "Bearer mark-of-a-bearer",
        "X-Handoff-Secret": "mark-of-a-secret",
        "Traceparent": "mark-of-a-trace",
        "X-Cloud-Trace-Context": "mark/of;o=trace",
    }
    for name in marked.plans:
        for body in (b"mark in a body", b'{"text": "mark cut o', b"[" * 99, bytes(LARGE), b"{}"):
            for path in (marked.provider, "mark-in-a-path", ""):
                token = {"token": "mark-of-a-query"}
                post(marked, name, path, data=body, headers=credentials, params=token)
                right = {"X-Handoff-Secret": SECRET}
                post(marked, name, path, data=body, headers=right)
        post(marked, name, "mark-in-a-path", method="GET", params={"token": "mark-of-a-query"})
    marked.event(webhook("incoming_event", {"event": {"text": "mark sent"}}, secret="mark-no"))
    assert {one["status"] for one in marked.lines() if "status" in one} >= {400, 401, 404, 405, 413}


WEBSOCKET = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MALFORMED = {
    "no HTTP": b"mark-in-garbage mark-in-garbage\r\n\r\n",
    "another version": b"POST /x?token=mark-of-a-query HTTP/9.9\r\n\r\n",
    "no length": b"POST /x?token=mark-of-a-query HTTP/1.1\r\nContent-Length: mark-length\r\n\r\n",
    "no chunk": b"POST /x?token=mark-of-a-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"mark-chunk",
    "too long": b"GET /" + b"a" * 70_000 + b"?token=mark-of-a-query HTTP/1.1\r\n\r\n",
    "cut off": b"POST /x?token=mark-of-a-query HTTP/1.1\r\nContent-Length: 99\r\n\r\nmark-in-body",
    "web socket": b"GET /x?token=mark-of-a-query HTTP/1.1\r\n" + WEBSOCKET + b"\r\n",
    "odd method": b"BREW /x?token=mark-of-a-query HTTP/1.1\r\n\r\n",
}
MARKS = ("mark-in-garbage", "mark-of-a-query", "mark-length", "mark-chunk", "mark-in-body")


@pytest.mark.parametrize(
    "variables", [{}, {"LOG_EXECUTION_ID": "true"}, {"GUNICORN_LOG_LEVEL": "info"}], ids=str
)
def test_malformed_http_is_in_no_log(tmp_path: Path, variables: Any) -> None:
    with house(tmp_path, **variables) as one:
        one.private |= set(MARKS)
        for plan in one.plans.values():
            for sent in MALFORMED.values():
                raw(plan, sent)
        one.say("mark said to the bot")
        assert '"event": "turn"' in one.logs()


# From one to the next it gets worse.
DAMAGES = {
    "no JSON": "UPDATE sessions SET data = '{mark in a row'",
    "no UTF-8": "UPDATE sessions SET data = CAST(X'6D61726B20696E206120726F77FF' AS TEXT)",
    "no table": "ALTER TABLE sessions RENAME TO away",
}


def test_broken_store_is_told_without_what_is_in_it(tmp_path: Path) -> None:
    turn = (SAMPLES / "cx_message.json").read_bytes()
    with house(tmp_path) as one:
        one.private.add("mark in a row")
        statuses = [one.turn(turn).status_code]
        for damage in DAMAGES.values():
            with closing(sqlite3.connect(tmp_path / "handoff.db")) as db, db:
                db.execute(damage)
            statuses.append(one.turn(turn).status_code)
        events = [(line["event"], line.get("status")) for line in one.lines()]
    assert statuses == [200, 503, 503, 503]
    assert events == [("turn", None), ("store", 503), ("store", 503), ("store", 503)]


def test_bug_is_told_without_its_words(tmp_path: Path) -> None:
    with house(tmp_path) as one:
        one.say("agent", SESSION)
        one.kill()
        with closing(sqlite3.connect(one.folder / "handoff.db")) as db, db:
            db.execute("UPDATE tokens SET expires_at = 'mark in a column'")
        one.start()
        one.private.add("mark in a column")
        one.say("agent", "mark-of-another-session")
        [bug] = [line for line in one.lines() if line["event"] == "bug"]
    assert (bug["exception"], bug["status"], bug["severity"]) == ("ValueError", 500, "ERROR")


def handled(one: House) -> list[Json]:
    """Return the lines of what was handled, without those of jobs."""
    return [line for line in one.lines() if line["event"] in HANDLED]


def test_each_request_is_one_line_with_its_trace(tmp_path: Path) -> None:
    with house(tmp_path, GOOGLE_CLOUD_PROJECT="acme") as one:
        headers = {"Traceparent": TRACEPARENT}
        turn = (SAMPLES / "cx_message.json").read_bytes()
        odd = webhook("something_new", {})
        other = webhook("chat_deactivated", {"chat_id": "T1", "thread_id": "T2"})
        statuses = [
            one.turn(turn, **headers).status_code,
            one.turn(b"{", **headers).status_code,
            one.turn(turn, **headers, **{"X-Handoff-Secret": "wrong"}).status_code,
            *(one.event(body, headers) for body in (odd, other, webhook("x", {}, secret="no"))),
        ]
        lines = handled(one)
    assert statuses == [200, 400, 401, 200, 200, 401]
    assert [line["event"] for line in lines] == [
        *("turn", "refused", "refused"),
        *("event", "event", "refused"),
    ]
    traces = {line["logging.googleapis.com/trace"] for line in lines}
    assert traces == {f"projects/acme/traces/{TRACE}"}
    assert {line["logging.googleapis.com/spanId"] for line in lines} == {"00f067aa0ba902b7"}
    assert {line["logging.googleapis.com/trace_sampled"] for line in lines} == {True}
    assert all(0 <= line["milliseconds"] < 10_000 for line in lines)


def test_each_webhook_of_a_conversation_is_one_line(marked: House) -> None:
    marked.say("mark said by the customer", SESSION)
    marked.agent_says("mark said by the agent")
    marked.do("close")
    attempts = marked.at_desk("webhooks")["attempts"]
    told = [line for line in handled(marked) if line["event"] != "turn"]
    assert len(told) == len(attempts) > 3
    assert {line["provider"] for line in told} == {marked.provider}


def test_house_finds_what_is_logged(tmp_path: Path) -> None:
    log = tmp_path / "agent_events.log"
    log.write_text('{"event": "event", "text": "gr\\u00fc\\u00dfe an alle"}\n', encoding="utf-8")
    plan = Plan(name="agent_events", source=tmp_path, port=1, log=log)
    one = House(tmp_path, "cx", "livechat", "", "", {plan.name: plan}, {"A_KEY": "any other"})
    one.prove_silence()
    one.private.add("grüße an alle")
    with pytest.raises(AssertionError, match="grüße"):
        one.prove_silence()
