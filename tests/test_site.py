"""The navigation of the site holds every page; the build of the site is in ``.ci/run``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SITE = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
MADE = {"README.md", "examples/index.md"}  # by docs/website/hooks.py


def places(entry: Any) -> Iterator[str]:
    """Pages of an entry of the navigation: a page, or titles with entries."""
    if isinstance(entry, str):
        yield entry
    else:
        for below in entry.values() if isinstance(entry, dict) else entry:
            yield from places(below)


def test_each_page_has_one_place_in_the_navigation() -> None:
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    assert sorted(places(yaml.safe_load(SITE)["nav"])) == sorted(pages | MADE)


def test_the_site_loads_nothing_from_elsewhere() -> None:
    style = (ROOT / "docs" / "website" / "style.css").read_text(encoding="utf-8")
    assert yaml.safe_load(SITE)["theme"]["font"] is False
    assert "://" not in SITE + style
