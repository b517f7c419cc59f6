"""Where pages find us: which settings are taken, and which answers tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.customer_tokens import verified
from handoff.errors import ConfigurationError
from handoff.page_settings import CHAT_URL, TOKEN_KEY, PageSettings, page_settings
from handoff.records import Reply
from handoff.signatures import plain_secret
from handoff.variables import Variables
from handoff.vocabulary import State
from tests.heart import HANDOFF, NOW, blank

URL = "https://chat.example.com"
PAGES = PageSettings(key=plain_secret("the key of these tests"), url=URL)


def chosen(url: str = "", key: str = "", *, needed: bool = False) -> PageSettings | None:
    variables = Variables({CHAT_URL: url, TOKEN_KEY: key}, lambda names: {})
    return page_settings(variables, needed=needed)


def test_without_either_there_are_no_pages() -> None:
    assert chosen() is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ""),
        (URL, URL),
        (f"{URL}/", URL),
        (f" {URL}// ", URL),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://[::1]:8080/chat/", "https://[::1]:8080/chat"),
    ],
)
def test_address_stands_without_its_last_slash(url: str, expected: str) -> None:
    found = chosen(url, "k")
    assert found is not None
    assert (found.url, found.key.current) == (expected, "k")


@pytest.mark.parametrize(
    "url",
    [
        *("chat.example.com", "/chat", "https://", "https:///chat", "ftp://chat.example.com"),
        *(
            "https://chat.example.com?a=b",
            "https://chat.example.com?",
            "https://chat.example.com#a",
        ),
        *("https://me@chat.example.com", "https://:secret@chat.example.com", "javascript:alert(1)"),
        *("https://chat.example.com:port", "https://chat.example.com:99999", "https://[::1"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=CHAT_URL):
        chosen(url, "k")


@pytest.mark.parametrize(("url", "needed"), [(URL, False), ("", True), (URL, True)])
def test_key_is_missed_where_tokens_are_signed_or_checked(url: str, needed: bool) -> None:
    with pytest.raises(ConfigurationError, match=TOKEN_KEY):
        chosen(url, needed=needed)


def test_key_in_a_file_can_change_while_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old\n", encoding="utf-8")
    found = chosen(URL, f"file:{path}")
    assert found is not None
    path.write_text("new\nold\n", encoding="utf-8")
    assert tuple(found.key.read()) == ("new", "old")


def told(pages: PageSettings = PAGES, **parameters: str) -> dict[str, str] | None:
    payload = pages.payload(blank().key, Reply(parameters=parameters), NOW)
    return payload["handoff"] if payload else None


@pytest.mark.parametrize("state", [one for one in State if one.is_open])
def test_answer_tells_the_page_of_an_open_handoff_where_to_go(state: State) -> None:
    found = told(handoff_id=HANDOFF, handoff_state=state)
    assert found is not None
    ticket = verified(found.pop("token"), PAGES.key, NOW)
    assert (ticket.session, ticket.handoff, ticket.issued_at) == (blank().key, HANDOFF, NOW)
    assert found == {"id": HANDOFF, "state": state.value, "url": URL}


@pytest.mark.parametrize("state", [State.CLOSED, State.FAILED])
def test_answer_after_the_end_tells_nothing(state: State) -> None:
    assert told(handoff_id=HANDOFF, handoff_state=state) is None


def test_answer_of_the_bot_alone_tells_nothing() -> None:
    assert told() is None
    assert told(handoff_state="none") is None


def test_without_an_address_nothing_is_told() -> None:
    pages = PageSettings(key=PAGES.key)
    assert told(pages, handoff_id=HANDOFF, handoff_state=State.ACTIVE) is None
