"""The pages of the API: one for each section of docs/reference/api.md, from the docstrings.

The names of a section are those of its generated tables, which ``tests/test_docs.py`` compares with
the public names. So a new name needs no change here.
"""

from __future__ import annotations

import re
from pathlib import Path

import neurochip

_API = Path(__file__).resolve().parents[1] / "reference" / "api.md"
_REGION = re.compile(r"<!-- generated: (\w+) (\S+) -->\n(.*?)<!-- end -->\n*", re.DOTALL)
_NAME = re.compile(r"^\| `([\w.]+)` \|", re.MULTILINE)


def _import_path(name: str, modules: str) -> str:
    """Return the path by which users import a name: of ``neurochip``, or of its module."""
    face = name.partition(".")[0] in neurochip.__all__
    named = modules.partition(",")[0]
    return f"{named if named in _apart() or not face else 'neurochip'}.{name}"


def _apart() -> set[str]:
    """Return the modules of the page that are imported by their names."""
    return set(re.findall(r"^## `(.+)`$", _API.read_text(encoding="utf-8"), re.MULTILINE))


def with_links(text: str) -> str:
    """Return the page API with its names as links to their docstrings."""

    def linked(region: re.Match[str]) -> str:
        if region[1] == "fields":
            return region[0]
        return _NAME.sub(
            lambda row: f"| [`{row[1]}`][{_import_path(row[1], region[2])}] |", region[0]
        )

    return _REGION.sub(linked, text)


def pages() -> dict[str, str]:
    """Return the page of each section by its place on the site."""
    parts = re.split(r"^## (.+)\n", _API.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        paths = [
            _import_path(name, modules)
            for kind, modules, table in _REGION.findall(text)
            if kind in ("names", "errors")
            for name in _NAME.findall(table)
        ]
        place = f"reference/api/{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}.md"
        details = "".join(f"::: {path}\n" for path in paths)
        found[place] = f"# {title}\n\n{_prose(text)}\n{details}"
    return found


def _prose(text: str) -> str:
    """Return what a section says beside its tables, without subsections."""
    prose = _REGION.sub("", text.partition("\n### ")[0])
    return re.sub(r"\]\((?!http)", "](../", prose).strip()
