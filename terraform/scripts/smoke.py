#!/usr/bin/env python3
"""Asks every deployed function whether it is well, and whether it refuses whom it has to refuse.

    python3 terraform/scripts/smoke.py OUTPUTS [--patience SECONDS]

OUTPUTS is what `terraform output -json` printed. Nothing is changed and no conversation begun.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

# What only the project's own accounts may call, unless the outputs say otherwise.
PRIVATE = ("dialogflow_fulfillment", "wake")
# What only the project's own network reaches: elsewhere the platform says that it is not there.
INTERNAL = ("wake",)

# A deployment needs a while until all the world knows of it, permissions a little longer.
PATIENCE = 180.0
CALL_SECONDS = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
ORIGIN = "https://smoke-test.invalid"

# Cloud Run keeps some paths that end in z for itself; then any refusal of the function's own tells.
# https://docs.cloud.google.com/run/docs/known-issues
HEALTH, ANYTHING = "/healthz", "/"

Json = dict[str, Any]


class NoToken(Exception):
    """Why there is no identity token."""


@dataclass(frozen=True)
class Answer:
    """What a function, or the platform in its place, has answered; 0 is nothing at all."""

    url: str
    status: int
    body: bytes = b""

    @property
    def is_ours(self) -> bool:
        """Say whether the function itself answered: the platform does not speak JSON."""
        try:
            return isinstance(json.loads(self.body), dict)
        except ValueError:
            return False


@dataclass(frozen=True)
class Check:
    """One call and the answers that are right.

    `otherwise` is asked where the platform keeps the address for itself. A `friend` shows an
    identity token.
    """

    function: str
    words: str
    url: str
    right: Callable[[Answer], bool]
    otherwise: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    friend: bool = False


def is_well(answer: Answer) -> bool:
    """Say whether the function is there: well, or refusing a call that nobody ought to make."""
    return answer.status in {200, 404, 405} and answer.is_ours


def is_well_or_hidden(answer: Answer) -> bool:
    """Say the same of a function that the outside does not reach."""
    return is_well(answer) or is_hidden(answer)


def is_hidden(answer: Answer) -> bool:
    """Say whether the platform denied that there is anything."""
    return answer.status == 404 and not answer.is_ours


def is_shut(answer: Answer) -> bool:
    """Say whether the platform let nobody through."""
    return answer.status in {401, 403} and not answer.is_ours


def is_shut_or_hidden(answer: Answer) -> bool:
    """Say the same of a function that the outside does not reach."""
    return is_shut(answer) or is_hidden(answer)


def refuses(*statuses: int) -> Callable[[Answer], bool]:
    """Return what says whether the function itself answered with one of these."""
    return lambda answer: answer.status in statuses and (answer.is_ours or answer.status == 204)


def checks(outputs: Mapping[str, Json]) -> list[Check]:
    """Return all that is asked of what Terraform made."""
    urls: Mapping[str, str] = outputs["urls"]["value"]
    private = set(outputs["private"]["value"] if "private" in outputs else PRIVATE)
    found = [one for name in sorted(urls) for one in _health(name, urls[name], name in private)]
    if "customer_chat" in urls:
        found += _pages(urls["customer_chat"])
    if "agent_events" in urls:
        webhooks = outputs["webhooks"]["value"] if "webhooks" in outputs else {}
        found += _webhooks(urls["agent_events"], webhooks)
    return found


def _health(name: str, url: str, private: bool) -> Iterator[Check]:
    well, shut = is_well, is_shut
    if name in INTERNAL:
        well, shut = is_well_or_hidden, is_shut_or_hidden
    root = f"{url}{ANYTHING}"
    yield Check(name, "is well", f"{url}{HEALTH}", well, otherwise=root, friend=private)
    if private:
        yield Check(name, "is shut to strangers", root, shut)


def _pages(url: str) -> Iterator[Check]:
    name, origin = "customer_chat", {"Origin": ORIGIN}
    events = f"{url}/v1/events"
    yield Check(name, "refuses who has no token", events, refuses(401))
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    right = refuses(403, 204)  # 204 where every page may call
    yield Check(name, "answers browsers", events, right, method="OPTIONS", headers=asked)


def _webhooks(url: str, webhooks: Mapping[str, str]) -> Iterator[Check]:
    name, headers = "agent_events", {"Content-Type": "application/json"}
    for provider, address in sorted(webhooks.items()):
        words = f"refuses unsigned webhooks of {provider}"
        right = refuses(401, 404)  # 404: this provider is not set up
        yield Check(name, words, address, right, method="POST", headers=headers, body=b"{}")
    words = "knows no other provider"
    nobody = f"{url}/nobody"
    yield Check(name, words, nobody, refuses(404), method="POST", headers=headers, body=b"{}")


class _NoRedirects(HTTPRedirectHandler):
    """Take a redirection as an answer: it would lead to somebody's sign-in page."""

    def redirect_request(self, *_: Any) -> None:
        return None


