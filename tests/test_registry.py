"""Every provider can be named, asked for its variables, and made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from handoff.clock import utc_now
from handoff.config_file import PROVIDER_IDS
from handoff.errors import ConfigurationError
from handoff.providers.base import Provider, TellsAvailability
from handoff.registry import PROVIDERS
from handoff.variables import Variables
from handoff.vocabulary import ProviderId
from tests.fakes import FixedClock

IDS = sorted(PROVIDERS)


def no_secrets(_references: Sequence[str]) -> Mapping[str, str]:
    raise AssertionError("nothing refers to a secret here")


def made(name: ProviderId, **more: str) -> Provider:
    entry = PROVIDERS[name]
    environ = {**dict.fromkeys(entry.required, "x"), **more}
    return entry.build(Variables(environ, no_secrets), FixedClock())


@pytest.mark.parametrize("name", IDS)
def test_required_variables_alone_make_the_provider(name: ProviderId) -> None:
    assert made(name).id == name


@pytest.mark.parametrize("name", IDS)
def test_id_is_one_that_settings_know(name: ProviderId) -> None:
    assert name in PROVIDER_IDS


@pytest.mark.parametrize("name", IDS)
def test_variables_are_told_once_and_pairs_are_among_them(name: ProviderId) -> None:
    entry = PROVIDERS[name]
    assert len(set(entry.variables)) == len(entry.variables)
    assert {one for group in entry.together for one in group} <= set(entry.optional)


def test_no_two_providers_share_a_variable() -> None:
    told = [one for entry in PROVIDERS.values() for one in entry.variables]
    assert len(told) == len(set(told))


def test_livechat_with_a_bot_takes_notes() -> None:
    bot = {"LIVECHAT_BOT_ID": "b", "LIVECHAT_BOT_SECRET": "s"}
    assert made(ProviderId("livechat"), **bot).capabilities.transcript_as_note
    assert not made(ProviderId("livechat")).capabilities.transcript_as_note


EIGHT = ProviderId("8x8")
STATISTICS, SECRET = "EIGHT_BY_EIGHT_QUEUE_STATISTICS", "EIGHT_BY_EIGHT_API_SECRET"


def test_8x8_comes_after_livechat() -> None:
    assert list(PROVIDERS) == ["livechat", EIGHT]


@pytest.mark.parametrize(
    ("more", "tells"),
    [
        ({}, (False, False)),
        ({STATISTICS: "gateway"}, (True, False)),
        ({STATISTICS: " Gateway "}, (True, False)),
        ({SECRET: "s"}, (True, True)),
        ({SECRET: "s", STATISTICS: "realtime"}, (True, True)),
        ({SECRET: "s", STATISTICS: "gateway"}, (True, True)),
    ],
)
def test_8x8_tells_what_its_variables_let_it_ask(
    more: dict[str, str], tells: tuple[bool, bool]
) -> None:
    can = made(EIGHT, **more).capabilities
    assert (can.queue_position, can.agent_names) == tells


@pytest.mark.parametrize(
    ("value", "named"), [("yes", STATISTICS), ("realtime", SECRET), ("1", STATISTICS)]
)
def test_8x8_names_the_variable_that_is_wrong(value: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        made(EIGHT, **{STATISTICS: value})


def test_8x8_is_called_with_values_that_are_free_of_spaces() -> None:
    """Its own samples have stray ones."""
    spaced = {
        "EIGHT_BY_EIGHT_API_KEY": " eght_x ",
        "EIGHT_BY_EIGHT_TENANT": " larkfieldcc01 ",
        "EIGHT_BY_EIGHT_SCHEDULE_ID": " 122\n",
        "EIGHT_BY_EIGHT_API_URL": " https://desk.example/ ",
    }
    desk = made(EIGHT, **spaced)
    assert isinstance(desk, TellsAvailability)
    asked = next(desk.availability("", None))
    assert asked.url == "https://desk.example/cc/v1/schedules/122/status"
    assert (asked.headers["x-api-key"], asked.headers["X-8x8-Tenant"]) == (
        "eght_x",
        "larkfieldcc01",
    )


def test_clock_tells_the_time_in_utc() -> None:
    before = datetime.now(UTC)
    now = utc_now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
