"""Settings from variables and `handoff.toml`: defaults, choices, and all that is wrong at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from handoff.caller_auth import Mode
from handoff.errors import ConfigurationError
from handoff.rules import Abilities
from handoff.settings import NO_LIMIT_SECONDS, Settings, load
from handoff.variables import Variables
from handoff.wake_settings import WakeSettings
from tests.fakes import FixedClock

LIVECHAT = {
    "LIVECHAT_ORGANIZATION_ID": "org",
    "LIVECHAT_CLIENT_ID": "client",
    "LIVECHAT_CLIENT_SECRET": "secret",
    "LIVECHAT_REFRESH_TOKEN": "refresh",
    "LIVECHAT_WEBHOOK_SECRET": "hook",
}
EIGHT_BY_EIGHT = {
    "EIGHT_BY_EIGHT_API_KEY": "eght_x",
    "EIGHT_BY_EIGHT_TENANT": "tenant",
    "EIGHT_BY_EIGHT_CHANNEL_ID": "channel",
}
QUEUE = "projects/tulip/locations/europe-west1/queues/wake"


def kept(references: Sequence[str]) -> Mapping[str, str]:
    """Play a Secret Manager in which every secret is its own name."""
    return {one: one.rpartition("/")[2] for one in references}


def loaded(environ: Mapping[str, str], *, serves_dialogflow: bool = True) -> Settings:
    return load(Variables(environ, kept), FixedClock(), serves_dialogflow=serves_dialogflow)


def settings(**more: str) -> Settings:
    return loaded({**LIVECHAT, **more})


def problems(environ: Mapping[str, str], *, serves_dialogflow: bool = True) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(environ, serves_dialogflow=serves_dialogflow)
    return str(caught.value).splitlines()


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """Give the place of a `handoff.toml`."""
    return tmp_path / "handoff.toml"


def configured(toml: Path, content: str, **more: str) -> Settings:
    toml.write_text(content, encoding="utf-8")
    return settings(HANDOFF_CONFIG=str(toml), **more)


def test_defaults_need_one_provider_alone() -> None:
    found = settings()
    assert list(found.providers) == ["livechat"]
    assert (found.store, found.turn_seconds) == ("sqlite:.handoff/handoff.db", 4.0)
    assert found.start_intents == ("agent",)
    assert found.rules.leave_words == {"bye agent"}
    assert (found.rules.unknown_is_open, found.rules.keep_texts) == (True, timedelta(hours=72))
    assert found.caller is not None
    assert found.caller.mode is Mode.NONE


def test_platform_changes_the_defaults() -> None:
    found = settings(K_SERVICE="fulfillment", GOOGLE_CLOUD_PROJECT="tulip")
    assert (found.store, found.project) == ("firestore", "tulip")
    assert found.caller is not None
    assert found.caller.mode is Mode.IAM


def test_function_that_serves_no_dialogflow_checks_no_caller() -> None:
    environ = {**LIVECHAT, "DIALOGFLOW_AUTH": "nonsense"}
    assert loaded(environ, serves_dialogflow=False).caller is None


def test_no_provider_at_all_names_the_choice() -> None:
    [said] = problems({})
    assert all(name in said for name in LIVECHAT)


@pytest.mark.parametrize("given", [*LIVECHAT, "LIVECHAT_GROUP_ID"])
def test_half_configured_provider_names_the_rest(given: str) -> None:
    rest = [name for name in LIVECHAT if name != given]
    assert problems({given: "x"}) == [f"{name} is not set (provider livechat)" for name in rest]


@pytest.mark.parametrize("given", [*EIGHT_BY_EIGHT, "EIGHT_BY_EIGHT_API_SECRET"])
def test_half_configured_second_provider_names_the_rest_too(given: str) -> None:
    rest = [name for name in EIGHT_BY_EIGHT if name != given]
    said = problems({**LIVECHAT, given: "x"})
    assert said == [f"{name} is not set (provider 8x8)" for name in rest]


def test_either_provider_is_enough_and_both_come_in_their_order() -> None:
    assert list(loaded(EIGHT_BY_EIGHT).providers) == ["8x8"]
    assert list(loaded({**EIGHT_BY_EIGHT, **LIVECHAT}).providers) == ["livechat", "8x8"]


def test_wrong_value_of_a_provider_is_named_with_what_else_is_wrong() -> None:
    wrong = {"EIGHT_BY_EIGHT_QUEUE_STATISTICS": "realtime", "HANDOFF_STORE": "mysql"}
    said = problems({**EIGHT_BY_EIGHT, **wrong})
    assert ["EIGHT_BY_EIGHT_API_SECRET" in one for one in said] == [False, True]


@pytest.mark.parametrize(
    ("given", "missing"),
    [("LIVECHAT_BOT_ID", "LIVECHAT_BOT_SECRET"), ("LIVECHAT_BOT_SECRET", "LIVECHAT_BOT_ID")],
)
def test_half_of_a_pair_names_the_other(given: str, missing: str) -> None:
    [said] = problems({**LIVECHAT, given: "x"})
    assert said.startswith(f"{missing} is not set")


def test_bot_lets_us_leave_notes() -> None:
    found = settings(LIVECHAT_BOT_ID="bot", LIVECHAT_BOT_SECRET="secret")
    assert found.rules.providers == {
        "livechat": Abilities(identifies=True, takes_notes=True, reads=True, shows_presence=True)
    }


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[limts]")
    environ = {
        **{name: one for name, one in LIVECHAT.items() if name != "LIVECHAT_CLIENT_ID"},
        "LIVECHAT_CLIENT_SECRET": f"file:{tmp_path}/gone",
        "DIALOGFLOW_AUTH": "secret",
        "HANDOFF_STORE": "mysql",
        "HANDOFF_CONFIG": str(tmp_path / "bad.toml"),
    }
    said = "\n".join(problems(environ))
    expected = ("LIVECHAT_CLIENT_ID", "DIALOGFLOW_SECRET", "HANDOFF_STORE", "[limts]")
    assert [name for name in (*expected, "LIVECHAT_CLIENT_SECRET") if name not in said] == []


def test_missing_file_does_not_hide_what_else_is_wrong() -> None:
    given = {"LIVECHAT_CLIENT_SECRET": "file:/nowhere/key", "HANDOFF_STORE": "mysql"}
    said = problems({**LIVECHAT, **given})
    assert [one.partition(" ")[0] for one in said] == ["LIVECHAT_CLIENT_SECRET:", "HANDOFF_STORE"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"DIALOGFLOW_AUTH": "secret"}, ["DIALOGFLOW_SECRET"]),
        (
            {"DIALOGFLOW_AUTH": "id-token"},
            ["DIALOGFLOW_AUDIENCE", "DIALOGFLOW_SERVICE_AGENT"],
        ),
        ({"DIALOGFLOW_AUTH": "id-token", "DIALOGFLOW_AUDIENCE": "x"}, ["DIALOGFLOW_SERVICE_AGENT"]),
        ({"DIALOGFLOW_AUTH": "none", "K_SERVICE": "f"}, ["DIALOGFLOW_AUTH=none"]),
        ({"DIALOGFLOW_AUTH": "basic"}, ["DIALOGFLOW_AUTH must be one of iam, secret, id-token"]),
    ],
)
def test_mode_names_what_it_lacks(given: dict[str, str], named: list[str]) -> None:
    said = problems({**LIVECHAT, **given})
    assert [one.startswith(name) for one, name in zip(said, named, strict=True)] == [True] * len(
        named
    )


def test_expected_callers_may_be_several() -> None:
    caller = settings(
        DIALOGFLOW_AUTH="id-token",
        DIALOGFLOW_AUDIENCE="https://a.example, https://b.example",
        DIALOGFLOW_SERVICE_AGENT="a@x b@x",
    ).caller
    assert caller is not None
    assert caller.expected.audiences == ("https://a.example", "https://b.example")
    assert caller.expected.emails == ("a@x", "b@x")


def test_callers_secret_may_be_kept_elsewhere() -> None:
    caller = settings(DIALOGFLOW_AUTH="secret", DIALOGFLOW_SECRET="sm://p/new sm://p/old").caller
    assert caller is not None
    assert (caller.secret.current, caller.secret.accepts("old")) == ("new", True)


@pytest.mark.parametrize("store", ["firestore", "firestore:eu", "sqlite:x.db", "sqlite::memory:"])
def test_store_may_be_chosen(store: str) -> None:
    assert settings(HANDOFF_STORE=store, K_SERVICE="f").store == store


@pytest.mark.parametrize("store", ["mysql", "sqlite", "sqlite:", "Firestore", "firestores:x", ":x"])
def test_wrong_store_is_named(store: str) -> None:
    [said] = problems({**LIVECHAT, "HANDOFF_STORE": store})
    assert said.startswith("HANDOFF_STORE must be")


def test_store_may_be_kept_elsewhere() -> None:
    assert settings(HANDOFF_STORE="sm://p/firestore").store == "firestore"


def test_file_changes_the_rules(toml: Path) -> None:
    content = """
        [providers]
        unknown_availability = "closed"
        [dialogflow]
        start_intents = ["human"]
        [attributes]
        topic = "Topic"
        [targets.billing]
        livechat = "7"
        [parameters]
        handoff_state = "state"
        [limits]
        turn = 2
        [words]
        leave = ["Doei ", "STRASSE"]
        [retention]
        texts_hours = 1.5
    """
    found = configured(toml, content)
    assert (found.start_intents, found.turn_seconds) == (("human",), 2)
    assert found.rules.unknown_is_open is False
    assert found.rules.attributes == {"topic": "Topic"}
    assert found.rules.targets == {"billing": {"livechat": "7"}}
    assert found.rules.names == {"handoff_state": "state"}
    assert found.rules.leave_words == {"doei", "strasse"}
    assert found.rules.keep_texts == timedelta(minutes=90)


def test_turn_without_a_limit_still_ends(toml: Path) -> None:
    assert configured(toml, "[limits]\nturn = 0").turn_seconds == NO_LIMIT_SECONDS


@pytest.mark.parametrize(
    ("written", "seconds"), [("", 20), ("leave_grace = 5", 5), ("leave_grace = 0", 1)]
)
def test_grace_period_is_a_setting_that_leaves_the_vendor_a_moment(
    toml: Path, written: str, seconds: float
) -> None:
    rules = configured(toml, f"[limits]\n{written}").rules
    assert rules.leave_grace.total_seconds() == seconds


@pytest.mark.parametrize("tag", ["nl", "NL", "nl-BE", "nl_BE"])
def test_own_text_is_found_however_its_language_is_written(toml: Path, tag: str) -> None:
    texts = configured(toml, f"[texts.{tag}]\nended = 'klaar'").rules.texts
    assert texts.get("ended", "nl-be") == "klaar"


def test_blank_leave_word_lets_nobody_leave(toml: Path) -> None:
    assert "" not in configured(toml, "[words]\nleave = ['', ' ', 'bye']").rules.leave_words


def test_order_that_names_an_unset_provider_is_refused(toml: Path) -> None:
    with pytest.raises(ConfigurationError, match="order names '8x8', which is not configured"):
        configured(toml, "[providers]\norder = ['livechat', '8x8']")


def test_order_of_nobody_is_refused(toml: Path) -> None:
    with pytest.raises(ConfigurationError):
        configured(toml, "[providers]\norder = []")


def test_without_a_queue_the_store_is_the_scheduler() -> None:
    assert settings().wake is None


def test_queue_may_be_kept_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "queue").write_text(QUEUE)
    url = "https://wake.example"
    wake = settings(HANDOFF_TASKS_QUEUE=f"file:{tmp_path}/queue", HANDOFF_WAKE_URL=url).wake
    assert wake == WakeSettings(queue=QUEUE, url=url)


def test_queue_without_target_is_named_with_what_else_is_wrong() -> None:
    said = problems({**LIVECHAT, "HANDOFF_TASKS_QUEUE": QUEUE, "HANDOFF_STORE": "mysql"})
    assert [one.partition(" ")[0] for one in said] == ["HANDOFF_STORE", "HANDOFF_WAKE_URL"]
