"""What may stand in `handoff.toml`, and what is said about anything else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from handoff.config_file import check, read
from handoff.errors import ConfigurationError

WHOLE = """
[providers]
order = ["livechat"]
unknown_availability = "closed"

[dialogflow]
start_intents = ["agent", "human"]

[parameters]
handoff_state = "live_state"

[attributes]
topic = "topic"

[targets.billing]
livechat = "7"
8x8 = "1042"

[limits]
turn = 4.0

[words]
leave = ["bye agent"]

[retention]
texts_hours = 72

[texts.en]
connecting = "One moment."
ended = ""
"""


def problems(toml: str) -> list[str]:
    return check(tomllib.loads(toml))


def test_every_section_is_taken() -> None:
    assert problems(WHOLE) == []


def test_nothing_at_all_is_taken() -> None:
    assert problems("") == []


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[limts]", "[limts] is unknown; did you mean 'limits'?"),
        ("[limits]\nturm = 1", "[limits] turm is unknown; did you mean 'turn'?"),
        ("[words]\nleaf = []", "[words] leaf is unknown; did you mean 'leave'?"),
        ("[texts.nl]\nendet = ''", "[texts.nl] endet is unknown; did you mean 'ended'?"),
        ("[targets.a]\nlivchat = '7'", "[targets.a] livchat is unknown; did you mean 'livechat'?"),
        (
            "[parameters]\nhandoff_stat = 'x'",
            "[parameters] handoff_stat is unknown; did you mean 'handoff_state'?",
        ),
        (
            "[providers]\nordre = []",
            "[providers] ordre is unknown; did you mean 'order'?",
        ),
    ],
)
def test_unknown_key_is_named_with_its_nearest_neighbour(toml: str, said: str) -> None:
    assert problems(toml) == [said]


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("limits = 3", "[limits] must be a section"),
        ("[[words]]\nleave = ['x']", "[words] must be a section"),
        ("[providers]\norder = 'livechat'", "[providers] order must be a list of texts"),
        ("[providers]\norder = ['livechat', 8]", "[providers] order must be a list of texts"),
        (
            "[providers]\nunknown_availability = 'maybe'",
            "[providers] unknown_availability must be one of",
        ),
        (
            "[providers]\nunknown_availability = ['open']",
            "[providers] unknown_availability must be one of",
        ),
        ("[dialogflow]\nstart_intents = 'agent'", "[dialogflow] start_intents must be a list"),
        ("[attributes]\ntopic = 1", "[attributes] topic must be a text"),
        ("[parameters]\nhandoff_id = 1", "[parameters] handoff_id must be a text"),
        ("[targets]\nbilling = '7'", "[targets.billing] must be a section of provider ids"),
        ("[targets.billing]\nlivechat = 7", "[targets.billing] livechat must be a text"),
        ("[limits]\nturn = -1", "[limits] turn must be a number"),
        ("[limits]\nleave_grace = -1", "[limits] leave_grace must be a number"),
        ("[limits]\nleave_grace = 601", "[limits] leave_grace must be a number"),
        ("[limits]\nturn = nan", "[limits] turn must be a number"),
        ("[limits]\nturn = inf", "[limits] turn must be a number"),
        ("[limits]\nturn = true", "[limits] turn must be a number"),
        ("[limits]\nturn = '4'", "[limits] turn must be a number"),
        ("[limits]\nturn = 2026-01-01", "[limits] turn must be a number"),
        ("[retention]\ntexts_hours = inf", "[retention] texts_hours"),
        ("[retention]\ntexts_hours = 1e12", "[retention] texts_hours"),
        ("[retention]\ntexts_hours = 1e8", "[retention] texts_hours"),
        ("[retention]\ntexts_hours = 0", "[retention] texts_hours"),
        ("[texts]\nen = 'x'", "[texts.en] must be a section of texts"),
        ("[texts.en]\nended = 1", "[texts.en] ended must be a text"),
    ],
)
def test_value_of_the_wrong_kind_is_named(toml: str, named: str) -> None:
    [said] = problems(toml)
    assert said.startswith(named)


def test_all_that_is_wrong_is_said_at_once() -> None:
    toml = "[limits]\nturm = 1\nturn = -1\n[words]\nleave = 1\n[nonsense]\n[texts]\nen = 1"
    assert len(problems(toml)) == 5


def test_right_file_is_returned(tmp_path: Path) -> None:
    (tmp_path / "handoff.toml").write_text(WHOLE, encoding="utf-8")
    assert read(tmp_path / "handoff.toml") == tomllib.loads(WHOLE)


def test_each_line_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "handoff.toml"
    path.write_text("[limts]\n[wurds]")
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert [one.startswith(f"{path}: [") for one in str(caught.value).splitlines()] == [True, True]


@pytest.mark.parametrize("content", [b"[limits", b"x", b"\xff", b"a = 1\na = 2", b"\xef\xbb\xbf"])
def test_what_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "handoff.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"handoff\.toml: "):
        read(path)


def test_missing_file_is_named_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"HANDOFF_CONFIG: cannot read .*gone\.toml: No such"
    ):
        read(tmp_path / "gone.toml")


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="HANDOFF_CONFIG: cannot read"):
        read(tmp_path)
