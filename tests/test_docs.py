"""The pages say what the code does: code runs, outputs and tables are current, links work.

``python docs/refresh.py`` rewrites what these tests compare.
"""

from __future__ import annotations

import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import evidence
import numpy as np
import pytest
from with_brian2 import begin_brian2_anew, need_brian2, quiet_brian2

import neurochip
from neurochip.cli import main

ROOT = Path(__file__).parents[1]
# Imported by their names.
MODULES = ("neurochip.frontends.brian2", "neurochip.conformance", "neurochip.learning")
EXTRAS = ("nir", "h5py", "neo", "elephant")  # packages of extras that pages use
PYNN_PAGES = ("docs/how-to/coming-from-pynn-or-nest.md",)
BRIAN2_PAGES = (
    "docs/how-to/run-a-brian2-script.md",
    "docs/how-to/troubleshooting.md",
    "docs/reference/api.md",
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
WORDS_PER_MINUTE = 238  # Brysbaert 2019, silent reading of English non-fiction
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def load_refresh() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


refresh = load_refresh()
PAGES = refresh.pages()


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def sections(page: Path) -> dict[str, str]:
    """Text by second-level heading, without the marks of code."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        title.replace("`", ""): text for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def first_column(text: str) -> list[str]:
    """Names in the first column of all tables, without their headers."""
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.slow
@quiet_brian2
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_runs_and_shows_what_its_code_prints(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for package in EXTRAS:
        if re.search(rf"^(import|from) {package}\b", text, re.MULTILINE) or f"to_{package}" in text:
            pytest.importorskip(package, reason=f"the page needs {package}, which is an extra")
    if name_of(page) in BRIAN2_PAGES:
        need_brian2()
    if name_of(page) in PYNN_PAGES:
        pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
    begin_brian2_anew()
    assert refresh.render(page) == text, "run: python docs/refresh.py"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_figures_of_a_page_exist(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for target in LINK.findall(text):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, target


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_code_on_a_page_is_run_or_plain_text(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) % 2 == 0
    assert set(fences[0::2]) <= {"python", "bash", "output", "text"}
    assert set(fences[1::2]) <= {""}


def test_every_page_can_be_reached_from_the_map() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
        waiting += [(page.parent / link).resolve() for link in links if "://" not in link and link]
    assert set(PAGES) <= seen


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_shell_scripts_of_their_page_run(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "how-to" / "script-the-commands.md").read_text(encoding="utf-8")
    (model,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "model.py").write_text(model, encoding="utf-8")
    command = tmp_path / "bin" / "neurochip"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m neurochip "$@"\n')
    command.chmod(0o755)
    paths = {
        "PATH": f"{command.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}"
        f"{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    scripts = re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    scripts = [script for script in scripts if not re.search(r"# (zsh|fish)$", script)]
    printed = ""
    for script in scripts:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, **paths},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stderr}"
        printed += done.stdout
    assert printed.splitlines() == ["the rates are equal within 5 %", "26.05 Hz"]
    assert len(list(tmp_path.glob("bits?.json"))) == 3


LINES = {  # of the last block of code that answers each question
    "What does the chip do?": 2,
    "Does it agree with float?": 1,
    "How many bits do I need?": 1,
    "Is my time step fine?": 1,
    "A figure for my paper": 2,
    "Which register hurts?": 1,
    "What do cores, traffic and energy of a trained network amount to?": 2,
    "Does my classifier survive, and with how many bits?": 2,
    "Take the spikes to Elephant": 2,
    "The report on one page": 1,
}


def test_the_ten_questions_take_one_or_two_lines() -> None:
    parts = sections(ROOT / "docs" / "how-to" / "ten-questions.md")
    codes = {
        title: re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for title, text in parts.items()
    }
    assert {title: len(code[-1].splitlines()) for title, code in codes.items()} == LINES


def test_figures_are_small_and_shown_on_a_page_or_with_the_example_that_draws_them() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = list((ROOT / "docs" / "figures").iterdir())
    assert {picture.name for picture in pictures} == set(refresh.FIGURES)
    for picture in pictures:
        assert picture.stat().st_size < 200_000
        of_an_example = refresh.FIGURES[picture.name][0].startswith("python examples/")
        assert of_an_example or f"figures/{picture.name}" in text


def test_the_api_page_lists_exactly_the_public_names() -> None:
    text = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    homes = [
        home for group in re.findall(r"generated: names (\S+)", text) for home in group.split(",")
    ]
    apart = {"neurochip.errors", "neurochip.version"}  # a table of its own, and a line
    assert sorted(homes) == sorted({*neurochip._HOMES, *MODULES} - apart)
    face = text.partition(f"## `{MODULES[0]}`")[0]
    listed = [name for name in first_column(face) if "." not in name]
    fields = first_column(re.search(r"generated: fields .*?<!-- end", face, re.DOTALL)[0])
    assert sorted(listed) == sorted(
        [*fields, *(name for name in neurochip.__all__ if name != "__version__")]
    )


def test_the_cli_page_has_every_option_with_its_default() -> None:
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert set(main.commands) <= set(sections(ROOT / "docs" / "reference" / "cli.md"))
    of_model = _option_rows(text, "model")
    for name, command in main.commands.items():
        takes_a_model = any(p.name == "chip" for p in command.params)
        options = {tuple(p.opts): p for p in command.params if isinstance(p, click.Option)}
        shared = {key: row for key, row in of_model.items() if key in options}  # some lack --input
        rows = _option_rows(text, name) | (shared if takes_a_model else {})
        arguments = {
            (p.human_readable_name,) for p in command.params if isinstance(p, click.Argument)
        }
        assert set(rows) == set(options) | arguments
        for names, option in options.items():
            assert option.help in rows[names]
            if not option.is_flag and isinstance(option.default, (str, int, float)):
                assert f"`{option.default}`" in rows[names]


def _option_rows(text: str, name: str) -> dict[tuple[str, ...], str]:
    """The rows of a generated table of options, by what they name."""
    table = text.partition(f"<!-- generated: options {name} -->")[2].partition("<!-- end -->")[0]
    return {
        tuple(re.findall(r"`([^`]+)`", row.split(" | ")[0])): row
        for row in table.replace("\\|", "|").splitlines()
        if row.startswith("| `")
    }


def test_the_hardware_page_documents_every_field_of_a_core() -> None:
    from dataclasses import fields

    from neurochip import ChipSpec, CoreSpec

    listed = first_column((ROOT / "docs" / "reference" / "hardware.md").read_text(encoding="utf-8"))
    for cls in (CoreSpec, ChipSpec):
        assert {field.name for field in fields(cls)} <= set(listed)


def test_the_readme_gives_two_commands_to_start_with() -> None:
    text = sections(ROOT / "README.md")["Set-up"]
    assert re.findall(r"^```bash\n(.*)\n```$", text, re.MULTILINE) == [
        "pip install . && neurochip demo",
        'pip install -e ".[test]" && pytest',
    ]


def test_the_readme_is_read_in_three_minutes() -> None:
    text = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|<!--.*?-->|\]\([^)]*\)", "", text)
    assert len(re.findall(r"\S*\w\S*", text)) < 3 * WORDS_PER_MINUTE


def test_the_description_on_an_index_has_no_link_into_the_source_tree() -> None:
    text = runpy.run_path(str(ROOT / "setup.py"))["description"]()
    assert [link for link in LINK.findall(text) if "://" not in link] == []
    assert "<!--" not in text
    prose = [line for line in README.splitlines() if not re.search(r"[\[\]]|<!--", line)]
    assert [line for line in prose if line not in text.splitlines()] == []


def test_the_evidence_counts_a_value_that_differs(tmp_path: Path) -> None:
    path = next((ROOT / "tests" / "conformance" / "vectors").glob("*base_0.npz"))
    with np.load(path) as archive:
        stored = dict(archive)
    stored["u"][3, 1] += 1
    np.savez(tmp_path / path.name, **stored)
    values, wrong = evidence._vector(path)
    assert evidence._vector(tmp_path / path.name) == (values, wrong + 1)


def test_the_changelog_and_the_citation_name_the_version_of_the_package() -> None:
    from neurochip import __version__

    assert f"\n## [{__version__}]" in (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
