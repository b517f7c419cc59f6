"""How LiveChat is called, and what its errors mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import (
    ContactLost,
    ConversationGone,
    NobodyThere,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from handoff.exchange import Response
from handoff.providers.livechat_errors import decipher, refuses_token
from handoff.providers.livechat_wire import Wire
from handoff.vocabulary import ContactRef
from tests.fakes import FixedClock
from tests.providers.driving import Script, ok, refused
from tests.providers.livechat_world import ACCOUNT, CUS, SCRIBE

# reference §7.1, first column; the statuses are those observed or expected there
REJECTED = (
    *("authentication", "authorization", "missing_access", "validation", "customer_banned"),
    *("chat_limit_reached", "chat_already_active", "limit_reached", "users_limit_reached"),
    *("customer_session_fields_limit_reached", "license_expired", "license_not_found"),
    *("wrong_product_version", "entity_too_large", "misdirected_request", "unsupported_version"),
    *("already_exists", "not_found", "not_allowed", "agent_offline", "ownership_transfer"),
)
NOBODY = ("group_not_found", "group_offline", "group_unavailable", "groups_offline")
OAUTH_REJECTED = (
    *("bad_request", "invalid_request", "unauthorized_client", "access_denied"),
    *("unsupported_grant_type", "invalid_grant", "invalid_client", "forbidden", "conflict"),
    "resource_not_found",
)
HTML = b"<html><body>Bad gateway</body></html>"


def failure(response: Response) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        decipher(response, "send")
    return caught.value


def wire(**changes: Any) -> Wire:
    return Wire(replace(ACCOUNT, bot=SCRIBE, **changes), FixedClock())


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize("code", REJECTED)
def test_documented_refusal_is_final(code: str, status: int) -> None:
    error = failure(refused(code, status))
    assert type(error) is Rejected
    assert error.code == code


@pytest.mark.parametrize("code", NOBODY)
def test_missing_group_or_agents_mean_nobody_there(code: str) -> None:
    assert type(failure(refused(code))) is NobodyThere


def test_inactive_chat_means_the_conversation_is_gone() -> None:
    assert type(failure(refused("chat_inactive"))) is ConversationGone


def test_anonymized_chat_means_the_contact_is_lost() -> None:
    assert type(failure(refused("chat_anonymized"))) is ContactLost


@pytest.mark.parametrize(("code", "status"), [("too_many_requests", 429), ("", 429), ("x", 429)])
def test_rate_limit_asks_for_a_pause(code: str, status: int) -> None:
    answer = replace(refused(code, status), headers={"retry-after": "7"})
    error = failure(answer)
    assert isinstance(error, Throttled)
    assert error.retry_after == 7


@pytest.mark.parametrize("header", [{}, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}])
def test_rate_limit_without_seconds_leaves_the_pause_to_us(header: dict[str, str]) -> None:
    error = failure(replace(refused("too_many_requests", 429), headers=header))
    assert isinstance(error, Throttled)
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("request_timeout", 408),
        ("request_timeout", 504),
        ("request_timeout", 422),
        ("service_unavailable", 503),
        ("internal", 500),
        ("never_heard_of", 500),
        ("never_heard_of", 408),
        ("", 502),
    ],
)
def test_vendors_trouble_leaves_the_outcome_unknown(code: str, status: int) -> None:
    error = failure(refused(code, status))
    assert isinstance(error, Unavailable)
    assert not error.certain


@pytest.mark.parametrize("status", [301, 400, 404, 418, 422])
def test_unknown_type_below_500_is_final(status: int) -> None:
    assert type(failure(refused("never_heard_of", status))) is Rejected


@pytest.mark.parametrize(
    ("status", "expected"), [(400, Rejected), (429, Throttled), (500, Unavailable)]
)
@pytest.mark.parametrize(
    "body",
    [b"", HTML, b"null", b"[]", b'{"error":', b'{"error": "no"}', b'{"error": {"type": {}}}'],
)
def test_unreadable_error_goes_by_its_status(
    body: bytes, status: int, expected: type[ProviderError]
) -> None:
    error = failure(Response(status=status, body=body))
    assert type(error) is expected
    assert error.code == str(status)


@pytest.mark.parametrize("body", [b"", HTML, b"[]", b"\xff"])
def test_success_without_json_is_an_empty_answer(body: bytes) -> None:
    assert decipher(Response(status=200, body=body), "send") == {}


@pytest.mark.parametrize("code", OAUTH_REJECTED)
def test_refusal_of_the_accounts_service_is_final(code: str) -> None:
    body = b'{"oauth_exception": "%s", "exception_description": "text"}' % code.encode()
    error = failure(Response(status=401, body=body))
    assert type(error) is Rejected
    assert error.code == code


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable"])
def test_trouble_of_the_accounts_service_has_no_effect_on_a_chat(code: str) -> None:
    error = failure(Response(status=401, body=b'{"oauth_exception": "%s"}' % code.encode()))
    assert isinstance(error, Unavailable)
    assert error.certain


def test_error_names_the_call_and_never_the_vendors_text() -> None:
    assert str(failure(refused("validation"))) == "livechat refused send: 422 validation"


@pytest.mark.parametrize(
    ("response", "refuses"),
    [
        (Response(status=401), True),
        (refused("authentication", 400), True),
        (refused("authorization", 403), False),
        (Response(status=500, body=HTML), False),
    ],
)
def test_token_is_refused_by_type_or_by_status(response: Response, refuses: bool) -> None:
    assert refuses_token(response) is refuses


def test_addresses_and_version_are_settings() -> None:
    own = wire(api_url="http://localhost:1", api_version="3.7")
    script = Script(ok())
    script.drive(own.customer("get_chat", {}, ContactRef(CUS)))
    assert script.calls[0].address == "POST http://localhost:1/v3.7/customer/action/get_chat"


def test_misdirected_call_goes_to_the_region_it_was_told() -> None:
    script = Script(refused("misdirected_request", 421, region="fra"), ok(done="yes"))
    answer = script.drive(wire().customer("get_chat", {"chat_id": "C"}, ContactRef(CUS)))
    first, second = (call.request for call in script.calls)
    assert answer == {"done": "yes"}
    assert "X-Region" not in first.headers
    assert second == replace(first, headers={**first.headers, "X-Region": "fra"})


def test_region_in_another_error_is_no_direction() -> None:
    script = Script(refused("validation", region="fra"))
    with pytest.raises(Rejected):
        script.drive(wire().customer("get_chat", {}, ContactRef(CUS)))


def test_region_is_remembered() -> None:
    here = wire()
    told = Script(refused("misdirected_request", 421, region="fra"), ok())
    told.drive(here.customer("get_chat", {}, ContactRef(CUS)))
    script = Script(ok())
    script.drive(here.agent("get_chat", {}))
    assert script.calls[0].request.headers["X-Region"] == "fra"


def test_misdirected_twice_is_refused() -> None:
    twice = [refused("misdirected_request", 421, region="fra")] * 2
    with pytest.raises(Rejected):
        Script(*twice).drive(wire().customer("get_chat", {}, ContactRef(CUS)))


@pytest.mark.parametrize("data", [{}, {"region": ""}, {"region": None}, {"region": "f\r\nX-A: b"}])
def test_misdirected_without_a_usable_region_is_refused(data: dict[str, str | None]) -> None:
    with pytest.raises(Rejected):
        Script(refused("misdirected_request", 421, **data)).drive(
            wire().customer("get_chat", {}, ContactRef(CUS))
        )


def test_no_call_pretends_to_be_somebody_else() -> None:
    script = Script(ok(), ok())
    script.drive(wire().agent("send_event", {}))
    assert "X-Author-Id" not in script.calls[0].request.headers
