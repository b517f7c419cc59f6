"""No word of a person, no name, no token and no secret is in any line that a function prints."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.whole.house import ACCOUNT, SECRET, house, webhook

MARKS = ("mark-said-by-customer", "mark-said-by-agent", "mark-whispered", "mark-customer-name")


def test_marked_words_are_in_no_log(tmp_path: Path) -> None:
    with house(tmp_path) as one:
        one.say("mark-said-by-customer before")
        one.say("agent", parameters={"customer_name": "mark-customer-name"})
        one.agent_says("mark-said-by-agent")
        one.say("mark-said-by-customer again")
        one.at_desk("faults", {"fail": {"action": "send_event", "times": 1, "type": "validation"}})
        one.say("mark-said-by-customer refused")
        one.event(webhook("incoming_event", {"event": {"text": "mark-whispered"}}, secret="no"))
        one.event(b'{"secret_key": "mark-whispered"')
        address = one.plans["agent_events"].address
        requests.post(f"{address}/mark-whispered", data=b"mark-whispered", timeout=10)
        printed = one.logs()
    secrets = (SECRET, ACCOUNT.client_secret, ACCOUNT.refresh_token, ACCOUNT.webhook_secret)
    assert [word for word in (*MARKS, *secrets, "dal:", "Bearer") if word in printed] == []
    assert '"event": "job.send"' in printed
