"""What the tests use of the demo's Firestore emulator."""

from demo.emulator import Missing, firestore_emulator
from handoff.cli.processes import free_port

__all__ = ["Missing", "firestore_emulator", "free_port"]
