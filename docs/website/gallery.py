"""The examples as pages of the site: docstring, figure and code of each, and a gallery of all."""

from __future__ import annotations

import ast
import html
import re
import runpy
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FIGURES = runpy.run_path(str(ROOT / "docs" / "refresh.py"))["FIGURES"]
_OF_THE_DEMO = {"01_first_network.py": "driven_comparison.png"}
"""An example whose networks are those of ``neurochip demo``, with a figure of that."""
_INTRODUCTION = """# Examples

Each script answers one question. Its page has the answer, the figure or the output, and the code.
In the repository the scripts are in the folder `examples`.
"""
_COMMANDS = re.compile(r"^(?:    python examples/.*\n?)+", re.MULTILINE)
_PART = re.compile(r"^(Question|Answer): (\w+[ ,]|)", re.MULTILINE)
_EXCERPT = 8  # lines of output on a card


class Example(NamedTuple):
    """A script of the folder ``examples``, with what the pages of docs/ know of it."""

    script: Path
    title: str
    text: str
    figure: str  # name of a file of docs/figures, or an empty text
    output: str  # what a page shows that it prints, or an empty text

    @property
    def question(self) -> str:
        """The question that the example asks."""
        return _sentence(self.text.partition("Answer: ")[0].partition("Question: ")[2])

    @property
    def answer(self) -> str:
        """The first sentence of what it answers."""
        answer = " ".join(self.text.partition("Answer: ")[2].split())
        return _sentence(re.split(r"(?<=[.:]) (?=[A-Z])", answer)[0])


def overview() -> str:
    """Return the page that shows all examples."""
    cards = "".join(map(_card, _examples()))
    return f'{_INTRODUCTION}\n<div class="cards" markdown>\n{cards}</div>\n'


def pages() -> dict[str, str]:
    """Return the page of each example by its place on the site."""
    return {f"examples/{example.script.name}.md": _page(example) for example in _examples()}


def code(path: Path) -> str:
    """Return the text of a file as a block of code, with its name."""
    language = "python" if path.suffix == ".py" else "text"
    text = path.read_text(encoding="utf-8").rstrip()
    return f'\n````{language} title="{path.relative_to(ROOT).as_posix()}"\n{text}\n````\n'


@cache
def _examples() -> list[Example]:
    shown = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    return [_read(path, shown) for path in sorted((ROOT / "examples").glob("*.py"))]


def _read(script: Path, shown: str) -> Example:
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    title, _, text = docstring.partition("\n\n")
    command = re.escape(f"python examples/{script.name}")
    output = re.search(rf"^{command}\n```\n\n```output\n(.*?)^```$", shown, re.M | re.S)
    drawn = [name for name, (line, _) in FIGURES.items() if f"examples/{script.name}" in line]
    figure = drawn[0] if drawn else _OF_THE_DEMO.get(script.name, "")
    return Example(script, title.rstrip("."), text, figure, output[1] if output else "")


def _sentence(text: str) -> str:
    return re.sub(
        r"^\w+[ ,]", lambda word: _capital(word[0]), html.escape(text.strip(), quote=False)
    )


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _page(example: Example) -> str:
    text = html.escape(example.text, quote=False)
    text = _COMMANDS.sub(lambda lines: f"```text\n{dedent(lines[0]).strip()}\n```\n", text)
    text = _PART.sub(lambda found: f"\n**{found[1]}.** {_capital(found[2])}", text)
    parts = [f"# {example.title}", text]
    if example.figure:
        parts.append(f"![{example.title}](../figures/{example.figure})")
    if example.output:
        parts.append(f"## Output\n\n```output\n{example.output}```")
    return "\n\n".join([*parts, "## Code", code(example.script)])


def _card(example: Example) -> str:
    above = below = ""
    if example.figure:
        above = f'![](../figures/{example.figure}){{ loading="lazy" }}'
    elif example.output:
        lines = "\n".join(example.output.splitlines()[:_EXCERPT])
        above = f"<pre>{html.escape(lines)}</pre>"
    else:
        below = example.answer
    link = f"**[{example.title}]({example.script.name}.md)**"
    parts = ('<div class="card" markdown>', above, link, example.question, below, "</div>\n")
    return "\n\n".join(filter(None, parts))
