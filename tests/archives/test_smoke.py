"""The smoke test says which function is not well, and lets nobody pass who is open to strangers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.hosting import hosted
from handoff.cli.processes import free_port, listen
from terraform.scripts import smoke
from tests.archives.front import INTERNAL, PRIVATE, PUBLIC, USUAL, fronts, token
from tests.archives.pipeline import SCRIPTS, put_program

NAMES = ("agent_events", "customer_chat", "dialogflow_fulfillment", "wake")
SIGN_IN = "https://accounts.example/sign-in"

# What a function that is well answers; anything else is told that there is nothing.
WELL: Mapping[tuple[str, str, str], int] = {
    ("agent_events", "POST", "/livechat"): 401,
    ("customer_chat", "GET", "/v1/events"): 401,
    ("customer_chat", "OPTIONS", "/v1/events"): 403,
}

Outputs = dict[str, dict[str, Any]]
Answers = Mapping[tuple[str, str, str], object]


def function(name: str, answers: Answers) -> Starlette:
    async def answer(request: Request) -> Response:
        known = {**WELL, **answers}.get((name, request.method, request.url.path), 404)
        if isinstance(known, list):
            known = known.pop(0) if len(known) > 1 else known[0]
        if isinstance(known, str):
            return RedirectResponse(known)
        assert isinstance(known, int)
        if known == 204:
            return Response(status_code=204)
        return JSONResponse({"error": "of ours"}, status_code=known)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "OPTIONS"])])


@contextmanager
def deployed(answers: Answers, kinds: Mapping[str, str] = USUAL) -> Iterator[Outputs]:
    """Yield the outputs of a deployment whose functions answer so."""
    doors = {}
    apps = []
    try:
        for name in NAMES:
            doors[name] = listen("127.0.0.1", 0)
            apps.append((function(name, answers), doors[name]))
        behind = {name: f"http://127.0.0.1:{one.getsockname()[1]}" for name, one in doors.items()}
        with hosted(apps), fronts(behind, kinds) as urls:
            webhooks = {one: f"{urls['agent_events']}/{one}" for one in ("livechat", "8x8")}
            yield {"urls": {"value": urls}, "webhooks": {"value": webhooks}}
    finally:
        for door in doors.values():
            door.close()


def failures(outputs: Outputs, patience: float = 0.0) -> list[str]:
    return smoke.run(smoke.checks(outputs), patience, token)


def test_deployment_that_is_well_passes(capsys: pytest.CaptureFixture[str]) -> None:
    with deployed({}) as outputs:
        assert failures(outputs) == []
    lines = capsys.readouterr().out.splitlines()
    assert all(one.startswith("ok    ") for one in lines)
    assert [one.split()[1] for one in lines] == [
        *("agent_events", "customer_chat"),
        *("dialogflow_fulfillment", "dialogflow_fulfillment", "wake", "wake"),
        *("customer_chat", "customer_chat", "agent_events", "agent_events", "agent_events"),
    ]


ROOT = "/"
BROKEN: dict[str, tuple[Answers, Mapping[str, str], str]] = {
    "customer_chat is down": (
        {("customer_chat", "GET", ROOT): 503},
        USUAL,
        "customer_chat is well: GET / was answered 503 by the function",
    ),
    "events without a token": (
        {("customer_chat", "GET", "/v1/events"): 200},
        USUAL,
        "customer_chat refuses who has no token: GET /v1/events was answered 200 by the function",
    ),
    "no answer to browsers": (
        {("customer_chat", "OPTIONS", "/v1/events"): 405},
        USUAL,
        "customer_chat answers browsers: OPTIONS /v1/events was answered 405 by the function",
    ),
    "unsigned webhook is taken": (
        {("agent_events", "POST", "/8x8"): 200},
        USUAL,
        "agent_events refuses unsigned webhooks of 8x8: POST /8x8 was answered 200",
    ),
    "any provider is taken": (
        {("agent_events", "POST", "/nobody"): 200},
        USUAL,
        "agent_events knows no other provider: POST /nobody was answered 200",
    ),
    "fulfillment is open": (
        {},
        {**USUAL, "dialogflow_fulfillment": PUBLIC},
        "dialogflow_fulfillment is shut to strangers: GET / was answered 404 by the function",
    ),
    "wake is open": (
        {},
        {**USUAL, "wake": PUBLIC},
        "wake is shut to strangers: GET / was answered",
    ),
    "public function is shut": (
        {},
        {**USUAL, "agent_events": PRIVATE},
        "agent_events is well: ",
    ),
    "public function is hidden": (
        {},
        {**USUAL, "customer_chat": INTERNAL},
        "customer_chat is well: GET / was answered 404 by the platform",
    ),
    "sent to sign in": (
        {("customer_chat", "GET", ROOT): SIGN_IN},
        USUAL,
        "customer_chat is well: GET / was answered 307 by the platform",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_named(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers, kinds, words = BROKEN[case]
    with deployed(answers, kinds) as outputs:
        failed = failures(outputs)
    assert failed == [words.split()[0]]
    assert f"FAIL  {words}" in capsys.readouterr().out


def test_where_wake_is_reached_it_is_asked_too(capsys: pytest.CaptureFixture[str]) -> None:
    with deployed({("wake", "GET", ROOT): 500}, {**USUAL, "wake": PRIVATE}) as outputs:
        assert failures(outputs) == ["wake"]
    assert "FAIL  wake is well: GET / was answered 500" in capsys.readouterr().out


def test_outputs_say_what_is_private() -> None:
    kinds = {**USUAL, "dialogflow_fulfillment": PUBLIC}
    with deployed({}, kinds) as outputs:
        assert failures({**outputs, "private": {"value": ["wake"]}}) == []


def test_every_page_may_be_allowed_to_call() -> None:
    with deployed({("customer_chat", "OPTIONS", "/v1/events"): 204}) as outputs:
        assert failures(outputs) == []


def test_what_gets_well_in_time_is_waited_for() -> None:
    with deployed({("customer_chat", "GET", ROOT): [503, 404]}) as outputs:
        assert failures(outputs, patience=30.0) == []


def test_nobody_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert failures({"urls": {"value": {"agent_events": url}}}) == ["agent_events"]
    assert f"no answer from {url}/healthz" in capsys.readouterr().out


def test_account_that_may_not_call_is_told_what_it_lacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with deployed({}) as outputs:
        found = smoke.run(smoke.checks(outputs), 0.0, lambda _: "of somebody else")
    assert found == ["dialogflow_fulfillment"]
    assert "this account lacks roles/run.invoker on it" in capsys.readouterr().out


GCLOUD = """
import sys
audience = [one.partition("=")[2] for one in sys.argv if one.startswith("--audiences=")]
if KIND == "service" and audience:
    print("who may call", *audience)
