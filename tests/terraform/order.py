"""What comes before what: nothing of Google's may be asked for before it is switched on."""

from __future__ import annotations

import re
from collections.abc import Iterator

APIS = "google_project_service.needed"
# The operator switches on what this needs: docs/deploy.md, step 1.
BEFORE = {"data.google_project.this", APIS}


def problems(graph: str) -> Iterator[str]:
    """Yield what `terraform graph` lets come too early."""
    edges = set(re.findall(r'"([^"]+)" -> "([^"]+)"', graph))
    for one in sorted(set(re.findall(r'^\s*"([^"]+)" \[label', graph, re.MULTILINE)) - BEFORE):
        if APIS not in _reached(one, edges):
            yield f"{one} may come before the APIs are switched on"


def _reached(start: str, edges: set[tuple[str, str]]) -> set[str]:
    found, new = {start}, {start}
    while new:
        new = {there for here, there in edges if here in new} - found
        found |= new
    return found
