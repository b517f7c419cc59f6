"""What `start` returns: settings at once, clients with the first request, and only once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from handoff import log
from handoff.bootstrap import Function, start, store_maker
from handoff.firestore import FirestoreStore
from handoff.sqlite import SqliteStore
from tests.test_bootstrap import FULFILLMENT, REQUIRED


@pytest.fixture(autouse=True)
def _logger_as_before() -> Iterator[None]:
    logger = log.LOGGER
    before = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, level = before
    logger.setLevel(level)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Give the variables of a function whose store is on this disk."""
    return {**REQUIRED, "HANDOFF_STORE": f"sqlite:{tmp_path}/h.db"}


def made(environ: Mapping[str, str]) -> Function:
    return start(FULFILLMENT, environ)


def test_refusal_is_the_status_one_and_a_sentence() -> None:
    with pytest.raises(SystemExit, match=r"^agent_events cannot start:\n  No provider"):
        start("agent_events", {})


def test_store_is_made_by_the_first_request_and_once(
    environ: dict[str, str], tmp_path: Path
) -> None:
    function = made(environ)
    before = list(tmp_path.iterdir())
    assert function.running() is function.running()
    assert before == []


@pytest.mark.parametrize(("function", "checks"), [(FULFILLMENT, True), ("agent_events", False)])
def test_only_dialogflow_is_asked_who_it_is(
    environ: dict[str, str], function: str, checks: bool
) -> None:
    assert (start(function, environ).running().check is not None) is checks


def test_sqlite_is_kept_where_the_variable_says(environ: dict[str, str], tmp_path: Path) -> None:
    function = made(environ)
    maker = store_maker(
        function.settings.store, function.settings.project, lambda: pytest.fail("no time is needed")
    )
    assert isinstance(maker, partial)
    assert (maker.func, maker.args) == (SqliteStore, (f"{tmp_path}/h.db",))


@pytest.mark.parametrize(
    ("store", "project", "named"),
    [
        ("firestore", "tulip", {"project": "tulip", "database": "(default)"}),
        ("firestore:eu", "", {"project": None, "database": "eu"}),
    ],
)
def test_firestore_database_is_the_named_one(
    environ: dict[str, str], store: str, project: str, named: dict[str, str | None]
) -> None:
    function = made({**environ, "HANDOFF_STORE": store, "GOOGLE_CLOUD_PROJECT": project})
    maker = store_maker(
        function.settings.store, function.settings.project, lambda: pytest.fail("no time is needed")
    )
    assert isinstance(maker, partial)
    assert maker.func is FirestoreStore
    assert {name: maker.keywords[name] for name in named} == named


def test_one_stream_of_firestore_follows_as_many_as_the_settings_say(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "h.toml"
    config.write_text("[delivery]\nlisten_targets = 7\n", encoding="utf-8")
    given = {"HANDOFF_STORE": "firestore", "HANDOFF_CONFIG": str(config)}
    function = made({**environ, **given})
    maker = function._make_store
    assert isinstance(maker, partial)
    assert maker.keywords["targets_per_stream"] == 7


def test_lines_are_structured_from_the_start(environ: dict[str, str]) -> None:
    made(environ)
    [handler] = logging.getLogger("handoff").handlers
    assert isinstance(handler.formatter, log.JsonLines)
