"""The scripts of pages: by their name for minutes, by their content for ever, and nothing else."""

from __future__ import annotations

import hashlib

import pytest

from handoff.errors import NotFound
from handoff.scripts import FOLDER, FOR_EVER, FOR_MINUTES, script

NAMES = ["handoff-client", "handoff-messenger"]


def digest(name: str) -> str:
    return hashlib.sha256((FOLDER / f"{name}.js").read_bytes()).hexdigest()[:16]


def test_these_scripts_are_there() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.js")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_script_is_served_as_it_lies_in_its_folder(name: str) -> None:
    found = script(f"{name}.js")
    assert found.content == (FOLDER / f"{name}.js").read_bytes()
    assert found.etag == f'"{digest(name)}"'
    assert found.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", NAMES)
def test_name_with_the_hash_of_the_content_never_changes_what_it_means(name: str) -> None:
    plain, pinned = script(f"{name}.js"), script(f"{name}.{digest(name)}.js")
    assert (pinned.content, pinned.etag) == (plain.content, plain.etag)
    kept = [one.headers["Cache-Control"] for one in (plain, pinned)]
    assert kept == [FOR_MINUTES, FOR_EVER]


def test_any_page_may_load_a_script() -> None:
    headers = script("handoff-client.js").headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        *("", ".js", "handoff-.js", "handoff-client", "handoff-client.ts", "handoff-client.JS"),
        *("handoff-nothing.js", "client.js", "handoff-client.js.map", "handoff-client.js\n"),
        *("../handoff-client.js", "browser/handoff-client.js", "handoff-client.js/"),
        *("handoff-../../web.js", "handoff-client.js\0", "handoff-ÿ.js", "HANDOFF-client.js"),
        *(f"handoff-client.{'0' * 16}.js", f"handoff-client.{digest('handoff-messenger')}.js"),
        *(f"handoff-client.{digest('handoff-client')[:15]}.js", "handoff-client..js"),
    ],
)
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(NotFound):
        script(name)