elif KIND == "person" and not audience:
    print("a person")
else:
    sys.exit("ERROR: (gcloud.auth) Invalid account type\\nfor `--audiences`.")
"""


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("service", 0, "All functions are well."),
        ("person", 1, "was answered 403 by the platform"),
        ("nobody", 1, "gcloud gives no identity token: for `--audiences`."),
    ],
)
def test_token_is_asked_of_gcloud(kind: str, status: int, said: str, tmp_path: Path) -> None:
    put_program(tmp_path / "bin" / "gcloud", f"KIND = {kind!r}\n{GCLOUD}")
    with deployed({}) as outputs:
        done = run_script(tmp_path, outputs)
    assert done.returncode == status
    assert said in done.stdout


def test_outputs_without_functions_are_no_success(tmp_path: Path) -> None:
    done = run_script(tmp_path, {"urls": {"value": {}}})
    assert (done.returncode, done.stderr) == (1, "The outputs name no function.\n")


def run_script(folder: Path, outputs: object) -> subprocess.CompletedProcess[str]:
    told = folder / "outputs.json"
    told.write_text(json.dumps(outputs), encoding="utf-8")
    return subprocess.run(
        [sys.executable, SCRIPTS / "smoke.py", told, "--patience", "0"],
        env={"PATH": f"{folder / 'bin'}"},
        capture_output=True,
        text=True,
        check=False,
    )
