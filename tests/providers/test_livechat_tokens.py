"""Which tokens LiveChat wants, and how each of them is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handoff.errors import Unavailable
from handoff.exchange import TokenSource
from handoff.providers.livechat_wire import Wire
from handoff.signatures import Secret
from handoff.vocabulary import ContactRef
from tests.fakes import FixedClock
from tests.providers.driving import Script, ok
from tests.providers.livechat_world import ACCOUNT, BOT, CID, CUS, ORG, SCRIBE


def source(wanted: TokenSource | None) -> TokenSource:
    assert wanted is not None
    return wanted


def wire(**changes: Any) -> Wire:
    return Wire(replace(ACCOUNT, bot=SCRIBE, **changes), FixedClock())


def test_identity_is_a_new_customer_token() -> None:
    script = Script(ok(access_token="dal:cust", entity_id=CUS, expires_in=3600))
    identity = script.drive(wire().identify())
    [(name, token)] = identity.tokens
    assert (identity.ref, name) == (CUS, f"livechat:customer:{CUS}")
    assert token.value == "dal:cust"
    assert token.expires_at == FixedClock().now + timedelta(hours=1)


def test_identity_is_granted_to_an_agents_token() -> None:
    script = Script(ok(access_token="dal:cust", entity_id=CUS))
    script.drive(wire().identify())
    [call] = script.calls
    assert call.address == "POST https://accounts.livechat.com/v2/customer/token"
    assert call.token == f"livechat:agent:{CID}"
    assert call.request.headers == {"Content-Type": "application/json"}
    assert call.json == {
        "grant_type": "agent_token",
        "client_id": CID,
        "response_type": "token",
        "organization_id": ORG,
    }


@pytest.mark.parametrize("answer", [{}, {"entity_id": CUS}, {"access_token": "dal:cust"}])
def test_identity_without_id_or_token_is_tried_again(answer: dict[str, str]) -> None:
    with pytest.raises(Unavailable) as caught:
        Script(ok(**answer)).drive(wire().identify())
    assert caught.value.certain


def test_customers_token_is_renewed_for_the_same_customer() -> None:
    script = Script(ok())
    script.drive(wire().customer("get_customer", {}, ContactRef(CUS)))
    minting = Script(ok(access_token="dal:next", expires_in=60))
    token = minting.drive(source(script.calls[0].request.token).mint())
    assert minting.calls[0].json["entity_id"] == CUS
    assert token.value == "dal:next"


def test_agents_token_is_refreshed_by_form() -> None:
    grant = Script(ok(access_token="dal:cust", entity_id=CUS))
    grant.drive(wire().identify())
    script = Script(ok(access_token="dal:agent"))
    token = script.drive(source(grant.calls[0].request.token).mint())
    [call] = script.calls
    assert call.address == "POST https://accounts.livechat.com/v2/token"
    assert call.token == ""
    assert call.request.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert call.form == {
        "grant_type": "refresh_token",
        "refresh_token": "EXAMPLE-refresh-token",
        "client_id": CID,
        "client_secret": "EXAMPLE-client-secret",
    }
    assert token.expires_at == FixedClock().now + timedelta(hours=8)


def test_rotated_secrets_send_the_first() -> None:
    two = Secret(lambda: ("new", "old"))
    grant = Script(ok(access_token="dal:cust", entity_id=CUS))
    grant.drive(wire(client_secret=two, refresh_token=two).identify())
    script = Script(ok(access_token="dal:agent"))
    script.drive(source(grant.calls[0].request.token).mint())
    assert script.calls[0].form["client_secret"] == script.calls[0].form["refresh_token"] == "new"


def test_bots_token_is_issued_for_the_bot() -> None:
    call = Script(ok())
    call.drive(wire().agent("send_event", {}))
    script = Script(ok(token="jwt"))
    token = script.drive(source(call.calls[0].request.token).mint())
    assert call.calls[0].token == f"livechat:bot:{BOT}"
    assert script.calls[0].address == (
        "POST https://api.livechatinc.com/v3.6/configuration/action/issue_bot_token"
    )
    assert script.calls[0].json == {
        "bot_id": BOT,
        "client_id": CID,
        "bot_secret": "EXAMPLE-bot-secret",
        "organization_id": ORG,
    }
    assert token.expires_at == FixedClock().now + timedelta(hours=24)


@pytest.mark.parametrize("seconds", [10**14, 1e14, -5, 0, "soon", None, True])
def test_strange_lifetime_of_a_token_is_no_error_of_ours(seconds: object) -> None:
    script = Script(ok(access_token="dal:cust", entity_id=CUS, expires_in=seconds))
    [(_, token)] = script.drive(wire().identify()).tokens
    assert token.expires_at > FixedClock().now
