"""Environment variables, whose values may be kept elsewhere: in a file or in Secret Manager."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from handoff.errors import ConfigurationError
from handoff.signatures import Secret

SECRET_MANAGER, FILE = "sm://", "file:"

ReadSecrets = Callable[[Sequence[str]], Mapping[str, str]]
"""Returns the value of every `sm://` reference; raises ConfigurationError naming all it missed."""


class Variables:
    """What the environment says, with references followed.

    A value may be `sm://<project>/<secret>[/<version>]`, several of them apart by spaces or
    commas (the first is the one we send), or `file:<path>`, whose lines are the live values.
    """

    def __init__(self, environ: Mapping[str, str], read_secrets: ReadSecrets) -> None:
        self._environ = environ
        self._read_secrets = read_secrets
        self._secrets: dict[str, str] = {}

    def follow(self, names: Iterable[str]) -> None:
        """Read all that these variables refer to at once, so that all that is missing is named.

        Raises ConfigurationError with a line per variable that leads nowhere.
        """
        problems = []
        wanted = {name: _references(self._environ.get(name, "")) for name in names}
        references = sorted({one for found in wanted.values() for one in found})
        if references:
            try:
                self._secrets.update(self._read_secrets(references))
            except ConfigurationError as error:
                problems.extend(_named(str(error), wanted))
        empty = {one for one, value in self._secrets.items() if not value.strip()}
        for name, found in wanted.items():
            problems += [f"{name}: {one}: the secret is empty" for one in found if one in empty]
            path = _path(self._environ.get(name, ""))
            if path is not None and not _lines(path):
                problems.append(f"{name}: the file {path} is missing or empty")
        if problems:
            raise ConfigurationError("\n".join(problems))

    def has(self, name: str) -> bool:
        """Say whether the variable is set to something."""
        return bool(self._environ.get(name, "").strip())

    def text(self, name: str, default: str = "") -> str:
        """Return the first live value, or the default when the variable is not set."""
        return self.secret(name).current if self.has(name) else default

    def secret(self, name: str) -> Secret:
        """Return the variable as a secret; a file is read again at each use, so it can rotate."""
        value = self._environ.get(name, "").strip()
        path = _path(value)
        if path is not None:
            return Secret(lambda: _lines(path))
        references = _references(value)
        found = tuple(self._secrets.get(one, "") for one in references) if references else (value,)
        return Secret(lambda: found)


def _references(value: str) -> list[str]:
    if not value.strip().startswith(SECRET_MANAGER):
        return []
    return [one for one in re.split(r"[\s,]+", value) if one]


def _path(value: str) -> Path | None:
    return Path(value.strip().removeprefix(FILE)) if value.strip().startswith(FILE) else None


def _lines(path: Path) -> tuple[str, ...]:
    """Return the lines that say something; a file that is gone for a moment says nothing."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(line.strip() for line in content.splitlines() if line.strip())


def _named(problem: str, wanted: Mapping[str, Sequence[str]]) -> list[str]:
    """Put the variable's name before each line about a reference of its."""
    lines = []
    for line in problem.splitlines():
        names = [
            name
            for name, found in wanted.items()
            if any(line.startswith(f"{one}: ") for one in found)
        ]
        lines.append(f"{', '.join(names)}: {line}" if names else line)
    return lines
