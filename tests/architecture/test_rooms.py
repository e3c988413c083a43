"""Where answers are: files that pages for contributors name, and the names that they hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
CHANGES = (ROOT / "docs" / "how-to" / "change-one-thing.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^\| (.+\?) \| `(\S+\.py)` \| `(\w+)` \|$", PAGE, re.MULTILINE)


def defined_in(path):
    """Names that a file defines at its top."""
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_the_page_asks_for_four_things():
    asked = " ".join(question for question, _, _ in QUESTIONS)
    for thing in ("refractory", "weight exponent", "placement", "error of a rate"):
        assert thing in asked


def test_the_answers_are_where_the_page_says():
    wrong = [
        f"{question}: {path} has no {name}"
        for question, path, name in QUESTIONS
        if name not in defined_in(path)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_files_of_each_change_exist():
    named = set(re.findall(r"`((?:compiler|docs|neurochip|tests)/[\w./-]+)`", CHANGES))
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert len(named) > 50
    assert not missing, "files that the page on changes names:\n" + "\n".join(missing)


def test_the_page_on_changes_tells_of_each_kind():
    headings = re.findall(r"^## An? (.+)$", CHANGES, re.MULTILINE)
    kinds = ("field of the chip", "rule of the core", "metric", "pass of the compiler")
    assert set(headings) >= {*kinds, "option of the compiler", "front end", "plot"}


def test_the_top_of_the_package_holds_only_what_all_rooms_share():
    """A new loose file wants a room; what is here is imported from nearly everywhere."""
    loose = {path.name for path in (ROOT / "neurochip").glob("*.py")}
    assert loose == {
        *("__init__.py", "__main__.py", "errors.py", "recurrence.py", "stimulus.py"),
        *("typing.py", "version.py"),
    }


def test_the_compiler_shows_its_passes_as_folders():
    rooms = {path.parent.name for path in (ROOT / "compiler").glob("*/__init__.py")}
    assert rooms == {"learning", "neurons", "synapses", "placement"}
