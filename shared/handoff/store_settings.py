"""Which store a deployment keeps everything in."""

from __future__ import annotations

from handoff.errors import ConfigurationError
from handoff.variables import Variables

LAPTOP_STORE = "sqlite:.handoff/handoff.db"


def store_name(variables: Variables) -> str:
    """Return what HANDOFF_STORE says, or its default; raises ConfigurationError."""
    default = "firestore" if variables.has("K_SERVICE") else LAPTOP_STORE
    store = variables.text("HANDOFF_STORE", default)
    kind, _, place = store.partition(":")
    if kind == "firestore" or (kind == "sqlite" and place):
        return store
    raise ConfigurationError(
        f"HANDOFF_STORE must be firestore, firestore:<database> or sqlite:<path>, not {store!r}"
    )
