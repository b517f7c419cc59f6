"""The `handoff` command for operators; it never reaches a deployed archive."""