def ask(check: Check, token: Callable[[str], str]) -> Answer:
    """Ask once, elsewhere too when the platform keeps the first address for itself."""
    answer = _call(check, token)
    if check.otherwise and is_hidden(answer):
        return _call(replace(check, url=check.otherwise), token)
    return answer


def _call(check: Check, token: Callable[[str], str]) -> Answer:
    parts = urlsplit(check.url)
    headers = dict(check.headers)
    if check.friend:
        headers["Authorization"] = f"Bearer {token(f'{parts.scheme}://{parts.netloc}')}"
    # What Terraform made, not what somebody typed.
    request = Request(check.url, data=check.body, headers=headers, method=check.method)  # noqa: S310
    try:
        with build_opener(_NoRedirects).open(request, timeout=CALL_SECONDS) as answer:
            return Answer(check.url, answer.status, answer.read())
    except HTTPError as error:
        return Answer(check.url, error.code, error.read())
    except (OSError, http.client.HTTPException):
        return Answer(check.url, 0)


def identity_token(audience: str) -> str:
    """Return a token that says who we are; a person's own account cannot name an audience."""
    command = ["gcloud", "auth", "print-identity-token"]
    for asked in ([*command, f"--audiences={audience}"], command):
        try:
            done = subprocess.run(  # noqa: S603 - as above
                asked, capture_output=True, text=True, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoToken(f"gcloud gives no identity token: {type(error).__name__}") from error
        if done.returncode == 0:
            return done.stdout.strip()
    raise NoToken(
        f"gcloud gives no identity token: {(done.stderr.strip() or '?').splitlines()[-1]}"
    )


def outcome(check: Check, give_up: float, token: Callable[[str], str]) -> str:
    """Ask until the answer is right or time is up; return what was wrong, or nothing."""
    pause = FIRST_PAUSE
    while True:
        try:
            answer = ask(check, token)
        except NoToken as reason:
            return str(reason)
        if check.right(answer):
            return ""
        if time.monotonic() + pause > give_up:
            return _wrong(check, answer)
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _wrong(check: Check, answer: Answer) -> str:
    if not answer.status:
        return f"no answer from {answer.url}"
    by = "the function" if answer.is_ours else "the platform"
    hint = ""
    if check.friend and answer.status in {401, 403}:
        hint = ": this account lacks roles/run.invoker on it"
    return f"{check.method} {urlsplit(answer.url).path} was answered {answer.status} by {by}{hint}"


def run(found: Sequence[Check], patience: float, token: Callable[[str], str]) -> list[str]:
    """Make all checks, print a line for each, and return the functions that failed one."""
    give_up = time.monotonic() + patience
    failed = []
    for check in found:
        wrong = outcome(check, give_up, token)
        said = f"{check.function} {check.words}"
        print(f"FAIL  {said}: {wrong}" if wrong else f"ok    {said}", flush=True)
        if wrong and check.function not in failed:
            failed.append(check.function)
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the outputs name; 1 says that something is wrong."""
    parser = argparse.ArgumentParser(description="Test the deployed functions from outside.")
    parser.add_argument("outputs", type=Path, help="what `terraform output -json` printed")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for all")
    asked = parser.parse_args(arguments)
    found = checks(json.loads(asked.outputs.read_text(encoding="utf-8")))
    if not found:
        print("The outputs name no function.", file=sys.stderr)
        return 1
    failed = run(found, asked.patience, identity_token)
    if failed:
        print(f"Not well: {', '.join(failed)}", file=sys.stderr)
        return 1
    print("All functions are well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
