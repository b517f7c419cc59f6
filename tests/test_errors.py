"""The taxonomy: what is caught together, and what nothing may swallow."""

from __future__ import annotations

import pytest

from handoff import errors
from handoff.errors import BridgeError, ConfigurationError, ProviderError, Rejected, RequestError


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (errors.BadRequest, 400, "bad_request"),
        (errors.Unauthenticated, 401, "unauthenticated"),
        (errors.NotFound, 404, "not_found"),
        (errors.MethodNotAllowed, 405, "method_not_allowed"),
        (errors.TooLarge, 413, "too_large"),
    ],
)
def test_refusal_has_a_status_and_a_code(kind: type[RequestError], status: int, code: str) -> None:
    assert issubclass(kind, RequestError)
    assert (kind.status, kind.code) == (status, code)


@pytest.mark.parametrize("kind", [errors.NobodyThere, errors.ConversationGone, errors.ContactLost])
def test_what_the_provider_will_say_again_is_a_rejection(kind: type[Rejected]) -> None:
    assert issubclass(kind, Rejected)
    assert kind("no", code="vendor_word").code == "vendor_word"


def test_failure_is_uncertain_unless_somebody_knows_better() -> None:
    assert not errors.Unavailable("slow").certain
    assert errors.Unavailable("down", certain=True).certain


def test_throttling_tells_how_long_when_the_vendor_did() -> None:
    assert errors.Throttled("wait").retry_after is None
    assert errors.Throttled("wait", code="429", retry_after=2.5).retry_after == 2.5


@pytest.mark.parametrize(
    "kind", [RequestError, ProviderError, errors.StoreError, errors.Conflict, errors.Throttled]
)
def test_everything_of_the_work_has_one_root(kind: type[Exception]) -> None:
    assert issubclass(kind, BridgeError)


def test_wrong_settings_are_swallowed_by_no_handler_of_ours() -> None:
    assert not issubclass(ConfigurationError, BridgeError)
