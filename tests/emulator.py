"""What the tests use of the demo's Firestore emulator, and the one that all of them share."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from demo.emulator import Missing, firestore_emulator
from handoff.cli.processes import free_port

__all__ = ["Missing", "firestore_emulator", "free_port", "shared_by_workers"]

SHARED = pytest.StashKey[str]()


def shared_by_workers(config: pytest.Config) -> str:
    """Start an emulator that ends with the session; return its `host:port`, or "" without one.

    Its first seconds cost more than all that the tests ask of it.
    """
    if SHARED not in config.stash:
        stack = ExitStack()
        config.add_cleanup(stack.close)
        try:
            config.stash[SHARED] = stack.enter_context(firestore_emulator())
        except Missing:
            config.stash[SHARED] = ""
    return config.stash[SHARED]
