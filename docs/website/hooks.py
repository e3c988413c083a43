"""Add to the site what pages of docs/ do not have, without a copy of them: events of MkDocs.

- README.md is the start page.
- Each example is a page with its docstring, its figure and its code, and the gallery shows all
  (``gallery.py``).
- Each section of the page API is followed by a page with the docstrings of its names
  (``api_pages.py``).
- Other files of the repository to which a page links, such as the licence, are pages with their
  text. So every link of the repository leads somewhere on the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import relpath
from typing import Any

import api_pages
import gallery
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GALLERY = "examples/index.md"
API = "reference/api.md"
DETAILS = {API: api_pages.pages(), GALLERY: gallery.pages()}
"""Pages that lie below a page of the navigation, by their place on the site."""
HIDDEN = {"README.md": ["navigation"], GALLERY: ["toc"]}
"""Columns beside a page that would be empty."""
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")
_APART = InclusionLevel.NOT_IN_NAV
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def site_path(path: Path) -> str:
    """Return where the site has a file of the repository, or a folder of examples."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        return f"{name}/index.md"
    return name if path.suffix == ".md" else f"{name}.md"


def links(text: str) -> list[str]:
    """Return the targets of all links to files, outside of code."""
    prose = "".join(_FENCE.split(text)[::2])
    return [target.partition("#")[0] for _, target, _ in _LINK.findall(prose) if _local(target)]


def _local(target: str) -> bool:
    return "://" not in target and not target.startswith(("#", "mailto:"))


def with_links_of_the_site(text: str, source: Path, place: str) -> str:
    """Return a page with links from its place on the site instead of those of the repository."""

    def changed(match: re.Match[str]) -> str:
        path, hash_, anchor = match[2].partition("#")
        if not _local(match[2]):
            return match[0]
        target = site_path((source.parent / path).resolve())
        return f"{match[1]}{relpath(target, str(Path(place).parent))}{hash_}{anchor}{match[3]}"

    parts = _FENCE.split(text)
    parts[::2] = [_LINK.sub(changed, part) for part in parts[::2]]
    return "".join(parts)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give headings the anchors of the repository's pages, and the page API its details."""
    config.mdx_configs["toc"]["slugify"] = lambda heading, _: re.sub(
        r"[^\w\- ]", "", heading.lower()
    ).replace(" ", "-")
    _add_details(config.nav)
    return config


def _add_details(nav: list[Any]) -> None:
    for item in nav:
        for title, value in item.items() if isinstance(item, dict) else ():
            if isinstance(value, list):
                _add_details(value)
            elif value in DETAILS:
                item[title] = [{"All": value}, *DETAILS[value]]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add README.md, the gallery, the details of the API, and files to which pages link."""
    made = {GALLERY: gallery.overview(), **DETAILS[GALLERY], **DETAILS[API]}
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    waiting = [ROOT / "README.md"]
    waiting += [DOCS / file.src_uri for file in files.documentation_pages() if file.src_dir]
    while waiting:
        source = waiting.pop()
        place = site_path(source)
        if files.get_file_from_path(place) is None:
            page = source.suffix == ".md"
            content = {"abs_src_path": str(source)} if page else {"content": _as_page(source)}
            files.append(File.generated(config, place, inclusion=_APART, **content))
        if source.suffix == ".md":
            text = source.read_text(encoding="utf-8")
            waiting += [
                path
                for path in {(source.parent / link).resolve() for link in links(text)}
                if files.get_file_from_path(site_path(path)) is None and path not in waiting
            ]
    return files


def _as_page(path: Path) -> str:
    """Return a file, or the scripts of a folder, as a page that shows its text."""
    title = f"# `{path.relative_to(ROOT).as_posix()}`\n"
    if path.is_dir():
        return title + "".join(gallery.code(script) for script in sorted(path.glob("*.py")))
    return title + gallery.code(path)


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turn links of the repository into links of the site."""
    page.meta["hide"] = HIDDEN.get(page.file.src_uri, [])
    source = page.file.abs_src_path
    if source is None:  # made for the site
        return markdown
    text = with_links_of_the_site(markdown, Path(source), page.file.src_uri)
    return api_pages.with_links(text) if page.file.src_uri == API else text
