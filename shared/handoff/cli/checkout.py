"""Where the project's checkout is, for the commands that need more of it than this package."""

from __future__ import annotations

from pathlib import Path

import handoff


class NotACheckout(Exception):
    """The package is installed without the folders that lie beside it in a checkout."""


def root() -> Path:
    """Return the checkout's top folder."""
    here = Path(handoff.__file__).resolve().parent
    for folder in here.parents:
        if (folder / "functions").is_dir() and (folder / "demo" / "__main__.py").is_file():
            return folder
    raise NotACheckout("This command needs a checkout of the project, installed with `make setup`.")


def source(name: str) -> Path:
    """Return the file in which the Cloud Function `name` lies."""
    return root() / "functions" / name / "main.py"
