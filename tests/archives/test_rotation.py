"""Every secret is changed while functions out of their archives run, and nobody is refused.

The stages are those of docs/deploy.md, "Rotate a secret". While a deployment goes from one stage
to the next, instances of both answer: so those of neighbours have to understand each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import pytest
import requests

from tests.archives.conftest import Built, at_hand
from tests.archives.street import FIRST, SECOND, STAGES, Street, street, told, value
from tests.whole.house import until, webhook

# Instances that answer at the same time: of one stage, or of the next one too.
TOGETHER = {(one, one) for one in STAGES} | {
    pair for one, other in pairwise(STAGES) for pair in ((one, other), (other, one))
}
CLOSED = {"chat_id": "of-somebody-else", "thread_id": "t", "user_id": "u"}
OPEN = {"requested", "waiting", "active"}


@pytest.fixture(scope="module")
def rotating(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Give three functions, each at every stage."""
    with at_hand(), street(built, tmp_path_factory.mktemp("street")) as one:
        for function in ("dialogflow_fulfillment", "customer_chat", "agent_events"):
            one.start(function, list(STAGES))
        assert told(one.turn("before", "handoff.start", "a person, please"))["state"] in OPEN
        yield one


def accepted(statuses: dict[tuple[str, str], int]) -> set[tuple[str, str]]:
    """Return the pairs that were let in; whoever was not, was told 401."""
    assert set(statuses.values()) <= {200, 401}
    return {pair for pair, status in statuses.items() if status == 200}


def test_page_is_let_in_whichever_instance_gave_its_token(rotating: Street) -> None:
    tokens = {one: told(rotating.turn(one, "handoff.poll", "news?"))["token"] for one in STAGES}

    def asked(gave: str, stage: str) -> int:
        url = f"{rotating.at['customer_chat', stage]}/v1/events"
        headers = {"Authorization": f"Bearer {tokens[gave]}"}
        return requests.get(url, headers=headers, timeout=30).status_code

    statuses = {pair: asked(*pair) for pair in product(STAGES, STAGES)}
    assert accepted(statuses) >= TOGETHER
    # Why the new key is known to all before anybody signs with it.
    assert ("sent", "before") not in accepted(statuses)
    # Why the old one stays until its last token has ended.
    assert ("known", "after") not in accepted(statuses)


@pytest.mark.parametrize(
    ("version", "stages"),
    [(FIRST, {"before", "known", "sent"}), (SECOND, {"known", "sent", "after"})],
)
def test_both_secrets_of_a_caller_are_taken_between(
    rotating: Street, version: str, stages: set[str]
) -> None:
    body = webhook("chat_deactivated", CLOSED, value("LIVECHAT_WEBHOOK_SECRET", version))
    by_desk, by_dialogflow = {}, {}
    for stage in STAGES:
        url = f"{rotating.at['agent_events', stage]}/livechat"
        by_desk[stage, stage] = requests.post(url, data=body, timeout=30).status_code
        turn = rotating.turn(stage, "handoff.poll", f"news for {version}?", secret=version)
        by_dialogflow[stage, stage] = turn.status_code
    assert {one for one, _ in accepted(by_desk)} == stages
    assert {one for one, _ in accepted(by_dialogflow)} == stages


REFUSED = {400, 401, 403}
PROVED_BY = {
    "livechat": {"token", "customer_token", "issue_bot_token", "start_chat"},
    "8x8": {"token", "create_conversation"},
}


@pytest.mark.parametrize(("stage", "version"), [("known", FIRST), ("sent", SECOND)])
@pytest.mark.parametrize("provider", ["livechat", "8x8"])
def test_vendor_is_sent_the_first(
    provider: str, stage: str, version: str, built: Built, tmp_path: Path
) -> None:
    with at_hand(), street(built, tmp_path, provider, version) as one:
        one.start("dialogflow_fulfillment", [stage])
        one.turn(stage, "", "a question")  # the transcript is what the bot of LiveChat writes
        assert told(one.turn(stage, "handoff.start", "a person, please"))["state"] in OPEN
        until(lambda: one.done(stage, *PROVED_BY[provider]))
        assert [call for call in one.calls() if call[1] in REFUSED] == []


def test_token_that_all_share_outlives_the_secret_it_was_made_with(
    built: Built, tmp_path: Path
) -> None:
    with at_hand(), street(built, tmp_path) as one:
        one.start("dialogflow_fulfillment", ["before"])
        assert told(one.turn("before", "handoff.start", "a person, please"))["state"] in OPEN
        until(lambda: one.done("before", "start_chat"))
        one.vendor_takes(SECOND)
        one.start("dialogflow_fulfillment", ["known"])
        for stage in ("before", "known"):  # one that has it, and one that finds it in the store
            assert one.turn(stage, "handoff.message", f"from {stage}").status_code == 200
        until(lambda: one.done("known", "send_event", "send_event"))
        assert [action for action, _ in one.calls()].count("token") == 1
