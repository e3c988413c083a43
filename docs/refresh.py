"""Bring README.md and the pages of docs/ up to date with the code.

    python docs/refresh.py              rewrite outputs and generated tables
    python docs/refresh.py docs/reference/api.md README.md   only these pages
    python docs/refresh.py --figures    also draw the figures again

A page is run from top to bottom in a folder that holds nothing but links to ``tests`` and
``examples`` of the source tree:

- ```python blocks run; all blocks of a page share one namespace. A block that begins with a comment
  like ``# model.py`` is also written to that file.
- ```bash blocks: lines that begin with ``neurochip`` or ``python examples/`` run, others do not.
- an ```output block holds the output of the previous block.
- the text between ``<!-- generated: KIND ARGUMENT -->`` and ``<!-- end -->`` is the result of a
  function of ``GENERATORS`` in ``docs/generated_tables.py``.

``tests/test_docs.py`` fails if a page differs from the output of this script.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner

from neurochip._kernels.notice import MESSAGE

ROOT = Path(__file__).resolve().parents[1]
GENERATORS = runpy.run_path(str(ROOT / "docs" / "generated_tables.py"))["GENERATORS"]
_DEMO = "neurochip demo -o demo --dpi 200"
FIGURES = {
    "driven_comparison.png": (_DEMO, "demo/driven_neurons_comparison.png"),
    "notebook_membrane.png": (_DEMO, "demo/notebook_neurons_membrane.png"),
    "mapping.png": ("python examples/11_map_a_network.py mapping", "mapping/mapping.png"),
    "bits_against_error.png": ("python examples/14_bits_against_error.py sweep.png", "sweep.png"),
    "bits.png": ("python examples/15_noise_floor.py bits.png", "bits.png"),
    "accuracy.png": ("python examples/16_trained_digits.py accuracy.png", "accuracy.png"),
    "pynn_script.png": ("python examples/20_pynn_script.py .", "pynn_script.png"),
    "microcircuit.png": ("python examples/21_microcircuit.py microcircuit.png", "microcircuit.png"),
}
"""Figures of docs/figures: the command that draws each, and the file that it writes."""
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REGION = re.compile(r"(<!-- generated: (\w+) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FILE = re.compile(r"# (\w+\.py)\n")


def pages() -> list[Path]:
    """Return all pages: README.md, then docs/ in the order of its folders."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def render(page: Path) -> str:
    """Return the up-to-date text of a page."""
    text = _REGION.sub(
        lambda match: f"{match[1]}{GENERATORS[match[2]](match[3])}\n{match[4]}",
        page.read_text(encoding="utf-8"),
    )
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = ""

    def run(match: re.Match[str]) -> str:
        nonlocal printed
        language, body = match[1], match[2]
        if language == "output":
            return f"```output\n{printed.rstrip()}\n```"
        if language == "python":
            printed = _run_python(body, namespace, page)
        elif language == "bash":
            printed = "".join(_run_command(line, page) for line in body.splitlines())
        return match[0]

    with _work_folder():
        return _BLOCK.sub(run, text)


@contextlib.contextmanager
def _work_folder() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in ("tests", "examples"):
            Path(name).symlink_to(ROOT / name)
        try:
            yield
        finally:
            os.chdir(before)


def _run_python(code: str, namespace: dict[str, Any], page: Path) -> str:
    named = _FILE.match(code)
    if named:
        Path(named[1]).write_text(code, encoding="utf-8")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, f"<{page.relative_to(ROOT)}>", "exec"), namespace)
    return output.getvalue()


def _run_command(line: str, page: Path) -> str:
    words = shlex.split(line, comments=True)
    if words[:1] == ["neurochip"]:
        from neurochip.cli import main

        result = CliRunner().invoke(main, words[1:])
        if result.exit_code:
            raise RuntimeError(f"{page.relative_to(ROOT)}: {line}\n{result.output}")
        return result.output.replace(f"{MESSAGE}\n", "")  # of this installation's first run
    if words[:1] == ["python"] and words[1].startswith("examples/"):
        script, output = str(ROOT / words[1]), io.StringIO()
        arguments = mock.patch.object(sys, "argv", [script, *words[2:]])
        folders = mock.patch.object(sys, "path", [str(Path(script).parent), *sys.path])
        before = set(Path().rglob("*"))
        with arguments, folders, contextlib.redirect_stdout(output):
            runpy.run_path(script, run_name="__main__")
        written = set(Path().rglob("*")) - before
        if written and not words[2:]:  # an argument is the folder for its files
            raise RuntimeError(f"{words[1]} wrote {sorted(map(str, written))} without being told")
        return output.getvalue()
    return ""


def draw_figures() -> None:
    """Draw the figures of the pages and of the examples again."""
    with _work_folder():
        for command in dict.fromkeys(line for line, _ in FIGURES.values()):
            _run_command(command, ROOT / "docs")
        for name, (_, drawn) in FIGURES.items():
            (ROOT / "docs" / "figures" / name).write_bytes(Path(drawn).read_bytes())


if __name__ == "__main__":
    named = [Path(word).resolve() for word in sys.argv[1:] if word != "--figures"]
    if "--figures" in sys.argv[1:]:
        draw_figures()
    for path in named or pages():
        wanted = render(path)
        if wanted != path.read_text(encoding="utf-8"):
            path.write_text(wanted, encoding="utf-8")
            sys.stdout.write(f"rewrote {path.relative_to(ROOT)}\n")
    notebooks = runpy.run_path(str(ROOT / "docs" / "notebooks.py"))
    for path in notebooks["NOTEBOOKS"]:
        if not named or path in named:
            notebooks["write"](path)
