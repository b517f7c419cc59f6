"""What went wrong at 8x8, from each shape of its errors."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.errors import ConversationGone, ProviderError, Rejected, Throttled, Unavailable
from handoff.exchange import Response
from handoff.providers.eight_by_eight_errors import decipher
from tests.providers.eight_by_eight_world import accepted, refused


@pytest.mark.parametrize(
    ("errors", "more", "code"),
    [
        ([{"code": "invalid_queue", "message": "no"}], {}, "invalid_queue"),
        ({"code": "invalid_json_object", "message": "no"}, {}, "invalid_json_object"),
        (["tenant header does not match"], {}, "400"),
        ([], {}, "400"),
        (None, {}, "400"),
        (None, {"code": "KA:1234"}, "KA:1234"),
        (None, {"fault": {"detail": {"errorcode": "oauth.v2.Invalid"}}}, "oauth.v2.Invalid"),
        ([{"code": "words of a customer"}], {}, "400"),
        ([{"code": 7}], {}, "7"),
        ("nonsense", {}, "400"),
    ],
)
def test_code_is_found_in_every_shape(errors: Any, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        decipher(refused(400, errors, **more), "message")
    assert caught.value.code == code
    assert str(caught.value) == f"8x8 refused message: 400 {code}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff"])
def test_body_of_anything_else_leaves_the_status(body: bytes) -> None:
    with pytest.raises(Rejected, match="400 400"):
        decipher(Response(status=400, body=body), "message")


def test_reference_is_told_and_the_vendors_words_are_not() -> None:
    with pytest.raises(Rejected) as caught:
        decipher(refused(400, ["Mara"], referenceId="r-7"), "message")
    assert str(caught.value) == "8x8 refused message: 400 400 (reference r-7)"


@pytest.mark.parametrize(
    ("status", "gone", "kind"),
    [
        (400, True, Rejected),
        (401, False, Rejected),
        (403, False, Rejected),
        (404, False, Rejected),
        (404, True, ConversationGone),
        (302, False, Rejected),
        (408, False, Unavailable),
        (429, False, Throttled),
        (500, False, Unavailable),
        (503, False, Unavailable),
    ],
)
def test_status_says_whose_move_it_is(status: int, gone: bool, kind: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        decipher(refused(status), "call", gone=gone)
    assert type(caught.value) is kind


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("status", [408, 500])
def test_trouble_leaves_doubt_unless_the_call_changes_nothing(status: int, certain: bool) -> None:
    with pytest.raises(Unavailable) as caught:
        decipher(refused(status), "call", certain=certain)
    assert caught.value.certain is certain


def test_asked_pause_is_told() -> None:
    with pytest.raises(Throttled) as caught:
        decipher(Response(status=429, headers={"retry-after": "7"}), "call")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_its_body(status: int) -> None:
    assert decipher(accepted(status, id="x"), "call") == {"id": "x"}
    assert decipher(Response(status=status), "call") == {}
