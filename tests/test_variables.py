"""Variables that hold a value, or say where it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from handoff.errors import ConfigurationError
from handoff.variables import Variables


class Vault:
    """A Secret Manager of our own: a table, and a note of what was asked."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = {f"sm://p/{name.replace('_', '-')}": one for name, one in secrets.items()}
        self.asked: list[Sequence[str]] = []

    def __call__(self, references: Sequence[str]) -> Mapping[str, str]:
        """Return the values, or name all that are missing."""
        self.asked.append(references)
        missing = [one for one in references if one not in self.secrets]
        if missing:
            raise ConfigurationError("\n".join(f"{one}: not found" for one in missing))
        return {one: self.secrets[one] for one in references}


def followed(vault: Vault, **environ: str) -> Variables:
    variables = Variables(environ, vault)
    variables.follow(environ)
    return variables


def test_plain_value_is_itself() -> None:
    vault = Vault()
    variables = followed(vault, A=" value ")
    assert (variables.text("A"), list(variables.secret("A").read())) == ("value", ["value"])
    assert vault.asked == []


@pytest.mark.parametrize("environ", [{}, {"A": ""}, {"A": "  "}])
def test_variable_without_a_value_is_not_set(environ: dict[str, str]) -> None:
    variables = Variables(environ, Vault())
    assert (variables.has("A"), variables.text("A", "default")) == (False, "default")


def test_reference_is_read_from_the_secret_manager() -> None:
    assert followed(Vault(key="secret"), A=" sm://p/key ").text("A") == "secret"


@pytest.mark.parametrize("apart", [" ", ",", ", ", "\n"])
def test_several_references_are_live_and_the_first_is_sent(apart: str) -> None:
    variables = followed(Vault(new="2", old="1"), A=f"sm://p/new{apart}sm://p/old")
    secret = variables.secret("A")
    assert (secret.current, secret.accepts("1"), secret.accepts("2")) == ("2", True, True)


def test_all_references_are_asked_for_at_once() -> None:
    vault = Vault(a="1", b="2")
    followed(vault, A="sm://p/a", B="sm://p/b", C="sm://p/a")
    assert vault.asked == [["sm://p/a", "sm://p/b"]]


def test_all_that_leads_nowhere_is_named_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n \n")
    with pytest.raises(ConfigurationError) as caught:
        followed(
            Vault(good="1"),
            A="sm://p/gone",
            B=f"file:{tmp_path}/gone",
            C="sm://p/good",
            D=f"file:{empty}",
        )
    assert str(caught.value).splitlines() == [
        "A: sm://p/gone: not found",
        f"B: the file {tmp_path}/gone is missing or empty",
        f"D: the file {empty} is missing or empty",
    ]


def test_variables_that_share_a_missing_reference_are_all_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^A, B: sm://p/gone: not found$"):
        followed(Vault(), A="sm://p/gone", B="sm://p/gone")


def test_variable_of_a_longer_reference_alone_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        followed(Vault(client="1"), A="sm://p/client", B="sm://p/client-secret")
    assert str(caught.value) == "B: sm://p/client-secret: not found"


def test_problem_of_no_reference_is_passed_on() -> None:
    def silent(_references: Sequence[str]) -> Mapping[str, str]:
        raise ConfigurationError("Secret Manager did not answer in time")

    with pytest.raises(ConfigurationError, match=r"^Secret Manager did not answer in time$"):
        Variables({"A": "sm://p/a"}, silent).follow(["A"])


def test_empty_secret_is_as_good_as_missing() -> None:
    with pytest.raises(ConfigurationError, match="A"):
        followed(Vault(key=""), A="sm://p/key")


def test_lines_of_a_file_are_live_and_the_first_is_sent(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n new \n\nold\n")
    variables = followed(Vault(), A=f" file:{tmp_path}/key ")
    assert variables.text("A") == "new"
    assert list(variables.secret("A").read()) == ["new", "old"]


def test_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    kept = tmp_path / "key"
    kept.write_text("old")
    secret = followed(Vault(), A=f"file:{kept}").secret("A")
    kept.write_text("new\nold")
    assert (secret.current, secret.accepts("old")) == ("new", True)


def test_file_gone_after_the_start_accepts_nobody(tmp_path: Path) -> None:
    kept = tmp_path / "key"
    kept.write_text("secret")
    secret = followed(Vault(), A=f"file:{kept}").secret("A")
    kept.unlink()
    assert (secret.current, secret.accepts(""), secret.accepts("secret")) == ("", False, False)


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_file_without_a_text_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^A: the file .*key is missing or empty$"):
        followed(Vault(), A=f"file:{tmp_path}/key")


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing or empty"):
        followed(Vault(), A=f"file:{tmp_path}")


def test_value_never_appears_in_what_is_wrong() -> None:
    with pytest.raises(ConfigurationError) as caught:
        followed(Vault(good="top-secret"), A="sm://p/good sm://p/gone", B="top-secret")
    assert "top-secret" not in str(caught.value)
