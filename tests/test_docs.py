"""The tables and pictures in the documentation are what the code says today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture
def generate() -> ModuleType:
    """Give `docs/generate.py`, which is a script and not a package."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page", ["README.md", "docs/settings.md", "docs/texts.md", "docs/events.md", "docs/deploy.md"]
)
def test_generated_blocks_are_current(generate: ModuleType, page: str) -> None:
    written = (ROOT / page).read_text(encoding="utf-8")
    assert "<!-- generated:" in written
    assert written == generate.rewritten(written), "run: python docs/generate.py"


def test_pages_with_generated_blocks_are_all_rewritten(generate: ModuleType) -> None:
    with_blocks = {page for page in PAGES if "<!-- generated:" in page.read_text(encoding="utf-8")}
    assert with_blocks == {ROOT / page for page in generate.PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("command", ["make demo", "make demo ARGS=--script", "make test"])
def test_readme_shows_the_commands_of_the_first_minute(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
